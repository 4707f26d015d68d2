/*
 * fuzz_cgroup: any path, for any set of engines that the first byte chooses. What is found lies inside
 * the path, and is not longer than a column takes.
 */
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct cgroup_match m;
	char *path;

	if (!size)
		return 0;
	path = malloc(size); /* exact: a reader beyond it is found */
	if (!path)
		return 0;
	memcpy(path, data + 1, size - 1);
	if (cgroup_match(path, size - 1, data[0], &m)) {
		if (!m.len || m.len > CGROUP_NAME_MAX || m.shown > m.len || !m.shown ||
		    m.id < path || m.id + m.len > path + size - 1)
			abort();
		if (m.ns && (m.ns < path || m.ns + m.ns_len > m.id))
			abort();
	}
	free(path);
	return 0;
}
