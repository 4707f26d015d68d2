/*
 * siphash: a keyed hash of bytes, SipHash-2-4 (Aumasson, Bernstein: SipHash, a fast short-input PRF,
 * 2012). Who does not know the key cannot make two inputs meet, so that what is chosen from outside
 * may stand in a table by this hash alone.
 *
 * Threads: any.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t k0, k1;
};

uint64_t siphash(const struct siphash_key *key, const void *data, size_t len);
