/*
 * jsonsplit: a push-down automaton over bytes, one handler a state.
 *
 * The stack is a bit a container, because all that matters is whether a comma is followed by a key.
 * Inside strings, where most bytes are, a loop over a table of special bytes does the work; the
 * handlers see the rest.
 */
#include "jsonsplit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum state {
	ST_TOP,          /* between documents */
	ST_VALUE,        /* a value must come */
	ST_VALUE_OR_END, /* after [ */
	ST_KEY,          /* after a comma in an object */
	ST_KEY_OR_END,   /* after { */
	ST_COLON,        /* after a key */
	ST_AFTER,        /* after a value: comma or end */
	ST_STRING,
	ST_ESCAPE, /* the byte after a backslash */
	ST_SCALAR, /* a number, true, false, null */
	ST_SKIP,   /* after a mistake, until a record can start */
};

enum {
	KEEP_BYTES = 1 << 20, /* a larger buffer is given back once its record is out */
};

void jsonsplit_init(struct jsonsplit *s, const char *envelope, size_t max_bytes)
{
	*s = (struct jsonsplit){
		.envelope = envelope, .envelope_len = strlen(envelope), .max_bytes = max_bytes};
}

void jsonsplit_deinit(struct jsonsplit *s)
{
	free(s->buf);
	*s = (struct jsonsplit){0};
}

void jsonsplit_reset(struct jsonsplit *s)
{
	struct jsonsplit old = *s;

	jsonsplit_init(s, old.envelope, old.max_bytes);
	if (old.size <= KEEP_BYTES) {
		s->buf = old.buf;
		s->size = old.size;
	} else {
		free(old.buf);
	}
}

static uint64_t here(const struct jsonsplit *s)
{
	return s->offset + (uint64_t)(s->cur - s->begin);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool at_line_start(const struct jsonsplit *s)
{
	return (s->cur > s->begin ? s->cur[-1] : s->last) == '\n' || here(s) == 0;
}

/* ---- the record being read ---- */

static void record_start(struct jsonsplit *s)
{
	s->is_recording = true;
	s->is_oversize = s->has_blanks = s->has_odd = s->has_newline = false;
	s->is_first_key = true;
	s->rec = s->cur;
	s->rec_offset = here(s);
	s->len = 0;
}

static int record_store(struct jsonsplit *s, const char *p, size_t n)
{
	size_t want = s->len + n, size;
	char *buf;

	if (s->is_oversize || want > s->max_bytes) {
		s->is_oversize = true;
		return 0;
	}
	if (want > s->size) {
		size = want < 4096 ? 8192 : want * 2;
		if (size > s->max_bytes)
			size = s->max_bytes;
		buf = realloc(s->buf, size);
		if (!buf)
			return -ENOMEM;
		s->buf = buf;
		s->size = size;
	}
	memcpy(s->buf + s->len, p, n);
	s->len += n;
	return 0;
}

/* The record ends in front of s->cur. */
static int record_finish(struct jsonsplit *s, struct jsonsplit_record *ret)
{
	size_t n = (size_t)(s->cur - s->rec);
	int r = 0;

	s->is_recording = false;
	if (s->level == 0 && !s->has_newline)
		s->is_lines = true;
	if (s->len > 0)
		r = record_store(s, s->rec, n);
	else
		s->is_oversize = s->is_oversize || n > s->max_bytes;
	if (r < 0)
		return r;
	*ret = (struct jsonsplit_record){.p = s->len > 0 ? s->buf : s->rec,
					 .len = s->len > 0 ? s->len : n,
					 .offset = s->rec_offset,
					 .has_blanks = s->has_blanks,
					 .has_odd = s->has_odd};
	return s->is_oversize ? JSONSPLIT_TOO_LARGE : JSONSPLIT_RECORD;
}

/* ---- structure ---- */

/* What is here cannot be: gives up the record and looks for the next. Takes no byte. */
static int mistake(struct jsonsplit *s, struct jsonsplit_record *ret)
{
	bool is_large = s->is_recording && here(s) - s->rec_offset > s->max_bytes;

	*ret = (struct jsonsplit_record){.offset = s->is_recording ? s->rec_offset : here(s)};
	s->at_line = at_line_start(s);
	s->is_soft = s->depth == 0;
	s->is_lenient = true;
	s->is_recording = false;
	s->match = 0;
	s->state = ST_SKIP;
	return is_large ? JSONSPLIT_TOO_LARGE : JSONSPLIT_MALFORMED;
}

static bool in_object(const struct jsonsplit *s)
{
	unsigned i = s->depth - 1;

	return s->depth > 0 && (s->kinds[i / 64] >> i % 64 & 1);
}

static void push(struct jsonsplit *s, bool is_object)
{
	uint64_t bit = 1ULL << s->depth % 64;

	if (is_object)
		s->kinds[s->depth / 64] |= bit;
	else
		s->kinds[s->depth / 64] &= ~bit;
	s->depth++;
	s->cur++;
	s->state = is_object ? ST_KEY_OR_END : ST_VALUE_OR_END;
}

/* A line that begins with { is a new record where a record a line is what the log has; the one
 * before was cut short. */
static bool is_new_line_record(const struct jsonsplit *s)
{
	return s->is_recording && s->level == 0 && at_line_start(s) &&
	       (s->is_lines || in_object(s));
}

static int open_object(struct jsonsplit *s, struct jsonsplit_record *ret)
{
	if (s->depth == JSONSPLIT_MAX_DEPTH || is_new_line_record(s))
		return mistake(s, ret);
	if (s->depth == s->level)
		record_start(s);
	push(s, true);
	return 0;
}

static int open_array(struct jsonsplit *s, struct jsonsplit_record *ret)
{
	bool can_hold = (s->is_recording && !s->in_envelope) || s->in_tail;
	bool is_stray = s->depth == s->level && s->depth > 0;

	if (s->depth == JSONSPLIT_MAX_DEPTH)
		return mistake(s, ret);
	*ret = (struct jsonsplit_record){.offset = here(s)};
	if (can_hold && s->depth == s->level + 1 && s->is_envelope_key) {
		s->is_recording = s->in_tail = false;
		s->in_envelope = true;
		s->outer = s->level;
		push(s, false);
		s->level = s->depth;
		return 0;
	}
	push(s, false);
	if (s->depth == 1)
		s->level = 1;
	return is_stray ? JSONSPLIT_MALFORMED : 0;
}

static int close_container(struct jsonsplit *s, struct jsonsplit_record *ret)
{
	s->depth--;
	s->cur++;
	s->state = s->depth ? ST_AFTER : ST_TOP;
	if (s->is_recording)
		return s->depth == s->level ? record_finish(s, ret) : 0;
	if (s->in_tail && s->depth == s->level) {
		s->in_tail = s->in_envelope = false;
	} else if (s->in_envelope && !s->in_tail && s->depth + 1 == s->level) {
		s->in_tail = true;
		s->level = s->outer;
	}
	if (s->depth == 0)
		s->level = 0;
	return 0;
}

static void start_string(struct jsonsplit *s, bool is_key)
{
	s->cur++;
	s->is_key = is_key;
	s->key_ok = is_key && s->depth == s->level + 1;
	s->key_pos = 0;
	s->state = ST_STRING;
}

/* A value that starts with this byte, which is no closing bracket. */
static int on_value(struct jsonsplit *s, struct jsonsplit_record *ret)
{
	bool is_stray = s->depth == s->level;
	char c = *s->cur;

	if (c == '{')
		return open_object(s, ret);
	if (c == '[')
		return open_array(s, ret);
	if (c != '"' && c != '-' && !(c >= '0' && c <= '9') && c != 't' && c != 'f' && c != 'n')
		return mistake(s, ret);
	*ret = (struct jsonsplit_record){.offset = here(s)};
	if (c == '"')
		start_string(s, false);
	else
		s->state = ST_SCALAR;
	return is_stray ? JSONSPLIT_MALFORMED : 0;
}

static int on_key(struct jsonsplit *s, struct jsonsplit_record *ret)
{
	if (*s->cur != '"')
		return mistake(s, ret);
	start_string(s, true);
	return 0;
}

static int on_colon(struct jsonsplit *s, struct jsonsplit_record *ret)
{
	if (*s->cur != ':')
		return mistake(s, ret);
	s->cur++;
	s->state = ST_VALUE;
	return 0;
}

static int on_after(struct jsonsplit *s, struct jsonsplit_record *ret)
{
	char c = *s->cur;

	if (c == (in_object(s) ? '}' : ']'))
		return close_container(s, ret);
	if (c != ',')
		return mistake(s, ret);
	s->cur++;
	s->state = in_object(s) ? ST_KEY : ST_VALUE;
	return 0;
}

static int on_top(struct jsonsplit *s, struct jsonsplit_record *ret)
{
	char c = *s->cur;
	bool was_in_zeros = s->in_zeros;

	s->in_zeros = false;
	if (c == '{')
		return open_object(s, ret);
	if (c == '[')
		return open_array(s, ret);
	if (c == '\0') { /* a hole that a crash or a truncation left in the file */
		s->in_zeros = true;
		*ret = (struct jsonsplit_record){.offset = here(s)};
		s->cur++;
		return was_in_zeros ? 0 : JSONSPLIT_MALFORMED;
	}
	if ((here(s) < 3 && c == "\xef\xbb\xbf"[here(s)]) ||
	    (s->is_lenient && (c == ',' || c == ']' || c == '}'))) {
		s->cur++;
		return 0;
	}
	return mistake(s, ret);
}

/* ---- strings and words ---- */

/* 1 ends a run of plain bytes: quote, backslash, newline; 2 is odd and stays: other control
 * characters, all above ASCII. */
static uint8_t string_class(unsigned char c)
{
	if (c == '"' || c == '\\' || c == '\n')
		return 1;
	return c < 0x20 || c >= 0x80 ? 2 : 0;
}

static void match_key(struct jsonsplit *s, const char *from)
{
	size_t n = (size_t)(s->cur - from);

	if (!s->key_ok)
		return;
	s->key_ok =
		s->key_pos + n <= s->envelope_len && memcmp(s->envelope + s->key_pos, from, n) == 0;
	s->key_pos += n;
}

/* Remembers how the first record of an array begins, up to its first key. */
static void learn_prefix(struct jsonsplit *s)
{
	size_t n = (size_t)(s->cur - s->rec);

	if (!s->is_recording || !s->is_first_key || !s->level)
		return;
	s->is_first_key = false;
	if (s->prefix_len || s->is_oversize || 1 + s->len + n > JSONSPLIT_MAX_PREFIX)
		return;
	s->prefix[0] = ',';
	if (s->len > 0)
		memcpy(s->prefix + 1, s->buf, s->len);
	memcpy(s->prefix + 1 + s->len, s->rec, n);
	s->prefix_len = (unsigned)(1 + s->len + n);
}

static int on_string(struct jsonsplit *s, struct jsonsplit_record *ret)
{
	const char *from = s->cur;
	uint8_t seen = 0, class = 0;

	for (; s->cur < s->end; s->cur++) {
		class = string_class((unsigned char)*s->cur);
		if (class == 1)
			break;
		seen |= class;
	}
	s->has_odd = s->has_odd || seen;
	match_key(s, from);
	if (s->cur == s->end)
		return 0;
	if (*s->cur == '\n')
		return mistake(s, ret);
	if (*s->cur++ == '\\') {
		s->key_ok = false;
		s->state = ST_ESCAPE;
		return 0;
	}
	if (!s->is_key) {
		s->state = ST_AFTER;
		return 0;
	}
	s->is_envelope_key = s->key_ok && s->key_pos == s->envelope_len;
	s->state = ST_COLON;
	learn_prefix(s);
	return 0;
}

static int on_escape(struct jsonsplit *s, struct jsonsplit_record *ret)
{
	if (*s->cur == '\n')
		return mistake(s, ret);
	s->cur++;
	s->state = ST_STRING;
	return 0;
}

static int on_scalar(struct jsonsplit *s)
{
	for (; s->cur < s->end; s->cur++) {
		char c = *s->cur;

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && c != '-' && c != '+' &&
		    c != '.' && c != 'E') {
			s->state = ST_AFTER;
			break;
		}
	}
	return 0;
}

/* ---- after a mistake ---- */

static void forget_structure(struct jsonsplit *s)
{
	s->depth = s->level = 0;
	s->in_envelope = s->in_tail = false;
	s->state = ST_TOP;
}

/* The bytes before s->cur are a comma and the start of a record. */
static int restart_in_array(struct jsonsplit *s)
{
	const char *after = s->cur;

	s->depth = s->level;
	s->cur -= s->cur - s->begin < s->prefix_len - 1 ? s->cur - s->begin : s->prefix_len - 1;
	record_start(s);
	s->rec = after;
	s->rec_offset = s->offset + (uint64_t)(after - s->begin) - (s->prefix_len - 1);
	s->cur = after;
	s->is_first_key = s->is_envelope_key = false;
	push(s, true);
	s->cur = after;
	s->state = ST_COLON;
	return record_store(s, s->prefix + 1, s->prefix_len - 1);
}

static int on_skip(struct jsonsplit *s)
{
	bool can_match = s->level > 0 && !s->in_tail && s->prefix_len > 0;

	while (s->cur < s->end) {
		char c = *s->cur;

		if (s->at_line && (c == '{' || c == '[')) {
			forget_structure(s);
			return 0;
		}
		s->cur++;
		s->at_line = c == '\n' || (s->at_line && s->is_soft && is_blank(c));
		if (!can_match || (s->match == 1 && is_blank(c)))
			continue;
		if (c == s->prefix[s->match])
			s->match++;
		else
			s->match = c == ',';
		if (s->match == s->prefix_len)
			return restart_in_array(s);
	}
	return 0;
}

/* ---- driving ---- */

/* At a byte between tokens that is not blank. */
static int on_structure(struct jsonsplit *s, struct jsonsplit_record *ret)
{
	const char c = *s->cur;

	switch ((enum state)s->state) {
	case ST_TOP:
		return on_top(s, ret);
	case ST_VALUE_OR_END:
		return c == ']' ? close_container(s, ret) : on_value(s, ret);
	case ST_VALUE:
		return on_value(s, ret);
	case ST_KEY_OR_END:
		return c == '}' ? close_container(s, ret) : on_key(s, ret);
	case ST_KEY:
		return on_key(s, ret);
	case ST_COLON:
		return on_colon(s, ret);
	default:
		return on_after(s, ret);
	}
}

static int step(struct jsonsplit *s, struct jsonsplit_record *ret)
{
	char c = *s->cur;

	switch ((enum state)s->state) {
	case ST_STRING:
		return on_string(s, ret);
	case ST_ESCAPE:
		return on_escape(s, ret);
	case ST_SCALAR:
		return on_scalar(s);
	case ST_SKIP:
		return on_skip(s);
	default:
		break;
	}
	if (is_blank(c)) {
		s->has_blanks = true;
		s->has_newline = s->has_newline || c == '\n';
		s->cur++;
		return 0;
	}
	return on_structure(s, ret);
}

int jsonsplit_next(struct jsonsplit *s, const char **p, const char *end,
		   struct jsonsplit_record *ret)
{
	int r = 0;

	s->begin = s->cur = s->rec = *p;
	s->end = end;
	while (r == 0 && s->cur < end)
		r = step(s, ret);
	if (r == 0 && s->is_recording)
		r = record_store(s, s->rec, (size_t)(s->cur - s->rec));
	if (s->cur > s->begin) {
		s->last = s->cur[-1];
		s->offset += (uint64_t)(s->cur - s->begin);
	}
	*p = s->cur;
	return r;
}

int jsonsplit_end(struct jsonsplit *s, struct jsonsplit_record *ret)
{
	bool is_cut = s->state != ST_SKIP && s->depth > 0;
	bool is_large = s->is_recording && s->is_oversize;

	*ret = (struct jsonsplit_record){.offset = s->is_recording ? s->rec_offset : s->offset};
	s->is_recording = false;
	forget_structure(s);
	if (!is_cut)
		return JSONSPLIT_MORE;
	return is_large ? JSONSPLIT_TOO_LARGE : JSONSPLIT_MALFORMED;
}
