/*
 * fieldjson: the JSON texts by which a host learns what an extractor or a parser is for.
 */
#include "sdk.h"

#include <string.h>

/* Name of a type for this host, and the plain type that any host knows in its place. */
struct type_names {
	const char *name, *plain;
};

static const struct type_names *type_names(enum gyr_type t)
{
	static const char u64[] = "uint64", str[] = "string", ip[] = "ipaddr", net[] = "ipnet";
	static const struct type_names rows[] = {
		[GYR_I8] = {"int8", u64},
		[GYR_I16] = {"int16", u64},
		[GYR_I32] = {"int32", u64},
		[GYR_I64] = {"int64", u64},
		[GYR_U8] = {"uint8", u64},
		[GYR_U16] = {"uint16", u64},
		[GYR_U32] = {"uint32", u64},
		[GYR_U64] = {u64, u64},
		[GYR_STRING] = {str, str},
		[GYR_BYTES] = {"bytebuf", str},
		[GYR_ERRNO] = {"errno", u64},
		[GYR_SOCKADDR] = {"sockaddr", str},
		[GYR_SOCKTUPLE] = {"socktuple", str},
		[GYR_FD] = {"fd", u64},
		[GYR_PID] = {"pid", u64},
		[GYR_FDLIST] = {"fdlist", str},
		[GYR_FSPATH] = {"fspath", str},
		[GYR_SYSCALLID] = {"syscallid", u64},
		[GYR_SIGTYPE] = {"sigtype", u64},
		[GYR_RELTIME] = {"reltime", "reltime"},
		[GYR_ABSTIME] = {"abstime", "abstime"},
		[GYR_PORT] = {"port", u64},
		[GYR_L4PROTO] = {"l4proto", u64},
		[GYR_SOCKFAMILY] = {"sockfamily", u64},
		[GYR_BOOL] = {"bool", "bool"},
		[GYR_IPV4ADDR] = {"ipv4addr", ip},
		[GYR_DYN] = {"dyn", str},
		[GYR_FLAGS8] = {"flags8", u64},
		[GYR_FLAGS16] = {"flags16", u64},
		[GYR_FLAGS32] = {"flags32", u64},
		[GYR_UID] = {"uid", u64},
		[GYR_GID] = {"gid", u64},
		[GYR_DOUBLE] = {"double", str},
		[GYR_SIGSET] = {"sigset", u64},
		[GYR_IPV4NET] = {"ipv4net", net},
		[GYR_IPV6ADDR] = {"ipv6addr", ip},
		[GYR_IPV6NET] = {"ipv6net", net},
		[GYR_IPADDR] = {ip, ip},
		[GYR_IPNET] = {net, net},
		[GYR_MODE] = {"mode", u64},
		[GYR_FSRELPATH] = {"fsrelpath", str},
		[GYR_ENUMFLAGS8] = {"enumflags8", u64},
		[GYR_ENUMFLAGS16] = {"enumflags16", u64},
		[GYR_ENUMFLAGS32] = {"enumflags32", u64},
	};

	if ((size_t)t < sizeof rows / sizeof rows[0] && rows[t].name)
		return &rows[t];
	return &rows[GYR_STRING];
}

static void add_pair(struct gyr_text *out, const char *key, const char *value)
{
	if (!value || !value[0])
		return;
	gyr_text_addf(out, ",\"%s\":", key);
	gyr_text_add_json(out, value, strlen(value));
}

struct flag_name {
	uint32_t flag;
	const char *name;
};

/* Adds `,"key":["a","b"]`, or nothing when no flag of the table is set. */
static void add_flags(struct gyr_text *out, const char *key, uint32_t flags,
		      const struct flag_name *names)
{
	bool is_first = true;

	for (; names->name; names++) {
		if (!(flags & names->flag))
			continue;
		if (is_first)
			gyr_text_addf(out, ",\"%s\":[\"%s\"", key, names->name);
		else
			gyr_text_addf(out, ",\"%s\"", names->name);
		is_first = false;
	}
	if (!is_first)
		gyr_text_add(out, "]");
}

static void add_arg(struct gyr_text *out, uint32_t flags)
{
	const bool is_index = flags & GYR_ARG_INDEX;
	bool is_key = flags & GYR_ARG_KEY;

	/* Other hosts refuse "required" alone, and know no suffixes. */
	if ((flags & GYR_ARG_REQUIRED) && !is_index)
		is_key = true;
	if (!is_index && !is_key)
		return;
	gyr_text_addf(out, ",\"arg\":{\"isRequired\":%s,\"isIndex\":%s,\"isKey\":%s}",
		      flags & GYR_ARG_REQUIRED ? "true" : "false", is_index ? "true" : "false",
		      is_key ? "true" : "false");
}

/* What only this host reads: the object "gyr". */
static void add_extras(struct gyr_text *out, const struct gyr_field *f)
{
	static const struct flag_name names[] = {{GYR_NO_RHS, "no_rhs"},
						 {GYR_NO_TRANSFORMER, "no_transformer"},
						 {GYR_FILTER_ONLY, "filter_only"},
						 {GYR_ANY, "any"},
						 {GYR_NOT_ANY, "not_any"},
						 {GYR_SLOW, "slow"},
						 {GYR_VOLATILE, "volatile"},
						 {GYR_ARG_SUFFIX, "arg_suffix"},
						 {GYR_ARG_PARAM, "arg_param"},
						 {GYR_NUMERIC_STR, "numeric_str"},
						 {GYR_PADDED, "padded"},
						 {GYR_HEX, "hex"},
						 {GYR_SHOWN_APART, "shown_apart"},
						 {GYR_WITHIN, "within"},
						 {GYR_GONE, "gone"},
						 {GYR_ARG_COMPARED, "arg_compared"},
						 {0, NULL}};
	const struct type_names *type = type_names(f->type);

	gyr_text_addf(out, ",\"gyr\":{\"type\":\"%s\"", type->name);
	add_flags(out, "flags", f->flags, names);
	if (f->scope)
		gyr_text_addf(out, ",\"scope\":%u", f->scope);
	add_pair(out, "role", f->role);
	add_pair(out, "deprecated", f->deprecated);
	gyr_text_add(out, "}");
}

static void add_field(struct gyr_text *out, const struct gyr_field *f)
{
	static const struct flag_name properties[] = {{GYR_HIDDEN, "hidden"},
						      {GYR_INFO_PROP, "info"},
						      {GYR_CONVERSATION, "conversation"},
						      {0, NULL}};

	gyr_text_add(out, "{\"name\":");
	gyr_text_add_json(out, f->name, strlen(f->name));
	add_pair(out, "type", type_names(f->type)->plain);
	add_pair(out, "desc", f->desc && f->desc[0] ? f->desc : f->name);
	add_pair(out, "display", f->display);
	if (f->flags & GYR_LIST)
		gyr_text_add(out, ",\"isList\":true");
	if (f->flags & GYR_ADD_OUTPUT)
		gyr_text_add(out, ",\"addOutput\":true");
	add_arg(out, f->flags);
	add_flags(out, "properties", f->flags, properties);
	add_extras(out, f);
	gyr_text_add(out, "}");
}

static char *names_json(const char *const *names)
{
	struct gyr_text out = {0};

	if (names) {
		gyr_text_add(&out, "[");
		for (size_t i = 0; names[i]; i++) {
			gyr_text_add(&out, i ? "," : "");
			gyr_text_add_json(&out, names[i], strlen(names[i]));
		}
		gyr_text_add(&out, "]");
	}
	return gyr__text_take(&out);
}

void gyr__extractor_load(const struct gyr_extractor *d, struct gyr__texts *t)
{
	struct gyr_text out = {0};

	gyr_text_add(&out, "[");
	for (size_t i = 0; d->fields && d->fields[i].name; i++) {
		gyr_text_add(&out, i ? "," : "");
		add_field(&out, &d->fields[i]);
	}
	gyr_text_add(&out, "]");
	t->a = gyr__text_take(&out);
	t->b = names_json(d->sources);
}

void gyr__parser_load(const struct gyr_parser *d, struct gyr__texts *t)
{
	t->b = names_json(d->sources);
}

void gyr__async_load(const struct gyr_async *d, struct gyr__texts *t)
{
	t->a = names_json(d->events);
	t->b = names_json(d->sources);
}
