#include "plan/sieve.h"

#include <endian.h>

#include "util/mem.h"

enum {
	WIDTH_MAX = 8,
	STRIDE_MAX = 8,
	WINDOWS_MAX = 16,    /* of a text that are weighed */
	BITS_A_GRAM = 64,    /* at least; two of them are set */
	WORDS_SHIFT_MIN = 6, /* log2 of the fewest words */
	WORDS_SHIFT_MAX = 16,
};

static const uint64_t every_byte = 0x0101010101010101;

/* The @n <= 8 bytes at @p, the first one lowest. */
static uint64_t load(const char *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return le64toh(v);
}

static inline uint64_t gram(const struct sieve *x, uint64_t loaded)
{
	return (loaded | x->fold) & x->mask;
}

static inline uint64_t hash(uint64_t gram)
{
	return gram * 0x9E3779B97F4A7C15;
}

/* The two bits of its word that stand for a gram: from the bits of the hash just below those that
 * choose the word. */
static inline unsigned first_bit(uint64_t h)
{
	return h >> 42 & 63;
}

static inline unsigned second_bit(uint64_t h)
{
	return h >> 36 & 63;
}

static inline void add(uint64_t *words, const struct sieve *x, uint64_t gram)
{
	uint64_t h = hash(gram);

	words[h >> x->shift] |= 1ULL << first_bit(h) | 1ULL << second_bit(h);
}

/* Apart, so that the compiler does not ask for both bits at once. */
static __attribute__((noinline)) bool has_second(uint64_t word, uint64_t h)
{
	return word >> second_bit(h) & 1;
}

/* The first bit is seldom set, so that the second is seldom asked for. */
static inline bool holds(const struct sieve *x, uint64_t loaded)
{
	uint64_t h = hash(gram(x, loaded)), word = x->words[h >> x->shift];

	return __builtin_expect(word >> first_bit(h) & 1, 0) && has_second(word, h);
}

/* --- building -----------------------------------------------------------------------------------
 */

/* The grams chosen so far. 0 is a free slot, so the gram 0 is not among them: it is always known. */
struct grams {
	uint64_t *slots;
	uint32_t mask, n;
};

static bool grams_init(struct grams *g, size_t room)
{
	size_t n = 16;

	while (n < 2 * room)
		n *= 2;
	*g = (struct grams){.slots = mem_new(n * sizeof *g->slots), .mask = (uint32_t)n - 1};
	return g->slots != NULL;
}

/* Where @gram is, or would be. */
static uint64_t *grams_at(const struct grams *g, uint64_t gram)
{
	uint32_t i = (uint32_t)(hash(gram) >> 32) & g->mask;

	while (g->slots[i] && g->slots[i] != gram)
		i = (i + 1) & g->mask;
	return &g->slots[i];
}

static uint32_t n_new(const struct sieve *x, const struct grams *g, const char *window)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < x->stride; i++) {
		uint64_t v = gram(x, load(window + i, x->width));

		n += *grams_at(g, v) != v;
	}
	return n;
}

/* Takes the window of @key that brings the fewest new grams. */
static void add_window(const struct sieve *x, struct grams *g, struct str key)
{
	size_t span = (size_t)x->width + x->stride - 1, best = 0;
	uint32_t least = UINT32_MAX;

	for (size_t at = 0; at + span <= key.len && at < WINDOWS_MAX && least; at++) {
		uint32_t n = n_new(x, g, key.p + at);

		if (n < least) {
			least = n;
			best = at;
		}
	}
	for (uint32_t i = 0; i < x->stride; i++) {
		uint64_t v = gram(x, load(key.p + best + i, x->width)), *slot = grams_at(g, v);

		g->n += *slot != v;
		*slot = v;
	}
}

static uint64_t *words_of(struct sieve *x, struct arena *a, const struct grams *g)
{
	uint32_t log2 = WORDS_SHIFT_MIN;
	uint64_t *words;

	while (log2 < WORDS_SHIFT_MAX && (64ULL << log2) < (uint64_t)g->n * BITS_A_GRAM)
		log2++;
	x->shift = (uint8_t)(64 - log2);
	words = arena_alloc(a, sizeof *words << log2);
	for (uint32_t i = 0; words && i <= g->mask; i++)
		add(words, x, g->slots[i]);
	return words;
}

/* As wide as leaves room for as many offsets: both make looking at a value cheap. */
static void set_shape(struct sieve *x, uint32_t shortest, bool fold)
{
	uint32_t width = shortest / 2 + 1, stride;

	width = width < WIDTH_MAX ? width : WIDTH_MAX;
	stride = shortest - width + 1;
	*x = (struct sieve){
		.mask = width == 8 ? UINT64_MAX : (1ULL << 8 * width) - 1,
		.fold = fold ? 0x20 * every_byte : 0,
		.shortest = shortest,
		.width = (uint8_t)width,
		.stride = (uint8_t)(stride < STRIDE_MAX ? stride : STRIDE_MAX),
	};
}

bool sieve_init(struct sieve *x, struct arena *a, const struct index_entries *e, bool fold)
{
	size_t shortest = UINT32_MAX;
	struct grams g;

	*x = (struct sieve){.words = NULL};
	for (uint32_t i = 0; i < e->n; i++)
		if (e->items[i].key.len < shortest)
			shortest = e->items[i].key.len;
	if (e->n == 0 || shortest < SIEVE_SHORTEST)
		return true;
	set_shape(x, (uint32_t)shortest, fold);
	if (!grams_init(&g, (size_t)e->n * x->stride))
		return false;
	for (uint32_t i = 0; i < e->n; i++)
		add_window(x, &g, e->items[i].key);
	x->words = words_of(x, a, &g);
	mem_free(g.slots);
	return x->words != NULL;
}

/* --- looking ------------------------------------------------------------------------------------
 */

/* Whether a known gram is at one of the positions looked at. Nothing beyond @v is read: where fewer
 * than eight bytes are left, they are taken from the last eight. */
static bool look(const struct sieve *x, struct str v)
{
	size_t at = 0, n_last = v.len < 8 ? v.len : 8, last = v.len - n_last;
	const size_t stride = x->stride;
	uint64_t end;

	for (; at + 8 <= v.len; at += stride)
		if (holds(x, load(v.p + at, 8)))
			return true;
	end = load(v.p + last, n_last);
	for (; at + x->width <= v.len; at += stride)
		if (holds(x, end >> 8 * (at - last)))
			return true;
	return false;
}

bool sieve_passes(const struct sieve *x, struct sieve_use *use, struct str value)
{
	bool passes;

	if (!x->words)
		return true;
	if (value.len < x->shortest)
		return false;
	if (use->rest) {
		use->rest--;
		return true;
	}
	passes = look(x, value);
	use->n_passed += passes;
	if (++use->n < SIEVE_PERIOD)
		return passes;
	if (use->n_passed > SIEVE_PERIOD / 2)
		use->rest = SIEVE_REST;
	use->n = use->n_passed = 0;
	return passes;
}
