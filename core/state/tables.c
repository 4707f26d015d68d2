/*
 * tables: a list of names, and fifteen functions that each take one step to the owner's.
 *
 * Handles carry no owner, so that why a call failed is found the way errno is: the thread remembers
 * the last table that said no, and the one who asks next for an error text is told by its owner.
 */
#include "state/tables.h"

#include <stddef.h>
#include <string.h>

#include "host/instance.h"
#include "host/symbols.h"
#include "util/mem.h"

enum { NAME_MAX_BYTES = 255 };

struct table {
	ss_plugin_table_input in; /* as registered; its name is ours */
	struct instance *owner;
	/* For plugins of API 3.0, which knew no extended functions. */
	ss_plugin_table_reader_vtable_ext reader;
	ss_plugin_table_writer_vtable_ext writer;
	ss_plugin_table_fields_vtable_ext fields;
	char name[NAME_MAX_BYTES + 1];
};

struct tables {
	struct table *all[TABLES_MAX];
	ss_plugin_table_info info[TABLES_MAX];
	uint32_t n;
	uint64_t n_refused;
};

static _Thread_local const ss_plugin_table_t *last_failed;

struct tables *tables_new(void)
{
	return mem_new(sizeof(struct tables));
}

struct tables *tables_free(struct tables *t)
{
	if (!t)
		return NULL;
	for (uint32_t i = 0; i < t->n; i++)
		mem_free(t->all[i]);
	return mem_free(t);
}

void tables_count(const struct tables *t, struct tables_counters *ret_counters)
{
	*ret_counters = (struct tables_counters){.n_tables = t->n, .n_refused = t->n_refused};
}

static const char *last_error(struct tables *t)
{
	for (uint32_t i = 0; i < t->n; i++) {
		const struct instance *o = t->all[i]->owner;

		if (last_failed != &t->all[i]->in)
			continue;
		last_failed = NULL;
		return o->module->symbols->api.get_last_error(o->state);
	}
	return NULL;
}

/* --- functions on a table, lent to everyone --------------------------------------------------- */

static const ss_plugin_table_input *input(const ss_plugin_table_t *t)
{
	return t;
}

static void note(const ss_plugin_table_t *t, bool is_bad)
{
	if (is_bad)
		last_failed = t;
}

static const ss_plugin_table_fieldinfo *list_fields(ss_plugin_table_t *t, uint32_t *n)
{
	const ss_plugin_table_fieldinfo *f =
		input(t)->fields_ext->list_table_fields(input(t)->table, n);

	note(t, !f);
	return f;
}

static ss_plugin_table_field_t *get_field(ss_plugin_table_t *t, const char *name,
					  ss_plugin_state_type type)
{
	ss_plugin_table_field_t *f =
		input(t)->fields_ext->get_table_field(input(t)->table, name, type);

	note(t, !f);
	return f;
}

static ss_plugin_table_field_t *add_field(ss_plugin_table_t *t, const char *name,
					  ss_plugin_state_type type)
{
	ss_plugin_table_field_t *f = NULL;

	if (type != SS_PLUGIN_ST_TABLE)
		f = input(t)->fields_ext->add_table_field(input(t)->table, name, type);
	note(t, !f);
	return f;
}

static const char *get_name(ss_plugin_table_t *t)
{
	const char *name = input(t)->reader_ext->get_table_name(input(t)->table);

	note(t, !name);
	return name;
}

static uint64_t get_size(ss_plugin_table_t *t)
{
	uint64_t n = input(t)->reader_ext->get_table_size(input(t)->table);

	note(t, n == UINT64_MAX);
	return n;
}

static ss_plugin_table_entry_t *get_entry(ss_plugin_table_t *t, const ss_plugin_state_data *key)
{
	ss_plugin_table_entry_t *e = input(t)->reader_ext->get_table_entry(input(t)->table, key);

	note(t, !e);
	return e;
}

static ss_plugin_rc read_field(ss_plugin_table_t *t, ss_plugin_table_entry_t *e,
			       const ss_plugin_table_field_t *f, ss_plugin_state_data *out)
{
	ss_plugin_rc rc = input(t)->reader_ext->read_entry_field(input(t)->table, e, f, out);

	note(t, rc != SS_PLUGIN_SUCCESS);
	return rc;
}

static void release_entry(ss_plugin_table_t *t, ss_plugin_table_entry_t *e)
{
	input(t)->reader_ext->release_table_entry(input(t)->table, e);
}

static ss_plugin_bool iterate(ss_plugin_table_t *t, ss_plugin_table_iterator_func_t it,
			      ss_plugin_table_iterator_state_t *state)
{
	return input(t)->reader_ext->iterate_entries(input(t)->table, it, state);
}

static ss_plugin_rc clear(ss_plugin_table_t *t)
{
	ss_plugin_rc rc = input(t)->writer_ext->clear_table(input(t)->table);

	note(t, rc != SS_PLUGIN_SUCCESS);
	return rc;
}

static ss_plugin_rc erase_entry(ss_plugin_table_t *t, const ss_plugin_state_data *key)
{
	ss_plugin_rc rc = input(t)->writer_ext->erase_table_entry(input(t)->table, key);

	note(t, rc != SS_PLUGIN_SUCCESS);
	return rc;
}

static ss_plugin_table_entry_t *create_entry(ss_plugin_table_t *t)
{
	ss_plugin_table_entry_t *e = input(t)->writer_ext->create_table_entry(input(t)->table);

	note(t, !e);
	return e;
}

static void destroy_entry(ss_plugin_table_t *t, ss_plugin_table_entry_t *e)
{
	input(t)->writer_ext->destroy_table_entry(input(t)->table, e);
}

static ss_plugin_table_entry_t *add_entry(ss_plugin_table_t *t, const ss_plugin_state_data *key,
					  ss_plugin_table_entry_t *e)
{
	ss_plugin_table_entry_t *kept =
		input(t)->writer_ext->add_table_entry(input(t)->table, key, e);

	note(t, !kept);
	return kept;
}

static ss_plugin_rc write_field(ss_plugin_table_t *t, ss_plugin_table_entry_t *e,
				const ss_plugin_table_field_t *f, const ss_plugin_state_data *in)
{
	ss_plugin_rc rc = input(t)->writer_ext->write_entry_field(input(t)->table, e, f, in);

	note(t, rc != SS_PLUGIN_SUCCESS);
	return rc;
}

/* --- the registry ----------------------------------------------------------------------------- */

static struct table *find(const struct tables *t, const char *name)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (strcmp(t->all[i]->name, name) == 0)
			return t->all[i];
	return NULL;
}

static ss_plugin_table_info *list_tables(ss_plugin_owner_t *owner, uint32_t *n)
{
	struct tables *t = ((struct owner *)owner)->services->tables;

	for (uint32_t i = 0; i < t->n; i++)
		t->info[i] = (ss_plugin_table_info){
			.name = t->all[i]->name,
			.key_type = t->all[i]->in.key_type,
		};
	*n = t->n;
	return t->info;
}

static ss_plugin_table_t *get_table(ss_plugin_owner_t *owner, const char *name,
				    ss_plugin_state_type key_type)
{
	struct owner *o = owner;
	struct table *found = find(o->services->tables, name ? name : "");

	if (found && found->in.key_type != key_type) {
		owner_fail(o, "table '%s' has keys of type %d, not %d", name,
			   (int)found->in.key_type, (int)key_type);
		return NULL;
	}
	return found ? &found->in : NULL;
}

static bool is_complete(const ss_plugin_table_input *in)
{
	const ss_plugin_table_reader_vtable *r = &in->reader;
	const ss_plugin_table_writer_vtable *w = &in->writer;
	const ss_plugin_table_fields_vtable *f = &in->fields;

	return r->get_table_name && r->get_table_size && r->get_table_entry &&
	       r->read_entry_field && w->clear_table && w->erase_table_entry &&
	       w->create_table_entry && w->destroy_table_entry && w->add_table_entry &&
	       w->write_entry_field && f->list_table_fields && f->get_table_field &&
	       f->add_table_field;
}

/* The extended tables start with the members of the legacy ones, in their order. */
static bool is_consistent(const ss_plugin_table_input *in)
{
	return in->reader_ext && in->writer_ext && in->fields_ext &&
	       in->reader_ext->release_table_entry && in->reader_ext->iterate_entries &&
	       memcmp(in->reader_ext, &in->reader, sizeof in->reader) == 0 &&
	       memcmp(in->writer_ext, &in->writer, sizeof in->writer) == 0 &&
	       memcmp(in->fields_ext, &in->fields, sizeof in->fields) == 0;
}

static const char *judge(const struct owner *o, const ss_plugin_table_input *in)
{
	const struct tables *t = o->services->tables;

	if (!in || !in->name || !*in->name || strlen(in->name) > NAME_MAX_BYTES)
		return "a name of 1 to 255 bytes is needed";
	if (t->n == TABLES_MAX)
		return "there are 256 tables already";
	if (find(t, in->name))
		return "another table has this name";
	if (!is_complete(in))
		return "a function is missing";
	if (o->api_minor > 0 && !is_consistent(in))
		return "the extended functions are missing or differ from the others";
	return NULL;
}

static void release_nothing(ss_plugin_table_t *t, ss_plugin_table_entry_t *e)
{
	(void)t;
	(void)e;
}

static ss_plugin_bool iterate_nothing(ss_plugin_table_t *t, ss_plugin_table_iterator_func_t it,
				      ss_plugin_table_iterator_state_t *state)
{
	(void)t;
	(void)it;
	(void)state;
	return 0;
}

static void extend(struct table *n)
{
	memcpy(&n->reader, &n->in.reader, sizeof n->in.reader);
	memcpy(&n->writer, &n->in.writer, sizeof n->in.writer);
	memcpy(&n->fields, &n->in.fields, sizeof n->in.fields);
	n->reader.release_table_entry = release_nothing;
	n->reader.iterate_entries = iterate_nothing;
}

static ss_plugin_rc add_table(ss_plugin_owner_t *owner, const ss_plugin_table_input *in)
{
	struct owner *o = owner;
	struct tables *t = o->services->tables;
	const char *why = judge(o, in);
	struct table *n = why ? NULL : mem_new(sizeof *n);

	if (!n) {
		t->n_refused++;
		owner_fail(o, "table '%s': %s", in && in->name ? in->name : "",
			   why ? why : "no memory");
		return SS_PLUGIN_FAILURE;
	}
	memcpy(n->name, in->name, strlen(in->name) + 1);
	memcpy(&n->in, in, o->api_minor ? sizeof *in : offsetof(ss_plugin_table_input, reader_ext));
	n->in.name = n->name;
	n->owner = o->instance;
	if (o->api_minor == 0) {
		extend(n);
	} else {
		n->reader = *in->reader_ext;
		n->writer = *in->writer_ext;
		n->fields = *in->fields_ext;
	}
	n->in.reader_ext = &n->reader;
	n->in.writer_ext = &n->writer;
	n->in.fields_ext = &n->fields;
	t->all[t->n++] = n;
	return SS_PLUGIN_SUCCESS;
}

static ss_plugin_table_reader_vtable_ext reader = {
	.get_table_name = get_name,
	.get_table_size = get_size,
	.get_table_entry = get_entry,
	.read_entry_field = read_field,
	.release_table_entry = release_entry,
	.iterate_entries = iterate,
};

static ss_plugin_table_writer_vtable_ext writer = {
	.clear_table = clear,
	.erase_table_entry = erase_entry,
	.create_table_entry = create_entry,
	.destroy_table_entry = destroy_entry,
	.add_table_entry = add_entry,
	.write_entry_field = write_field,
};

static ss_plugin_table_fields_vtable_ext fields = {
	.list_table_fields = list_fields,
	.get_table_field = get_field,
	.add_table_field = add_field,
};

static const ss_plugin_init_tables_input lent = {
	.list_tables = list_tables,
	.get_table = get_table,
	.add_table = add_table,
	.fields =
		{
			.list_table_fields = list_fields,
			.get_table_field = get_field,
			.add_table_field = add_field,
		},
	.fields_ext = &fields,
	.reader_ext = &reader,
	.writer_ext = &writer,
};

void tables_lend(struct tables *t, struct services *s)
{
	s->tables_input = &lent;
	s->tables = t;
	s->tables_error = last_error;
}
