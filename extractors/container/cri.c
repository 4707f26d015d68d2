#include "cri.h"
#include <errno.h>
int cri_describe(const struct cri *c, const char *id, struct jsonout *out)
{
	(void)c;
	(void)id;
	(void)out;
	return -ENOENT;
}
int cri_describe_bare(const struct cri *c, const char *ns, const char *name, struct jsonout *out)
{
	(void)c;
	(void)ns;
	(void)name;
	(void)out;
	return -ENOENT;
}
