/*
 * digest: reading files whole and knowing that they are the right ones.
 *
 * Threads: any.
 */
#pragma once

#include <stdint.h>

#include "host/registry.h"
#include "util/buf.h"

/* Appends the file to @out, up to its cap. Negative errno; -EFBIG beyond the cap, -EISDIR for what
 * is no regular file. */
int digest_read_file(const char *path, struct buf *out);

/* SHA-256 of a file that is read in pieces, or of bytes. */
int digest_sha256_file(const char *path, uint8_t ret_sha[32]);
int digest_sha256(struct str bytes, uint8_t ret_sha[32]);

/* Checks @manifest with "@path.sig" and the keys of @trust. 0 with *ret_sig; -EINVAL with @err for
 * a key file that cannot be read. */
int digest_check_signature(const char *path, struct str manifest,
			   const struct registry_trust *trust, enum registry_signature *ret_sig,
			   struct err *err);
