#include "filter/transform.h"

static bool map_case(struct str s, bool upper, struct arena *a, struct str *ret)
{
	char *p = arena_alloc(a, s.len + 1);

	if (!p)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (upper && c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		else if (!upper && c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		p[i] = c;
	}
	*ret = (struct str){p, s.len};
	return true;
}

static int b64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Padding may be left out; whatever else is wrong means that this is no base64. */
static bool b64(struct str s, struct arena *a, struct str *ret)
{
	char *p = arena_alloc(a, s.len / 4 * 3 + 4);
	uint32_t acc = 0, bits = 0;
	size_t n = 0, pad = 0;

	if (!p)
		return false;
	while (pad < 2 && s.len && s.p[s.len - 1] == '=') {
		s.len--;
		pad++;
	}
	if (s.len % 4 == 1 || (pad && (s.len + pad) % 4))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		int d = b64_digit(s.p[i]);

		if (d < 0)
			return false;
		acc = (acc << 6 | (uint32_t)d) & 0xffffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			p[n++] = (char)(acc >> bits);
		}
	}
	*ret = (struct str){p, n};
	return true;
}

static struct str basename_of(struct str s)
{
	const char *slash = s.len ? memrchr(s.p, '/', s.len) : NULL;

	return slash ? str_from_at(s, (size_t)(slash - s.p) + 1) : s;
}

bool transform_text(enum filter_call call, struct str s, struct arena *a, struct str *ret)
{
	switch (call) {
	case FILTER_CALL_TOLOWER:
	case FILTER_CALL_TOUPPER:
		return map_case(s, call == FILTER_CALL_TOUPPER, a, ret);
	case FILTER_CALL_B64:
		return b64(s, a, ret);
	case FILTER_CALL_BASENAME:
		*ret = basename_of(s);
		return true;
	default:
		return false;
	}
}

struct getopt {
	const struct values *args;
	struct str options;
	uint32_t word; /* the word being read */
	size_t at;     /* where in it */
};

/* What @letter is: -1 unknown, 0 a flag, 1 takes a value. */
static int kind_of(struct str options, char letter)
{
	const char *at;

	if (letter == ':')
		return -1;
	at = options.len ? memchr(options.p, letter, options.len) : NULL;
	if (!at)
		return -1;
	return at + 1 < options.p + options.len && at[1] == ':';
}

/* The next letter and, if it takes one, its value; false when there are no more options. The kind
 * is 2 when the value is missing. */
static bool getopt_next(struct getopt *g, char *ret_letter, int *ret_kind, struct str *ret_value)
{
	struct str w;

	for (; g->at == 0; g->word++) {
		if (g->word == g->args->n)
			return false;
		w = g->args->v[g->word].bytes;
		if (w.len < 2 || w.p[0] != '-' || (w.len == 2 && w.p[1] == '-'))
			return false;
		if (w.p[1] != '-') { /* a long option is passed over */
			g->at = 1;
			break;
		}
	}
	w = g->args->v[g->word].bytes;
	*ret_letter = w.p[g->at++];
	*ret_kind = kind_of(g->options, *ret_letter);
	*ret_value = STR("");
	if (*ret_kind != 1) {
		if (g->at == w.len) {
			g->at = 0;
			g->word++;
		}
		return true;
	}
	if (g->at < w.len)
		*ret_value = str_from_at(w, g->at);
	else if (++g->word < g->args->n)
		*ret_value = g->args->v[g->word].bytes;
	else
		*ret_kind = 2;
	g->at = 0;
	if (g->word < g->args->n)
		g->word++;
	return true;
}

static bool letter_text(char letter, struct arena *a, union value *ret)
{
	char *p = arena_alloc(a, 2);

	if (!p)
		return false;
	p[0] = letter;
	ret->bytes = (struct str){p, 1};
	return true;
}

/* The last option @select: its value, or the letter itself. */
static bool getopt_one(struct getopt *g, char select, struct arena *a, struct values *ret)
{
	union value *v = arena_alloc(a, sizeof *v);
	struct str value;
	char letter;
	int kind;

	*ret = (struct values){.v = v};
	if (!v)
		return false;
	while (getopt_next(g, &letter, &kind, &value)) {
		if (letter != select || kind < 0)
			continue;
		ret->is_set = true;
		ret->n = 1;
		v->bytes = value;
		if (kind == 0 && !letter_text(letter, a, v))
			return false;
	}
	return ret->is_set;
}

static bool getopt_all(struct getopt *g, struct arena *a, struct values *ret)
{
	size_t room = 2;
	union value *v;
	struct str value;
	uint32_t n = 0;
	char letter;
	int kind;

	for (uint32_t i = 0; i < g->args->n; i++) /* one value a byte at most */
		room += 1 + g->args->v[i].bytes.len;
	v = arena_alloc(a, room * sizeof *v);
	if (!v)
		return false;
	while (getopt_next(g, &letter, &kind, &value)) {
		if (kind < 2 && !letter_text(kind < 0 ? '?' : letter, a, &v[n++]))
			return false;
		if (kind > 0)
			v[n++].bytes = value;
	}
	*ret = (struct values){.is_set = true, .n = n, .v = v};
	return true;
}

bool transform_getopt(const struct values *args, struct str options, const char *select,
		      struct arena *a, struct values *ret)
{
	struct getopt g = {.args = args, .options = options};

	return select ? getopt_one(&g, *select, a, ret) : getopt_all(&g, a, ret);
}
