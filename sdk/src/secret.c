/*
 * secret: a text from a file, for options that must not stand in a configuration.
 */
#include <gyr/secret.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int gyr_read_secret(struct gyr *p, const char *key, const char *path, char *ret, size_t size)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, size);
	const int why = errno;

	if (fd >= 0)
		(void)close(fd);
	if (n < 0)
		return gyr_fail(p, -why, "'%s': '%s': %s", key, path, strerror(why));
	while (n > 0 && (ret[n - 1] == '\n' || ret[n - 1] == '\r'))
		n--;
	if (n == 0 || (size_t)n == size)
		return gyr_fail(p, -EINVAL, "'%s': '%s': %s", key, path,
				n ? "too long" : "is empty");
	ret[n] = '\0';
	for (ssize_t i = 0; i < n; i++)
		if ((unsigned char)ret[i] < 0x20 || ret[i] == 0x7f)
			return gyr_fail(p, -EINVAL, "'%s': '%s': has a control character", key,
					path);
	return 0;
}
