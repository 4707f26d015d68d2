/*
 * literal: what a pattern says about the texts it matches, so that a look-up can stand in for it.
 *
 * Threads: any.
 */
#pragma once

#include "util/str.h"

enum glob_shape {
	GLOB_EXACT,    /* no special character: equality */
	GLOB_PREFIX,   /* "abc*" */
	GLOB_SUFFIX,   /* "*abc" */
	GLOB_CONTAINS, /* "*abc*" */
	GLOB_ANY,      /* "*" and "**": any text */
	GLOB_OTHER,    /* the literal is the longest text every match contains; may be empty */
};

/* The shape of an fnmatch() pattern and its literal (a span of @pattern). */
enum glob_shape glob_shape(struct str pattern, struct str *ret_literal);

/* The longest ASCII text that everything matched by a POSIX extended expression contains, as a span
 * of @pattern; empty when none is certain. Errs on the side of empty. */
struct str regex_literal(struct str pattern);
