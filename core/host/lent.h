/*
 * lent: the table functions of a source thread in the two shapes that call inputs carry.
 *
 * Lifetime, threads: as the services.
 */
#pragma once

#include "host/services.h"

/* Fill the legacy copy and the pointer to the extended table; with no tables, zeroes and NULL. */
void lent_reader(const struct services *s, ss_plugin_table_reader_vtable *ret_legacy,
		 ss_plugin_table_reader_vtable_ext **ret_ext);
void lent_writer(const struct services *s, ss_plugin_table_writer_vtable *ret_legacy,
		 ss_plugin_table_writer_vtable_ext **ret_ext);
