/*
 * scap_window: the part of a stream that is in memory, in one piece.
 *
 * What was taken from it stays where it is until it is no longer lent (is_lent); only then may the window move on.
 * It grows for a block that is larger than itself, as its bytes arrive, so that a length that lies
 * costs nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scap_stream.h"

enum {
	_SCAP_WINDOW_E_SUCCESS,
	SCAP_WINDOW_E_SHORT, /* the stream ends before */
	SCAP_WINDOW_E_LENT,  /* it would have to move, and may not */
};

struct scap_window {
	struct scap_stream *stream;
	uint8_t *bytes;
	size_t cap, at, len; /* bytes[at .. len] are to come */
	uint64_t base;       /* offset in the stream of bytes[0] */
	bool is_lent;        /* something before `at` is in use */
	bool is_end;
	int error; /* of the stream, to be told when its bytes are used up */
};

/* Makes at least @size bytes be there. -ENOMEM, -EBADMSG or another of the stream. */
int scap_window_need(struct scap_window *w, size_t size);

void scap_window_deinit(struct scap_window *w);
