/*
 * The fields of containers, over processes told here and runtimes that are made up.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fakeruntime.h"
#include "host/symbols.h"
#include "metabuild.h"
#include "plug.h"
#include "state/tables.h"

#define ID "3ad7b26ded6d8e7b23da7d48fe889434573036c27ae5a74837233de441c3601e"
#define SANDBOX "c010f5a08549441fb384b5e9ede5a4e4122381543d5213298164215f9a25736a"

struct bench {
	struct plug state, x; /* syscall_fields, container */
	struct tables *tables;
	struct metabuild event;
	uint64_t num;
	struct event evt; /* the last one */
	/* Events that were pushed. */
	pthread_mutex_t mutex;
	pthread_cond_t more;
	uint8_t pushed[8][4096];
	uint32_t n_pushed;
};

static struct bench bench;

static ss_plugin_rc take_pushed(ss_plugin_owner_t *owner, const ss_plugin_event *evt, char *err)
{
	struct bench *b = &bench;

	(void)owner;
	(void)err;
	pthread_mutex_lock(&b->mutex);
	if (b->n_pushed < 8 && evt->len <= sizeof b->pushed[0])
		memcpy(b->pushed[b->n_pushed++], evt, evt->len);
	pthread_cond_signal(&b->more);
	pthread_mutex_unlock(&b->mutex);
	return SS_PLUGIN_SUCCESS;
}

static void parse(struct bench *b, const ss_plugin_event *evt)
{
	const ss_plugin_event_input in = {.evt = evt, .evtnum = ++b->num, .evtsrc = "syscall"};
	const ss_plugin_event_parse_input parse_in = {0};

	assert_int_equal(plug_parse(&b->state, &in, &parse_in), SS_PLUGIN_SUCCESS);
	if (event_set_has(&b->x.instance->parse_types, evt->type))
		assert_int_equal(plug_parse(&b->x, &in, &parse_in), SS_PLUGIN_SUCCESS);
	b->evt = (struct event){.raw = (void *)(uintptr_t)evt,
				.num = b->num,
				.ts = evt->ts,
				.type = evt->type,
				.source = "syscall"};
}

static void add_process(struct bench *b, int64_t tid, const char *cgroup)
{
	const struct gyr_meta_proc p = {.tid = tid,
					.pid = tid,
					.ptid = 1,
					.vpid = 1,
					.vtid = 1,
					.uid = 33,
					.pidns_init_start_ts = 5,
					.comm = MB_TEXT("sh"),
					.cgroups = {cgroup, strlen(cgroup)}};

	parse(b, MB_RECORD(&b->event, GYR_META_PROC, &p, comm));
}

static void ready(struct bench *b)
{
	parse(b, mb_record(&b->event, GYR_META_READY, NULL, 0, 0));
}

/* A close that failed: an event of the thread that changes nothing. */
static const char *ask(struct bench *b, int64_t tid, const char *field, const char *arg)
{
	const uint32_t lens[] = {8, 8};
	const ss_plugin_event *evt = mb_event(&b->event, 5, (uint64_t)tid, lens, 2);

	mb_put(&b->event, &(int64_t){-9}, 8);
	mb_put(&b->event, &(int64_t){99}, 8);
	parse(b, evt);
	return plug_ask(&b->x, &b->evt, field, arg);
}

static void tell(struct bench *b, const char *json)
{
	const uint32_t lens[] = {(uint32_t)strlen(json) + 1};
	const ss_plugin_event *evt = mb_event(&b->event, 324, 0, lens, 1);

	mb_put(&b->event, json, lens[0]);
	parse(b, evt);
}

static void open_with(struct bench *b, const char *config)
{
	memset(b, 0, sizeof *b);
	pthread_mutex_init(&b->mutex, NULL);
	pthread_cond_init(&b->more, NULL);
	b->tables = tables_new();
	plug_open_with(&b->state, "syscall_fields", "", b->tables);
	plug_open_with(&b->x, "container", config, b->tables);
}

static void finish(struct bench *b)
{
	plug_close(&b->x);
	plug_close(&b->state);
	tables_free(b->tables);
}

static int setup(void **state)
{
	open_with(&bench, "");
	*state = &bench;
	return 0;
}

static int teardown(void **state)
{
	finish(*state);
	return 0;
}

/* ---- who is where ---- */

static void test_processes_there_at_the_beginning_are_in_their_containers(void **state)
{
	struct bench *b = *state;

	add_process(b, 10, "cpu=/docker/" ID);
	add_process(b, 11, "cpu=/user.slice");
	ready(b);
	assert_string_equal(ask(b, 10, "container.id", NULL), "3ad7b26ded6d");
	assert_string_equal(ask(b, 10, "container.name", NULL), "<NA>");
	assert_string_equal(ask(b, 11, "container.id", NULL), "host");
	assert_string_equal(ask(b, 11, "container.full_id", NULL), "host");
	assert_string_equal(ask(b, 11, "container.name", NULL), "host");
	assert_string_equal(ask(b, 11, "container.type", NULL), "host");
	assert_string_equal(ask(b, 11, "container.image.repository", NULL), "");
	assert_string_equal(ask(b, 11, "container.privileged", NULL), "false");
	assert_string_equal(ask(b, 11, "container.mounts", NULL), "");
	assert_string_equal(ask(b, 11, "k8s.pod.name", NULL), "<NA>");
	assert_string_equal(ask(b, 10, "container.start_ts", NULL), "5");
}

static void test_a_new_process_gets_its_container(void **state)
{
	struct bench *b = *state;
	const char cgroups[] = "cpu=/docker/" ID;
	uint32_t lens[21] = {8, 1, 0, 8, 8, 8, 0, 8, 8, 8, 4, 4, 4, 1, sizeof cgroups,
			     4, 4, 4, 8, 8, 8};
	const ss_plugin_event *evt;

	add_process(b, 10, "cpu=/");
	ready(b);
	assert_string_equal(ask(b, 10, "container.id", NULL), "host");
	evt = mb_event(&b->event, 223, 20, lens, 21);
	mb_put(&b->event, &(int64_t){0}, 8);
	mb_put(&b->event, "", 1);
	mb_put(&b->event, &(int64_t){20}, 8);
	mb_put(&b->event, &(int64_t){20}, 8);
	mb_put(&b->event, &(int64_t){10}, 8);
	mb_put(&b->event, (uint8_t[36]){0}, 36);
	mb_put(&b->event, "", 1);
	mb_put(&b->event, cgroups, sizeof cgroups);
	mb_put(&b->event, (uint8_t[36]){0}, 36);
	parse(b, evt);
	assert_string_equal(plug_ask(&b->x, &b->evt, "container.id", NULL), "3ad7b26ded6d");
}

static void test_an_event_without_thread_is_nowhere(void **state)
{
	struct bench *b = *state;
	const uint32_t lens[] = {8};
	const ss_plugin_event *evt = mb_event(&b->event, 354, UINT64_MAX, lens, 1);

	mb_put(&b->event, &(int64_t){0}, 8);
	ready(b);
	parse(b, evt);
	assert_string_equal(plug_ask(&b->x, &b->evt, "container.id", NULL), "<NA>");
}

static void add_user(struct bench *b, const char *name, const char *container)
{
	const uint32_t name_len = (uint32_t)strlen(name) + 1, len = (uint32_t)strlen(container) + 1;
	const uint32_t lens[] = {4, 4, name_len, 1, 1, len};
	const ss_plugin_event *evt = mb_event(&b->event, 354, UINT64_MAX, lens, 6);

	mb_put(&b->event, &(uint32_t){33}, 4);
	mb_put(&b->event, &(uint32_t){33}, 4);
	mb_put(&b->event, name, name_len);
	mb_put(&b->event, "", 1);
	mb_put(&b->event, "", 1);
	mb_put(&b->event, container, len);
	parse(b, evt);
}

static const char *user_of(struct bench *b, int64_t tid)
{
	(void)ask(b, tid, "container.id", NULL); /* makes an event of the thread */
	return plug_ask(&b->state, &b->evt, "user.name", NULL);
}

static void test_users_of_a_container_are_not_those_of_the_host(void **state)
{
	struct bench *b = *state;

	add_process(b, 10, "cpu=/docker/" ID);
	add_process(b, 11, "cpu=/");
	ready(b);
	add_user(b, "www-data", "");
	assert_string_equal(user_of(b, 11), "www-data");
	assert_string_equal(user_of(b, 10), "<NA>");
	add_user(b, "httpd", "3ad7b26ded6d");
	assert_string_equal(user_of(b, 10), "httpd");
	assert_string_equal(user_of(b, 11), "www-data");
}

/* ---- descriptions in recordings ---- */

static const char told[] =
	"{\"container\":{\"id\":\"3ad7b26ded6d\",\"full_id\":\"" ID "\",\"name\":\"web\","
	"\"image\":\"nginx:1\",\"imagerepo\":\"nginx\",\"imagetag\":\"1\",\"type\":0,"
	"\"privileged\":true,\"ip\":\"172.17.0.2\",\"pod_sandbox_id\":\"" SANDBOX "\","
	"\"labels\":{\"z\":\"last\",\"io.kubernetes.pod.name\":\"p\",\"a\":\"\","
	"\"io.kubernetes.pod.namespace\":\"shop\",\"annotation.x\":\"y\"},"
	"\"Mounts\":[{\"Source\":\"/proc\",\"Destination\":\"/host/"
	"proc\",\"Mode\":\"ro\",\"RW\":false,"
	"\"Propagation\":\"rprivate\"},{\"Source\":\"/etc\",\"Destination\":\"/x\",\"Mode\":\"\","
	"\"RW\":true,\"Propagation\":\"\"}]}}";

static void test_a_recorded_description_answers(void **state)
{
	static const struct {
		const char *field, *arg, *want;
	} rows[] = {
		{"container.id", NULL, "3ad7b26ded6d"},
		{"container.full_id", NULL, ID},
		{"container.name", NULL, "web"},
		{"container.image", NULL, "nginx:1"},
		{"container.image.repository", NULL, "nginx"},
		{"container.image.tag", NULL, "1"},
		{"container.image.digest", NULL, ""},
		{"container.type", NULL, "docker"},
		{"container.privileged", NULL, "true"},
		{"container.ip", NULL, "172.17.0.2"},
		{"container.mounts", NULL, "/proc:/host/proc:ro:false:rprivate,/etc:/x::true:"},
		{"container.mount", "1", "/etc:/x::true:"},
		{"container.mount", "2", "<NA>"},
		{"container.mount.dest", "/proc*", "/host/proc"},
		{"container.mount.dest", "^/host", "<NA>"},
		{"container.mount.source", "/x", "/etc"},
		{"container.mount.mode", "/proc", "ro"},
		{"container.mount.rdwr", "etc", "true"},
		{"container.mount.propagation", "0", "rprivate"},
		{"container.mount.dest", "(", "<NA>"},
		{"container.label", "z", "last"},
		{"container.label", "b", "<NA>"},
		{"container.labels", NULL, "a, z:last"},
		{"container.healthcheck", NULL, "<NA>"},
		{"proc.is_container_healthcheck", NULL, "<NA>"},
		{"k8s.pod.name", NULL, "p"},
		{"k8s.ns.name", NULL, "shop"},
		{"k8s.pod.uid", NULL, "<NA>"},
		{"k8s.pod.sandbox_id", NULL, "c010f5a08549"},
		{"k8s.pod.full_sandbox_id", NULL, SANDBOX},
		{"k8s.pod.ip", NULL, "<NA>"},
		{"k8s.rc.name", NULL, "<NA>"},
	};
	struct bench *b = *state;

	add_process(b, 10, "cpu=/docker/" ID);
	ready(b);
	tell(b, told);
	assert_string_equal(plug_ask(&b->x, &b->evt, "container.name", NULL), "web");
	assert_string_equal(plug_ask(&b->x, &b->evt, "container.start_ts", NULL), "<NA>");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *have = ask(b, 10, rows[i].field, rows[i].arg);

		if (strcmp(have, rows[i].want) != 0)
			fail_msg("%s[%s]: '%s', not '%s'", rows[i].field,
				 rows[i].arg ? rows[i].arg : "", have, rows[i].want);
	}
}

static void test_a_pod_is_described_by_its_sandbox(void **state)
{
	struct bench *b = *state;

	add_process(b, 10, "cpu=/docker/" ID);
	ready(b);
	tell(b, told);
	tell(b, "{\"container\":{\"id\":\"c010f5a08549\",\"ip\":\"10.1.2.3\",\"cni_json\":\"{}\","
		"\"pod_sandbox_labels\":{\"app\":\"shop\"}}}");
	assert_string_equal(ask(b, 10, "k8s.pod.ip", NULL), "10.1.2.3");
	assert_string_equal(ask(b, 10, "k8s.pod.label", "app"), "shop");
	assert_string_equal(ask(b, 10, "k8s.pod.labels", NULL), "app:shop");
	assert_string_equal(ask(b, 10, "k8s.pod.cni.json", NULL), "{}");
}

static void test_what_cannot_be_read_changes_nothing(void **state)
{
	struct bench *b = *state;

	add_process(b, 10, "cpu=/docker/" ID);
	ready(b);
	tell(b, told);
	tell(b, "{\"container\":");
	tell(b, "");
	assert_string_equal(ask(b, 10, "container.name", NULL), "web");
}

static void test_engines_without_a_runtime_to_ask_are_described_here(void **state)
{
	struct bench *b = *state;

	add_process(b, 10, "cpu=/lxc/machine");
	ready(b);
	assert_string_equal(ask(b, 10, "container.id", NULL), "machine");
	assert_string_equal(ask(b, 10, "container.type", NULL), "lxc");
	assert_string_equal(ask(b, 10, "container.name", NULL), "");
}

static void test_one_container_can_be_given(void **state)
{
	struct bench *b = &bench;

	(void)state;
	open_with(b, "{\"engines\":{\"static\":{\"enabled\":true,\"container_id\":\"one\","
		     "\"container_name\":\"n\",\"container_image\":\"r/i:t\"}}}");
	add_process(b, 10, "cpu=/docker/" ID);
	ready(b);
	assert_string_equal(ask(b, 10, "container.id", NULL), "one");
	assert_string_equal(ask(b, 10, "container.name", NULL), "n");
	assert_string_equal(ask(b, 10, "container.image.repository", NULL), "r/i");
	finish(b);
}

static void test_engines_can_be_off(void **state)
{
	struct bench *b = &bench;

	(void)state;
	open_with(b, "{\"engines\":{\"docker\":{\"enabled\":false,\"sockets\":[]},"
		     "\"cri\":{\"enabled\":false},\"containerd\":{\"enabled\":false}}}");
	add_process(b, 10, "cpu=/docker/" ID);
	ready(b);
	assert_string_equal(ask(b, 10, "container.id", NULL), "host");
	finish(b);
}

/* ---- runtimes ---- */

static void start(struct bench *b)
{
	const plugin_api *api = &b->x.module->symbols->api;

	assert_int_equal(api->set_async_event_handler(b->x.instance->state, &b->x.instance->owner,
						      take_pushed),
			 SS_PLUGIN_SUCCESS);
}

static void stop(struct bench *b)
{
	const plugin_api *api = &b->x.module->symbols->api;

	assert_int_equal(
		api->set_async_event_handler(b->x.instance->state, &b->x.instance->owner, NULL),
		SS_PLUGIN_SUCCESS);
}

/* Waits for the event number @n (from 0) and parses it. */
static void take_event(struct bench *b, uint32_t n)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += 300; /* by then it hangs */
	pthread_mutex_lock(&b->mutex);
	while (b->n_pushed <= n)
		assert_int_equal(pthread_cond_timedwait(&b->more, &b->mutex, &t), 0);
	pthread_mutex_unlock(&b->mutex);
	parse(b, (const ss_plugin_event *)(void *)b->pushed[n]);
}

static uint64_t metric(struct bench *b, const char *name)
{
	uint32_t n = 0;
	const ss_plugin_metric *m = b->x.module->symbols->api.get_metrics(b->x.instance->state, &n);

	for (uint32_t i = 0; i < n; i++)
		if (!strcmp(m[i].name, name))
			return m[i].value.u64;
	fail_msg("there is no metric '%s'", name);
	return 0;
}

static void open_asking(struct bench *b, struct fake *f, const char *engine)
{
	char folder[] = "/tmp/gyr-runtime-XXXXXX", config[1024];

	assert_non_null(mkdtemp(folder));
	(void)snprintf(f->path, sizeof f->path, "%s/s", folder);
	assert_int_equal(fake_start(f), 0);
	(void)snprintf(config, sizeof config,
		       "{\"engines\":{\"docker\":{\"enabled\":true,\"sockets\":[\"%s\"]},"
		       "\"podman\":{\"enabled\":true,\"sockets\":[\"%s\"]},"
		       "\"cri\":{\"enabled\":true,\"sockets\":[\"%s\"]},"
		       "\"containerd\":{\"enabled\":true,\"sockets\":[\"%s\"]}}}",
		       !strcmp(engine, "docker") ? f->path : "/none",
		       !strcmp(engine, "podman") ? f->path : "/none",
		       !strcmp(engine, "cri") ? f->path : "/none",
		       !strcmp(engine, "containerd") ? f->path : "/none");
	open_with(b, config);
	start(b);
}

static void close_asking(struct bench *b, struct fake *f)
{
	char *slash;

	stop(b);
	finish(b);
	fake_stop(f);
	slash = strrchr(f->path, '/');
	*slash = '\0';
	assert_int_equal(rmdir(f->path), 0);
}

static struct fake_answer docker(void *ctx, const char *path, size_t len)
{
	static const char container[] =
		"{\"Id\":\"" ID "\",\"Name\":\"/web\",\"Image\":\"sha256:0ca0\","
		"\"Config\":{\"Image\":\"nginx:1\",\"Labels\":{}}}";
	static const char image[] = "{\"RepoDigests\":[\"nginx@sha256:beef\"]}";
	int *n_unknown = ctx;

	(void)len;
	if (!strcmp(path, "/images/sha256:0ca0/json"))
		return (struct fake_answer){200, image, sizeof image - 1};
	if (strcmp(path, "/containers/" ID "/json") != 0 || (*n_unknown)-- > 0)
		return (struct fake_answer){404, "{}", 2};
	return (struct fake_answer){200, container, sizeof container - 1};
}

static void test_docker_is_asked_about_a_new_container(void **state)
{
	int n_unknown = 0;
	struct fake f = {.answer = docker, .ctx = &n_unknown};
	struct bench *b = &bench;

	(void)state;
	open_asking(b, &f, "docker");
	add_process(b, 10, "cpu=/docker/" ID);
	add_process(b, 11, "cpu=/docker/" ID);
	ready(b);
	assert_string_equal(ask(b, 10, "container.id", NULL), "3ad7b26ded6d");
	take_event(b, 0);
	assert_string_equal(plug_ask(&b->x, &b->evt, "container.name", NULL), "web");
	assert_string_equal(ask(b, 11, "container.image.repository", NULL), "nginx");
	assert_string_equal(ask(b, 11, "container.image.digest", NULL), "sha256:beef");
	assert_string_equal(ask(b, 11, "container.type", NULL), "docker");
	assert_int_equal(metric(b, "asked"), 1);
	assert_int_equal(metric(b, "n_containers"), 1);
	close_asking(b, &f);
}

static struct fake_answer docker_neighbours(void *ctx, const char *path, size_t len)
{
	static const char one[] =
		"{\"Id\":\"" ID "\",\"Name\":\"/side\",\"NetworkSettings\":{\"IPAddress\":\"\"},"
		"\"HostConfig\":{\"NetworkMode\":\"container:web-1\"}}";
	static const char other[] =
		"{\"Id\":\"ab\",\"NetworkSettings\":{\"IPAddress\":\"172.17.0.9\"}}";

	(void)ctx;
	(void)len;
	if (!strcmp(path, "/containers/" ID "/json"))
		return (struct fake_answer){200, one, sizeof one - 1};
	if (!strcmp(path, "/containers/web-1/json"))
		return (struct fake_answer){200, other, sizeof other - 1};
	return (struct fake_answer){404, "{}", 2};
}

static void test_the_address_is_that_of_the_container_whose_network_it_shares(void **state)
{
	struct fake f = {.answer = docker_neighbours};
	struct bench *b = &bench;

	(void)state;
	open_asking(b, &f, "docker");
	add_process(b, 10, "cpu=/docker/" ID);
	ready(b);
	take_event(b, 0);
	assert_string_equal(ask(b, 10, "container.name", NULL), "side");
	assert_string_equal(ask(b, 10, "container.ip", NULL), "172.17.0.9");
	close_asking(b, &f);
}

static void test_podman_is_asked_again_until_it_knows(void **state)
{
	int n_unknown = 2;
	struct fake f = {.answer = docker, .ctx = &n_unknown};
	struct bench *b = &bench;

	(void)state;
	open_asking(b, &f, "podman");
	add_process(b, 10, "cpu=/machine.slice/libpod-" ID ".scope");
	ready(b);
	take_event(b, 0);
	assert_string_equal(ask(b, 10, "container.type", NULL), "podman");
	close_asking(b, &f);
}

static struct fake_answer never(void *ctx, const char *path, size_t len)
{
	(void)ctx;
	(void)path;
	(void)len;
	return (struct fake_answer){.status = FAKE_HANG};
}

static void test_a_runtime_that_never_answers_holds_nothing_up(void **state)
{
	struct fake f = {.answer = never};
	struct bench *b = &bench;

	(void)state;
	open_asking(b, &f, "docker");
	add_process(b, 10, "cpu=/docker/" ID);
	ready(b);
	assert_string_equal(ask(b, 10, "container.id", NULL), "3ad7b26ded6d");
	assert_string_equal(ask(b, 10, "container.name", NULL), "<NA>");
	close_asking(b, &f); /* ends the request that is running */
}

/* The end of the first process of a container is that of the container. */
static void test_the_end_of_a_container_is_told(void **state)
{
	const uint32_t lens[] = {8, 8, 1, 1, 8};
	int n_unknown = 0;
	struct fake f = {.answer = docker, .ctx = &n_unknown};
	const ss_plugin_event *evt;
	struct bench *b = &bench;

	(void)state;
	open_asking(b, &f, "docker");
	add_process(b, 10, "cpu=/docker/" ID);
	add_process(b, 11, "cpu=/docker/" ID);
	ready(b);
	take_event(b, 0);
	evt = mb_event(&b->event, 186, 10, lens, 5);
	mb_put(&b->event, (uint8_t[26]){0}, 26);
	parse(b, evt);
	take_event(b, 1);
	assert_string_equal(plug_ask(&b->x, &b->evt, "container.name", NULL), "web");
	assert_string_equal(ask(b, 11, "container.name", NULL), "<NA>");
	close_asking(b, &f);
}

/* ---- kubernetes ---- */

/* A message in the making: protobuf fields with numbers below 16, or up to 127 with @wide. */
struct message {
	uint8_t p[2048];
	size_t n;
};

static void put_bytes(struct message *m, uint32_t number, const void *p, size_t len)
{
	if (number > 15) {
		m->p[m->n++] = (uint8_t)((number << 3 | 2) & 0x7f) | 0x80;
		m->p[m->n++] = (uint8_t)(number >> 4);
	} else {
		m->p[m->n++] = (uint8_t)(number << 3 | 2);
	}
	m->p[m->n++] = (uint8_t)(len & 0x7f) | 0x80;
	m->p[m->n++] = (uint8_t)(len >> 7);
	memcpy(m->p + m->n, p, len);
	m->n += len;
}

static void put_text(struct message *m, uint32_t number, const char *text)
{
	put_bytes(m, number, text, strlen(text));
}

static void put_message(struct message *m, uint32_t number, const struct message *inner)
{
	put_bytes(m, number, inner->p, inner->n);
}

static void put_pair(struct message *m, uint32_t number, const char *key, const char *value)
{
	struct message entry = {.n = 0};

	put_text(&entry, 1, key);
	put_text(&entry, 2, value);
	put_message(m, number, &entry);
}

static void put_number(struct message *m, uint32_t number, uint8_t n)
{
	m->p[m->n++] = (uint8_t)(number << 3);
	m->p[m->n++] = n;
}

static void make_container(struct message *m)
{
	struct message status = {.n = 0}, inner = {.n = 0};

	put_text(&inner, 1, "main");
	put_text(&status, 1, ID);
	put_message(&status, 2, &inner);
	inner.n = 0;
	put_text(&inner, 1, "quay.io/team/web:2");
	put_message(&status, 8, &inner);
	put_text(&status, 9, "quay.io/team/web@sha256:beef");
	put_pair(&status, 12, "io.kubernetes.pod.name", "web-0");
	put_pair(&status, 12, "io.kubernetes.pod.namespace", "shop");
	inner.n = 0;
	put_text(&inner, 1, "/data");
	put_text(&inner, 2, "/var/lib/x");
	put_number(&inner, 3, 1);
	put_number(&inner, 5, 1);
	put_message(&status, 14, &inner);
	put_text(&status, 17, "sha256:0ca0");
	put_message(m, 1, &status);
	put_pair(m, 2, "info",
		 "{\"sandboxID\":\"" SANDBOX
		 "\",\"config\":{\"linux\":{\"security_context\":{\"privileged\":true}}}}");
}

static void make_sandbox(struct message *m)
{
	struct message status = {.n = 0}, inner = {.n = 0}, spaces = {.n = 0}, linux_ = {.n = 0};

	put_text(&status, 1, SANDBOX);
	put_text(&inner, 1, "10.1.2.3");
	put_message(&status, 5, &inner);
	inner.n = 0;
	put_number(&inner, 1, 2);
	put_message(&spaces, 2, &inner);
	put_message(&linux_, 1, &spaces);
	put_message(&status, 6, &linux_);
	put_pair(&status, 7, "app", "shop");
	put_message(m, 1, &status);
	put_pair(m, 2, "info", "{\"cniResult\":{\"Interfaces\":{}}}");
}

static struct fake_answer kubernetes(void *ctx, const char *message, size_t len)
{
	static struct message m;
	struct message inner = {.n = 0};
	int *n_sandbox_unknown = ctx;

	m.n = 0;
	if (memmem(message, len, ID, 64)) {
		make_container(&m);
	} else if (memmem(message, len, SANDBOX, 64)) {
		if ((*n_sandbox_unknown)-- > 0)
			return (struct fake_answer){.status = 5};
		make_sandbox(&m);
	} else if (memmem(message, len, "web", 3)) {
		put_text(&inner, 1, "web");
		put_pair(&inner, 2, "k", "v");
		put_text(&inner, 3, "docker.io/library/nginx:1");
		put_message(&m, 1, &inner);
	} else {
		put_text(&m, 2, "containerd");
	}
	return (struct fake_answer){0, m.p, m.n};
}

static void test_the_runtime_of_the_kubelet_is_asked(void **state)
{
	int n_unknown = 0;
	struct fake f = {.answer = kubernetes, .ctx = &n_unknown, .is_grpc = true};
	struct bench *b = &bench;

	(void)state;
	open_asking(b, &f, "cri");
	add_process(b, 10, "cpu=/kubepods/pod1/cri-containerd-" ID ".scope");
	ready(b);
	take_event(b, 0);
	assert_string_equal(ask(b, 10, "container.id", NULL), "3ad7b26ded6d");
	assert_string_equal(ask(b, 10, "container.name", NULL), "main");
	assert_string_equal(ask(b, 10, "container.type", NULL), "containerd");
	assert_string_equal(ask(b, 10, "container.image.repository", NULL), "quay.io/team/web");
	assert_string_equal(ask(b, 10, "container.image.tag", NULL), "2");
	assert_string_equal(ask(b, 10, "container.image.digest", NULL), "sha256:beef");
	assert_string_equal(ask(b, 10, "container.image.id", NULL), "0ca0");
	assert_string_equal(ask(b, 10, "container.privileged", NULL), "true");
	assert_string_equal(ask(b, 10, "container.host_network", NULL), "true");
	assert_string_equal(ask(b, 10, "container.host_pid", NULL), "false");
	assert_string_equal(ask(b, 10, "container.mounts", NULL), "/var/lib/x:/data::false:rslave");
	assert_string_equal(ask(b, 10, "k8s.pod.name", NULL), "web-0");
	assert_string_equal(ask(b, 10, "k8s.ns.name", NULL), "shop");
	assert_string_equal(ask(b, 10, "k8s.pod.ip", NULL), "10.1.2.3");
	assert_string_equal(ask(b, 10, "k8s.pod.labels", NULL), "app:shop");
	assert_string_equal(ask(b, 10, "k8s.pod.cni.json", NULL), "{\"Interfaces\":{}}");
	assert_string_equal(ask(b, 10, "k8s.pod.full_sandbox_id", NULL), SANDBOX);
	close_asking(b, &f);
}

static void test_a_sandbox_is_described_too(void **state)
{
	int n_unknown = 1;
	struct fake f = {.answer = kubernetes, .ctx = &n_unknown, .is_grpc = true};
	struct bench *b = &bench;

	(void)state;
	open_asking(b, &f, "cri");
	add_process(b, 10, "cpu=/kubepods/pod1/cri-containerd-" SANDBOX ".scope");
	ready(b);
	take_event(b, 0);
	assert_string_equal(ask(b, 10, "container.ip", NULL), "10.1.2.3");
	assert_string_equal(ask(b, 10, "k8s.pod.sandbox_id", NULL), "c010f5a08549");
	close_asking(b, &f);
}

static void test_containerd_is_asked_about_its_own(void **state)
{
	int n_unknown = 0;
	struct fake f = {.answer = kubernetes, .ctx = &n_unknown, .is_grpc = true};
	struct bench *b = &bench;

	(void)state;
	open_asking(b, &f, "containerd");
	add_process(b, 10, "=/default/web");
	ready(b);
	take_event(b, 0);
	assert_string_equal(ask(b, 10, "container.id", NULL), "web");
	assert_string_equal(ask(b, 10, "container.image.repository", NULL),
			    "docker.io/library/nginx");
	assert_string_equal(ask(b, 10, "container.label", "k"), "v");
	close_asking(b, &f);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_processes_there_at_the_beginning_are_in_their_containers),
		TEST(test_a_new_process_gets_its_container),
		TEST(test_an_event_without_thread_is_nowhere),
		TEST(test_users_of_a_container_are_not_those_of_the_host),
		TEST(test_a_recorded_description_answers),
		TEST(test_a_pod_is_described_by_its_sandbox),
		TEST(test_what_cannot_be_read_changes_nothing),
		TEST(test_engines_without_a_runtime_to_ask_are_described_here),
		cmocka_unit_test(test_one_container_can_be_given),
		cmocka_unit_test(test_engines_can_be_off),
		cmocka_unit_test(test_docker_is_asked_about_a_new_container),
		cmocka_unit_test(test_the_address_is_that_of_the_container_whose_network_it_shares),
		cmocka_unit_test(test_podman_is_asked_again_until_it_knows),
		cmocka_unit_test(test_a_runtime_that_never_answers_holds_nothing_up),
		cmocka_unit_test(test_the_end_of_a_container_is_told),
		cmocka_unit_test(test_the_runtime_of_the_kubelet_is_asked),
		cmocka_unit_test(test_a_sandbox_is_described_too),
		cmocka_unit_test(test_containerd_is_asked_about_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
