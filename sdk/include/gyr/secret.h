/*
 * secret: a password or a token that lies in a file, so that it stands in no configuration.
 *
 * Threads: any.
 */
#pragma once

#include <stddef.h>

#include <gyr/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Reads the text of the file at @path into @ret (@size bytes with its NUL), without the line break at
 * its end. A negative errno by gyr_fail(), which names @key, the option the path came from: the
 * file's own, or -EINVAL for a text that is empty, too long or has control characters. Read it for
 * each use: secrets are changed under a running program.
 */
int gyr_read_secret(struct gyr *p, const char *key, const char *path, char *ret, size_t size);

#ifdef __cplusplus
}
#endif
