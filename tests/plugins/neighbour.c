/*
 * neighbour: a plugin as other SDKs make them, that works on the state of another one: it finds the
 * table "threads" and the tables inside its rows, adds columns, reads and writes them while events go
 * by, and looks at all threads when the capture begins. Written against the ABI alone, minor version 7.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/abi.h>

struct neighbour {
	ss_plugin_table_t *threads;
	ss_plugin_table_field_t *visits, *container, *comm, *cgroups, *second, *fds, *name;
	uint64_t n_opened, n_seen, n_fds;
	uint64_t number;
	char text[256];
	const char *string;
	const char *err;
};

const char *plugin_get_required_api_version(void)
{
	return "3.7.0";
}

const char *plugin_get_version(void)
{
	return "1.0.0";
}

const char *plugin_get_name(void)
{
	return "neighbour";
}

const char *plugin_get_description(void)
{
	return "Works on the state of another plugin";
}

const char *plugin_get_contact(void)
{
	return "nobody";
}

const char *plugin_get_last_error(ss_plugin_t *s)
{
	const struct neighbour *n = s;

	return n->err ? n->err : "";
}

/* The column of a table inside a row, by way of a row that is in no table. */
static ss_plugin_table_field_t *inner(struct neighbour *n, const ss_plugin_init_tables_input *t,
				      ss_plugin_table_field_t *column, const char *name)
{
	ss_plugin_table_entry_t *row = t->writer_ext->create_table_entry(n->threads);
	ss_plugin_table_field_t *found = NULL;
	ss_plugin_state_data v;

	if (row &&
	    t->reader_ext->read_entry_field(n->threads, row, column, &v) == SS_PLUGIN_SUCCESS)
		found = t->fields_ext->get_table_field(v.table, name, SS_PLUGIN_ST_STRING);
	if (row)
		t->writer_ext->destroy_table_entry(n->threads, row);
	return found;
}

static void find_columns(struct neighbour *n, const ss_plugin_init_tables_input *t)
{
	ss_plugin_table_fields_vtable_ext *f = t->fields_ext;

	n->visits = f->add_table_field(n->threads, "visits", SS_PLUGIN_ST_UINT64);
	n->container = f->add_table_field(n->threads, "container_id", SS_PLUGIN_ST_STRING);
	n->comm = f->get_table_field(n->threads, "comm", SS_PLUGIN_ST_STRING);
	n->cgroups = f->get_table_field(n->threads, "cgroups", SS_PLUGIN_ST_TABLE);
	n->fds = f->get_table_field(n->threads, "file_descriptors", SS_PLUGIN_ST_TABLE);
	n->second = inner(n, t, n->cgroups, "second");
	n->name = inner(n, t, n->fds, "name");
}

ss_plugin_t *plugin_init(const ss_plugin_init_input *in, ss_plugin_rc *rc)
{
	struct neighbour *n = calloc(1, sizeof *n);

	*rc = SS_PLUGIN_FAILURE;
	if (!n)
		return NULL;
	n->err = "the table 'threads' lacks something";
	n->threads = in->tables->get_table(in->owner, "threads", SS_PLUGIN_ST_INT64);
	if (n->threads)
		find_columns(n, in->tables);
	if (n->threads && n->visits && n->container && n->comm && n->second && n->name)
		*rc = SS_PLUGIN_SUCCESS;
	return n;
}

void plugin_destroy(ss_plugin_t *s)
{
	free(s);
}

const char *plugin_get_fields(void)
{
	return "[{\"name\":\"neighbour.visits\",\"type\":\"uint64\",\"desc\":\"events of the "
	       "thread\"},"
	       "{\"name\":\"neighbour.opened\",\"type\":\"uint64\",\"desc\":\"captures begun\"},"
	       "{\"name\":\"neighbour.seen\",\"type\":\"uint64\",\"desc\":\"threads at the "
	       "start\"},"
	       "{\"name\":\"neighbour.fds\",\"type\":\"uint64\",\"desc\":\"descriptors it has\"},"
	       "{\"name\":\"neighbour.comm\",\"type\":\"string\",\"desc\":\"name of the thread\"},"
	       "{\"name\":\"neighbour.group\",\"type\":\"string\",\"desc\":\"first control "
	       "group\"},"
	       "{\"name\":\"neighbour.container\",\"type\":\"string\",\"desc\":\"container\"}]";
}

const char *plugin_get_extract_event_sources(void)
{
	return "[\"syscall\"]";
}

const char *plugin_get_parse_event_sources(void)
{
	return "[\"syscall\"]";
}

static ss_plugin_bool count_row(ss_plugin_table_iterator_state_t *state,
				ss_plugin_table_entry_t *row)
{
	(void)row;
	++*(uint64_t *)state;
	return 1;
}

ss_plugin_rc plugin_capture_open(ss_plugin_t *s, const ss_plugin_capture_listen_input *in)
{
	struct neighbour *n = s;

	n->n_opened++;
	return in->table_reader_ext->iterate_entries(n->threads, count_row, &n->n_seen)
		       ? SS_PLUGIN_SUCCESS
		       : SS_PLUGIN_FAILURE;
}

ss_plugin_rc plugin_capture_close(ss_plugin_t *s, const ss_plugin_capture_listen_input *in)
{
	(void)s;
	(void)in;
	return SS_PLUGIN_SUCCESS;
}

uint16_t *plugin_get_parse_event_types(uint32_t *n, ss_plugin_t *s)
{
	static uint16_t types[] = {5}; /* close */

	(void)s;
	*n = 1;
	return types;
}

ss_plugin_rc plugin_parse_event(ss_plugin_t *s, const ss_plugin_event_input *evt,
				const ss_plugin_event_parse_input *in)
{
	struct neighbour *n = s;
	const ss_plugin_state_data key = {.s64 = (int64_t)evt->evt->tid};
	ss_plugin_table_entry_t *row = in->table_reader_ext->get_table_entry(n->threads, &key);
	ss_plugin_state_data v;
	ss_plugin_rc rc;

	if (!row)
		return SS_PLUGIN_FAILURE;
	rc = in->table_reader_ext->read_entry_field(n->threads, row, n->visits, &v);
	v.u64++;
	if (rc == SS_PLUGIN_SUCCESS)
		rc = in->table_writer_ext->write_entry_field(n->threads, row, n->visits, &v);
	in->table_reader_ext->release_table_entry(n->threads, row);
	return rc;
}

enum { VISITS, OPENED, SEEN, FDS, COMM, GROUP, CONTAINER };

static void read_inner(struct neighbour *n, ss_plugin_table_reader_vtable_ext *r,
		       ss_plugin_table_entry_t *row, uint32_t field)
{
	ss_plugin_table_entry_t *first;
	ss_plugin_state_data v;

	if (r->read_entry_field(n->threads, row, field == FDS ? n->fds : n->cgroups, &v) !=
	    SS_PLUGIN_SUCCESS)
		return;
	if (field == FDS) {
		n->number = r->get_table_size(v.table);
		return;
	}
	ss_plugin_table_t *groups = v.table;
	first = r->get_table_entry(groups, &(ss_plugin_state_data){.u64 = 0});
	if (first && r->read_entry_field(groups, first, n->second, &v) == SS_PLUGIN_SUCCESS)
		(void)snprintf(n->text, sizeof n->text, "%s", v.str);
	if (first)
		r->release_table_entry(groups, first);
}

static void read_row(struct neighbour *n, ss_plugin_table_reader_vtable_ext *r,
		     ss_plugin_table_entry_t *row, uint32_t field)
{
	ss_plugin_table_field_t *columns[] = {
		[VISITS] = n->visits, [COMM] = n->comm, [CONTAINER] = n->container};
	ss_plugin_state_data v;

	if (field == FDS || field == GROUP) {
		read_inner(n, r, row, field);
		return;
	}
	if (r->read_entry_field(n->threads, row, columns[field], &v) != SS_PLUGIN_SUCCESS)
		return;
	if (field == VISITS)
		n->number = v.u64;
	else
		(void)snprintf(n->text, sizeof n->text, "%s", v.str);
}

ss_plugin_rc plugin_extract_fields(ss_plugin_t *s, const ss_plugin_event_input *evt,
				   const ss_plugin_field_extract_input *in)
{
	struct neighbour *n = s;
	ss_plugin_extract_field *f = &in->fields[0];
	const ss_plugin_state_data key = {.s64 = (int64_t)evt->evt->tid};
	ss_plugin_table_entry_t *row = in->table_reader_ext->get_table_entry(n->threads, &key);

	f->res_len = 0;
	if (!row)
		return SS_PLUGIN_SUCCESS;
	*n->text = '\0';
	n->string = n->text;
	n->number = f->field_id == OPENED ? n->n_opened : n->n_seen;
	if (f->field_id != OPENED && f->field_id != SEEN)
		read_row(n, in->table_reader_ext, row, f->field_id);
	in->table_reader_ext->release_table_entry(n->threads, row);
	f->res_len = 1;
	if (f->field_id < COMM)
		f->res.u64 = &n->number;
	else
		f->res.str = &n->string;
	return SS_PLUGIN_SUCCESS;
}
