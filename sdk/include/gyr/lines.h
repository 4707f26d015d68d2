/*
 * lines: a batch of alerts as lines on a file descriptor, each line whole or not there at all.
 *
 * What outputs that write to files, pipes and terminals share. One writev() for many lines.
 *
 * Threads: pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <gyr/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

enum gyr_lines_format {
	GYR_LINES_TEXT, /* alert->text */
	GYR_LINES_JSON, /* alert->json */
};

/*
 * Writes @n alerts to @fd (blocking, or not: it is waited for up to a second at a time) and answers
 * each in @verdicts. 0, or a negative errno: the lines written before stand as accepted, the rest
 * stays as it was; of a line cut half-way by the error nothing is left in a regular file.
 */
int gyr_lines_write(int fd, enum gyr_lines_format format, const struct gyr_alert *const *alerts,
		    uint32_t n, uint8_t *verdicts);

#ifdef __cplusplus
}
#endif
