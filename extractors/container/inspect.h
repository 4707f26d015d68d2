/*
 * inspect: answers of the HTTP interface that docker and podman share, made into the description of
 * cinfo.h.
 *
 * Format: Docker Engine API, "Inspect a container" and "Inspect an image" (v1.24 and later).
 *
 * Threads: any; nothing is kept.
 */
#pragma once

#include "jsonout.h"
#include <stdint.h>

struct inspect {
	/* Answers; all but the first may be NULL: not known. */
	const char *container, *image, *neighbour;
	size_t container_len, image_len, neighbour_len;
	uint32_t type;        /* enum cinfo_type */
	size_t label_max_len; /* longer labels are left out */
};

/* The image of a container, for the second question, to @ret (@size bytes). -EBADMSG. */
int inspect_image(const char *container, size_t len, char *ret, size_t size);

/* The container whose network this one is in, which has its address, as above. -ENOENT: it has its own. */
int inspect_neighbour(const char *container, size_t len, char *ret, size_t size);

/* Writes the description. -EBADMSG when the answer is not that of a container; -E2BIG. */
int inspect_describe(const struct inspect *in, struct jsonout *out);

/* The members of an image's name. */
void inspect_put_image(struct jsonout *out, const char *name, size_t len);

/* An object of labels, without those that are too long. */
void inspect_put_labels(struct jsonout *out, const char *key, const struct gyr_json *labels,
			size_t max_len);
