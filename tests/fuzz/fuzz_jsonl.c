/* jsonl: any bytes as lines of audit records; a line yields the same records whatever the others are, and
 * what is skipped is told. The first byte says how long a line may be, and whose all records are. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jsonl.h"

struct sum {
	uint64_t hash, n;
	uint64_t n_notes;
	struct jsonl_stats stats;
};

static void note(void *arg, uint64_t line, const char *why)
{
	struct sum *sum = arg;

	if (!line || !*why)
		abort();
	sum->n_notes++;
}

static void add(struct sum *sum, const struct jsonl_record *rec)
{
	const char *p = rec->value.p;

	if (rec->value.len < 2 || *p != '{' || p[rec->value.len - 1] != '}' || !rec->kind)
		abort();
	for (uint32_t i = 0; i < rec->value.len; i++)
		sum->hash = (sum->hash ^ (unsigned char)p[i]) * 0x100000001b3ULL;
	sum->hash ^= rec->kind->id ^ rec->ts;
	sum->n++;
}

static void run(const uint8_t *data, size_t len, uint8_t how, struct sum *sum)
{
	const struct jsonl_setup setup = {.source = how & 1 ? "k8s_audit" : "",
					  .max_line = 64u << (how >> 5),
					  .note = note,
					  .arg = sum,
					  .stats = &sum->stats};
	struct scap_stream *stream;
	struct jsonl_record rec;
	uint64_t line = 0;
	struct jsonl *j;
	int r;

	sum->stats = (struct jsonl_stats){0};
	if (scap_stream_open_memory(data, len, &stream) || jsonl_open(stream, &setup, &j))
		return;
	(void)scap_stream_peek(stream);
	while ((r = jsonl_next(j, &rec)) == 0 || r == JSONL_E_STRETCH) {
		if (r)
			continue;
		if (rec.line < line)
			abort();
		line = rec.line;
		add(sum, &rec);
	}
	if ((r < 0) != (*jsonl_error(j) != '\0') || jsonl_next(j, &rec) != r)
		abort();
	(void)jsonl_close(j);
}

static bool is_gzip(const uint8_t *p, size_t len)
{
	return len > 1 && p[0] == 0x1f && p[1] == 0x8b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sum whole = {0}, parts = {0};
	bool has_gzip = false;

	if (len < 1)
		return 0;
	run(data + 1, len - 1, data[0], &whole);
	if (whole.n_notes < whole.stats.skipped_malformed + whole.stats.skipped_too_large)
		abort();
	for (size_t at = 1, n; at < len; at += n) {
		const uint8_t *newline = memchr(data + at, '\n', len - at);

		n = newline ? (size_t)(newline - (data + at)) + 1 : len - at;
		has_gzip = has_gzip || is_gzip(data + at, n);
		run(data + at, n, data[0], &parts);
	}
	if (!has_gzip &&
	    (whole.n != parts.n || whole.hash != parts.hash || whole.n_notes != parts.n_notes))
		abort();
	return 0;
}
