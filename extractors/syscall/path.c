/* path: directories and names to one path, as the kernel would read them. */
#include "state.h"

#include <string.h>

/* Adds the parts of @path behind the @n bytes of @out; ".." takes the last one away. */
static size_t add_parts(char *out, size_t n, size_t size, const char *path)
{
	while (*path) {
		const size_t len = strcspn(path, "/");

		if (len == 2 && path[0] == '.' && path[1] == '.') {
			while (n > 0 && out[n - 1] != '/')
				n--;
			n -= n > 0;
		} else if (len > 0 && !(len == 1 && path[0] == '.')) {
			if (n + len + 2 > size)
				return n;
			out[n++] = '/';
			memcpy(out + n, path, len);
			n += len;
		}
		path += len;
		path += *path == '/';
	}
	return n;
}

static inline uint64_t load(const char *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof v);
	return v;
}

/* Not 0 when one of eight bytes is a slash and the byte behind it a slash or a point; sometimes not 0
 * when none is. A byte of @v that is 0 gives (v - 1) & ~v its highest bit; so may one that is 1 above
 * such a byte. */
static inline uint64_t looks_odd(const char *at)
{
	const uint64_t ones = 0x0101010101010101ULL, tops = ones << 7, slashes = ones * '/';
	const uint64_t here = load(at) ^ slashes;
	const uint64_t next = (load(at + 1) | ones) ^ slashes; /* '.' | 1 is '/' */

	return (here - ones) & ~here & (next - ones) & ~next & tops;
}

bool path_is_plain(const char *path, size_t len)
{
	size_t i = 0;

	if (len == 0 || path[0] == '.' || path[len - 1] == '/')
		return false;
	for (; i + 9 <= len; i += 8)
		if (looks_odd(path + i))
			return false;
	if (i && i + 1 < len)
		return !looks_odd(path + len - 9);
	for (; i + 1 < len; i++)
		if (path[i] == '/' && (path[i + 1] == '/' || path[i + 1] == '.'))
			return false;
	return true;
}

size_t path_join(char *out, size_t size, const char *dir, const char *path)
{
	static const char unknown[] = "<UNKNOWN>";
	size_t n = 0;

	if (*path != '/' &&
	    *dir != '/') { /* a directory that is not known stays as it is written */
		const size_t len = strnlen(dir, size - 1);

		if (strncmp(dir, unknown, sizeof unknown - 1) != 0) {
			n = add_parts(out, 0, size, dir);
			n = add_parts(out, n, size, path);
			if (n > 0)
				memmove(out, out + 1, --n);
			out[n] = '\0';
			return n;
		}
		memcpy(out, dir, len);
		n = len && dir[len - 1] == '/' ? len - 1 : len;
		n = add_parts(out, n, size, path);
		out[n] = '\0';
		return n;
	}
	if (*path != '/')
		n = add_parts(out, 0, size, dir);
	n = add_parts(out, n, size, path);
	if (n == 0)
		out[n++] = '/';
	out[n] = '\0';
	return n;
}
