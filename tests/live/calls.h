/* calls: small pieces of code that make known calls, and the events that they must have. */
#pragma once

#include <stddef.h>

#include "watch.h"

struct call_case {
	const char *name;
	action *act;
	const char *expected[10]; /* lines of expect.h; NULL ends them */
};

struct call_cases {
	const struct call_case *rows;
	size_t n;
};

extern const struct call_cases calls_files, calls_fds, calls_sockets, calls_system, calls_compat;

/* Whether the kernel takes the calls of 32-bit programs. */
bool calls_compat_are_taken(void);

#define CASES(rows)                                 \
	{                                           \
		rows, sizeof(rows) / sizeof *(rows) \
	}
