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

/* 0; what on_value answered; -EINVAL or -E2BIG with the number of the line in *ret_line and what is wrong with it in *ret_why; -ENOMEM. */
int aws_ini_read(const char *text, size_t len, aws_ini_fn on_value, void *arg, unsigned *ret_line,
		 const char **ret_why) __attribute__((warn_unused_result));
