/*
 * fakes: opens variants of the fake plugin, for tests of the host.
 */
#pragma once

#include "host/instance.h"
#include "host/module.h"
#include "host/registry.h"

struct fakes {
	struct registry *registry;
	struct log log;
	struct services services;
};

static inline void fakes_init(struct fakes *f)
{
	*f = (struct fakes){.registry = registry_new()};
	f->services.log = &f->log;
	assert_non_null(f->registry);
}

static inline void fakes_deinit(struct fakes *f)
{
	registry_free(f->registry);
}

static inline int fakes_try(struct fakes *f, const char *variant, struct module **ret_module,
			    struct err *err)
{
	const struct registry_entry *e = NULL;
	char path[512];

	(void)snprintf(path, sizeof path, "%s/tests/fakes/%s.so", BINARY_DIR, variant);
	assert_int_equal(registry_add_path(f->registry, STR(""), str_from(path), &e, err), 0);
	return module_open(e, REGISTRY_REQUIRE, ret_module, err);
}

static inline struct module *fakes_open(struct fakes *f, const char *variant)
{
	struct module *m = NULL;
	struct err err = ERR_NULL;

	if (fakes_try(f, variant, &m, &err) < 0)
		fail_msg("%s: %s", variant, err.text);
	return m;
}

static inline struct instance *fakes_start(struct fakes *f, const struct module *m)
{
	struct instance *i = NULL;
	struct err err = ERR_NULL;

	if (instance_new(m, STR(""), &f->services, &i, &err) < 0)
		fail_msg("%s", err.text);
	return i;
}
