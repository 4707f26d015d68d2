#include "run/recorder.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "gyr/scapwrite.h"
#include "util/mem.h"

struct recorder {
	const char *path;
	struct gyr_scapwrite *writer;
	uint64_t n_left_out; /* events that could not be written, for what they are */
};

static int fail(const char *path, int r, struct err *err)
{
	err_set(err, 0, 0, "recording '%s': %s", path, strerror(-r));
	return r;
}

int recorder_new(const char *path, struct recorder **ret, struct err *err)
{
	struct recorder *r = mem_new(sizeof(*r));
	int n;

	if (!r)
		return -ENOMEM;
	r->path = path;
	n = gyr_scapwrite_open(path, &r->writer);
	if (n < 0) {
		(void)mem_free(r);
		return fail(path, n, err);
	}
	*ret = r;
	return 0;
}

void recorder_event(struct recorder *r, const struct event *evt)
{
	r->n_left_out += gyr_scapwrite_event(r->writer, evt->raw, evt->is_hidden) == -EBADMSG;
}

void recorder_head(struct recorder *r, const ss_plugin_event *evt)
{
	r->n_left_out += gyr_scapwrite_event(r->writer, evt, true) == -EBADMSG;
}

int recorder_close(struct recorder *r, struct err *err)
{
	int n;

	if (!r)
		return 0;
	n = gyr_scapwrite_close(r->writer);
	if (n < 0) {
		(void)fail(r->path, n, err);
	} else if (r->n_left_out) {
		n = -EBADMSG;
		err_set(err, 0, 0, "recording '%s': %llu malformed events were left out", r->path,
			(unsigned long long)r->n_left_out);
	}
	(void)mem_free(r);
	return n;
}
