/*
 * paths: beside the program, or below the prefix.
 */
#include "config/paths.h"

#include <errno.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int join(char *ret, const char *dir, const char *rest)
{
	int n = snprintf(ret, PATHS_MAX, "%s/%s", dir, rest);

	return n < 0 || n >= PATHS_MAX ? -ENAMETOOLONG : 0;
}

int paths_find(struct paths *p)
{
	char exe[PATHS_MAX], *dir;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	bool is_build;
	int r;

	if (n < 0)
		return -errno;
	exe[n] = '\0';
	dir = dirname(exe);
	r = join(p->registry, dir, "registry.yaml");
	is_build = r == 0 && access(p->registry, F_OK) == 0;
	if (r == 0 && !is_build)
		r = join(p->registry, dir, "../" GYR_LIBDIR "/gyr/registry.yaml");
	if (r == 0)
		r = join(p->plugins, dir, is_build ? "plugins" : "../" GYR_LIBDIR "/gyr/plugins");
	if (r == 0 && is_build)
		r = join(p->rules, GYR_SOURCE_DIR, "rules");
	else if (r == 0)
		r = join(p->rules, dir, "../" GYR_DATADIR "/gyr/rules");
	if (r == 0)
		r = join(p->defaults, dir,
			 is_build ? "gyr.yaml" : "../" GYR_DATADIR "/gyr/gyr.yaml");
	return r;
}
