/*
 * json_impl: what the parts of the JSON scanner share.
 *
 * The scanner exists in several builds of one text (json_walk.inc): portable, and with the vector
 * instructions of the machine. All give the same results; json.c picks one at first use.
 */
#pragma once

#include <string.h>

#include "gyr/json.h"

/* One key of the trie. Its children lie in a small hash table keyed by length and first eight bytes
 * of the key, so that a key of the document is compared with at most about one of them. */
struct json_node {
	struct gyr_json span; /* of the document loaded, when stamp is the reader's epoch */
	uint32_t stamp;
	uint32_t n_children;
	uint32_t slots;      /* first slot of its table in the reader's */
	uint32_t shift;      /* 64 - log2(number of slots) */
	bool is_wanted;      /* somebody asks for the value itself */
	bool has_index;      /* some child is a number: arrays matter */
	uint32_t next_index; /* one more than the largest such number */
	uint32_t parent;
	uint32_t key, key_len; /* in the reader's key text */
	uint32_t id;           /* number of the pointer that ends here, when wanted */
	uint32_t index;        /* the key as an array index; UINT32_MAX when it is none */
};

struct json_slot {
	uint64_t head; /* first eight bytes of the key, zero-padded */
	uint32_t len;
	uint32_t node; /* 0: free (the root is nobody's child) */
};

struct gyr_json_reader {
	struct json_node *nodes;
	struct json_slot *slots;
	char *keys;
	uint32_t *ids; /* pointer number -> node */
	uint32_t n_nodes, n_keys, n_ids, n_wanted;
	uint32_t n_laid_out; /* nodes whose children's tables are built */
	uint32_t cap_nodes, cap_slots, cap_keys, cap_ids;
	uint32_t epoch;
	uint32_t n_left; /* pointers not found yet in this pass */
	bool is_strict, is_built, is_scanned;
	int result;
	const char *doc, *end;
	const char *bad; /* where it stops being JSON */
};

struct json_ops {
	/* From behind an opening quote to the closing one; NULL when there is none. */
	const char *(*string)(const char *p, const char *end, bool *ret_escapes);
	/* The value at p; returns what follows it. NULL: *ret_bad is where it breaks. */
	const char *(*value)(const char *p, const char *end, struct gyr_json *ret,
			     const char **ret_bad);
	int (*scan)(struct gyr_json_reader *r);
};

extern const struct json_ops gyr__json_swar;
extern const struct json_ops gyr__json_avx2;

/* The build in use; and, for tests, the choice of it: 0 portable, 1 vectors. -ENOTSUP. */
const struct json_ops *gyr__json_ops(void);
int gyr__json_use(int level);

/* Checks the text of a number or of true, false, null. */
bool gyr__json_is_number(const char *p, size_t len);

/* As gyr_json_text() for bytes; -1 for a broken escape, otherwise the length. */
int64_t gyr__json_unescape(const char *p, size_t len, char *dst);

static inline uint64_t json_load64(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof w);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

static inline uint64_t json_head(const char *key, size_t len, const char *end)
{
	uint64_t w = 0;

	if (end - key >= 8) {
		w = json_load64(key);
		return len >= 8 ? w : w & (((uint64_t)1 << (8 * len)) - 1);
	}
	for (size_t i = 0; i < len && i < 8; i++)
		w |= (uint64_t)(unsigned char)key[i] << (8 * i);
	return w;
}

static inline uint32_t json_hash(uint64_t head, uint32_t len, uint32_t shift)
{
	return (uint32_t)(((head ^ len) * 0x9e3779b97f4a7c15u) >> shift);
}

static inline bool json_is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline const char *json_blanks(const char *p, const char *end)
{
	while (p < end && json_is_blank(*p))
		p++;
	return p;
}
