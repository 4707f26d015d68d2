/*
 * tables_lists: the tables "args", "env" and "cgroups" inside the row of a thread: lists of texts.
 *
 * A list is one text, its items ended by NULs (the last by that of the text). A row is a number in
 * the shape of a pointer: it is odd, so that one that was created and not added yet, which is a
 * struct, can be told from it. Changes write the whole list anew.
 */
#include <stdlib.h>
#include <string.h>

#include "statetables.h"

/* A row outside of any list. */
struct loose {
	char *text;
	char *subsystem; /* cgroups */
};

static bool is_loose(const void *row)
{
	return !((uintptr_t)row & 1);
}

static uint32_t row_item(const void *row)
{
	return (uint32_t)((uintptr_t)row >> 1);
}

static void *item_row(uint32_t item)
{
	return (void *)((uintptr_t)item << 1 | 1);
}

/* ---- the text of a list ---- */

static struct rtext **list(const struct subtable *b)
{
	switch (b->thread ? b->kind : SUBTABLE_FDS) {
	case SUBTABLE_ARGS:
		return &b->thread->args;
	case SUBTABLE_ENV:
		return &b->thread->env;
	case SUBTABLE_CGROUPS:
		return &b->thread->cgroups;
	default:
		return NULL;
	}
}

static uint32_t count(const struct rtext *t)
{
	uint32_t n = 0;

	for (uint32_t at = 0; t && at < t->len; at += (uint32_t)strlen(t->s + at) + 1)
		n++;
	return n;
}

/* Where item @i begins; NULL past the end. A walk in order is one pass. */
static const char *item(struct subtable *b, uint32_t i)
{
	struct rtext **at = list(b);
	const struct rtext *t = at ? *at : NULL;

	if (!t || i < b->item || b->item_at > t->len)
		b->item = b->item_at = 0;
	while (t && b->item_at < t->len && b->item < i) {
		b->item_at += (uint32_t)strlen(t->s + b->item_at) + 1;
		b->item++;
	}
	return t && b->item_at < t->len ? t->s + b->item_at : NULL;
}

/* ---- changes ---- */

struct writer {
	char *s;
	size_t n, cap;
	bool failed;
};

/* NULL is an item without text. */
static void put(struct writer *w, const char *s)
{
	const size_t len = s ? strlen(s) : 0;

	if (w->failed || w->n + len + 1 > w->cap) {
		w->failed = true;
		return;
	}
	memcpy(w->s + w->n, s ? s : "", len);
	w->n += len;
	w->s[w->n++] = '\0';
}

/* Writes the list anew with @n items: item @i becomes @text; item @skip is left out. */
static bool rewrite(struct subtable *b, uint32_t n, uint32_t i, const char *text, uint32_t skip)
{
	struct rtext **at = list(b);
	struct writer w = {.cap = (at && *at ? (*at)->len : 0) + (text ? strlen(text) : 0) + n + 2};

	if (!at || n > LIST_ITEMS_MAX || w.cap > 4 * (size_t)CELL_TEXT_MAX)
		return refuse(b->x, "a list of this size");
	w.s = malloc(w.cap);
	if (!w.s) {
		b->x->s->counters.no_memory++;
		return false;
	}
	for (uint32_t k = 0; k < n; k++) {
		const char *s = k == i ? text : item(b, k);

		if (k != skip)
			put(&w, s);
	}
	if (!w.failed)
		(void)rtext_set(&b->x->s->pool, at, w.s, w.n ? w.n - 1 : 0);
	thread_touch(b->thread);
	b->item = b->item_at = 0;
	free(w.s);
	return !w.failed || refuse(b->x, "a list of this size");
}

/* ---- cgroups: subsystem=path ---- */

/* Short names that old kernels wrote. */
static const struct {
	const char *from, *to;
} renamed[] = {{"perf", "perf_event"}, {"mem", "memory"}, {"io", "blkio"}};

/* A text of its own for a name, that stays. */
static const char *subsystem(struct statetables *x, const char *s, size_t len)
{
	static const char suffix[] = "_cgroup";
	const size_t n = sizeof suffix - 1;

	if (len > n && !memcmp(s + len - n, suffix, n))
		len -= n;
	for (size_t i = 0; i < sizeof renamed / sizeof renamed[0]; i++)
		if (strlen(renamed[i].from) == len && !memcmp(renamed[i].from, s, len))
			return renamed[i].to;
	for (uint32_t i = 0; i < x->n_subsystems; i++)
		if (strlen(x->subsystems[i]) == len && !memcmp(x->subsystems[i], s, len))
			return x->subsystems[i];
	if (len >= SUBSYSTEM_NAME || x->n_subsystems == SUBSYSTEMS_MAX) {
		x->n_refused++;
		return "";
	}
	memcpy(x->subsystems[x->n_subsystems], s, len);
	return x->subsystems[x->n_subsystems++];
}

/* ---- columns ---- */

enum { VALUE, FIRST, SECOND };

static const char *cell(struct subtable *b, const char *s, uint32_t which)
{
	const char *equals = which == VALUE ? NULL : strchr(s, '=');

	if (which == VALUE)
		return s;
	if (which == SECOND)
		return equals ? equals + 1 : s;
	return equals ? subsystem(b->x, s, (size_t)(equals - s)) : "";
}

static const struct column values[] = {{"value", SS_PLUGIN_ST_STRING, .at = VALUE}};
static const struct column pairs[] = {{"first", SS_PLUGIN_ST_STRING, .at = FIRST},
				      {"second", SS_PLUGIN_ST_STRING, .at = SECOND}};

static const ss_plugin_table_fieldinfo *list_columns(ss_plugin_table_t *table, uint32_t *n)
{
	struct subtable *b = table;
	const bool is_pairs = b->kind == SUBTABLE_CGROUPS;
	const ss_plugin_table_fieldinfo *all =
		columns_list(b->x, is_pairs ? pairs : values, is_pairs ? 2 : 1, n);

	for (uint32_t i = 0; i < *n; i++)
		b->x->info[i].read_only = 0;
	return all;
}

static ss_plugin_table_field_t *get_column(ss_plugin_table_t *table, const char *name,
					   ss_plugin_state_type type)
{
	struct subtable *b = table;
	const bool is_pairs = b->kind == SUBTABLE_CGROUPS;

	return (void *)(uintptr_t)column_find(b->x, is_pairs ? pairs : values, is_pairs ? 2 : 1,
					      name, type);
}

static ss_plugin_table_field_t *add_column(ss_plugin_table_t *table, const char *name,
					   ss_plugin_state_type type)
{
	(void)type;
	(void)refuse(((struct subtable *)table)->x, "'%s': lists take no further columns", name);
	return NULL;
}

/* ---- reading ---- */

static const char *table_name(ss_plugin_table_t *table)
{
	return ((struct subtable *)table)->in.name;
}

static uint64_t table_size(ss_plugin_table_t *table)
{
	struct rtext **at = list(table);

	return at ? count(*at) : UINT64_MAX;
}

static ss_plugin_table_entry_t *get_entry(ss_plugin_table_t *table, const ss_plugin_state_data *key)
{
	if (key->u64 >= LIST_ITEMS_MAX || !item(table, (uint32_t)key->u64))
		return NULL;
	return item_row((uint32_t)key->u64);
}

static ss_plugin_rc read_field(ss_plugin_table_t *table, ss_plugin_table_entry_t *row,
			       const ss_plugin_table_field_t *field, ss_plugin_state_data *out)
{
	const struct column *c = field;
	struct subtable *b = table;
	const struct loose *l = row;

	if (!row || !c)
		return SS_PLUGIN_FAILURE;
	if (is_loose(row)) {
		out->str = c->at == FIRST ? l->subsystem : l->text;
		out->str = out->str ? out->str : "";
		return SS_PLUGIN_SUCCESS;
	}

	const char *s = item(b, row_item(row));
	out->str = s ? cell(b, s, c->at) : "";
	return s ? SS_PLUGIN_SUCCESS : SS_PLUGIN_FAILURE;
}

static ss_plugin_bool iterate(ss_plugin_table_t *table, ss_plugin_table_iterator_func_t step,
			      ss_plugin_table_iterator_state_t *state)
{
	struct subtable *b = table;
	ss_plugin_bool go_on = list(b) != NULL;

	for (uint32_t i = 0; go_on && item(b, i); i++)
		go_on = step(state, item_row(i));
	return go_on;
}

/* ---- writing ---- */

static ss_plugin_rc clear(ss_plugin_table_t *table)
{
	return rewrite(table, 0, 0, NULL, UINT32_MAX) ? SS_PLUGIN_SUCCESS : SS_PLUGIN_FAILURE;
}

/* What comes behind it moves up. */
static ss_plugin_rc erase_entry(ss_plugin_table_t *table, const ss_plugin_state_data *key)
{
	struct subtable *b = table;

	if (!get_entry(table, key)) {
		(void)refuse(b->x, "there is no item %llu", (unsigned long long)key->u64);
		return SS_PLUGIN_FAILURE;
	}
	return rewrite(b, (uint32_t)table_size(b), UINT32_MAX, NULL, (uint32_t)key->u64)
		       ? SS_PLUGIN_SUCCESS
		       : SS_PLUGIN_FAILURE;
}

static ss_plugin_table_entry_t *create_entry(ss_plugin_table_t *table)
{
	struct subtable *b = table;
	struct loose *l = calloc(1, sizeof *l);

	if (!l)
		b->x->s->counters.no_memory++;
	return l;
}

static void destroy_entry(ss_plugin_table_t *table, ss_plugin_table_entry_t *row)
{
	struct loose *l = row;

	(void)table;
	if (!row || !is_loose(row))
		return;
	free(l->text);
	free(l->subsystem);
	free(l);
}

/* The text of an item of these parts, to be freed. */
static char *joined(const struct subtable *b, const char *first, const char *second)
{
	const size_t a = strlen(first), z = strlen(second);
	char *s = malloc(a + z + 2);

	if (!s) {
		b->x->s->counters.no_memory++;
		return NULL;
	}
	if (b->kind != SUBTABLE_CGROUPS)
		return memcpy(s, second, z + 1);
	memcpy(s, first, a);
	s[a] = '=';
	memcpy(s + a + 1, second, z + 1);
	return s;
}

static bool write_item(struct subtable *b, uint32_t n, uint32_t i, const char *first,
		       const char *second)
{
	char *s = joined(b, first, second);
	const bool ok = s && rewrite(b, n, i, s, UINT32_MAX);

	free(s);
	return ok;
}

/* The list then ends with this item. */
static ss_plugin_table_entry_t *add_entry(ss_plugin_table_t *table, const ss_plugin_state_data *key,
					  ss_plugin_table_entry_t *row)
{
	struct subtable *b = table;
	const struct loose *l = row;
	bool ok = false;

	if (!row || !is_loose(row))
		return NULL;
	if (key->u64 >= LIST_ITEMS_MAX)
		(void)refuse(b->x, "a list has at most %d items", LIST_ITEMS_MAX);
	else
		ok = write_item(b, (uint32_t)key->u64 + 1, (uint32_t)key->u64,
				l->subsystem ? l->subsystem : "", l->text ? l->text : "");
	destroy_entry(table, row);
	return ok ? item_row((uint32_t)key->u64) : NULL;
}

static ss_plugin_rc write_loose(struct subtable *b, struct loose *l, uint32_t which,
				const char *text)
{
	char **at = which == FIRST ? &l->subsystem : &l->text;
	char *copy = strdup(text);

	if (!copy) {
		b->x->s->counters.no_memory++;
		return SS_PLUGIN_FAILURE;
	}
	free(*at);
	*at = copy;
	return SS_PLUGIN_SUCCESS;
}

static ss_plugin_rc write_field(ss_plugin_table_t *table, ss_plugin_table_entry_t *row,
				const ss_plugin_table_field_t *field,
				const ss_plugin_state_data *in)
{
	const struct column *c = field;
	struct subtable *b = table;
	size_t len = 0;

	if (!row || !c || !cell_text(b->x, in, &len))
		return SS_PLUGIN_FAILURE;
	const char *text = len ? in->str : "";
	if (is_loose(row))
		return write_loose(b, row, c->at, text);

	const char *old = item(b, row_item(row));
	if (!old)
		return SS_PLUGIN_FAILURE;
	const char *equals = c->at == SECOND ? strchr(old, '=') : NULL;
	char *first = equals ? strndup(old, (size_t)(equals - old)) : NULL;
	const bool ok = write_item(b, (uint32_t)table_size(b), row_item(row),
				   c->at == FIRST ? text
				   : first        ? first
						  : "",
				   c->at == FIRST ? cell(b, old, SECOND) : text);

	free(first);
	return ok ? SS_PLUGIN_SUCCESS : SS_PLUGIN_FAILURE;
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

void subtable_list(ss_plugin_table_input *in)
{
	const struct subtable *b = in->table;

	in->name = b->kind == SUBTABLE_ARGS ? "args" : b->kind == SUBTABLE_ENV ? "env" : "cgroups";
	in->key_type = SS_PLUGIN_ST_UINT64;
	table_set_functions(in, &functions);
}
