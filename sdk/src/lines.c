/*
 * lines: many alerts to a file descriptor with few system calls.
 *
 * A short write may end inside a line. If the next write fails then (a full disk), the half line
 * must not stay, or the line offered again later would be glued to it: a regular file is cut back
 * to the end of its last whole line.
 */
#include <gyr/lines.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { LINES_A_WRITE = 256, WAIT_MS = 1000 };

static struct iovec line_of(const struct gyr_alert *a, enum gyr_lines_format format)
{
	const char *text = format == GYR_LINES_JSON ? a->json : a->text;
	const size_t len = format == GYR_LINES_JSON ? a->json_len : a->text_len;

	return (struct iovec){.iov_base = (char *)text, .iov_len = len};
}

/* Writes all of it. *ret_done counts the bytes that got out, whatever happens. */
static int write_all(int fd, struct iovec *iov, int n, size_t *ret_done)
{
	*ret_done = 0;
	while (n > 0) {
		ssize_t w = writev(fd, iov, n);

		if (w < 0 && errno == EAGAIN) {
			struct pollfd p = {.fd = fd, .events = POLLOUT};

			if (poll(&p, 1, WAIT_MS) == 0)
				return -EAGAIN;
			continue;
		}
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -errno;
		*ret_done += (size_t)w;
		for (; n > 0 && (size_t)w >= iov->iov_len; n--, iov++)
			w -= (ssize_t)iov->iov_len;
		if (n > 0) {
			iov->iov_base = (char *)iov->iov_base + w;
			iov->iov_len -= (size_t)w;
		}
	}
	return 0;
}

/* Takes the last @len bytes off a regular file. */
static void cut_tail(int fd, size_t len)
{
	struct stat st;

	if (len && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size >= len)
		(void)!ftruncate(fd, st.st_size - (off_t)len);
}

static int write_some(int fd, enum gyr_lines_format format, const struct gyr_alert *const *alerts,
		      uint32_t n, uint8_t *verdicts)
{
	struct iovec iov[2 * LINES_A_WRITE];
	size_t done;

	for (uint32_t i = 0; i < n; i++) {
		iov[2 * i] = line_of(alerts[i], format);
		iov[2 * i + 1] = (struct iovec){.iov_base = (char *)"\n", .iov_len = 1};
	}

	const int r = write_all(fd, iov, (int)(2 * n), &done);
	for (uint32_t i = 0; i < n; i++) {
		const size_t len = line_of(alerts[i], format).iov_len + 1;

		if (len > done)
			break;
		done -= len;
		verdicts[i] = GYR_ALERT_ACCEPTED;
	}
	if (r)
		cut_tail(fd, done);
	return r;
}

int gyr_lines_write(int fd, enum gyr_lines_format format, const struct gyr_alert *const *alerts,
		    uint32_t n, uint8_t *verdicts)
{
	for (uint32_t i = 0; i < n; i += LINES_A_WRITE) {
		const uint32_t some = n - i < LINES_A_WRITE ? n - i : LINES_A_WRITE;
		const int r = write_some(fd, format, alerts + i, some, verdicts + i);

		if (r)
			return r;
	}
	return 0;
}
