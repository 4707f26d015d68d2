/*
 * ini: the text of ~/.aws/config and ~/.aws/credentials.
 *
 * Sections in brackets, "key = value" below them, '#' and ';' begin a comment at the start of a line and after a blank.
 * Lines that begin with a blank go on with the key before: "s3 =" and then "  addressing_style = path" is the key
 * "s3.addressing_style". A text without sections or keys is fine; a line that is neither is not.
 *
 * Bounds: AWS_INI_BYTES a file, AWS_INI_LINE a line.
 *
 * Threads: any; no state.
 */
#pragma once

#include <stddef.h>

enum { AWS_INI_BYTES = 1 << 20, AWS_INI_LINE = 64 << 10 };

/* A value, without blanks around it. @section is what stands in the brackets. All texts are gone after the call. Not 0: stop. */
typedef int (*aws_ini_fn)(void *arg, const char *section, const char *key, const char *value,
			  unsigned line);

/* Where reading stopped. */
struct aws_ini_stop {
	unsigned line;   /* from 1; 0: before the first */
	const char *why; /* what is wrong with it; "": nothing. Lives forever. */
};

/* 0; what on_value answered; -EINVAL or -E2BIG with the reason in @ret; -ENOMEM. */
int aws_ini_read(const char *text, size_t len, aws_ini_fn on_value, void *arg,
		 struct aws_ini_stop *ret) __attribute__((warn_unused_result));
