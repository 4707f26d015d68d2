/*
 * constant: the text of a constant -> a value of a field's type.
 *
 * Threads: any (service names are asked of the system with the reentrant call).
 */
#pragma once

#include "filter/typecheck.h"

enum {
	CONSTANT_MAX = 64 * 1024, /* bytes of one constant */
};

/* Converts ret->text (set by the caller) to the type the left side of @op has. Sets v and prefix.
 * -EINVAL with @err (its span is left to the caller); -ENOMEM. */
int constant_convert(enum field_type type, enum filter_op op, struct arena *a, struct constant *ret,
		     struct err *err);

/* @text as a decimal number that fits 64 bits, a sign allowed. False when it is none. */
bool constant_number(struct str text, bool *ret_negative, uint64_t *ret_magnitude);
