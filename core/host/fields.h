/*
 * fields: which fields can be asked of the events of one source, and of whom.
 *
 * Lifetime, threads: as struct fieldset: built on [main], then immutable.
 */
#pragma once

#include "event/field.h"
#include "host/module.h"

/* The fields of every module of @modules (NULLs are skipped) that extracts from events of @source;
 * field.owner is the index in @modules. -EINVAL with @err naming both when two modules own one
 * field; -ENOMEM. */
int fields_build(struct str source, const struct module *const *modules, uint32_t n_modules,
		 struct fieldset **ret_fields, struct err *err);
