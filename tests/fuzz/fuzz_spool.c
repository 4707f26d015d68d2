/*
 * fuzz_spool: the input is a segment of a spool, as a disk may give it back. It is looked through as
 * the reader does, whole and in pieces, and both ways find the same records; what unpacks packs again
 * to the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "route/frame.h"

enum { PIECE = 100 };

/* Every record of @bytes, in order: how many, and a sum of where they are. */
static size_t walk(struct str bytes, size_t piece, uint64_t *ret_sum)
{
	size_t at = 0, n = 0, want = piece;
	struct frame f;

	*ret_sum = 0;
	while (at < bytes.len) {
		const size_t left = bytes.len - at, len = left < want ? left : want;
		const int r = frame_find((struct str){bytes.p + at, len}, len == left, &f);

		if (f.skipped > len)
			abort();
		at += f.skipped;
		want = piece;
		if (r == FRAME_E_NONE)
			return n;
		if (r == FRAME_E_MORE) {
			if (len == left || (f.skipped == 0 && f.len <= len))
				abort(); /* asked for what it had */
			want = f.len > piece ? f.len : piece;
			continue;
		}
		*ret_sum = *ret_sum * 31 + at + f.len + f.seq;
		at += f.len;
		n++;
	}
	return n;
}

static void repack(const struct frame *f)
{
	struct arena arena = ARENA_NULL;
	struct gyr_alert a;
	struct buf b;

	if (frame_unpack(f->body, &arena, &a) == 0) {
		buf_init(&b, 64 << 20);
		if (frame_add(&b, f->seq, &a) < 0 || b.len != f->len ||
		    memcmp(b.p + FRAME_HEAD, f->body.p, f->body.len) != 0)
			abort();
		buf_deinit(&b);
	}
	arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str bytes = {(const char *)data, size};
	uint64_t whole, pieces;
	struct frame f;
	size_t at = 0;

	if (walk(bytes, size + 1, &whole) != walk(bytes, PIECE, &pieces) || whole != pieces)
		abort();
	while (frame_find((struct str){bytes.p + at, size - at}, true, &f) == 0) {
		repack(&f);
		at += f.skipped + f.len;
	}
	return 0;
}
