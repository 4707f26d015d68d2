/*
 * scapmetawrite: makes the records of gyr/scapmeta.h, for sources.
 *
 *	struct gyr_meta_user user = {.uid = 0, .name = {"root", 4}, ...};
 *	const struct gyr_meta_shape *shape = GYR_META_SHAPE(GYR_META_USER, user, name);
 *	void *room = ...;                       // gyr_meta_size(shape) bytes
 *	ss_plugin_event *evt = gyr_meta_write(shape, room);
 *
 * Lifetime: a shape points at what it was made from. Threads: any.
 */
#pragma once

#include <string.h>

#include <gyr/abi.h>
#include <gyr/scapmeta.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is written of a struct of scapmeta.h: @numbers bytes at @p, then its texts. Without texts and
 * counts (is_plain) the bytes are the data as they are. */
struct gyr_meta_shape {
	const char *name;
	const void *p;
	size_t numbers;
	const struct gyr_meta_text *texts;
	size_t n_texts;
	int is_plain;
};

#define GYR_META_SHAPE(text, x, first)                                                 \
	(&(const struct gyr_meta_shape){                                               \
		.name = (text),                                                        \
		.p = &(x),                                                             \
		.numbers = (size_t)((char *)&(x).first - (char *)&(x)),                \
		.texts = &(x).first,                                                   \
		.n_texts = (sizeof(x) - (size_t)((char *)&(x).first - (char *)&(x))) / \
			   sizeof(struct gyr_meta_text)})

/* A record without data. */
#define GYR_META_MARK(text) (&(const struct gyr_meta_shape){.name = (text), .p = "", .is_plain = 1})

/* The record that hides a whole event. */
#define GYR_META_HIDE(evt)               \
	(&(const struct gyr_meta_shape){ \
		.name = GYR_META_HIDDEN, .p = (evt), .numbers = (evt)->len, .is_plain = 1})

static inline size_t gyr__meta_data_size(const struct gyr_meta_shape *shape)
{
	size_t size = shape->numbers;

	if (shape->is_plain)
		return size;
	size += 2 * sizeof(uint16_t);
	for (size_t i = 0; i < shape->n_texts; i++)
		size += sizeof(uint32_t) + shape->texts[i].len + 1;
	return size;
}

static inline char *gyr__meta_put(char *at, const void *p, size_t len)
{
	if (len)
		memcpy(at, p, len);
	return at + len;
}

/* Bytes of the event. */
static inline size_t gyr_meta_size(const struct gyr_meta_shape *shape)
{
	return sizeof(ss_plugin_event) + 4 * sizeof(uint32_t) + strlen(shape->name) + 1 +
	       gyr__meta_data_size(shape);
}

/* Writes it to @room, of gyr_meta_size() bytes and any alignment; its time is 0. */
static inline ss_plugin_event *gyr_meta_write(const struct gyr_meta_shape *shape, void *room)
{
	const uint32_t name_len = (uint32_t)strlen(shape->name) + 1;
	const uint32_t params[] = {4, name_len, (uint32_t)gyr__meta_data_size(shape), 0};
	ss_plugin_event head;
	const uint16_t numbers = (uint16_t)shape->numbers, n_texts = (uint16_t)shape->n_texts;
	char *at = (char *)room;

	memset(&head, 0, sizeof head);
	head.tid = UINT64_MAX;
	head.len = (uint32_t)gyr_meta_size(shape);
	head.type = GYR_EVENT_ASYNC;
	head.nparams = 3;
	at = gyr__meta_put(at, &head, sizeof head);
	at = gyr__meta_put(at, params, sizeof params);
	at = gyr__meta_put(at, shape->name, name_len);
	if (shape->is_plain) {
		(void)gyr__meta_put(at, shape->p, shape->numbers);
		return (ss_plugin_event *)room;
	}
	at = gyr__meta_put(at, &numbers, sizeof numbers);
	at = gyr__meta_put(at, shape->p, shape->numbers);
	at = gyr__meta_put(at, &n_texts, sizeof n_texts);
	for (size_t i = 0; i < shape->n_texts; i++) {
		const uint32_t len = (uint32_t)shape->texts[i].len;

		at = gyr__meta_put(at, &len, sizeof len);
		at = gyr__meta_put(at, shape->texts[i].p, len);
		at = gyr__meta_put(at, "", 1);
	}
	return (ss_plugin_event *)room;
}

#ifdef __cplusplus
}
#endif
