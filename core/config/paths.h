/*
 * paths: where the program finds what came with it.
 *
 * In the build tree everything lies beside the program, and the rules in the source tree above it; an
 * installed program finds it below its prefix. The registry manifest beside the program tells the two
 * apart.
 *
 * Lifetime: the struct itself. Threads: immutable once found.
 */
#pragma once

enum { PATHS_MAX = 4096 };

struct paths {
	char registry[PATHS_MAX];
	char plugins[PATHS_MAX];
	char rules[PATHS_MAX];    /* a folder for each event source */
	char defaults[PATHS_MAX]; /* the configuration that holds without one; may not exist */
};

/* 0, or the errno of what went wrong. */
int paths_find(struct paths *p);
