/*
 * statetables: the tables "threads" and, inside its rows, "file_descriptors", "args", "env" and
 * "cgroups", through which other plugins read and write the state of this one.
 *
 * Names and types of columns are those that plugins for the same ABI know. A row is the struct of
 * the state itself, a column the description of one of its members, so nothing is copied and events
 * that no other plugin asks about cost nothing. Columns that others add have their values in a block
 * that a thread gets with the first value other than zero or "".
 *
 * A table inside a row is handed out as a small struct, valid until the call of the plugin returns
 * (for one of an iteration: until that step is over). Nothing may be added to or taken out of a table
 * while it is iterated over: that fails, with a text.
 *
 * Bounds: 32 added columns, 64 KiB a text, 1,024 tables inside rows at a time, 64 names of cgroup
 * subsystems beyond the usual ones, 65,536 items of a list. What goes beyond is refused with a text
 * and counted (metric tables_refused).
 *
 * Lifetime: that of the state. Threads: the one of the state.
 */
#pragma once

#include "state.h"

enum {
	ADDED_COLUMNS_MAX = 32,
	SUBTABLES_MAX = 1024,
	CELL_TEXT_MAX = 65536,
	LIST_ITEMS_MAX = 65536,
	SUBSYSTEMS_MAX = 64,
	SUBSYSTEM_NAME = 64,
};

struct statetables;
struct column;

/* Both answer false, with a text kept, when the column cannot be read or written. */
typedef bool (*column_get_fn)(struct statetables *x, void *row, const struct column *c,
			      ss_plugin_state_data *ret);
typedef bool (*column_set_fn)(struct statetables *x, void *row, const struct column *c,
			      const ss_plugin_state_data *in);

struct column {
	const char *name;
	ss_plugin_state_type type;
	uint32_t at; /* of the member in the row, or what the functions make of it */
	column_get_fn get;
	column_set_fn set; /* NULL: read-only */
};

struct added_column {
	struct column column;
	char name[SUBSYSTEM_NAME];
};

enum subtable_kind { SUBTABLE_FDS, SUBTABLE_ARGS, SUBTABLE_ENV, SUBTABLE_CGROUPS };

/* A table inside the row of a thread. */
struct subtable {
	ss_plugin_table_input in; /* what the handle points to; in.table is this struct */
	struct statetables *x;
	struct thread *thread; /* NULL: it is gone */
	enum subtable_kind kind;
	uint32_t item, item_at; /* lists: the item looked at last, and where it begins */
};

struct statetables {
	struct state *s;
	struct gyr *p;
	struct added_column added[ADDED_COLUMNS_MAX];
	uint32_t n_added;
	const struct column *container; /* the added column container_id; NULL: nobody added it */
	ss_plugin_table_fieldinfo info[64]; /* the answer of list_table_fields */
	struct subtable *subtables;         /* SUBTABLES_MAX of them, made at first use */
	uint32_t n_subtables, n_iterations;
	char subsystems[SUBSYSTEMS_MAX][SUBSYSTEM_NAME];
	uint32_t n_subsystems;
	uint64_t n_refused;
};

/* Offers the tables to other plugins. 0 and no tables when the host has no registry. -EEXIST with a
 * text when the host refuses. -ENOMEM. */
int statetables_init(struct gyr *p, struct state *s);
void statetables_deinit(struct state *s);

/* A new event: tables inside rows that were handed out for the last one are gone. */
static inline void statetables_begin(struct statetables *x)
{
	if (x)
		x->n_subtables = 0;
}

/* Frees the added values of a thread that goes. */
void statetables_free_row(struct state *s, struct thread *t);

/* The container of a thread, as a plugin wrote it to the column container_id; "" for none. */
const char *statetables_container(const struct state *s, const struct thread *t);

/* ---- shared by the files of tables ---- */

/* Keeps the text why something was refused and counts it; answers false. */
bool refuse(struct statetables *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A text as a plugin wrote it, in bounds. */
bool cell_text(struct statetables *x, const ss_plugin_state_data *in, size_t *ret_len);

/* Plain members. */
bool get_u8(struct statetables *x, void *row, const struct column *c, ss_plugin_state_data *ret);
bool get_u32(struct statetables *x, void *row, const struct column *c, ss_plugin_state_data *ret);
bool set_u32(struct statetables *x, void *row, const struct column *c,
	     const ss_plugin_state_data *in);
bool get_u64(struct statetables *x, void *row, const struct column *c, ss_plugin_state_data *ret);
bool set_u64(struct statetables *x, void *row, const struct column *c,
	     const ss_plugin_state_data *in);
bool get_bool(struct statetables *x, void *row, const struct column *c, ss_plugin_state_data *ret);
bool set_bool(struct statetables *x, void *row, const struct column *c,
	      const ss_plugin_state_data *in);
bool get_text(struct statetables *x, void *row, const struct column *c, ss_plugin_state_data *ret);
bool set_text_cell(struct statetables *x, void *row, const struct column *c,
		   const ss_plugin_state_data *in);

/* The column of this name and type; NULL with a text kept. */
const struct column *column_find(struct statetables *x, const struct column *columns, uint32_t n,
				 const char *name, ss_plugin_state_type type);

/* Reads and writes a cell. */
ss_plugin_rc cell_read(struct statetables *x, void *row, const struct column *c,
		       ss_plugin_state_data *ret);
ss_plugin_rc cell_write(struct statetables *x, void *row, const struct column *c,
			const ss_plugin_state_data *in);

/* Rows are the state's own: nothing is held, so nothing is given back. */
void row_release(ss_plugin_table_t *table, ss_plugin_table_entry_t *row);

/* The answer of list_table_fields. */
const ss_plugin_table_fieldinfo *columns_list(struct statetables *x, const struct column *columns,
					      uint32_t n, uint32_t *ret_n);

/* The handle of a table inside @t; NULL with a text kept. */
ss_plugin_table_t *subtable(struct statetables *x, struct thread *t, enum subtable_kind kind);

/* The thread is about to go (NULL: all of them): tables inside its row answer nothing any more. */
void subtables_forget(struct statetables *x, const struct thread *t);

/* Fills the functions of a kind of table inside rows. */
void subtable_fds(ss_plugin_table_input *in);
void subtable_list(ss_plugin_table_input *in);

extern const struct column thread_columns[];
extern const uint32_t n_thread_columns;

/* What a table is asked through. */
struct table_functions {
	ss_plugin_table_reader_vtable_ext reader;
	ss_plugin_table_writer_vtable_ext writer;
	ss_plugin_table_fields_vtable_ext fields;
};

/* Offers them as a host of any version asks for them: the older functions are the same. */
void table_set_functions(ss_plugin_table_input *in, struct table_functions *f);

extern struct table_functions threads_functions;
