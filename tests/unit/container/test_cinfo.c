/* Descriptions of containers: read from JSON text, made from what runtimes answer, kept by ID. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ccache.h"
#include "cinfo.h"
#include "image.h"
#include "inspect.h"

static struct cinfo *read_text(const char *json)
{
	struct cinfo *c = NULL;

	assert_int_equal(cinfo_read(json, strlen(json), &c), 0);
	return c;
}

static void test_members_are_read_by_name(void **state)
{
	struct cinfo *c = read_text(
		"{\"container\":{\"id\":\"abc\",\"name\":\"a\\u0041\\n\",\"image\":\"r/i:t\","
		"\"imagerepo\":\"r/i\",\"imagetag\":\"t\",\"type\":7,\"privileged\":true,"
		"\"host_pid\":false,\"ip\":\"10.0.0.1\",\"labels\":{\"k\":\"v\",\"n\":3,\"e\":\"\"}"
		","
		"\"pod_sandbox_labels\":null,\"env\":[1,{\"x\":[]}],"
		"\"Mounts\":[{\"Source\":\"/s\",\"Destination\":\"/d\",\"Mode\":\"z\",\"RW\":true,"
		"\"Propagation\":\"rprivate\"},7,{}]}}");

	(void)state;
	assert_string_equal(c->id, "abc");
	assert_string_equal(c->name, "aA\n");
	assert_string_equal(c->repository, "r/i");
	assert_string_equal(c->digest, "");
	assert_string_equal(cinfo_type_text(c->type), "containerd");
	assert_true(c->privileged);
	assert_false(c->host_pid);
	assert_int_equal(c->n_labels, 2);
	assert_string_equal(cinfo_label(c->labels, c->n_labels, "k"), "v");
	assert_string_equal(cinfo_label(c->labels, c->n_labels, "e"), "");
	assert_null(cinfo_label(c->labels, c->n_labels, "n"));
	assert_int_equal(c->n_pod_labels, 0);
	assert_int_equal(c->n_mounts, 2);
	assert_string_equal(c->mounts[0].dest, "/d");
	assert_true(c->mounts[0].is_writable);
	assert_string_equal(c->mounts[1].source, "");
	(void)cinfo_free(c);
}

static void test_what_is_missing_is_empty_and_the_first_of_two_counts(void **state)
{
	struct cinfo *c = read_text("{\"container\":{\"id\":\"a\",\"id\":\"b\",\"labels\":[1],"
				    "\"labels\":{\"k\":\"v\"},\"Mounts\":{\"a\":{}}}}");

	(void)state;
	assert_string_equal(c->id, "a");
	assert_string_equal(c->name, "");
	assert_string_equal(cinfo_type_text(c->type), "");
	assert_int_equal(c->n_labels, 0);
	assert_int_equal(c->n_mounts, 0);
	(void)cinfo_free(c);
}

static void test_other_texts_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"x",
		"{",
		"[]",
		"{}",
		"{\"container\":3}",
		"{\"container\":{}}",
		"{\"container\":{\"id\":\"\"}}",
		"{\"container\":{\"id\":7}}",
		"{\"container\":{\"id\":\"a\"",
		"{\"container\":{\"id\":\"a\",\"labels\":{\"a\":}}}",
		"{\"container\":{\"id\":\"a\",\"Mounts\":[{\"Source\"}]}}",
	};
	struct cinfo *c;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(cinfo_read(bad[i], strlen(bad[i]), &c), -EBADMSG);
	assert_int_equal(cinfo_read("", CINFO_TEXT_MAX + 1, &c), -E2BIG);
}

/* ---- runtimes' answers ---- */

static const char docker[] =
	"{\"Id\":\"3ad7b26ded6d8e7b23da7d48fe889434573036c27ae5a74837233de441c3601e\","
	"\"Name\":\"/web\",\"Image\":\"sha256:0ca0fed353fb\","
	"\"Config\":{\"Image\":\"localhost:5000/team/web:1.2\",\"Labels\":{\"a\":\"b\\\"c\","
	"\"long\":\"0123456789\"}},"
	"\"HostConfig\":{\"Privileged\":true,\"NetworkMode\":\"host\",\"PidMode\":\"\"},"
	"\"NetworkSettings\":{\"IPAddress\":\"\",\"Networks\":{\"none\":{\"IPAddress\":\"\"},"
	"\"front\":{\"IPAddress\":\"172.18.0.2\"}}},"
	"\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/etc\",\"Destination\":\"/"
	"host\",\"Mode\":\"ro\","
	"\"RW\":false,\"Propagation\":\"rprivate\"}]}";

static void test_an_answer_becomes_a_description(void **state)
{
	static const char image[] = "{\"RepoDigests\":[\"localhost:5000/team/web@sha256:beef\"]}";
	const struct inspect in = {.container = docker,
				   .container_len = sizeof docker - 1,
				   .image = image,
				   .image_len = sizeof image - 1,
				   .type = CINFO_PODMAN,
				   .label_max_len = 9};
	struct jsonout out = {0};
	struct cinfo *c = NULL;

	(void)state;
	assert_int_equal(inspect_describe(&in, &out), 0);
	assert_int_equal(cinfo_read(out.p, out.n, &c), 0);
	assert_string_equal(c->id, "3ad7b26ded6d");
	assert_int_equal(strlen(c->full_id), 64);
	assert_string_equal(c->name, "web");
	assert_string_equal(c->image, "localhost:5000/team/web:1.2");
	assert_string_equal(c->repository, "localhost:5000/team/web");
	assert_string_equal(c->tag, "1.2");
	assert_string_equal(c->digest, "sha256:beef");
	assert_string_equal(c->image_id, "0ca0fed353fb");
	assert_string_equal(c->ip, "172.18.0.2");
	assert_string_equal(cinfo_type_text(c->type), "podman");
	assert_true(c->privileged && c->host_network);
	assert_false(c->host_pid || c->host_ipc);
	assert_int_equal(c->n_labels, 1);
	assert_string_equal(cinfo_label(c->labels, c->n_labels, "a"), "b\"c");
	assert_int_equal(c->n_mounts, 1);
	assert_string_equal(c->mounts[0].mode, "ro");
	(void)cinfo_free(c);
	jsonout_deinit(&out);
}

static void test_an_image_asked_for_by_id_has_its_name(void **state)
{
	static const char container[] =
		"{\"Id\":\"abc\",\"Config\":{\"Image\":\"sha256:00ff\"},\"Image\":\"sha256:00ff\"}";
	static const char image[] = "{\"RepoTags\":[\"web:2\"],\"RepoDigests\":[]}";
	const struct inspect in = {.container = container,
				   .container_len = sizeof container - 1,
				   .image = image,
				   .image_len = sizeof image - 1};
	struct jsonout out = {0};
	struct cinfo *c = NULL;

	(void)state;
	assert_int_equal(inspect_describe(&in, &out), 0);
	assert_int_equal(cinfo_read(out.p, out.n, &c), 0);
	assert_string_equal(c->repository, "web");
	assert_string_equal(c->tag, "2");
	(void)cinfo_free(c);
	jsonout_deinit(&out);
}

static void test_answers_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {"",        "{}", "[]", "{\"Id\":3}", "{\"Id\":\"a\"",
					  "nonsense"};
	char image[64];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const struct inspect in = {.container = bad[i], .container_len = strlen(bad[i])};
		struct jsonout out = {0};

		assert_int_equal(inspect_describe(&in, &out), -EBADMSG);
		jsonout_deinit(&out);
	}
	assert_int_equal(inspect_image("{\"Image\":\"../../x\"}", 19, image, sizeof image),
			 -EBADMSG);
}

static void test_names_of_images_have_parts(void **state)
{
	static const struct {
		const char *name, *repository, *tag, *digest;
	} rows[] = {
		{"nginx", "nginx", "", ""},
		{"nginx:1.25", "nginx", "1.25", ""},
		{"nginx@sha256:aa", "nginx", "", "sha256:aa"},
		{"nginx:1@sha256:aa", "nginx", "1", "sha256:aa"},
		{"host:5000/a/b", "host:5000/a/b", "", ""},
		{"host:5000/a/b:c", "host:5000/a/b", "c", ""},
		{"quay.io/a/b:c@sha256:d", "quay.io/a/b", "c", "sha256:d"},
		{"", "", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct image m = image_split(rows[i].name, strlen(rows[i].name));
		const struct {
			struct image_part have;
			const char *want;
		} parts[] = {{m.repository, rows[i].repository},
			     {m.tag, rows[i].tag},
			     {m.digest, rows[i].digest}};

		for (size_t k = 0; k < 3; k++) {
			assert_int_equal(parts[k].have.len, strlen(parts[k].want));
			if (parts[k].have.len)
				assert_memory_equal(parts[k].have.p, parts[k].want,
						    parts[k].have.len);
		}
	}
}

/* ---- all of them ---- */

static struct cinfo *made(const char *id)
{
	char json[128];

	(void)snprintf(json, sizeof json, "{\"container\":{\"id\":\"%s\"}}", id);
	return read_text(json);
}

static void test_the_oldest_makes_room(void **state)
{
	struct ccache *c = ccache_new();
	struct ccache_counters n;
	char id[16];

	(void)state;
	for (int i = 0; i <= CCACHE_MAX; i++) {
		(void)snprintf(id, sizeof id, "c%d", i);
		assert_true(ccache_put(c, made(id)));
		ccache_begin(c);
	}
	ccache_count(c, &n);
	assert_int_equal(n.n, CCACHE_MAX);
	assert_int_equal(n.n_evicted, 1);
	assert_null(ccache_find(c, "c0"));
	assert_non_null(ccache_find(c, "c1"));
	(void)ccache_free(c);
}

static void test_a_question_is_noted_once_a_minute(void **state)
{
	struct ccache *c = ccache_new();
	struct ccache_counters n;

	(void)state;
	assert_true(ccache_ask(c, "x", 5));
	assert_false(ccache_ask(c, "x", 5));
	assert_false(ccache_ask(c, "x", 4 + CCACHE_ASK_AGAIN_NS));
	assert_true(ccache_ask(c, "x", 5 + CCACHE_ASK_AGAIN_NS));
	assert_null(ccache_find(c, "x"));
	assert_true(ccache_put(c, made("x")));
	assert_string_equal(ccache_find(c, "x")->id, "x");
	assert_ptr_equal(ccache_find(c, ""), &cinfo_host);
	ccache_count(c, &n);
	assert_int_equal(n.n_described, 1);
	ccache_remove(c, "x");
	ccache_remove(c, "x");
	assert_null(ccache_find(c, "x"));
	assert_true(ccache_ask(c, "x", 5));
	assert_true(ccache_put(c, made("x")));
	assert_false(ccache_ask(c, "x", 1 + 2 * CCACHE_ASK_AGAIN_NS));
	(void)ccache_free(c);
}

static void test_what_is_replaced_stays_for_the_event(void **state)
{
	struct ccache *c = ccache_new();
	const struct cinfo *old;

	(void)state;
	assert_true(ccache_put(c, made("x")));
	old = ccache_find(c, "x");
	assert_true(ccache_put(c, made("x")));
	assert_ptr_not_equal(ccache_find(c, "x"), old);
	assert_string_equal(old->id, "x");
	ccache_begin(c);
	(void)ccache_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members_are_read_by_name),
		cmocka_unit_test(test_what_is_missing_is_empty_and_the_first_of_two_counts),
		cmocka_unit_test(test_other_texts_are_refused),
		cmocka_unit_test(test_an_answer_becomes_a_description),
		cmocka_unit_test(test_an_image_asked_for_by_id_has_its_name),
		cmocka_unit_test(test_answers_that_are_none_are_refused),
		cmocka_unit_test(test_names_of_images_have_parts),
		cmocka_unit_test(test_the_oldest_makes_room),
		cmocka_unit_test(test_a_question_is_noted_once_a_minute),
		cmocka_unit_test(test_what_is_replaced_stays_for_the_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
