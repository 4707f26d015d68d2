#include "host/fields.h"

#include <errno.h>

#include "host/symbols.h"

static int add_module(struct fieldset *set, const struct module *const *modules, uint32_t owner,
		      struct str source, struct err *err)
{
	const struct module *m = modules[owner];

	for (uint32_t i = 0; i < m->n_fields; i++) {
		const struct field *other = NULL;
		struct field f = m->fields[i];
		int r;

		f.owner = owner;
		if (!m->symbols->extract_entry)
			f.scope = 0;
		r = fieldset_add(set, &f, &other);
		if (r == -EEXIST) {
			err_set(err, 0, 0,
				"field '%.*s' of source '%.*s' has two owners: plugin '%.*s' and "
				"plugin '%.*s'",
				STR_FMT(f.name), STR_FMT(source),
				STR_FMT(modules[other->owner]->name), STR_FMT(m->name));
			return -EINVAL;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int fields_build(struct str source, const struct module *const *modules, uint32_t n_modules,
		 struct fieldset **ret_fields, struct err *err)
{
	struct fieldset *set = fieldset_new();
	int r = set ? 0 : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < n_modules; i++)
		if (modules[i] && (modules[i]->caps & MODULE_EXTRACTION) &&
		    module_sources_have(&modules[i]->extract_sources, source))
			r = add_module(set, modules, i, source, err);
	if (r < 0) {
		fieldset_unref(set);
		return r;
	}
	*ret_fields = set;
	return 0;
}
