/*
 * The registry manifest, from any bytes: it is read or refused with a text, and what was read can be
 * found again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct registry *r = registry_new();
	struct err err = ERR_NULL;
	int fd = memfd_create("manifest", MFD_CLOEXEC);
	char path[64];

	if (!r || fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (registry_load(r, path, NULL, NULL, &err) < 0) {
		if (!err.is_set || registry_count(r))
			abort();
	}
	for (uint32_t i = 0; i < registry_count(r); i++) {
		const struct registry_entry *e = registry_at(r, i);

		if (registry_find_id(r, e->id) != e || registry_find_name(r, e->name) != e)
			abort();
	}
	close(fd);
	registry_free(r);
	return 0;
}
