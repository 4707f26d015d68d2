/*
 * folder: every file of some kind at or below a path, in order of name.
 */
#pragma once

#include <stdbool.h>

#include "util/err.h"

struct folder_walk {
	bool (*wants)(const char *name);          /* of a file in a folder */
	int (*file)(void *ctx, const char *path); /* an answer below 0 ends the walk */
	void *ctx;
};

/* Calls w->file for @path when it is a file, whatever its name, else for the wanted files below it;
 * names that start with a dot are passed over, links to folders not followed. Negative errno with
 * @err for what cannot be read or lies more than 32 folders deep. */
int folder_each(const char *path, const struct folder_walk *w, struct err *err);
