#include "route/frame.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "ruleset/ruleset.h"
#include "util/crc32c.h"

static const char magic[4] = {0x1e, 'G', 'Y', 0};

/* --- packing ---------------------------------------------------------------------------------- */

static void add_u32(struct buf *b, uint32_t v)
{
	v = htole32(v);
	buf_add(b, &v, sizeof(v));
}

static void add_u64(struct buf *b, uint64_t v)
{
	v = htole64(v);
	buf_add(b, &v, sizeof(v));
}

static void add_text(struct buf *b, const char *p, size_t len)
{
	add_u32(b, (uint32_t)len);
	buf_add(b, p, len);
	buf_add_char(b, '\0');
}

static void add_body(struct buf *b, const struct gyr_alert *a)
{
	add_u64(b, a->id);
	add_u64(b, a->ts);
	add_u32(b, a->priority);
	add_u32(b, a->n_tags);
	add_text(b, a->rule, strlen(a->rule));
	add_text(b, a->source, strlen(a->source));
	add_text(b, a->hostname, strlen(a->hostname));
	add_text(b, a->text, a->text_len);
	add_text(b, a->message, a->message_len);
	add_text(b, a->json, a->json_len);
	for (uint32_t i = 0; i < a->n_tags; i++)
		add_text(b, a->tags[i], strlen(a->tags[i]));
}

static void put_u32(char *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

int frame_add(struct buf *b, uint64_t seq, const struct gyr_alert *a)
{
	const size_t from = b->len;
	char *head;

	if (a->n_tags > FRAME_MAX_TAGS)
		return -EMSGSIZE;
	buf_add(b, magic, sizeof(magic));
	add_u32(b, 0);
	add_u64(b, seq);
	add_u64(b, 0);
	add_body(b, a);
	if (b->failed)
		return -ENOMEM;
	if (b->len - from - FRAME_HEAD > FRAME_MAX_BODY) {
		b->len = from;
		return -EMSGSIZE;
	}
	head = b->p + from;
	put_u32(head + 4, (uint32_t)(b->len - from - FRAME_HEAD));
	put_u32(head + 16, crc32c(0, head, 16));
	put_u32(head + 20, crc32c(0, head + FRAME_HEAD, b->len - from - FRAME_HEAD));
	return 0;
}

/* --- finding ---------------------------------------------------------------------------------- */

static uint32_t get_u32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static uint64_t get_u64(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* Where a head may begin, from @at on. */
static size_t next_magic(struct str bytes, size_t at)
{
	const char *p;

	while (at < bytes.len) {
		size_t left;

		p = memchr(bytes.p + at, magic[0], bytes.len - at);
		if (!p)
			return bytes.len;
		at = (size_t)(p - bytes.p);
		left = bytes.len - at;
		if (memcmp(p, magic, left < sizeof(magic) ? left : sizeof(magic)) == 0)
			return at;
		at++;
	}
	return bytes.len;
}

static bool is_head(const char *p)
{
	return get_u32(p + 16) == crc32c(0, p, 16) && get_u32(p + 4) <= FRAME_MAX_BODY;
}

int frame_find(struct str bytes, bool is_end, struct frame *ret)
{
	size_t at = next_magic(bytes, 0);

	*ret = (struct frame){0};
	for (; at < bytes.len; at = next_magic(bytes, at + 1)) {
		const char *p = bytes.p + at;
		const size_t left = bytes.len - at;
		size_t len = FRAME_HEAD;

		if (left >= FRAME_HEAD) {
			if (!is_head(p))
				continue;
			len += get_u32(p + 4);
		}
		if (left < len && is_end)
			continue;
		if (left < len) {
			ret->skipped = at;
			ret->len = len;
			return FRAME_E_MORE;
		}
		ret->body = (struct str){p + FRAME_HEAD, len - FRAME_HEAD};
		if (crc32c(0, ret->body.p, ret->body.len) != get_u32(p + 20))
			continue;
		ret->skipped = at;
		ret->len = len;
		ret->seq = get_u64(p + 8);
		return 0;
	}
	ret->skipped = bytes.len;
	return is_end ? FRAME_E_NONE : FRAME_E_MORE;
}

/* --- unpacking -------------------------------------------------------------------------------- */

struct reader {
	const char *p, *end;
	bool failed;
};

static const char *take(struct reader *r, size_t len)
{
	const char *p = r->p;

	if (r->failed || len > (size_t)(r->end - p)) {
		r->failed = true;
		return "\0\0\0\0\0\0\0";
	}
	r->p += len;
	return p;
}

/* A text with its NUL, and no other NUL in it. */
static const char *take_text(struct reader *r, uint32_t *ret_len)
{
	const uint32_t len = get_u32(take(r, 4));
	const char *p = take(r, (size_t)len + 1);

	if (r->failed || memchr(p, '\0', (size_t)len + 1) != p + len) {
		r->failed = true;
		*ret_len = 0;
		return "";
	}
	*ret_len = len;
	return p;
}

int frame_unpack(struct str body, struct arena *arena, struct gyr_alert *ret)
{
	struct reader r = {.p = body.p, .end = body.p + body.len};
	struct gyr_alert a = {.size = sizeof(a)};
	const char **tags;
	uint32_t ignored;

	a.id = get_u64(take(&r, 8));
	a.ts = get_u64(take(&r, 8));
	a.priority = get_u32(take(&r, 4));
	a.n_tags = get_u32(take(&r, 4));
	if (r.failed || a.priority > RULE_DEBUG || a.n_tags > FRAME_MAX_TAGS)
		return -EBADMSG;
	tags = arena_alloc(arena, (a.n_tags + 1) * sizeof(*tags));
	if (!tags)
		return -ENOMEM;
	a.priority_name = rule_priority_name((enum rule_priority)a.priority);
	a.rule = take_text(&r, &ignored);
	a.source = take_text(&r, &ignored);
	a.hostname = take_text(&r, &ignored);
	a.text = take_text(&r, &a.text_len);
	a.message = take_text(&r, &a.message_len);
	a.json = take_text(&r, &a.json_len);
	for (uint32_t i = 0; i < a.n_tags; i++)
		tags[i] = take_text(&r, &ignored);
	if (r.failed || r.p != r.end)
		return -EBADMSG;
	a.tags = tags;
	*ret = a;
	return 0;
}
