/*
 * frame: one record of a spool as bytes: a head that says how long it is, the packed alert, and
 * checksums of both.
 *
 *	offset  size
 *	0       4     magic 1e 47 59 00
 *	4       4     length of the body
 *	8       8     sequence number, one more than that of the record before
 *	16      4     CRC32C of the 16 bytes above
 *	20      4     CRC32C of the body
 *	24      ...   body
 *
 * All numbers are little endian. The magic cannot stand in a body's texts, which hold no NUL and no
 * control character, so that after damage the next record is found by looking for it. The head has a
 * checksum of its own: a damaged length leads nobody astray.
 *
 *	body: id 8, ts 8, priority 4, count of tags 4, then texts, each as length 4, bytes, NUL:
 *	      rule, source, hostname, text, message, json, tags in their order
 *
 * Threads: pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gyr/abi.h"
#include "util/arena.h"
#include "util/buf.h"

enum {
	FRAME_HEAD = 24,
	FRAME_MAX_BODY = 64 << 20,
	FRAME_MAX_TAGS = 1024,
};

enum {
	_FRAME_E_SUCCESS,
	FRAME_E_MORE, /* the bytes end before it does */
	FRAME_E_NONE, /* no frame in these bytes, and nothing follows */
};

struct frame {
	size_t skipped; /* bytes before it that belong to no frame */
	size_t len;     /* of head and body */
	uint64_t seq;
	struct str body;
};

/* Appends @a as a frame; -EMSGSIZE when it is too large or has too many tags, -ENOMEM. */
int frame_add(struct buf *b, uint64_t seq, const struct gyr_alert *a);

/* The first frame in @bytes. @is_end: nothing follows them. FRAME_E_MORE: ask again with @skipped
 * bytes fewer in front and, when @len is not 0, at least that many in all. FRAME_E_NONE: @skipped is
 * all of them. */
int frame_find(struct str bytes, bool is_end, struct frame *ret);

/* Views into @body, which must outlive @ret, as must @arena, where the list of tags goes. -EBADMSG
 * when @body is no packed alert, -ENOMEM. */
int frame_unpack(struct str body, struct arena *arena, struct gyr_alert *ret);
