/*
 * deliver: hands a batch of alerts to a plugin that takes them one by one, and keeps count of what
 * arrived.
 *
 * Order is kept: after the first alert that has to wait, the rest of the batch waits too. A flush
 * that fails turns what was accepted in this batch into "again".
 */
#include "sdk.h"

#include <stdlib.h>
#include <string.h>

struct instance {
	const struct gyr_output *desc;
	struct gyr__scratch owned;
	void *mem;
};

static struct instance *instance_free(struct instance *i)
{
	gyr__scratch_deinit(&i->owned);
	free(i->mem);
	free(i);
	return NULL;
}

static int instance_start(struct gyr *p, struct instance *i, const char *params)
{
	const struct gyr_output *d = i->desc;
	const struct gyr__options options = {d->params, "parameters", params};
	int r = gyr__options_read(p, &options, &i->owned, i->mem);

	if (r)
		return r;
	p->err[0] = '\0';
	r = d->open ? d->open(p, i->mem, params) : 0;
	if (r && !p->err[0])
		(void)gyr_fail(p, r, "open: %s", strerror(r < 0 ? -r : EINVAL));
	return r;
}

void *gyr__output_open(const struct gyr_output *d, ss_plugin_t *s, const char *params,
		       ss_plugin_rc *rc)
{
	struct gyr *p = s;
	struct instance *i = calloc(1, sizeof *i);
	void *mem = calloc(1, d->instance_size ? d->instance_size : 1);

	*rc = SS_PLUGIN_FAILURE;
	if (!i || !mem) {
		(void)gyr_fail(p, -ENOMEM, "open: no memory");
		free(i);
		free(mem);
		return NULL;
	}
	i->desc = d;
	i->mem = mem;
	if (instance_start(p, i, params ? params : ""))
		return instance_free(i);
	*rc = SS_PLUGIN_SUCCESS;
	return i;
}

/* Takes alerts one by one until one has to wait. The answer of that one, else 0. */
static int send_each(struct gyr *p, struct instance *i, const struct gyr_alert *const *alerts,
		     uint32_t n, uint8_t *verdicts)
{
	for (uint32_t k = 0; k < n; k++) {
		const int r = i->desc->send(p, i->mem, alerts[k]);

		if (r == GYR_REFUSED)
			verdicts[k] = GYR_ALERT_REFUSED;
		else if (r)
			return r;
		else
			verdicts[k] = GYR_ALERT_ACCEPTED;
	}
	return 0;
}

static int flush_all(struct gyr *p, struct instance *i, uint32_t n, uint8_t *verdicts)
{
	const int r = i->desc->flush ? i->desc->flush(p, i->mem) : 0;

	if (r == 0)
		return 0;
	for (uint32_t k = 0; k < n; k++)
		if (verdicts[k] == GYR_ALERT_ACCEPTED)
			verdicts[k] = GYR_ALERT_RETRY;
	return r;
}

ss_plugin_rc gyr__output_send(ss_plugin_t *s, void *inst, const struct gyr_alert *const *alerts,
			      uint32_t n, uint8_t *verdicts)
{
	struct gyr *p = s;
	struct instance *i = inst;
	int r;

	p->err[0] = '\0';
	memset(verdicts, GYR_ALERT_RETRY, n);
	if (i->desc->send_batch) {
		r = i->desc->send_batch(p, i->mem, alerts, n, verdicts);
	} else {
		r = send_each(p, i, alerts, n, verdicts);

		const int flushed = flush_all(p, i, n, verdicts);
		if (r == 0)
			r = flushed;
	}
	if (r == 0)
		return SS_PLUGIN_SUCCESS;
	if (!p->err[0])
		(void)gyr_fail(p, r, "send: %s", r < 0 ? strerror(-r) : "not now");
	return SS_PLUGIN_FAILURE;
}

void gyr__output_close(ss_plugin_t *s, void *inst)
{
	struct instance *i = inst;

	if (!i)
		return;
	if (i->desc->close)
		i->desc->close(s, i->mem);
	(void)instance_free(i);
}

ss_plugin_rc gyr__output_reopen(ss_plugin_t *s, void *inst)
{
	struct instance *i = inst;

	if (!i->desc->reopen)
		return SS_PLUGIN_SUCCESS;
	return i->desc->reopen(s, i->mem) ? SS_PLUGIN_FAILURE : SS_PLUGIN_SUCCESS;
}

void gyr__output_load(const struct gyr_output *d, struct gyr__texts *t)
{
	struct gyr_text schema = {0};

	if (d->params)
		gyr__options_schema(d->params, &schema);
	t->a = gyr__text_take(&schema);
}
