/*
 * state: from plugin_init to plugin_destroy, and what every plugin may ask of it.
 */
#include "sdk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Set once, before any state exists; see gyr_set_host in abi.h. */
static const struct gyr_host *the_host;

void gyr__set_host(const struct gyr_host *host)
{
	the_host = host;
}

const struct gyr_host *gyr_host(void)
{
	return the_host;
}

void *gyr_state(struct gyr *p)
{
	return p->mem;
}

const char *gyr_config(const struct gyr *p)
{
	return p->config;
}

ss_plugin_owner_t *gyr_owner(const struct gyr *p)
{
	return p->owner;
}

const ss_plugin_init_input *gyr_init_input(const struct gyr *p)
{
	return p->init_in;
}

const char *gyr_error(const struct gyr *p)
{
	return p->err;
}

int gyr_fail(struct gyr *p, int r, const char *fmt, ...)
{
	char text[sizeof p->err]; /* the arguments may point to the last error */
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	memcpy(p->err, text, sizeof text);
	return r;
}

void gyr_log(struct gyr *p, enum gyr_level level, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!p->log_fn)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	p->log_fn(p->owner, NULL, text, (ss_plugin_log_severity)level);
}

void *gyr_scratch(struct gyr *p, size_t size)
{
	return gyr__scratch_alloc(&p->scratch, size);
}

static int state_start(struct gyr *p, const ss_plugin_init_input *in)
{
	const struct gyr_plugin *d = p->desc;
	const char *config = in->config ? in->config : "";

	p->config = strdup(config);
	p->mem = calloc(1, d->state_size ? d->state_size : 1);
	if (!p->config || !p->mem)
		return gyr_fail(p, -ENOMEM, "init: no memory");

	const struct gyr__options options = {d->options, "configuration", p->config};
	int r = gyr__options_read(p, &options, &p->owned, p->mem);
	if (r)
		return r;
	return d->init ? d->init(p) : 0;
}

ss_plugin_t *gyr__init(const struct gyr_plugin *d, const ss_plugin_init_input *in, ss_plugin_rc *rc)
{
	struct gyr *p = calloc(1, sizeof *p);

	*rc = SS_PLUGIN_FAILURE;
	if (!p)
		return NULL;
	p->desc = d;
	p->owner = in->owner;
	p->log_fn = in->log_fn;
	p->init_in = in;
	p->n_shards = 1;

	const int r = state_start(p, in);
	p->init_in = NULL;
	if (r == 0) {
		p->is_ready = true;
		*rc = SS_PLUGIN_SUCCESS;
	} else if (!p->err[0]) {
		(void)gyr_fail(p, r, "init: %s", strerror(r < 0 ? -r : EINVAL));
	}
	return p;
}

void gyr__destroy(ss_plugin_t *s)
{
	struct gyr *p = s;

	if (!p)
		return;
	if (p->is_ready && p->desc->destroy)
		p->desc->destroy(p);
	gyr__scratch_deinit(&p->owned);
	gyr__scratch_deinit(&p->scratch);
	gyr__text_deinit(&p->line);
	gyr__text_deinit(&p->open_params);
	free(p->metrics);
	free(p->values);
	free(p->config);
	free(p->mem);
	free(p);
}

const char *gyr__last_error(ss_plugin_t *s)
{
	return s ? gyr_error(s) : "init: no memory";
}

ss_plugin_metric *gyr__metrics(ss_plugin_t *s, uint32_t *n)
{
	struct gyr *p = s;

	*n = 0;
	if (p->desc->metrics && !p->metrics)
		p->metrics = calloc(GYR__METRICS_MAX, sizeof *p->metrics);
	if (p->desc->metrics && p->metrics)
		*n = p->desc->metrics(p, p->metrics, GYR__METRICS_MAX);
	return p->metrics;
}

const char *gyr__event_schema(const struct gyr_plugin *d)
{
	return d->event_schema ? d->event_schema : "3.0.0";
}

void gyr__plugin_load(const struct gyr_plugin *d, struct gyr__texts *t)
{
	struct gyr_text schema = {0};

	if (d->schema)
		gyr_text_add(&schema, d->schema);
	else if (d->options)
		gyr__options_schema(d->options, &schema);
	t->a = gyr__text_take(&schema);
}

const char *gyr__schema(const struct gyr__texts *t, ss_plugin_schema_type *type)
{
	const bool is_json = t->a && t->a[0];

	*type = is_json ? SS_PLUGIN_SCHEMA_JSON : SS_PLUGIN_SCHEMA_NONE;
	return is_json ? t->a : "";
}

void gyr__texts_free(struct gyr__texts *t)
{
	free(t->a);
	free(t->b);
	free(t->c);
	*t = (struct gyr__texts){0};
}
