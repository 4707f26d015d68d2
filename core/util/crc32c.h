/*
 * crc32c: the checksum of Castagnoli (polynomial 0x1EDC6F41, reflected, as in RFC 3720 B.4).
 *
 * Threads: any.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Of @len bytes behind those that gave @crc; 0 to begin with. */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);
