/*
 * push: asynchronous events, from whichever thread of the plugin, to the host; and the two calls
 * about a capture.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sdk.h"

enum { PUSH_MAX = 64 << 20, ASYNC_CODE = 402, N_PARAMS = 3 };

/* Where an asynchronous event goes. */
struct to {
	ss_plugin_owner_t *owner;
	ss_plugin_async_event_handler_t handler;
};

static int send(struct to to, const struct gyr_async_event *e)
{
	const size_t name_len = strlen(e->name) + 1;
	const size_t head = sizeof(ss_plugin_event) + N_PARAMS * sizeof(uint32_t);
	const size_t size = head + sizeof(uint32_t) + name_len + e->len;
	const uint32_t id = 0;
	ss_plugin_rc rc;

	if (e->len > PUSH_MAX || name_len > PUSH_MAX)
		return -EMSGSIZE;
	uint8_t *bytes = malloc(size);
	if (!bytes)
		return -ENOMEM;

	const ss_plugin_event evt = {.ts = e->ts,
				     .tid = e->tid,
				     .len = (uint32_t)size,
				     .type = ASYNC_CODE,
				     .nparams = N_PARAMS};
	const uint32_t lens[N_PARAMS] = {sizeof id, (uint32_t)name_len, (uint32_t)e->len};
	memcpy(bytes, &evt, sizeof evt);
	memcpy(bytes + sizeof evt, lens, sizeof lens);
	memcpy(bytes + head, &id, sizeof id);
	memcpy(bytes + head + sizeof id, e->name, name_len);
	if (e->len)
		memcpy(bytes + head + sizeof id + name_len, e->data, e->len);
	rc = to.handler(to.owner, (const ss_plugin_event *)(void *)bytes, NULL);
	free(bytes);
	return rc == SS_PLUGIN_SUCCESS ? 0 : -EINVAL;
}

int gyr_push(struct gyr *p, const struct gyr_async_event *evt)
{
	if (!p->push)
		return -EAGAIN;
	return send((struct to){p->push_owner, p->push}, evt);
}

int gyr_dump_async(struct gyr_dump *d, const char *name, uint64_t ts, const void *data, size_t len)
{
	const struct gyr_async_event evt = {
		.name = name, .ts = ts, .tid = UINT64_MAX, .data = data, .len = len};

	return send((struct to){d->owner, d->handler}, &evt);
}

ss_plugin_rc gyr__async_set(const struct gyr_async *d, ss_plugin_t *s, ss_plugin_owner_t *owner,
			    ss_plugin_async_event_handler_t handler)
{
	struct gyr *p = s;

	if (p->push && d->stop)
		d->stop(p);
	p->push = handler;
	p->push_owner = owner;
	if (!handler || !d->start || d->start(p) == 0)
		return SS_PLUGIN_SUCCESS;
	p->push = NULL;
	return SS_PLUGIN_FAILURE;
}

int gyr_dump(struct gyr_dump *d, const ss_plugin_event *evt)
{
	return d->handler(d->owner, evt, NULL) == SS_PLUGIN_SUCCESS ? 0 : -EINVAL;
}

ss_plugin_rc gyr__dump(int (*fn)(struct gyr *, struct gyr_dump *), ss_plugin_t *s,
		       const struct gyr_dump *to)
{
	struct gyr_dump d = *to;

	return fn(s, &d) == 0 ? SS_PLUGIN_SUCCESS : SS_PLUGIN_FAILURE;
}

ss_plugin_rc gyr__listen(int (*fn)(struct gyr *, const ss_plugin_capture_listen_input *),
			 ss_plugin_t *s, const ss_plugin_capture_listen_input *in)
{
	return !fn || fn(s, in) == 0 ? SS_PLUGIN_SUCCESS : SS_PLUGIN_FAILURE;
}
