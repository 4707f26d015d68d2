/* tables_threads: the table "threads": columns, rows, and the columns that other plugins add. */
#include <stdlib.h>
#include <string.h>

#include "statetables.h"

/* ---- added columns ---- */

/* Values of a type that is a text are struct rtext pointers (member table), NULL for "". */
struct added_values {
	uint32_t n; /* room for as many */
	ss_plugin_state_data at[];
};

static size_t added_size(uint32_t n)
{
	return sizeof(struct added_values) + n * sizeof(ss_plugin_state_data);
}

void statetables_free_row(struct state *s, struct thread *t)
{
	struct added_values *v = t->added;

	if (!v)
		return;
	for (uint32_t i = 0; i < v->n; i++)
		if (s->tables->added[i].column.type == SS_PLUGIN_ST_STRING)
			(void)rtext_unref(v->at[i].table);
	pool_put(&s->pool, v, added_size(v->n));
	t->added = NULL;
}

static bool get_added(struct statetables *x, void *row, const struct column *c,
		      ss_plugin_state_data *ret)
{
	const struct added_values *v = ((const struct thread *)row)->added;

	(void)x;
	*ret = (ss_plugin_state_data){.u64 = 0}; /* all of it, not its first member */
	if (v && c->at < v->n)
		*ret = v->at[c->at];
	if (c->type == SS_PLUGIN_ST_STRING)
		ret->str = rtext_str(ret->table);
	return true;
}

const char *statetables_container(const struct state *s, const struct thread *t)
{
	ss_plugin_state_data v;

	if (!t->added || !s->tables->container)
		return "";
	(void)get_added(s->tables, (void *)(uintptr_t)t, s->tables->container, &v);
	return v.str;
}

/* Room for the values of all columns there are now. */
static struct added_values *added_room(struct statetables *x, struct thread *t)
{
	struct added_values *old = t->added, *v;
	const uint32_t had = old ? old->n : 0;

	if (had >= x->n_added)
		return old;
	v = pool_get(&x->s->pool, added_size(x->n_added));
	if (!v) {
		x->s->counters.no_memory++;
		return NULL;
	}
	memset(v, 0, added_size(x->n_added));
	if (old)
		memcpy(v->at, old->at, had * sizeof v->at[0]);
	v->n = x->n_added;
	pool_put(&x->s->pool, old, added_size(had));
	t->added = v;
	return v;
}

/* The bytes of the union that a type uses; the rest is not told by the caller. */
static ss_plugin_state_data only(ss_plugin_state_type type, const ss_plugin_state_data *in)
{
	ss_plugin_state_data v = {.u64 = 0};

	switch (type) {
	case SS_PLUGIN_ST_INT8:
	case SS_PLUGIN_ST_UINT8:
		v.u8 = in->u8;
		break;
	case SS_PLUGIN_ST_INT16:
	case SS_PLUGIN_ST_UINT16:
		v.u16 = in->u16;
		break;
	case SS_PLUGIN_ST_INT32:
	case SS_PLUGIN_ST_UINT32:
	case SS_PLUGIN_ST_BOOL:
		v.u32 = in->u32;
		break;
	default:
		v.u64 = in->u64;
	}
	return v;
}

static bool set_added_text(struct statetables *x, struct thread *t, const struct column *c,
			   const ss_plugin_state_data *in)
{
	struct added_values *v = t->added;
	struct rtext *text;
	size_t len = 0;

	if (!cell_text(x, in, &len))
		return false;
	if (!len && (!v || c->at >= v->n))
		return true;
	v = added_room(x, t);
	if (!v)
		return false;
	text = v->at[c->at].table;
	if (len)
		(void)rtext_set(&x->s->pool, &text, in->str, len);
	else
		text = rtext_unref(text);
	v->at[c->at].table = text;
	if (text && c == x->container)
		user_foresee(x->s, t);
	return !len || text;
}

static bool set_added(struct statetables *x, void *row, const struct column *c,
		      const ss_plugin_state_data *in)
{
	struct thread *t = row;
	struct added_values *v = t->added;

	if (c->type == SS_PLUGIN_ST_STRING)
		return set_added_text(x, t, c, in);

	const ss_plugin_state_data value = only(c->type, in);
	if (!value.u64 && (!v || c->at >= v->n))
		return true;
	v = added_room(x, t);
	if (v)
		v->at[c->at] = value;
	return v != NULL;
}

/* ---- columns with rules of their own ---- */

static bool set_tid(struct statetables *x, void *row, const struct column *c,
		    const ss_plugin_state_data *in)
{
	struct thread *t = row;

	(void)c;
	if (!t->is_detached && in->s64 != t->tid)
		return refuse(x, "the number of a thread cannot be changed");
	t->tid = in->s64;
	return true;
}

static bool set_pid(struct statetables *x, void *row, const struct column *c,
		    const ss_plugin_state_data *in)
{
	struct thread *t = row;
	const bool is_parent = c->at == offsetof(struct thread, ptid);

	if (t->is_detached && is_parent)
		t->ptid = in->s64;
	else if (t->is_detached)
		t->pid = in->s64;
	else
		thread_set_pids(x->s, t, is_parent ? t->pid : in->s64,
				is_parent ? in->s64 : t->ptid);
	return true;
}

static bool get_cwd(struct statetables *x, void *row, const struct column *c,
		    ss_plugin_state_data *ret)
{
	(void)c;
	ret->str = thread_cwd(x->s, row);
	return true;
}

static bool get_table(struct statetables *x, void *row, const struct column *c,
		      ss_plugin_state_data *ret)
{
	ret->table = subtable(x, row, (enum subtable_kind)c->at);
	return ret->table != NULL;
}

static bool get_fds(struct statetables *x, void *row, const struct column *c,
		    ss_plugin_state_data *ret)
{
	struct thread *t = row;
	struct thread *owner = t->is_detached ? t : fd_owner(x->s, t);

	(void)c;
	if (!owner)
		return refuse(x, "the process of thread %lld is not known", (long long)t->tid);
	ret->table = subtable(x, owner, SUBTABLE_FDS);
	return ret->table != NULL;
}

/* ---- the columns ---- */

#define AT(m) .at = offsetof(struct thread, m)
#define S64(n, m)                                                            \
	{                                                                    \
		n, SS_PLUGIN_ST_INT64, AT(m), .get = get_u64, .set = set_u64 \
	}
#define U64(n, m)                                                             \
	{                                                                     \
		n, SS_PLUGIN_ST_UINT64, AT(m), .get = get_u64, .set = set_u64 \
	}
#define U32(n, m)                                                             \
	{                                                                     \
		n, SS_PLUGIN_ST_UINT32, AT(m), .get = get_u32, .set = set_u32 \
	}
#define BOOL(n, m)                                                            \
	{                                                                     \
		n, SS_PLUGIN_ST_BOOL, AT(m), .get = get_bool, .set = set_bool \
	}
#define TEXT(n, m)                                                                   \
	{                                                                            \
		n, SS_PLUGIN_ST_STRING, AT(m), .get = get_text, .set = set_text_cell \
	}
#define LIST(n, k)                                                 \
	{                                                          \
		n, SS_PLUGIN_ST_TABLE, .at = (k), .get = get_table \
	}

const struct column thread_columns[] = {
	{"tid", SS_PLUGIN_ST_INT64, AT(tid), .get = get_u64, .set = set_tid},
	{"pid", SS_PLUGIN_ST_INT64, AT(pid), .get = get_u64, .set = set_pid},
	{"ptid", SS_PLUGIN_ST_INT64, AT(ptid), .get = get_u64, .set = set_pid},
	S64("reaper_tid", reaper),
	S64("sid", sid),
	TEXT("comm", comm),
	TEXT("exe", exe),
	TEXT("exe_path", exepath),
	BOOL("exe_writable", exe_writable),
	BOOL("exe_upper_layer", exe_upper_layer),
	BOOL("exe_lower_layer", exe_lower_layer),
	BOOL("exe_from_memfd", exe_from_memfd),
	U32("flags", flags),
	S64("fd_limit", fdlimit),
	U32("uid", uid),
	U32("gid", gid),
	U32("loginuid", loginuid),
	U64("exe_ino", exe_ino),
	U64("exe_ino_ctime", exe_ino_ctime),
	U64("exe_ino_mtime", exe_ino_mtime),
	S64("vtid", vtid),
	S64("vpid", vpid),
	S64("vpgid", vpgid),
	S64("pgid", pgid),
	U64("pidns_init_start_ts", pidns_init_start_ts),
	TEXT("root", root),
	U32("tty", tty),
	{"cwd", SS_PLUGIN_ST_STRING, .get = get_cwd},
	LIST("args", SUBTABLE_ARGS),
	LIST("env", SUBTABLE_ENV),
	LIST("cgroups", SUBTABLE_CGROUPS),
	{"file_descriptors", SS_PLUGIN_ST_TABLE, .get = get_fds},
};

const uint32_t n_thread_columns = sizeof thread_columns / sizeof thread_columns[0];

static const ss_plugin_table_fieldinfo *list_columns(ss_plugin_table_t *table, uint32_t *n)
{
	struct statetables *x = table;
	const ss_plugin_table_fieldinfo *all = columns_list(x, thread_columns, n_thread_columns, n);

	for (uint32_t i = 0; i < x->n_added; i++)
		x->info[(*n)++] = (ss_plugin_table_fieldinfo){
			.name = x->added[i].name, .field_type = x->added[i].column.type};
	return all;
}

static struct column *added_find(struct statetables *x, const char *name)
{
	for (uint32_t i = 0; i < x->n_added; i++)
		if (!strcmp(x->added[i].name, name))
			return &x->added[i].column;
	return NULL;
}

static ss_plugin_table_field_t *get_column(ss_plugin_table_t *table, const char *name,
					   ss_plugin_state_type type)
{
	struct statetables *x = table;
	struct column *c = added_find(x, name);

	if (!c)
		return (void *)(uintptr_t)column_find(x, thread_columns, n_thread_columns, name,
						      type);
	if (c->type == type)
		return c;
	(void)refuse(x, "column '%s' has type %d, not %d", name, (int)c->type, (int)type);
	return NULL;
}

static bool may_add(struct statetables *x, const char *name, ss_plugin_state_type type)
{
	for (uint32_t i = 0; i < n_thread_columns; i++)
		if (!strcmp(thread_columns[i].name, name))
			return refuse(x, "column '%s' is there already", name);
	if (x->n_added == ADDED_COLUMNS_MAX)
		return refuse(x, "more than %d added columns", ADDED_COLUMNS_MAX);
	if (!*name || strlen(name) >= sizeof x->added[0].name)
		return refuse(x, "a column needs a name of 1 to %zu bytes",
			      sizeof x->added[0].name - 1);
	if (type == SS_PLUGIN_ST_TABLE ||
	    !((type >= SS_PLUGIN_ST_INT8 && type <= SS_PLUGIN_ST_STRING) ||
	      type == SS_PLUGIN_ST_BOOL))
		return refuse(x, "column '%s': type %d cannot be added", name, (int)type);
	return true;
}

static ss_plugin_table_field_t *add_column(ss_plugin_table_t *table, const char *name,
					   ss_plugin_state_type type)
{
	struct statetables *x = table;

	if (added_find(x, name))
		return get_column(table, name, type);
	if (!may_add(x, name, type))
		return NULL;

	struct added_column *a = &x->added[x->n_added];
	memcpy(a->name, name, strlen(name) + 1);
	a->column = (struct column){.name = a->name,
				    .type = type,
				    .at = x->n_added++,
				    .get = get_added,
				    .set = set_added};
	if (!strcmp(name, "container_id") && type == SS_PLUGIN_ST_STRING)
		x->container = &a->column;
	return &a->column;
}

/* ---- reading ---- */

static const char *table_name(ss_plugin_table_t *table)
{
	(void)table;
	return "threads";
}

static uint64_t table_size(ss_plugin_table_t *table)
{
	return ((struct statetables *)table)->s->threads.n;
}

static ss_plugin_table_entry_t *get_entry(ss_plugin_table_t *table, const ss_plugin_state_data *key)
{
	return thread_find(((struct statetables *)table)->s, key->s64);
}

static ss_plugin_rc read_field(ss_plugin_table_t *table, ss_plugin_table_entry_t *row,
			       const ss_plugin_table_field_t *field, ss_plugin_state_data *out)
{
	return cell_read(table, row, field, out);
}

static ss_plugin_bool iterate(ss_plugin_table_t *table, ss_plugin_table_iterator_func_t step,
			      ss_plugin_table_iterator_state_t *state)
{
	struct statetables *x = table;
	const uint32_t held = x->n_subtables;
	ss_plugin_bool go_on = 1;
	uint32_t at = 0;

	x->n_iterations++;
	for (struct thread *t; go_on && (t = imap_next(&x->s->threads, &at));) {
		go_on = step(state, t);
		x->n_subtables = held;
	}
	x->n_iterations--;
	return go_on;
}

/* ---- writing ---- */

static bool may_change(struct statetables *x)
{
	return x->n_iterations == 0 ||
	       refuse(x, "threads cannot be added or taken out while they are iterated over");
}

static ss_plugin_rc clear(ss_plugin_table_t *table)
{
	struct statetables *x = table;

	if (!may_change(x))
		return SS_PLUGIN_FAILURE;
	subtables_forget(x, NULL);
	threads_clear(x->s);
	return SS_PLUGIN_SUCCESS;
}

static ss_plugin_rc erase_entry(ss_plugin_table_t *table, const ss_plugin_state_data *key)
{
	struct statetables *x = table;

	if (!may_change(x))
		return SS_PLUGIN_FAILURE;
	const struct thread *t = thread_find(x->s, key->s64);
	if (!t) {
		(void)refuse(x, "there is no thread %lld", (long long)key->s64);
		return SS_PLUGIN_FAILURE;
	}
	subtables_forget(x, t);
	thread_remove(x->s, key->s64);
	return SS_PLUGIN_SUCCESS;
}

static ss_plugin_table_entry_t *create_entry(ss_plugin_table_t *table)
{
	return thread_new(((struct statetables *)table)->s);
}

static void destroy_entry(ss_plugin_table_t *table, ss_plugin_table_entry_t *row)
{
	struct thread *t = row;

	if (t && t->is_detached)
		thread_free(((struct statetables *)table)->s, t);
}

static ss_plugin_table_entry_t *add_entry(ss_plugin_table_t *table, const ss_plugin_state_data *key,
					  ss_plugin_table_entry_t *row)
{
	struct statetables *x = table;
	struct thread *t = row;

	if (!t || !t->is_detached) {
		(void)refuse(x, "only a row that was created, and not added yet, can be added");
		return NULL;
	}
	if (key->s64 < 0 || !may_change(x)) {
		thread_free(x->s, t);
		(void)(key->s64 < 0 && refuse(x, "a thread needs a number from 0"));
		return NULL;
	}
	const struct thread *old = thread_find(x->s, key->s64);
	if (old)
		subtables_forget(x, old);
	return thread_adopt(x->s, t, key->s64);
}

static ss_plugin_rc write_field(ss_plugin_table_t *table, ss_plugin_table_entry_t *row,
				const ss_plugin_table_field_t *field,
				const ss_plugin_state_data *in)
{
	if (row)
		thread_touch(row);
	return cell_write(table, row, field, in);
}

struct table_functions threads_functions = {
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
