/*
 * The JSON scanner against json-c: thousands of generated documents, some of them damaged, and the
 * fuzzer's corpus.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <glob.h>

#include "json_oracle.h"

struct maker {
	uint64_t seed;
	char *p;
	size_t n, cap;
};

static uint32_t pick(struct maker *m, uint32_t n)
{
	m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(m->seed >> 33) % n;
}

static void put(struct maker *m, const char *text)
{
	size_t n = strlen(text);

	if (m->n + n < m->cap) {
		memcpy(m->p + m->n, text, n);
		m->n += n;
	}
}

static void put_blanks(struct maker *m)
{
	static const char *const blanks[] = {"", "", "", "", " ", "\n\t", "  \r\n      "};

	put(m, blanks[pick(m, 7)]);
}

static void put_string(struct maker *m)
{
	static const char *const pieces[] = {
		"a",
		"key",
		"{[",
		"]}",
		",:",
		"\\\"",
		"\\\\",
		"\\\\\\\"",
		"\\/",
		"\\u0041",
		"\\n",
		"\\ud83d\\ude00",
		"\xc3\xa9",
		"\xe2\x82\xac",
		"\\u20ac",
		"long text without anything in it, of more than sixty-four bytes, to cross blocks"};
	uint32_t n = pick(m, 6);

	put(m, "\"");
	while (n--)
		put(m, pieces[pick(m, 16)]);
	put(m, "\"");
}

static void put_value(struct maker *m, uint32_t depth)
{
	static const char *const scalars[] = {"null", "true", "false", "0",         "-12",
					      "1.5",  "1e3",  "2E-2",  "123456789", "-0.25"};
	static const char *const keys[] = {"\"a\"", "\"b\"", "\"c\"", "\"\"", "\"\\u0061b\""};
	uint32_t kind = pick(m, depth ? 5 : 2), n = pick(m, 5);

	put_blanks(m);
	if (kind == 0) {
		put(m, scalars[pick(m, 10)]);
	} else if (kind == 1) {
		put_string(m);
	} else {
		bool is_object = kind > 2;

		put(m, is_object ? "{" : "[");
		put_blanks(m);
		for (uint32_t i = 0; i < n; i++) {
			put(m, i ? "," : "");
			put_blanks(m);
			if (is_object) {
				if (pick(m, 3))
					put(m, keys[i]);
				else
					put_string(m);
				put_blanks(m);
				put(m, ":");
			}
			put_value(m, depth - 1);
		}
		put(m, is_object ? "}" : "]");
	}
	put_blanks(m);
}

static void test_scanner_agrees_with_json_c_on_generated_documents(void **state)
{
	char text[4096];

	(void)state;
	for (uint32_t i = 0; i < 6000; i++) {
		struct maker m = {.seed = i, .p = text, .cap = sizeof text};
		char *exact;

		put_value(&m, 1 + i % 6);
		exact = malloc(m.n + 1);
		assert_non_null(exact);
		memcpy(exact, text, m.n);
		oracle_check(exact, m.n);
		for (uint32_t k = 0; k < 4 && m.n; k++) {
			exact[pick(&m, (uint32_t)m.n)] = "\"\\{}[],:x0 \x80"[pick(&m, 12)];
			oracle_check(exact, m.n);
			oracle_check(exact, pick(&m, (uint32_t)m.n));
		}
		free(exact);
	}
}

static void test_scanner_agrees_with_json_c_on_the_corpus(void **state)
{
	glob_t g;

	(void)state;
	assert_int_equal(glob(SOURCE_DIR "/tests/fuzz/corpus/json/*", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		static char text[1 << 16];
		FILE *f = fopen(g.gl_pathv[i], "rb");
		size_t n;

		assert_non_null(f);
		n = fread(text, 1, sizeof text, f);
		(void)fclose(f);
		oracle_check(text, n);
	}
	globfree(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scanner_agrees_with_json_c_on_generated_documents),
		cmocka_unit_test(test_scanner_agrees_with_json_c_on_the_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
