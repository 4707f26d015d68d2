#include "host/lent.h"

#include <stddef.h>

void lent_reader(const struct services *s, ss_plugin_table_reader_vtable *ret_legacy,
		 ss_plugin_table_reader_vtable_ext **ret_ext)
{
	ss_plugin_table_reader_vtable_ext *e = s->tables_input ? s->tables_input->reader_ext : NULL;

	*ret_ext = e;
	*ret_legacy = (ss_plugin_table_reader_vtable){0};
	if (e)
		*ret_legacy = (ss_plugin_table_reader_vtable){
			.get_table_name = e->get_table_name,
			.get_table_size = e->get_table_size,
			.get_table_entry = e->get_table_entry,
			.read_entry_field = e->read_entry_field,
		};
}

void lent_writer(const struct services *s, ss_plugin_table_writer_vtable *ret_legacy,
		 ss_plugin_table_writer_vtable_ext **ret_ext)
{
	ss_plugin_table_writer_vtable_ext *e = s->tables_input ? s->tables_input->writer_ext : NULL;

	*ret_ext = e;
	*ret_legacy = (ss_plugin_table_writer_vtable){0};
	if (e)
		*ret_legacy = (ss_plugin_table_writer_vtable){
			.clear_table = e->clear_table,
			.erase_table_entry = e->erase_table_entry,
			.create_table_entry = e->create_table_entry,
			.destroy_table_entry = e->destroy_table_entry,
			.add_table_entry = e->add_table_entry,
			.write_entry_field = e->write_entry_field,
		};
}
