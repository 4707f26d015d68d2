#include "scap_window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 1 << 20 };

/* Room for more behind the bytes that are there. */
static int make_room(struct scap_window *w, size_t size)
{
	size_t cap = w->cap ? w->cap * 2 : FIRST_SIZE;
	uint8_t *bigger;

	if (w->len < w->cap && w->cap - w->at >= size)
		return 0;
	if (w->is_lent)
		return SCAP_WINDOW_E_LENT;
	if (w->at) {
		memmove(w->bytes, w->bytes + w->at, w->len - w->at);
		w->base += w->at;
		w->len -= w->at;
		w->at = 0;
	}
	if (w->len < w->cap)
		return 0;
	bigger = realloc(w->bytes, cap);
	if (!bigger)
		return -ENOMEM;
	w->bytes = bigger;
	w->cap = cap;
	return 0;
}

int scap_window_need(struct scap_window *w, size_t size)
{
	while (w->len - w->at < size) {
		long n;
		int r;

		if (w->error)
			return w->error;
		if (w->is_end)
			return SCAP_WINDOW_E_SHORT;
		r = make_room(w, size);
		if (r)
			return r;
		n = scap_stream_read(w->stream, w->bytes + w->len, w->cap - w->len);
		if (n < 0)
			w->error = (int)n;
		else if (n == 0)
			w->is_end = true;
		else
			w->len += (size_t)n;
	}
	return 0;
}

void scap_window_deinit(struct scap_window *w)
{
	free(w->bytes);
	(void)scap_stream_close(w->stream);
}
