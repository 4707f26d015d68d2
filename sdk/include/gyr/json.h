/*
 * json: answers found in JSON text without parsing it.
 *
 * An audit event is a few KB of JSON, of which rules ask for a dozen values. A reader compiles the
 * JSON pointers of interest (RFC 6901) to a trie of keys; one pass over a document follows the trie
 * where it matches and jumps over everything else. What it finds are spans: type, place and length
 * inside the caller's bytes. Nothing is copied, nothing is allocated once the pointers are known.
 *
 *	reader_new -> reader_add "/user/name" -> reader_load doc -> reader_get -> gyr_json_text
 *
 * Laziness has a price that callers must know: what is jumped over is only bracketed, not checked,
 * and the pass stops when all pointers are found. gyr_json_reader_strict() buys the whole check.
 *
 * Of two members with one name the first counts. Keys are compared after unescaping. No function
 * reads outside the bytes it is given, and none needs padding behind them. Text that is not JSON
 * gives -EBADMSG and an offset. Numbers keep their text: nothing is rounded.
 *
 * Format: RFC 8259 (JSON), RFC 6901 (pointers).
 *
 * Lifetime: spans and iterators point into the document; they live as long as its bytes.
 * Threads: functions without a reader are pure; a reader belongs to one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GYR_JSON_MAX_DEPTH = 128, /* nesting that is validated and indented; parts of a pointer */
	GYR_JSON_MAX_KEY = 512,   /* bytes of one part of a pointer */
	GYR_JSON_MAX_POINTERS = 65536, /* pointers of one reader */
};

enum gyr_json_type {
	GYR_JSON_ABSENT = 0, /* there is no such value */
	GYR_JSON_NULL,
	GYR_JSON_FALSE,
	GYR_JSON_TRUE,
	GYR_JSON_NUMBER,
	GYR_JSON_STRING,
	GYR_JSON_ARRAY,
	GYR_JSON_OBJECT,
};

/* One value inside a document. Strings: the bytes between the quotes, still escaped. */
struct gyr_json {
	const char *p;
	uint32_t len;
	uint8_t type; /* enum gyr_json_type */
	bool has_escapes;
};

/* ---- reader: many pointers, one pass ---- */

struct gyr_json_reader;

/* NULL when memory is short. */
struct gyr_json_reader *gyr_json_reader_new(void);

/* Takes NULL; always returns NULL. */
struct gyr_json_reader *gyr_json_reader_free(struct gyr_json_reader *r);

/*
 * Adds a pointer ("" is the whole document, "/a/0/b~1c" a member) and tells its number. An equal
 * pointer keeps its number. A new one forgets what was found in the loaded document.
 * -EINVAL: not a JSON pointer; -E2BIG: beyond a bound above; -ENOMEM.
 */
int gyr_json_reader_add(struct gyr_json_reader *r, const char *pointer, size_t len,
			uint32_t *ret_id);

/* The number of a pointer added before. -ENOENT; -EINVAL: not a JSON pointer. */
int gyr_json_reader_find(const struct gyr_json_reader *r, const char *pointer, size_t len,
			 uint32_t *ret_id);

/* On: every document is validated as a whole before it answers, and a member asked for that occurs
 * twice makes it invalid. Off at first. Takes effect with the next load. */
void gyr_json_reader_strict(struct gyr_json_reader *r, bool is_strict);

/* Points the reader at a document, and does nothing else: the pass happens at the first get. The
 * bytes stay the caller's and must not change until the next load. -E2BIG: 4 GiB or more. */
int gyr_json_reader_load(struct gyr_json_reader *r, const char *doc, size_t len);

/*
 * The value at pointer @id; type GYR_JSON_ABSENT when the document has none there. -EBADMSG when
 * the document is not JSON as far as it was looked at (then for every pointer); -ENOENT when
 * nothing is loaded or @id is unknown.
 */
int gyr_json_reader_get(struct gyr_json_reader *r, uint32_t id, struct gyr_json *ret);

/* After -EBADMSG: how many bytes of the document are fine. */
size_t gyr_json_reader_bad_offset(const struct gyr_json_reader *r);

/* ---- values by hand ---- */

/* The value that @text starts with, after blanks; what follows it is not looked at. -EBADMSG. */
int gyr_json_value(const char *text, size_t len, struct gyr_json *ret);

/* The first member named @key (plain text, not escaped) of an object; type GYR_JSON_ABSENT when
 * there is none or @object is no object. -EBADMSG. */
int gyr_json_member(const struct gyr_json *object, const char *key, size_t len,
		    struct gyr_json *ret);

/* Steps through an array or an object. Any other type has no elements. */
struct gyr_json_iter {
	const char *p, *end;
	bool is_object, is_started;
};

void gyr_json_iter_init(struct gyr_json_iter *it, const struct gyr_json *container);

/* 1: *ret_key (a string span; may be NULL, untouched for arrays) and *ret_value are the next
 * element; 0: there are no more; -EBADMSG. */
int gyr_json_next(struct gyr_json_iter *it, struct gyr_json *ret_key, struct gyr_json *ret_value);

/* Whether a string equals plain text, escapes understood. False for other types. */
bool gyr_json_equals(const struct gyr_json *v, const char *text, size_t len);

/* ---- text ---- */

/* Copies a string's text, unescaped to UTF-8, to @dst, which has room for v->len bytes; the result
 * is never longer. No NUL is added. "\u0000" and half surrogate pairs become U+FFFD, so that the
 * text can be a C string. -EBADMSG: a broken escape, or a zero byte; -EINVAL: no string. */
int gyr_json_text(const struct gyr_json *v, char *dst, size_t *ret_len);

/* Copies any value as JSON without blanks between tokens to @dst, which has room for v->len + 2
 * bytes. Strings keep their quotes and escapes, numbers their digits. -EBADMSG; -EINVAL: an absent
 * value. */
int gyr_json_compact(const struct gyr_json *v, char *dst, size_t *ret_len);

/* Writes a value re-indented, two blanks a level, one element a line, to @dst. With @dst NULL only
 * measures. -EBADMSG: not well formed, or deeper than GYR_JSON_MAX_DEPTH. */
int gyr_json_indent(const struct gyr_json *v, char *dst, size_t *ret_len);

/* A number as an unsigned integer, fractions cut off; -ERANGE: negative or 2^64 and more; -EINVAL:
 * no number. */
int gyr_json_u64(const struct gyr_json *v, uint64_t *ret);

/* Checks all of RFC 8259, UTF-8 included, depth up to GYR_JSON_MAX_DEPTH. -EBADMSG sets *ret_offset
 * to the first byte that is wrong (@len: the text ends too early). */
int gyr_json_validate(const char *text, size_t len, size_t *ret_offset);
