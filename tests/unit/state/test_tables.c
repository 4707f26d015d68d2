#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fakes.h"
#include "state/tables.h"

/* A table with one row, key 1, and one column, "n". */
static uint64_t cell = 5;

static const ss_plugin_table_fieldinfo *list_fields(ss_plugin_table_t *t, uint32_t *n)
{
	static const ss_plugin_table_fieldinfo f = {"n", SS_PLUGIN_ST_UINT64, 0};

	(void)t;
	*n = 1;
	return &f;
}

static ss_plugin_table_field_t *get_field(ss_plugin_table_t *t, const char *name,
					  ss_plugin_state_type type)
{
	return strcmp(name, "n") == 0 && type == SS_PLUGIN_ST_UINT64 ? t : NULL;
}

static const char *get_name(ss_plugin_table_t *t)
{
	(void)t;
	return "cells";
}

static uint64_t get_size(ss_plugin_table_t *t)
{
	(void)t;
	return 1;
}

static ss_plugin_table_entry_t *get_entry(ss_plugin_table_t *t, const ss_plugin_state_data *key)
{
	return key->s64 == 1 ? t : NULL;
}

static ss_plugin_rc read_field(ss_plugin_table_t *t, ss_plugin_table_entry_t *e,
			       const ss_plugin_table_field_t *f, ss_plugin_state_data *out)
{
	if (e != t || f != t)
		return SS_PLUGIN_FAILURE;
	out->u64 = *(const uint64_t *)t;
	return SS_PLUGIN_SUCCESS;
}

static void release(ss_plugin_table_t *t, ss_plugin_table_entry_t *e)
{
	assert_ptr_equal(t, e);
}

static ss_plugin_bool iterate(ss_plugin_table_t *t, ss_plugin_table_iterator_func_t it,
			      ss_plugin_table_iterator_state_t *s)
{
	return it(s, t);
}

static ss_plugin_rc clear(ss_plugin_table_t *t)
{
	(void)t;
	return SS_PLUGIN_SUCCESS;
}

static ss_plugin_rc erase(ss_plugin_table_t *t, const ss_plugin_state_data *key)
{
	(void)t;
	return key->s64 == 1 ? SS_PLUGIN_SUCCESS : SS_PLUGIN_FAILURE;
}

static ss_plugin_table_entry_t *create(ss_plugin_table_t *t)
{
	return t;
}

static ss_plugin_table_entry_t *add_entry(ss_plugin_table_t *t, const ss_plugin_state_data *key,
					  ss_plugin_table_entry_t *e)
{
	(void)t;
	(void)key;
	return e;
}

static ss_plugin_rc write_field(ss_plugin_table_t *t, ss_plugin_table_entry_t *e,
				const ss_plugin_table_field_t *f, const ss_plugin_state_data *in)
{
	(void)e;
	(void)f;
	*(uint64_t *)t = in->u64;
	return SS_PLUGIN_SUCCESS;
}

static ss_plugin_table_reader_vtable_ext reader = {
	get_name, get_size, get_entry, read_field, release, iterate,
};
static ss_plugin_table_writer_vtable_ext writer = {
	clear, erase, create, release, add_entry, write_field,
};
static ss_plugin_table_fields_vtable_ext fields = {list_fields, get_field, get_field};

static ss_plugin_table_input table_input(const char *name)
{
	ss_plugin_table_input in = {
		.name = name,
		.key_type = SS_PLUGIN_ST_INT64,
		.table = &cell,
		.reader_ext = &reader,
		.writer_ext = &writer,
		.fields_ext = &fields,
	};

	memcpy(&in.reader, &reader, sizeof in.reader);
	memcpy(&in.writer, &writer, sizeof in.writer);
	memcpy(&in.fields, &fields, sizeof in.fields);
	return in;
}

struct fixture {
	struct fakes fakes;
	struct module *module;
	struct instance *owner, *other;
	struct tables *tables;
	const ss_plugin_init_tables_input *api;
};

static void open_fixture(struct fixture *x)
{
	*x = (struct fixture){0};
	fakes_init(&x->fakes);
	x->tables = tables_new();
	tables_lend(x->tables, &x->fakes.services);
	x->api = x->fakes.services.tables_input;
	x->module = fakes_open(&x->fakes, "good");
	x->owner = fakes_start(&x->fakes, x->module);
	x->other = fakes_start(&x->fakes, x->module);
}

static void close_fixture(struct fixture *x)
{
	instance_free(x->owner);
	instance_free(x->other);
	tables_free(x->tables);
	module_close(x->module);
	fakes_deinit(&x->fakes);
}

static ss_plugin_bool see(ss_plugin_table_iterator_state_t *s, ss_plugin_table_entry_t *e)
{
	*(int *)s += e == &cell;
	return 1;
}

static void test_other_plugins_reach_the_owner(void **state)
{
	ss_plugin_state_data key = {.s64 = 1}, v = {.u64 = 9};
	ss_plugin_table_entry_t *e;
	ss_plugin_table_field_t *f;
	ss_plugin_table_input in = table_input("cells");
	ss_plugin_table_t *t;
	struct fixture x;
	uint32_t n = 0;
	int seen = 0;

	(void)state;
	open_fixture(&x);
	assert_int_equal(x.api->add_table(&x.owner->owner, &in), SS_PLUGIN_SUCCESS);
	assert_string_equal(x.api->list_tables(&x.other->owner, &n)->name, "cells");
	assert_int_equal(n, 1);
	t = x.api->get_table(&x.other->owner, "cells", SS_PLUGIN_ST_INT64);
	assert_non_null(t);
	f = x.api->fields_ext->get_table_field(t, "n", SS_PLUGIN_ST_UINT64);
	e = x.api->reader_ext->get_table_entry(t, &key);
	assert_int_equal(x.api->writer_ext->write_entry_field(t, e, f, &v), SS_PLUGIN_SUCCESS);
	v.u64 = 0;
	assert_int_equal(x.api->reader_ext->read_entry_field(t, e, f, &v), SS_PLUGIN_SUCCESS);
	assert_int_equal(v.u64, 9);
	x.api->reader_ext->release_table_entry(t, e);
	assert_int_equal(x.api->reader_ext->iterate_entries(t, see, &seen), 1);
	assert_int_equal(seen, 1);
	assert_int_equal(x.api->reader_ext->get_table_size(t), 1);
	close_fixture(&x);
}

static void test_why_a_call_failed_is_told_by_the_owner(void **state)
{
	ss_plugin_state_data key = {.s64 = 2};
	ss_plugin_table_input in = table_input("cells");
	ss_plugin_table_t *t;
	struct fixture x;

	(void)state;
	open_fixture(&x);
	assert_int_equal(x.api->add_table(&x.owner->owner, &in), SS_PLUGIN_SUCCESS);
	t = x.api->get_table(&x.other->owner, "cells", SS_PLUGIN_ST_INT64);
	assert_int_equal(x.api->writer_ext->erase_table_entry(t, &key), SS_PLUGIN_FAILURE);
	assert_string_equal(owner_last_error(&x.other->owner), "told to fail");
	assert_null(owner_last_error(&x.other->owner));
	close_fixture(&x);
}

static void test_unknown_table_is_no_error_but_wrong_key_type_is(void **state)
{
	ss_plugin_table_input in = table_input("cells");
	struct fixture x;

	(void)state;
	open_fixture(&x);
	assert_int_equal(x.api->add_table(&x.owner->owner, &in), SS_PLUGIN_SUCCESS);
	assert_null(x.api->get_table(&x.other->owner, "walls", SS_PLUGIN_ST_INT64));
	assert_null(owner_last_error(&x.other->owner));
	assert_null(x.api->get_table(&x.other->owner, "cells", SS_PLUGIN_ST_STRING));
	assert_non_null(strstr(owner_last_error(&x.other->owner), "keys of type 4, not 9"));
	close_fixture(&x);
}

static void test_tables_that_break_a_rule_are_refused(void **state)
{
	ss_plugin_table_input in = table_input("cells");
	struct tables_counters c;
	struct fixture x;

	(void)state;
	open_fixture(&x);
	assert_int_equal(x.api->add_table(&x.owner->owner, &in), SS_PLUGIN_SUCCESS);
	assert_int_equal(x.api->add_table(&x.other->owner, &in), SS_PLUGIN_FAILURE);
	assert_non_null(strstr(owner_last_error(&x.other->owner), "has this name"));
	in = table_input("");
	assert_int_equal(x.api->add_table(&x.owner->owner, &in), SS_PLUGIN_FAILURE);
	in = table_input("a");
	in.reader.get_table_size = NULL;
	assert_int_equal(x.api->add_table(&x.owner->owner, &in), SS_PLUGIN_FAILURE);
	in = table_input("b");
	in.writer_ext = NULL;
	assert_int_equal(x.api->add_table(&x.owner->owner, &in), SS_PLUGIN_FAILURE);
	in = table_input("c");
	in.fields.add_table_field = NULL;
	assert_int_equal(x.api->add_table(&x.owner->owner, &in), SS_PLUGIN_FAILURE);
	tables_count(x.tables, &c);
	assert_int_equal(c.n_tables, 1);
	assert_int_equal(c.n_refused, 5);
	close_fixture(&x);
}

static void test_table_of_the_first_api_gets_what_it_lacks(void **state)
{
	ss_plugin_table_input in = table_input("cells");
	ss_plugin_state_data key = {.s64 = 1};
	ss_plugin_table_t *t;
	struct fixture x;
	int seen = 0;

	(void)state;
	open_fixture(&x);
	x.owner->owner.api_minor = 0;
	in.reader_ext = NULL;
	in.writer_ext = NULL;
	in.fields_ext = NULL;
	assert_int_equal(x.api->add_table(&x.owner->owner, &in), SS_PLUGIN_SUCCESS);
	t = x.api->get_table(&x.other->owner, "cells", SS_PLUGIN_ST_INT64);
	x.api->reader_ext->release_table_entry(t, x.api->reader_ext->get_table_entry(t, &key));
	assert_int_equal(x.api->reader_ext->iterate_entries(t, see, &seen), 0);
	close_fixture(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_plugins_reach_the_owner),
		cmocka_unit_test(test_why_a_call_failed_is_told_by_the_owner),
		cmocka_unit_test(test_unknown_table_is_no_error_but_wrong_key_type_is),
		cmocka_unit_test(test_tables_that_break_a_rule_are_refused),
		cmocka_unit_test(test_table_of_the_first_api_gets_what_it_lacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
