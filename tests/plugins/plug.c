#include "plug.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/symbols.h"
#include "state/tables.h"

void plug_open(struct plug *x, const char *name, const char *config)
{
	plug_open_with(x, name, config, NULL);
}

void plug_open_with(struct plug *x, const char *name, const char *config, struct tables *tables)
{
	const struct registry_entry *e;
	char path[512];

	*x = (struct plug){.registry = registry_new()};
	if (tables)
		tables_lend(tables, &x->services);
	(void)snprintf(path, sizeof path, "%s/plugins/%s.so", BINARY_DIR, name);
	if (registry_add_path(x->registry, STR(""), str_from(path), &e, &x->err) ||
	    module_open(e, REGISTRY_WARN, &x->module, &x->err) ||
	    instance_new(x->module, str_from(config), &x->services, &x->instance, &x->err))
		fail_msg("%s: %s", name, x->err.text);
	x->list[0] = x->instance;
	x->services.instances = x->list;
	x->services.n_instances = 1;
	x->fetcher = fetcher_new(&x->instance, 1);
	assert_non_null(x->fetcher);
}

void plug_close(struct plug *x)
{
	fetcher_free(x->fetcher);
	instance_free(x->instance);
	module_close(x->module);
	registry_free(x->registry);
}

const char *plug_ask(struct plug *x, const struct event *evt, const char *field, const char *arg)
{
	static struct buf text;
	static char copy[512];
	struct field f = {0};
	struct values v = {0};

	for (uint32_t i = 0; i < x->module->n_fields; i++)
		if (str_is(x->module->fields[i].name, field))
			f = x->module->fields[i];
	if (!f.name.p)
		fail_msg("there is no field '%s'", field);

	const struct field_use use = {
		.field = &f,
		.has_arg = arg != NULL,
		.arg = str_from(arg ? arg : ""),
		.index = arg && strspn(arg, "0123456789") == strlen(arg) ? strtoull(arg, NULL, 10)
									 : UINT64_MAX,
	};
	const struct field_use *uses[] = {&use};
	const struct fetch fetch = fetcher_fetch(x->fetcher);

	fetcher_begin(x->fetcher);
	fetch.get(fetch.ctx, evt, uses, 1, &v);
	buf_init(&text, sizeof copy);
	value_print(&text, &f, &v);
	(void)snprintf(copy, sizeof copy, "%.*s", STR_FMT(buf_str(&text)));
	buf_deinit(&text);
	return copy;
}

ss_plugin_rc plug_parse(struct plug *x, const ss_plugin_event_input *evt,
			const ss_plugin_event_parse_input *in)
{
	return x->module->symbols->api.parse_event(x->instance->state, evt, in);
}
