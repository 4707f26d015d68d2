#include "filter/pmatch.h"

#include "filter/glob.h"

/* Cuts the next part off @path; false when there is none. */
static bool next_part(struct str *path, struct str *ret)
{
	size_t n = 0;

	while (path->len && path->p[0] == '/')
		*path = str_from_at(*path, 1);
	while (n < path->len && path->p[n] != '/')
		n++;
	*ret = (struct str){path->p, n};
	*path = str_from_at(*path, n);
	return n > 0;
}

static bool is_pattern(struct str part)
{
	return memchr(part.p, '*', part.len) || memchr(part.p, '?', part.len) ||
	       memchr(part.p, '[', part.len);
}

bool pmatch(struct str pattern, struct str path)
{
	struct str want, have;

	while (next_part(&pattern, &want)) {
		if (!next_part(&path, &have))
			return false;
		if (is_pattern(want) ? !glob_match(want, have, false) : !str_eq(want, have))
			return false;
	}
	return true;
}
