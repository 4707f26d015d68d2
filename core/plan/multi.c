#include "plan/multi.h"

#if __has_include(<hs/hs.h>)

#include <dlfcn.h>
#include <hs/hs.h>
#include <pthread.h>

#include "util/mem.h"

struct multi {
	hs_database_t *db;
	const uint32_t *preds;
	struct multi_key {
		uint32_t first, n;
	} * keys;
};

/* The library is opened when the first plan wants it and stays. */
static struct {
	hs_error_t (*valid_platform)(void);
	hs_error_t (*compile_lit_multi)(const char *const *, const unsigned *, const unsigned *,
					const size_t *, unsigned, unsigned,
					const hs_platform_info_t *, hs_database_t **,
					hs_compile_error_t **);
	hs_error_t (*free_compile_error)(hs_compile_error_t *);
	hs_error_t (*free_database)(hs_database_t *);
	hs_error_t (*alloc_scratch)(const hs_database_t *, hs_scratch_t **);
	hs_error_t (*free_scratch)(hs_scratch_t *);
	hs_error_t (*scan)(const hs_database_t *, const char *, unsigned, unsigned, hs_scratch_t *,
			   match_event_handler, void *);
	bool is_there;
} hs;

static void load(void)
{
	static const char *const names[] = {"hs_valid_platform",
					    "hs_compile_lit_multi",
					    "hs_free_compile_error",
					    "hs_free_database",
					    "hs_alloc_scratch",
					    "hs_free_scratch",
					    "hs_scan"};
	void *const slots[] = {&hs.valid_platform,
			       &hs.compile_lit_multi,
			       &hs.free_compile_error,
			       &hs.free_database,
			       &hs.alloc_scratch,
			       &hs.free_scratch,
			       &hs.scan};
	void *lib = dlopen("libhs.so.5", RTLD_NOW | RTLD_LOCAL);

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		void *f = lib ? dlsym(lib, names[i]) : NULL;

		if (!f)
			return;
		memcpy(slots[i], &f, sizeof f);
	}
	hs.is_there = hs.valid_platform() == HS_SUCCESS;
}

static bool compile(struct multi *m, const struct index_entry *entries, uint32_t n, bool fold)
{
	unsigned *numbers = mem_grow(NULL, (size_t)n * 2, sizeof *numbers);
	const char **texts = mem_grow(NULL, n, sizeof *texts);
	size_t *lens = mem_grow(NULL, n, sizeof *lens);
	hs_compile_error_t *error = NULL;
	bool ok = numbers && texts && lens;

	for (uint32_t i = 0; ok && i < n; i++) {
		numbers[i] = i;
		numbers[n + i] = HS_FLAG_SINGLEMATCH | (fold ? HS_FLAG_CASELESS : 0);
		texts[i] = entries[i].key.p;
		lens[i] = entries[i].key.len;
		ok = lens[i] > 0;
	}
	ok = ok && hs.compile_lit_multi(texts, numbers + n, numbers, lens, n, HS_MODE_BLOCK, NULL,
					&m->db, &error) == HS_SUCCESS;
	if (error)
		(void)hs.free_compile_error(error);
	mem_free(numbers);
	mem_free(texts);
	mem_free(lens);
	return ok;
}

struct multi *multi_new(const struct index_entries *e, bool fold)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct multi *m;

	(void)pthread_once(&once, load);
	if (!hs.is_there || e->n < MULTI_MIN || e->n > MULTI_MAX)
		return NULL;
	m = mem_new(sizeof *m);
	if (!m)
		return NULL;
	m->preds = e->preds;
	m->keys = mem_grow(NULL, e->n, sizeof *m->keys);
	for (uint32_t i = 0; m->keys && i < e->n; i++)
		m->keys[i] = (struct multi_key){e->items[i].first, e->items[i].n};
	return m->keys && compile(m, e->items, e->n, fold) ? m : multi_free(m);
}

struct multi *multi_free(struct multi *m)
{
	if (m && m->db)
		(void)hs.free_database(m->db);
	if (m)
		mem_free(m->keys);
	return mem_free(m);
}

bool multi_scratch(const struct multi *m, void **scratch)
{
	hs_scratch_t *s = *scratch;
	bool ok = hs.alloc_scratch(m->db, &s) == HS_SUCCESS;

	*scratch = s;
	return ok;
}

void *multi_scratch_free(void *scratch)
{
	if (scratch)
		(void)hs.free_scratch(scratch);
	return NULL;
}

struct found {
	const struct multi *m;
	struct hits *hits;
};

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *ctx)
{
	const struct found *f = ctx;
	const struct multi_key *k = &f->m->keys[id];

	(void)from;
	(void)to;
	(void)flags;
	hits_add(f->hits, f->m->preds + k->first, k->n);
	return 0;
}

bool multi_find(const struct multi *m, struct str value, void *scratch, struct hits *h)
{
	struct found f = {.m = m, .hits = h};

	if (value.len == 0)
		return true;
	return value.len <= UINT32_MAX &&
	       hs.scan(m->db, value.p, (unsigned)value.len, 0, scratch, on_match, &f) == HS_SUCCESS;
}

#else

struct multi *multi_new(const struct index_entries *e, bool fold)
{
	(void)e;
	(void)fold;
	return NULL;
}

struct multi *multi_free(struct multi *m)
{
	(void)m;
	return NULL;
}

bool multi_scratch(const struct multi *m, void **scratch)
{
	(void)m;
	(void)scratch;
	return true;
}

void *multi_scratch_free(void *scratch)
{
	(void)scratch;
	return NULL;
}

bool multi_find(const struct multi *m, struct str value, void *scratch, struct hits *h)
{
	(void)m;
	(void)value;
	(void)scratch;
	(void)h;
	return false;
}

#endif
