/*
 * image: the parts of the name of an image: [host[:port]/]name[:tag][@digest].
 *
 * Threads: any; nothing is kept.
 */
#pragma once

#include <stddef.h>

struct image_part {
	const char *p;
	size_t len; /* 0: there is none */
};

struct image {
	struct image_part repository; /* all before tag and digest */
	struct image_part tag, digest;
};

/* Splits a name; the parts point into it. */
struct image image_split(const char *name, size_t len);
