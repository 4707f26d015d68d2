/*
 * tables_fds: the table "file_descriptors" inside the row of a thread.
 *
 * The columns of sockets share one member, as the kinds of sockets do: they tell something only for a
 * descriptor of their kind. Further columns cannot be added.
 */
#include <stdlib.h>
#include <string.h>

#include "statetables.h"

/* ---- flags: numbers that plugins know, and what they are here ---- */

static const struct {
	uint32_t shown;
	uint8_t kept;
} flag_names[] = {
	{1 << 2, FD_ROLE_CLIENT},  {1 << 3, FD_ROLE_SERVER}, {1 << 13, FD_CONNECTED},
	{1 << 15, FD_PENDING},     {1 << 16, FD_FAILED},     {1 << 17, FD_UPPER_LAYER},
	{1 << 18, FD_LOWER_LAYER},
};

enum { N_FLAGS = sizeof flag_names / sizeof flag_names[0] };

static bool get_flags(struct statetables *x, void *row, const struct column *c,
		      ss_plugin_state_data *ret)
{
	const struct fd *f = row;

	(void)x;
	(void)c;
	ret->u64 = 0;
	for (size_t i = 0; i < N_FLAGS; i++)
		ret->u32 |= f->flags & flag_names[i].kept ? flag_names[i].shown : 0;
	return true;
}

static bool set_flags(struct statetables *x, void *row, const struct column *c,
		      const ss_plugin_state_data *in)
{
	struct fd *f = row;

	(void)x;
	(void)c;
	for (size_t i = 0; i < N_FLAGS; i++) {
		f->flags &= (uint8_t)~flag_names[i].kept;
		f->flags |= in->u32 & flag_names[i].shown ? flag_names[i].kept : 0;
	}
	return true;
}

/* ---- members with rules of their own ---- */

static bool set_type(struct statetables *x, void *row, const struct column *c,
		     const ss_plugin_state_data *in)
{
	(void)c;
	if (in->u8 > GYR_META_FD_PIDFD)
		return refuse(x, "there is no kind %u of descriptors", in->u8);
	((struct fd *)row)->type =
		in->u8 == GYR_META_FD_FILE_V2 ? (uint8_t)GYR_META_FD_FILE : in->u8;
	return true;
}

static bool get_raw(struct statetables *x, void *row, const struct column *c,
		    ss_plugin_state_data *ret)
{
	const struct fd *f = row;

	(void)x;
	(void)c;
	ret->str = rtext_str(fd_raw(f));
	return true;
}

/* What is not kept: the name before the last change, the mount. */
static bool get_nothing(struct statetables *x, void *row, const struct column *c,
			ss_plugin_state_data *ret)
{
	(void)x;
	(void)row;
	ret->u64 = 0;
	if (c->type == SS_PLUGIN_ST_STRING)
		ret->str = "";
	return true;
}

static bool get_pid(struct statetables *x, void *row, const struct column *c,
		    ss_plugin_state_data *ret)
{
	const struct fd *f = row;

	(void)x;
	(void)c;
	ret->s64 = f->type == GYR_META_FD_PIDFD ? f->u.pid : 0;
	return true;
}

/* ---- sockets ---- */

/* A column of sockets packs into its number which kind of descriptor has it, where, and how long. */
#define CELL(kind, m, skip, size)                          \
	((uint32_t)(kind) << 24 | (uint32_t)(size) << 16 | \
	 (uint32_t)(offsetof(struct fd, m) + (skip)))

static void *cell_at(struct fd *f, const struct column *c)
{
	return f->type == c->at >> 24 ? (char *)f + (c->at & 0xffff) : NULL;
}

static bool get_cell(struct statetables *x, void *row, const struct column *c,
		     ss_plugin_state_data *ret)
{
	const void *at = cell_at(row, c);

	(void)x;
	ret->u64 = 0;
	if (at)
		memcpy(ret, at, c->at >> 16 & 0xff);
	return true;
}

static bool set_cell(struct statetables *x, void *row, const struct column *c,
		     const ss_plugin_state_data *in)
{
	void *at = cell_at(row, c);

	if (!at)
		return refuse(x, "column '%s' is not one of this kind of descriptor", c->name);
	memcpy(at, in, c->at >> 16 & 0xff);
	return true;
}

/* ---- the columns ---- */

#define AT(m) .at = offsetof(struct fd, m)
#define SOCK(n, t, kind, m, skip, size)                                               \
	{                                                                             \
		n, SS_PLUGIN_ST_##t, .at = CELL(GYR_META_FD_##kind, u.m, skip, size), \
				     .get = get_cell, .set = set_cell                 \
	}

static const struct column columns[] = {
	{"type", SS_PLUGIN_ST_UINT8, AT(type), .get = get_u8, .set = set_type},
	{"open_flags", SS_PLUGIN_ST_UINT32, AT(open_flags), .get = get_u32, .set = set_u32},
	{"name", SS_PLUGIN_ST_STRING, AT(name), .get = get_text, .set = set_text_cell},
	{"name_raw", SS_PLUGIN_ST_STRING, AT(raw), .get = get_raw, .set = set_text_cell},
	{"old_name", SS_PLUGIN_ST_STRING, .get = get_nothing},
	{"flags", SS_PLUGIN_ST_UINT32, .get = get_flags, .set = set_flags},
	{"dev", SS_PLUGIN_ST_UINT32, AT(dev), .get = get_u32, .set = set_u32},
	{"mount_id", SS_PLUGIN_ST_UINT32, .get = get_nothing},
	{"ino", SS_PLUGIN_ST_UINT64, AT(ino), .get = get_u64, .set = set_u64},
	{"pid", SS_PLUGIN_ST_INT64, .get = get_pid},
	{"fd", SS_PLUGIN_ST_INT64, AT(num), .get = get_u64},
	SOCK("socket_ipv4_src_ip", UINT32, IPV4_SOCK, sock.sip, 0, 4),
	SOCK("socket_ipv4_dest_dip", UINT32, IPV4_SOCK, sock.dip, 0, 4),
	SOCK("socket_ipv4_src_port", UINT16, IPV4_SOCK, sock.sport, 0, 2),
	SOCK("socket_ipv4_dst_port", UINT16, IPV4_SOCK, sock.dport, 0, 2),
	SOCK("socket_ipv4_l4_proto", UINT8, IPV4_SOCK, sock.l4, 0, 1),
	SOCK("socket_ipv6_src_ip_low", UINT64, IPV6_SOCK, sock.sip, 0, 8),
	SOCK("socket_ipv6_src_ip_high", UINT64, IPV6_SOCK, sock.sip, 8, 8),
	SOCK("socket_ipv6_dest_ip_low", UINT64, IPV6_SOCK, sock.dip, 0, 8),
	SOCK("socket_ipv6_dest_ip_high", UINT64, IPV6_SOCK, sock.dip, 8, 8),
	SOCK("socket_ipv6_src_port", UINT16, IPV6_SOCK, sock.sport, 0, 2),
	SOCK("socket_ipv6_dst_port", UINT16, IPV6_SOCK, sock.dport, 0, 2),
	SOCK("socket_ipv6_l4_proto", UINT8, IPV6_SOCK, sock.l4, 0, 1),
	SOCK("socket_ipv4_server_ip", UINT32, IPV4_SERVSOCK, sock.sip, 0, 4),
	SOCK("socket_ipv4_server_port", UINT16, IPV4_SERVSOCK, sock.sport, 0, 2),
	SOCK("socket_ipv4_server_l4_proto", UINT8, IPV4_SERVSOCK, sock.l4, 0, 1),
	SOCK("socket_ipv6_server_ip_low", UINT64, IPV6_SERVSOCK, sock.sip, 0, 8),
	SOCK("socket_ipv6_server_ip_high", UINT64, IPV6_SERVSOCK, sock.sip, 8, 8),
	SOCK("socket_ipv6_server_port", UINT16, IPV6_SERVSOCK, sock.sport, 0, 2),
	SOCK("socket_ipv6_server_l4_proto", UINT8, IPV6_SERVSOCK, sock.l4, 0, 1),
	SOCK("socket_unix_src", UINT64, UNIX_SOCK, unix_.source, 0, 8),
	SOCK("socket_unix_dest", UINT64, UNIX_SOCK, unix_.dest, 0, 8),
};

enum { N_COLUMNS = sizeof columns / sizeof columns[0] };

static const ss_plugin_table_fieldinfo *list_columns(ss_plugin_table_t *table, uint32_t *n)
{
	return columns_list(((struct subtable *)table)->x, columns, N_COLUMNS, n);
}

static ss_plugin_table_field_t *get_column(ss_plugin_table_t *table, const char *name,
					   ss_plugin_state_type type)
{
	return (void *)(uintptr_t)column_find(((struct subtable *)table)->x, columns, N_COLUMNS,
					      name, type);
}

static ss_plugin_table_field_t *add_column(ss_plugin_table_t *table, const char *name,
					   ss_plugin_state_type type)
{
	(void)type;
	(void)refuse(((struct subtable *)table)->x, "'%s': descriptors take no further columns",
		     name);
	return NULL;
}

/* ---- reading ---- */

static const struct fdtab *fds(const struct subtable *b)
{
	return b->thread ? &b->thread->fds : NULL;
}

static const char *table_name(ss_plugin_table_t *table)
{
	(void)table;
	return "file_descriptors";
}

static uint64_t table_size(ss_plugin_table_t *table)
{
	const struct fdtab *m = fds(table);

	return m ? m->n : UINT64_MAX;
}

static ss_plugin_table_entry_t *get_entry(ss_plugin_table_t *table, const ss_plugin_state_data *key)
{
	const struct fdtab *m = fds(table);

	return m && key->s64 >= 0 ? fdtab_get(m, key->s64) : NULL;
}

static ss_plugin_rc read_field(ss_plugin_table_t *table, ss_plugin_table_entry_t *row,
			       const ss_plugin_table_field_t *field, ss_plugin_state_data *out)
{
	return cell_read(((struct subtable *)table)->x, row, field, out);
}

static ss_plugin_bool iterate(ss_plugin_table_t *table, ss_plugin_table_iterator_func_t step,
			      ss_plugin_table_iterator_state_t *state)
{
	struct subtable *b = table;
	const struct fdtab *m = fds(b);
	ss_plugin_bool go_on = m != NULL;
	uint32_t at = 0;

	b->x->n_iterations++;
	for (struct fd *f; go_on && (f = fdtab_next(m, &at));)
		go_on = step(state, f);
	b->x->n_iterations--;
	return go_on;
}

/* ---- writing ---- */

static bool may_change(const struct subtable *b)
{
	if (!b->thread)
		return refuse(b->x, "the thread of this table is gone");
	return b->x->n_iterations == 0 ||
	       refuse(b->x, "descriptors cannot be added or taken out during an iteration");
}

static ss_plugin_rc clear(ss_plugin_table_t *table)
{
	struct subtable *b = table;

	if (!may_change(b))
		return SS_PLUGIN_FAILURE;
	b->x->s->cur.fd = NULL;
	fds_clear(b->x->s, b->thread);
	return SS_PLUGIN_SUCCESS;
}

static ss_plugin_rc erase_entry(ss_plugin_table_t *table, const ss_plugin_state_data *key)
{
	struct subtable *b = table;

	if (!may_change(b))
		return SS_PLUGIN_FAILURE;
	if (!get_entry(table, key)) {
		(void)refuse(b->x, "there is no descriptor %lld", (long long)key->s64);
		return SS_PLUGIN_FAILURE;
	}
	fd_close(b->x->s, b->thread, key->s64);
	return SS_PLUGIN_SUCCESS;
}

static ss_plugin_table_entry_t *create_entry(ss_plugin_table_t *table)
{
	struct subtable *b = table;
	struct fd *f = fd_new(b->x->s, -1, GYR_META_FD_UNKNOWN);

	if (!f)
		b->x->s->counters.no_memory++;
	return f;
}

static void destroy_entry(ss_plugin_table_t *table, ss_plugin_table_entry_t *row)
{
	fd_free(((struct subtable *)table)->x->s, row);
}

static ss_plugin_table_entry_t *add_entry(ss_plugin_table_t *table, const ss_plugin_state_data *key,
					  ss_plugin_table_entry_t *row)
{
	struct subtable *b = table;
	struct fd *f = NULL;

	if (row && may_change(b))
		f = fd_copy(b->x->s, b->thread, key->s64, row);
	fd_free(b->x->s, row);
	if (!f)
		(void)refuse(b->x, "descriptor %lld does not fit", (long long)key->s64);
	return f;
}

static ss_plugin_rc write_field(ss_plugin_table_t *table, ss_plugin_table_entry_t *row,
				const ss_plugin_table_field_t *field,
				const ss_plugin_state_data *in)
{
	if (row)
		fd_touch(row);
	return cell_write(((struct subtable *)table)->x, row, field, in);
}

static struct table_functions functions = {
	.reader =
		{
			.get_table_name = table_name,
			.get_table_size = table_size,
			.get_table_entry = get_entry,
			.read_entry_field = read_field,
			.release_table_entry = row_release,
			.iterate_entries = iterate,
		},
	.writer =
		{
			.clear_table = clear,
			.erase_table_entry = erase_entry,
			.create_table_entry = create_entry,
			.destroy_table_entry = destroy_entry,
			.add_table_entry = add_entry,
			.write_entry_field = write_field,
		},
	.fields =
		{
			.list_table_fields = list_columns,
			.get_table_field = get_column,
			.add_table_field = add_column,
		},
};

void subtable_fds(ss_plugin_table_input *in)
{
	in->name = "file_descriptors";
	in->key_type = SS_PLUGIN_ST_INT64;
	table_set_functions(in, &functions);
}
