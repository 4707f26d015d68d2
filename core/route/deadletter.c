#include "route/deadletter.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/mem.h"

enum { LINE_MAX_BYTES = 64 << 20 };

struct deadletter {
	struct deadletter_setup setup;
	int fd;
	uint64_t size;
	struct buf line;
};

static int open_file(struct deadletter *d)
{
	struct stat st;
	int fd = open(d->setup.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

	if (fd < 0)
		return -errno;
	d->size = fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	if (d->fd >= 0)
		(void)close(d->fd);
	d->fd = fd;
	return 0;
}

int deadletter_open(const struct deadletter_setup *setup, struct deadletter **ret, struct err *err)
{
	struct deadletter *d = mem_new(sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	d->setup = *setup;
	d->fd = -1;
	buf_init(&d->line, LINE_MAX_BYTES);
	r = open_file(d);
	if (r < 0) {
		err_set(err, 0, 0, "dead letter '%s': %s", setup->path, strerror(-r));
		(void)deadletter_close(d);
		return r;
	}
	*ret = d;
	return 0;
}

struct deadletter *deadletter_close(struct deadletter *d)
{
	if (!d)
		return NULL;
	if (d->fd >= 0)
		(void)close(d->fd);
	buf_deinit(&d->line);
	return mem_free(d);
}

static void add_text(struct buf *b, const char *key, const char *value)
{
	buf_printf(b, ",\"%s\":\"", key);
	buf_add_json(b, str_from(value));
	buf_add_char(b, '"');
}

static void make_line(struct deadletter *d, const struct gyr_alert *a, const char *reason,
		      const char *error)
{
	char when[32] = "";
	time_t now = time(NULL);
	struct tm tm;
	struct buf *b = &d->line;

	if (gmtime_r(&now, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_reset(b);
	buf_printf(b, "{\"time\":\"%s\"", when);
	add_text(b, "output", d->setup.output);
	add_text(b, "reason", reason);
	add_text(b, "error", error ? error : "");
	buf_printf(b, ",\"id\":\"%016llx\",\"alert\":", (unsigned long long)a->id);
	buf_add(b, a->json, a->json_len);
	buf_add_cstr(b, "}\n");
}

int deadletter_add(struct deadletter *d, const struct gyr_alert *a, const char *reason,
		   const char *error)
{
	ssize_t n;

	make_line(d, a, reason, error);
	if (d->line.failed)
		return -ENOMEM;
	if (d->size + d->line.len > d->setup.cap_bytes)
		return -EFBIG;
	n = write(d->fd, d->line.p, d->line.len);
	if (n == (ssize_t)d->line.len) {
		d->size += (uint64_t)n;
		return d->setup.sync && fdatasync(d->fd) < 0 ? -errno : 0;
	}
	if (n > 0) /* no half line may stay */
		(void)!ftruncate(d->fd, (off_t)d->size);
	return n < 0 ? -errno : -ENOSPC;
}

void deadletter_reopen(struct deadletter *d)
{
	(void)open_file(d);
}
