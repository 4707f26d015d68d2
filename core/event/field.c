/*
 * The names of fields and how one with an argument is written.
 *
 * A field name has dots, and a field may take its argument behind a further dot ("evt.arg.path"),
 * so a text is resolved by its longest beginning that is a field: what is left must be that field's
 * argument, in brackets or as a suffix.
 */
#include "event/field.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "event/value.h"
#include "gyr/events.h"
#include "util/hash.h"
#include "util/mem.h"
#include "util/nearest.h"

enum {
	BUCKETS_MIN = 256, /* a power of two, as all sizes */
	FIELD_NAME_MAX = 128,
};

struct fieldset {
	atomic_uint refs;
	struct arena arena;
	struct field **fields;
	uint32_t n, size;
	uint32_t *buckets; /* index + 1 of a field; open addressing */
	uint32_t n_buckets;
};

struct fieldset *fieldset_new(void)
{
	struct fieldset *s = mem_new(sizeof *s);

	if (s)
		atomic_init(&s->refs, 1);
	return s;
}

struct fieldset *fieldset_ref(struct fieldset *s)
{
	(void)atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

struct fieldset *fieldset_unref(struct fieldset *s)
{
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) > 1)
		return NULL;
	arena_deinit(&s->arena);
	mem_free(s->fields);
	mem_free(s->buckets);
	return mem_free(s);
}

static struct field *find(const struct fieldset *s, struct str name)
{
	if (s->n_buckets == 0 || name.len > FIELD_NAME_MAX)
		return NULL;
	for (uint32_t i = (uint32_t)hash_bytes(name);; i++) {
		uint32_t at = s->buckets[i & (s->n_buckets - 1)];

		if (at == 0)
			return NULL;
		if (str_eq(s->fields[at - 1]->name, name))
			return s->fields[at - 1];
	}
}

static void put(uint32_t *buckets, uint32_t n_buckets, struct str name, uint32_t index)
{
	uint32_t i = (uint32_t)hash_bytes(name);

	while (buckets[i & (n_buckets - 1)])
		i++;
	buckets[i & (n_buckets - 1)] = index + 1;
}

static int grow(struct fieldset *s)
{
	uint32_t n_buckets = s->n_buckets ? s->n_buckets * 2 : BUCKETS_MIN;
	struct field **fields = mem_grow(s->fields, n_buckets / 2, sizeof *fields);
	uint32_t *buckets;

	if (!fields)
		return -ENOMEM;
	s->fields = fields;
	buckets = mem_new(n_buckets * sizeof *buckets);
	if (!buckets)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->n; i++)
		put(buckets, n_buckets, s->fields[i]->name, i);
	mem_free(s->buckets);
	s->buckets = buckets;
	s->n_buckets = n_buckets;
	s->size = n_buckets / 2;
	return 0;
}

/* A copy of a fixed value, which is a text; NULL when memory is short. */
static const union value *copy_fixed(struct fieldset *s, const union value *v)
{
	union value *own = arena_alloc(&s->arena, sizeof *own);

	if (own)
		own->bytes = arena_str(&s->arena, v->bytes);
	return own && own->bytes.p ? own : NULL;
}

int fieldset_add(struct fieldset *s, const struct field *f, const struct field **ret_other)
{
	const struct field *other = find(s, f->name);
	struct field *own;
	int r;

	if (other) {
		if (ret_other)
			*ret_other = other;
		return -EEXIST;
	}
	if (f->name.len == 0 || f->name.len > FIELD_NAME_MAX)
		return -EINVAL;
	r = s->n == s->size ? grow(s) : 0;
	if (r)
		return r;
	own = arena_alloc(&s->arena, sizeof *own);
	if (!own)
		return -ENOMEM;
	*own = *f;
	own->name = arena_str(&s->arena, f->name);
	own->desc = arena_str(&s->arena, f->desc);
	own->display = arena_str(&s->arena, f->display);
	own->deprecated = arena_str(&s->arena, f->deprecated);
	if (f->fixed)
		own->fixed = copy_fixed(s, f->fixed);
	if ((f->fixed && !own->fixed) || !own->name.p || !own->desc.p || !own->display.p ||
	    !own->deprecated.p)
		return -ENOMEM;
	s->fields[s->n] = own;
	put(s->buckets, s->n_buckets, own->name, s->n);
	s->n++;
	return 0;
}

const struct field *fieldset_at(const struct fieldset *s, uint32_t n)
{
	return n < s->n ? s->fields[n] : NULL;
}

/* The longest beginning of @name, up to a dot, that is a field; NULL when none is. */
static const struct field *find_before_dot(const struct fieldset *s, struct str name)
{
	const struct field *f = find(s, name);

	while (!f && name.len) {
		name.len--;
		if (name.p[name.len] == '.')
			f = find(s, name);
	}
	return f;
}

static int unknown(const struct fieldset *s, struct str name, struct err *err)
{
	const struct field *gone;
	struct nearest near;

	if (err->is_set) /* nobody wants to know */
		return -ENOENT;
	gone = find_before_dot(s, name);
	if (gone && gone->flags & FIELD_GONE) {
		err_set(err, 0, name.len, "the field '%.*s' no longer exists",
			(int)(name.len > 200 ? 200 : name.len), name.p);
		err_hint(err, "%.*s", STR_FMT(gone->deprecated));
		return -ENOENT;
	}
	err_set(err, 0, name.len, "'%.*s' is not a field", (int)(name.len > 200 ? 200 : name.len),
		name.p);
	nearest_init(&near, name);
	for (uint32_t i = 0; i < s->n; i++)
		if (!(s->fields[i]->flags & FIELD_GONE))
			nearest_offer(&near, s->fields[i]->name);
	nearest_hint(&near, err);
	return -ENOENT;
}

/* Decimal digits without a leading zero that fit 64 bits; UINT64_MAX otherwise. */
static uint64_t arg_index(struct str s)
{
	uint64_t n = 0;

	if (s.len == 0 || (s.p[0] == '0' && s.len > 1))
		return UINT64_MAX;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned)(s.p[i] - '0');

		if (digit > 9 || n > (UINT64_MAX - digit) / 10)
			return UINT64_MAX;
		n = n * 10 + digit;
	}
	return n;
}

/* One field being read off a text. */
struct reading {
	struct str text;
	size_t end; /* of what was taken of it */
	struct arena *arena;
	struct field_use use;
	struct err *err;
};

/* The argument, found at @at, is the name of an event parameter: there must be one, and it may say
 * the field's type. */
static int set_param(struct reading *x, size_t at)
{
	struct field_use *use = &x->use;
	int type = gyr_param_type(use->arg.p, use->arg.len);
	struct field *f;

	if (type < 0) {
		err_set(x->err, at, use->arg.len, "no event has a parameter '%.*s'",
			STR_FMT(use->arg));
		return -ENOENT;
	}
	if (use->field->type != FT_DYN)
		return 0;
	f = arena_alloc(x->arena, sizeof *f);
	if (!f)
		return -ENOMEM;
	*f = *use->field;
	f->type = (enum field_type)type;
	use->field = f;
	return 0;
}

static bool is_text(enum field_type t)
{
	return t == FT_CHARBUF || t == FT_FSPATH || t == FT_FSRELPATH || t == FT_BYTEBUF;
}

int field_use_show(struct field_use *use, struct arena *arena)
{
	struct field *f;

	if (!(use->field->flags & FIELD_SHOWN_APART))
		return 0;
	f = arena_alloc(arena, sizeof *f);
	if (!f)
		return -ENOMEM;
	*f = *use->field;
	f->type = FT_DYN;
	f->flags |= is_text(use->field->type) ? 0 : FIELD_NUMERIC_STR;
	use->field = f;
	return 0;
}

/* Checks the bracket's content @arg, found at @at, against what the field takes. */
static int set_arg(struct reading *x, struct str arg, size_t at)
{
	struct field_use *use = &x->use;
	const struct field *f = use->field;

	use->has_arg = true;
	use->arg = arena_str(x->arena, arg);
	if (!use->arg.p)
		return -ENOMEM;
	if (f->flags & FIELD_ARG_INDEX)
		use->index = arg_index(arg);
	if ((f->flags & FIELD_ARG_INDEX) && use->index != UINT64_MAX)
		return 0;
	if (f->flags & FIELD_ARG_KEY)
		return 0;
	if (f->flags & FIELD_ARG_INDEX)
		err_set(x->err, at, arg.len, "'%.*s' takes a number in brackets, not '%.*s'",
			STR_FMT(f->name), (int)(arg.len > 80 ? 80 : arg.len), arg.p);
	else
		err_set(x->err, at, arg.len, "'%.*s' takes no argument in brackets",
			STR_FMT(f->name));
	return -EINVAL;
}

static size_t suffix_len(struct str s)
{
	size_t n = 0;

	while (n < s.len && (s.p[n] == '_' || (s.p[n] >= '0' && s.p[n] <= '9') ||
			     (s.p[n] >= 'a' && s.p[n] <= 'z') || (s.p[n] >= 'A' && s.p[n] <= 'Z')))
		n++;
	return n;
}

/* The length of "[...]" at the start of @s, its content unquoted; 0 when it does not close. */
static size_t bracket(struct str s, struct str *ret_arg)
{
	char quote = s.len > 1 && (s.p[1] == '"' || s.p[1] == '\'') ? s.p[1] : '\0';
	size_t from = quote ? 2 : 1, end = from;

	while (end < s.len && s.p[end] != (quote ? quote : ']'))
		end++;
	*ret_arg = (struct str){s.p + from, end - from};
	if (quote)
		end++;
	return end < s.len && s.p[end] == ']' ? end + 1 : 0;
}

/* ".arg" at the end of what was taken; its length with the dot, 0 when there is none. */
static size_t dotted(const struct reading *x)
{
	struct str rest = str_from_at(x->text, x->end);
	size_t n = rest.len > 1 && rest.p[0] == '.' ? suffix_len(str_from_at(rest, 1)) : 0;

	return n && x->use.field->flags & FIELD_ARG_SUFFIX ? n + 1 : 0;
}

static int take_dotted(struct reading *x, size_t len)
{
	size_t at = x->end + 1;

	x->use.has_arg = true;
	x->use.arg = arena_str(x->arena, (struct str){x->text.p + at, len - 1});
	x->end += len;
	if (!x->use.arg.p)
		return -ENOMEM;
	return x->use.field->flags & FIELD_ARG_PARAM ? set_param(x, at) : 0;
}

static int take_bracket(struct reading *x)
{
	struct str rest = str_from_at(x->text, x->end), arg;
	size_t at = x->end, n = bracket(rest, &arg);

	if (n == 0) {
		err_set(x->err, at, rest.len, "'[' is not closed");
		return -EINVAL;
	}
	x->end += n;
	return set_arg(x, arg, at + (size_t)(arg.p - rest.p));
}

/* The argument behind the field's name. */
static int take_arg(struct reading *x)
{
	size_t n = dotted(x);

	if (n)
		return take_dotted(x, n);
	if (x->end < x->text.len && x->text.p[x->end] == '[')
		return take_bracket(x);
	if (x->use.field->flags & FIELD_ARG_REQUIRED) {
		err_set(x->err, 0, x->end, "'%.*s' needs an argument", STR_FMT(x->use.field->name));
		return -EINVAL;
	}
	return 0;
}

static size_t name_end(struct str text)
{
	size_t n = 0;

	while (n < text.len && (text.p[n] == '.' || suffix_len((struct str){text.p + n, 1})))
		n++;
	return n;
}

/* Whether a field whose name ends at @n of @text may be meant: nothing of a word is cut in two. */
static bool is_boundary(struct str text, size_t n)
{
	return n == text.len || !suffix_len((struct str){text.p + n, 1});
}

/* The field with the longest name that @text starts with, up to @end; with @whole at a boundary. */
static const struct field *longest(const struct fieldset *s, struct str text, size_t end,
				   bool whole)
{
	const struct field *f = NULL;

	for (size_t n = end > FIELD_NAME_MAX ? FIELD_NAME_MAX : end; n > 0 && !f; n--)
		if (!whole || is_boundary(text, n))
			f = find(s, (struct str){text.p, n});
	return f && !(f->flags & FIELD_GONE) ? f : NULL;
}

/* With @whole all of the text is one field. */
static int resolve(const struct fieldset *s, struct reading *x, bool whole)
{
	struct str name = {x->text.p, name_end(x->text)};
	const struct field *f = longest(s, x->text, name.len, whole);
	int r;

	if (!f || (whole && f->name.len < name.len && !(f->flags & FIELD_ARG_SUFFIX)))
		return unknown(s, name, x->err);
	x->use = (struct field_use){.index = UINT64_MAX, .field = f};
	x->end = f->name.len;
	r = take_arg(x);
	if (r)
		return r;
	if (whole && x->end < x->text.len)
		return unknown(s, x->text, x->err);
	if (x->use.field->type == FT_DYN && !x->use.has_arg)
		return unknown(s, name, x->err);
	return 0;
}

int fieldset_resolve(const struct fieldset *s, struct str text, struct arena *arena,
		     struct field_use *ret_use, struct err *err)
{
	struct reading x = {.text = text, .arena = arena, .err = err};
	int r = resolve(s, &x, true);

	if (!r)
		*ret_use = x.use;
	return r;
}

int fieldset_resolve_parts(const struct fieldset *s, struct field_parts parts, struct arena *arena,
			   struct field_use *ret_use, struct err *err)
{
	struct err quiet = {.is_set = true};
	struct reading x = {.arena = arena, .err = err ? err : &quiet};
	int r;

	if (!parts.arg)
		return fieldset_resolve(s, parts.name, arena, ret_use, x.err);
	x.use = (struct field_use){.index = UINT64_MAX, .field = find(s, parts.name)};
	if (!x.use.field || x.use.field->flags & FIELD_GONE)
		return unknown(s, parts.name, x.err);
	r = set_arg(&x, *parts.arg, parts.name.len + 1);
	if (!r && x.use.field->type == FT_DYN)
		r = unknown(s, parts.name, x.err);
	if (!r)
		*ret_use = x.use;
	return r;
}

int fieldset_resolve_prefix(const struct fieldset *s, struct str *text, struct arena *arena,
			    struct field_use *ret_use, struct err *err)
{
	struct reading x = {.text = *text, .arena = arena, .err = err};
	int r = resolve(s, &x, false);

	if (r)
		return r;
	*ret_use = x.use;
	*text = str_from_at(*text, x.end);
	return 0;
}

static const char *const type_names[] = {
	[FT_NONE] = "none",
	[FT_INT8] = "int8",
	[FT_INT16] = "int16",
	[FT_INT32] = "int32",
	[FT_INT64] = "int64",
	[FT_UINT8] = "uint8",
	[FT_UINT16] = "uint16",
	[FT_UINT32] = "uint32",
	[FT_UINT64] = "uint64",
	[FT_CHARBUF] = "string",
	[FT_BYTEBUF] = "bytebuf",
	[FT_ERRNO] = "errno",
	[FT_SOCKADDR] = "sockaddr",
	[FT_SOCKTUPLE] = "socktuple",
	[FT_FD] = "fd",
	[FT_PID] = "pid",
	[FT_FDLIST] = "fdlist",
	[FT_FSPATH] = "fspath",
	[FT_SYSCALLID] = "syscallid",
	[FT_SIGTYPE] = "sigtype",
	[FT_RELTIME] = "reltime",
	[FT_ABSTIME] = "abstime",
	[FT_PORT] = "port",
	[FT_L4PROTO] = "l4proto",
	[FT_SOCKFAMILY] = "sockfamily",
	[FT_BOOL] = "bool",
	[FT_IPV4ADDR] = "ipv4addr",
	[FT_DYN] = "dyn",
	[FT_FLAGS8] = "flags8",
	[FT_FLAGS16] = "flags16",
	[FT_FLAGS32] = "flags32",
	[FT_UID] = "uid",
	[FT_GID] = "gid",
	[FT_DOUBLE] = "double",
	[FT_SIGSET] = "sigset",
	[FT_IPV4NET] = "ipv4net",
	[FT_IPV6ADDR] = "ipv6addr",
	[FT_IPV6NET] = "ipv6net",
	[FT_IPADDR] = "ipaddr",
	[FT_IPNET] = "ipnet",
	[FT_MODE] = "mode",
	[FT_FSRELPATH] = "fsrelpath",
	[FT_ENUMFLAGS8] = "enumflags8",
	[FT_ENUMFLAGS16] = "enumflags16",
	[FT_ENUMFLAGS32] = "enumflags32",
};

enum {
	N_TYPES = sizeof type_names / sizeof type_names[0],
};

const char *field_type_name(enum field_type t)
{
	return (unsigned)t < N_TYPES && type_names[t] ? type_names[t] : "none";
}

enum field_type field_type_parse(struct str name)
{
	for (unsigned t = 1; t < N_TYPES; t++) {
		if (type_names[t] && str_is(name, type_names[t]))
			return (enum field_type)t;
	}
	return FT_NONE;
}
