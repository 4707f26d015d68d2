/* image: see image.h. */
#include "image.h"

#include <string.h>

struct image image_split(const char *name, size_t len)
{
	const char *at = memchr(name, '@', len);
	struct image i = {0};

	if (at) {
		i.digest = (struct image_part){at + 1, (size_t)(name + len - at) - 1};
		len = (size_t)(at - name);
	}
	/* A colon before the last slash is that of a port. */
	const char *slash = memrchr(name, '/', len);
	const char *last = slash ? slash + 1 : name;
	const char *colon = memchr(last, ':', (size_t)(name + len - last));
	if (colon) {
		i.tag = (struct image_part){colon + 1, (size_t)(name + len - colon) - 1};
		len = (size_t)(colon - name);
	}
	i.repository = (struct image_part){name, len};
	return i;
}
