/* statetables: what all tables share; see statetables.h. */
#include "statetables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- why not ---- */

bool refuse(struct statetables *x, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	(void)gyr_fail(x->p, -EINVAL, "%s", text);
	x->n_refused++;
	return false;
}

bool cell_text(struct statetables *x, const ss_plugin_state_data *in, size_t *ret_len)
{
	const size_t len = in->str ? strnlen(in->str, CELL_TEXT_MAX + 1) : 0;

	if (len > CELL_TEXT_MAX)
		return refuse(x, "a text of more than %d bytes", CELL_TEXT_MAX);
	*ret_len = len;
	return true;
}

/* ---- plain members ---- */

static void *member(void *row, const struct column *c)
{
	return (char *)row + c->at;
}

bool get_u8(struct statetables *x, void *row, const struct column *c, ss_plugin_state_data *ret)
{
	(void)x;
	ret->u8 = *(const uint8_t *)member(row, c);
	return true;
}

bool get_u32(struct statetables *x, void *row, const struct column *c, ss_plugin_state_data *ret)
{
	(void)x;
	ret->u32 = *(const uint32_t *)member(row, c);
	return true;
}

bool set_u32(struct statetables *x, void *row, const struct column *c,
	     const ss_plugin_state_data *in)
{
	(void)x;
	*(uint32_t *)member(row, c) = in->u32;
	return true;
}

bool get_u64(struct statetables *x, void *row, const struct column *c, ss_plugin_state_data *ret)
{
	(void)x;
	ret->u64 = *(const uint64_t *)member(row, c);
	return true;
}

bool set_u64(struct statetables *x, void *row, const struct column *c,
	     const ss_plugin_state_data *in)
{
	(void)x;
	*(uint64_t *)member(row, c) = in->u64;
	return true;
}

bool get_bool(struct statetables *x, void *row, const struct column *c, ss_plugin_state_data *ret)
{
	(void)x;
	ret->b = *(const bool *)member(row, c);
	return true;
}

bool set_bool(struct statetables *x, void *row, const struct column *c,
	      const ss_plugin_state_data *in)
{
	(void)x;
	*(bool *)member(row, c) = in->b != 0;
	return true;
}

bool get_text(struct statetables *x, void *row, const struct column *c, ss_plugin_state_data *ret)
{
	(void)x;
	ret->str = rtext_str(*(struct rtext *const *)member(row, c));
	return true;
}

bool set_text_cell(struct statetables *x, void *row, const struct column *c,
		   const ss_plugin_state_data *in)
{
	size_t len = 0;

	if (!cell_text(x, in, &len))
		return false;
	(void)rtext_set(&x->s->pool, member(row, c), len ? in->str : "", len);
	return true;
}

/* ---- columns ---- */

const struct column *column_find(struct statetables *x, const struct column *columns, uint32_t n,
				 const char *name, ss_plugin_state_type type)
{
	for (uint32_t i = 0; i < n; i++) {
		if (strcmp(columns[i].name, name) != 0)
			continue;
		if (columns[i].type == type)
			return &columns[i];
		(void)refuse(x, "column '%s' has type %d, not %d", name, (int)columns[i].type,
			     (int)type);
		return NULL;
	}
	(void)refuse(x, "there is no column '%s'", name);
	return NULL;
}

ss_plugin_rc cell_read(struct statetables *x, void *row, const struct column *c,
		       ss_plugin_state_data *ret)
{
	return c && row && c->get(x, row, c, ret) ? SS_PLUGIN_SUCCESS : SS_PLUGIN_FAILURE;
}

ss_plugin_rc cell_write(struct statetables *x, void *row, const struct column *c,
			const ss_plugin_state_data *in)
{
	if (!c || !row)
		return SS_PLUGIN_FAILURE;
	if (!c->set) {
		(void)refuse(x, "column '%s' cannot be written", c->name);
		return SS_PLUGIN_FAILURE;
	}
	return c->set(x, row, c, in) ? SS_PLUGIN_SUCCESS : SS_PLUGIN_FAILURE;
}

void row_release(ss_plugin_table_t *table, ss_plugin_table_entry_t *row)
{
	(void)table;
	(void)row;
}

const ss_plugin_table_fieldinfo *columns_list(struct statetables *x, const struct column *columns,
					      uint32_t n, uint32_t *ret_n)
{
	for (uint32_t i = 0; i < n; i++)
		x->info[i] = (ss_plugin_table_fieldinfo){.name = columns[i].name,
							 .field_type = columns[i].type,
							 .read_only = !columns[i].set};
	*ret_n = n;
	return x->info;
}

/* ---- tables inside rows ---- */

/* The one that was handed out for the same thread a moment ago. */
static struct subtable *subtable_again(struct statetables *x, const struct thread *t,
				       enum subtable_kind kind)
{
	enum { LOOK_BACK = 8 };

	for (uint32_t i = x->n_subtables, n = 0; i-- > 0 && n < LOOK_BACK; n++)
		if (x->subtables[i].thread == t && x->subtables[i].kind == kind)
			return &x->subtables[i];
	return NULL;
}

ss_plugin_table_t *subtable(struct statetables *x, struct thread *t, enum subtable_kind kind)
{
	struct subtable *b = subtable_again(x, t, kind);

	if (b)
		return &b->in;
	if (x->n_subtables == SUBTABLES_MAX) {
		(void)refuse(x, "more than %d tables inside rows in one call", SUBTABLES_MAX);
		return NULL;
	}
	if (!x->subtables)
		x->subtables = calloc(SUBTABLES_MAX, sizeof *x->subtables);
	if (!x->subtables) {
		x->s->counters.no_memory++;
		return NULL;
	}
	b = &x->subtables[x->n_subtables++];
	*b = (struct subtable){.x = x, .thread = t, .kind = kind};
	b->in.table = b;
	if (kind == SUBTABLE_FDS)
		subtable_fds(&b->in);
	else
		subtable_list(&b->in);
	return &b->in;
}

void subtables_forget(struct statetables *x, const struct thread *t)
{
	for (uint32_t i = 0; i < x->n_subtables; i++)
		if (!t || x->subtables[i].thread == t)
			x->subtables[i].thread = NULL;
}

void table_set_functions(ss_plugin_table_input *in, struct table_functions *f)
{
	in->reader_ext = &f->reader;
	in->writer_ext = &f->writer;
	in->fields_ext = &f->fields;
	memcpy(&in->reader, &f->reader, sizeof in->reader);
	memcpy(&in->writer, &f->writer, sizeof in->writer);
	memcpy(&in->fields, &f->fields, sizeof in->fields);
}

/* ---- all of it ---- */

int statetables_init(struct gyr *p, struct state *s)
{
	const ss_plugin_init_input *host = gyr_init_input(p);
	struct statetables *x;

	if (!host || !host->tables)
		return 0;
	x = calloc(1, sizeof *x);
	if (!x)
		return -ENOMEM;
	*x = (struct statetables){.s = s, .p = p};
	s->tables = x;

	ss_plugin_table_input in = {.name = "threads", .key_type = SS_PLUGIN_ST_INT64, .table = x};
	table_set_functions(&in, &threads_functions);
	if (host->tables->add_table(host->owner, &in) != SS_PLUGIN_SUCCESS)
		return gyr_fail(p, -EEXIST, "init: the host does not take the table 'threads'");
	return 0;
}

void statetables_deinit(struct state *s)
{
	if (!s->tables)
		return;
	free(s->tables->subtables);
	free(s->tables);
	s->tables = NULL;
}
