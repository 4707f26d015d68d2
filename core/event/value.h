/*
 * value: what an extractor answered.
 *
 * A field is absent (is_set false) or has n values: 1 for a scalar, any number for a list (0 too),
 * any number for a FIELD_ANY field. Which member of `struct value` holds depends on the field's
 * type: integers, bool, times, ports, flags   u64 (signed types: the two's complement,
 * sign-extended) FT_DOUBLE                             dbl everything else bytes; strings without
 * their NUL; addresses 4 or 16 bytes in network order
 *
 * Lifetime: until the next event of the same source thread, unless copied.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "event/field.h"
#include "util/buf.h"
#include "util/str.h"

union value {
	uint64_t u64;
	int64_t i64;
	double dbl;
	struct str bytes;
};

struct values {
	bool is_set;
	uint32_t n;
	const union value *v;
};

/* Which member of union value a type uses. */
enum value_kind { VALUE_U64, VALUE_I64, VALUE_DBL, VALUE_BYTES };
enum value_kind value_kind(enum field_type t);

/* Appends the values of @f as alert text shows them: "(a,b)" for a list, "a b" for a field that is
 * no list but has several, "<NA>" for absent. */
void value_print(struct buf *b, const struct field *f, const struct values *v);

/* Appends them as JSON: number, bool, string, array for a list, or null. */
void value_print_json(struct buf *b, const struct field *f, const struct values *v);
