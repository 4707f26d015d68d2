/*
 * compare: one value against one constant.
 *
 * Threads: any.
 */
#pragma once

#include "filter/typecheck.h"

/* Whether @v @op @c holds, both of @type, @v present. IN and INTERSECTS mean equality (for a
 * network: inside it). For FILTER_OP_REGEX the bytes of @v must be valid UTF-8. */
bool compare_values(enum filter_op op, enum field_type type, const union value *v,
		    const struct constant *c);
