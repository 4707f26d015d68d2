#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "host/registry.h"

#define ENTRY(id, name) \
	"  - {id: " id ", name: " name ", kind: source, library: plugins/" name ".so}\n"
#define SHA "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof folder, "/tmp/gyr-registry-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {"registry.yaml", "registry.yaml.sig", "key.pem"};
	char path[128];

	(void)state;
	for (int i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	return rmdir(folder);
}

static const char *write_file(const char *name, const void *bytes, size_t len)
{
	static char path[128];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	return path;
}

static int load(struct registry *r, const char *text, struct err *err)
{
	const char *path = write_file("registry.yaml", text, strlen(text));

	*err = (struct err)ERR_NULL;
	return registry_load(r, path, NULL, NULL, err);
}

static void test_entries_are_found_by_id_name_and_path(void **state)
{
	struct registry *r = registry_new();
	const struct registry_entry *e = NULL;
	struct err err = ERR_NULL;

	(void)state;
	assert_int_equal(load(r,
			      "plugins:\n"
			      "  - id: 7\n    name: seven\n    kind: extractor\n"
			      "    version: 1.0.0\n    abi: 3.12.0\n    sources: [a, b]\n    "
			      "tables: [t]\n    recorded: true\n"
			      "    license: MIT\n    description: x\n"
			      "    library: plugins/seven.so\n    sha256: " SHA "\n",
			      &err),
			 0);
	assert_int_equal(registry_ask(r, STR("7"), &e, &err), 0);
	assert_ptr_equal(e, registry_find_name(r, STR("seven")));
	assert_ptr_equal(e, registry_find_path(r, e->path));
	assert_int_equal(e->kind, REGISTRY_EXTRACTOR);
	assert_int_equal(e->n_sources, 2);
	assert_int_equal(e->n_tables, 1);
	assert_true(e->is_recorded);
	assert_true(str_is(e->tables[0], "t"));
	assert_int_equal(e->sha256[31], 0xff);
	assert_int_equal(e->line, 2);
	assert_true(str_starts(e->path, str_from(folder)));
	assert_int_equal(registry_check(e), REGISTRY_DIGEST_MISSING);
	registry_free(r);
}

static void test_unknown_plugin_is_refused_with_the_nearest_name(void **state)
{
	struct registry *r = registry_new();
	const struct registry_entry *e = NULL;
	struct err err;

	(void)state;
	assert_int_equal(load(r, "plugins:\n" ENTRY("5", "cloudtrail"), &err), 0);
	assert_int_equal(registry_ask(r, STR("cloudtrial"), &e, &err), -ENOENT);
	assert_string_equal(err.hint, "did you mean 'cloudtrail'?");
	err = (struct err)ERR_NULL;
	assert_int_equal(registry_ask(r, STR("6"), &e, &err), -ENOENT);
	assert_non_null(strstr(err.text, "of this ID"));
	registry_free(r);
}

static void test_wrong_manifest_is_refused_at_its_place(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"plugins:\n" ENTRY("5", "a") ENTRY("5", "b"),
		 ":3:5: plugin 'b': its ID 5 is already"},
		{"plugins:\n" ENTRY("5", "a") ENTRY("6", "a"),
		 ":3:5: plugin 'a': its name a is already"},
		{"plugins:\n  - {id: 0, name: a}\n", ":2:10: expected an ID"},
		{"plugins:\n  - {id: 4294967296, name: a}\n", ":2:10: expected an ID"},
		{"plugins:\n  - {id: 5, name: a, kind: thing}\n", "kind must be"},
		{"plugins:\n  - {id: 5, nam: a}\n", ":2:13: unknown key 'nam'"},
		{"plugins:\n  - {id: 5, id: 6}\n", "key given twice: 'id'"},
		{"plugins:\n  - {id: 5, name: a}\n", "an entry needs id, name"},
		{"plugins:\n  - {library: /etc/passwd}\n", "stays in the folder"},
		{"plugins:\n  - {library: a/../../b}\n", "stays in the folder"},
		{"plugins:\n  - {sha256: abc}\n", "64 hexadecimal"},
		{"plugins:\n  - {sources: a}\n", "'sources'"},
		{"plugins:\n  - {tables: a}\n", "'tables'"},
		{"plugins:\n  - {recorded: a}\n", "'recorded'"},
		{"plugins:\n  - {name: [a]}\n", "expected text for key 'name'"},
		{"plugins: x\n", "expected a list"},
		{"plugin: []\n", ":1:1: unknown key 'plugin'"},
		{"[]\n", "one map"},
		{"", "one map"},
		{"plugins: [\n", "registry.yaml:"},
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct registry *r = registry_new();

		assert_int_equal(load(r, rows[i].text, &err), -EINVAL);
		if (!strstr(err.text, rows[i].why) || !strstr(err.text, folder))
			fail_msg("%s said: %s", rows[i].text, err.text);
		assert_int_equal(registry_count(r), 0);
		registry_free(r);
	}
}

static void test_missing_manifest_is_told_apart(void **state)
{
	struct registry *r = registry_new();
	struct err err = ERR_NULL;

	(void)state;
	assert_int_equal(registry_load(r, "/nowhere/registry.yaml", NULL, NULL, &err), -ENOENT);
	registry_free(r);
}

static void test_plugin_by_path_is_added_once(void **state)
{
	struct registry *r = registry_new();
	const struct registry_entry *a = NULL, *b = NULL;
	struct err err = ERR_NULL;

	(void)state;
	assert_int_equal(registry_add_path(r, STR("mine"), STR("/x/mine.so"), &a, &err), 0);
	assert_int_equal(registry_add_path(r, STR("mine"), STR("/x/mine.so"), &b, &err), 0);
	assert_ptr_equal(a, b);
	assert_int_equal(registry_add_path(r, STR("mine"), STR("/y/mine.so"), &b, &err), -EEXIST);
	assert_non_null(strstr(err.text, "/x/mine.so"));
	registry_free(r);
}

/* Signs the manifest with a fresh key and leaves the public half in key.pem. */
static void sign(const char *text, bool spoil)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[64];
	size_t len = sizeof sig;
	char path[128];
	FILE *f;

	assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, (const unsigned char *)text, strlen(text)),
			 1);
	sig[3] ^= spoil;
	(void)write_file("registry.yaml.sig", sig, len);
	(void)snprintf(path, sizeof path, "%s/key.pem", folder);
	f = fopen(path, "we");
	assert_int_equal(PEM_write_PUBKEY(f, key), 1);
	(void)fclose(f);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
}

static void test_signature_is_judged_by_policy(void **state)
{
	static const char text[] = "plugins:\n" ENTRY("5", "a");
	static const struct {
		bool is_signed, spoil;
		enum registry_policy policy;
		int r;
		enum registry_signature sig;
	} rows[] = {
		{true, false, REGISTRY_REQUIRE, 0, REGISTRY_SIGNATURE_OK},
		{true, true, REGISTRY_REQUIRE, -EINVAL, REGISTRY_SIGNATURE_OFF},
		{false, false, REGISTRY_REQUIRE, -EINVAL, REGISTRY_SIGNATURE_OFF},
		{true, true, REGISTRY_WARN, 0, REGISTRY_SIGNATURE_BAD},
		{false, false, REGISTRY_WARN, 0, REGISTRY_SIGNATURE_MISSING},
		{true, true, REGISTRY_OFF, 0, REGISTRY_SIGNATURE_OFF},
	};
	char key[128], sig_path[128], path[128];
	const char *const keys[] = {key};

	(void)state;
	(void)snprintf(key, sizeof key, "%s/key.pem", folder);
	(void)snprintf(sig_path, sizeof sig_path, "%s/registry.yaml.sig", folder);
	(void)snprintf(path, sizeof path, "%s/registry.yaml", folder);
	(void)write_file("registry.yaml", text, strlen(text));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct registry_trust trust = {rows[i].policy, keys, 1};
		enum registry_signature sig = REGISTRY_SIGNATURE_OFF;
		struct registry *r = registry_new();
		struct err err = ERR_NULL;

		sign(text, rows[i].spoil);
		if (!rows[i].is_signed)
			(void)unlink(sig_path);
		assert_int_equal(registry_load(r, path, &trust, &sig, &err), rows[i].r);
		assert_int_equal(sig, rows[i].sig);
		assert_int_equal(err.is_set, rows[i].r < 0);
		registry_free(r);
	}
}

static void test_manifest_of_the_build_holds_its_plugins(void **state)
{
	struct registry *r = registry_new();
	struct err err = ERR_NULL;

	(void)state;
	if (registry_load(r, BINARY_DIR "/registry.yaml", NULL, NULL, &err) < 0)
		fail_msg("%s", err.text);
	for (uint32_t i = 0; i < registry_count(r); i++)
		assert_int_equal(registry_check(registry_at(r, i)), REGISTRY_DIGEST_OK);
	registry_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_are_found_by_id_name_and_path),
		cmocka_unit_test(test_unknown_plugin_is_refused_with_the_nearest_name),
		cmocka_unit_test(test_wrong_manifest_is_refused_at_its_place),
		cmocka_unit_test(test_missing_manifest_is_told_apart),
		cmocka_unit_test(test_plugin_by_path_is_added_once),
		cmocka_unit_test(test_signature_is_judged_by_policy),
		cmocka_unit_test(test_manifest_of_the_build_holds_its_plugins),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
