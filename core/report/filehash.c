#include "report/filehash.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "host/digest.h"

void filehash_add(struct filehashes *h, const char *path, bool is_config)
{
	struct filehash *f = &h->files[h->n];
	uint8_t sha[32];
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	if (h->n == FILEHASH_MAX || strlen(path) >= FILEHASH_PATH) {
		h->n_lost++;
		return;
	}
	if (digest_sha256_file(path, sha) < 0)
		return;
	(void)snprintf(f->path, sizeof(f->path), "%s", path);
	for (int i = 0; i < 32; i++)
		(void)snprintf(f->hex + 2 * i, 3, "%02x", sha[i]);
	f->is_config = is_config;
	for (uint32_t i = 0; i < h->n; i++)
		if (strcmp(h->files[i].hex, f->hex) == 0 && h->files[i].is_config == is_config &&
		    strcmp(filehash_name(&h->files[i]), filehash_name(f)) == 0)
			return;
	h->n++;
}

const char *filehash_name(const struct filehash *f)
{
	const char *slash = strrchr(f->path, '/');

	return slash ? slash + 1 : f->path;
}
