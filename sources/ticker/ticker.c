/*
 * ticker: a source that counts from 1 to the number in its open parameters. The smallest source, and
 * the template for yours.
 *
 * An event's payload is the count, 8 bytes, little endian.
 */
#include <gyr/plugin.h>

struct ticker {
	uint64_t n, limit;
};

static int ticker_next(struct gyr *p, void *inst, struct gyr_batch *out)
{
	struct ticker *t = inst;

	(void)p;
	if (t->n == t->limit)
		return GYR_EOF;
	t->n++;
	return gyr_emit(out, GYR_NOW, &t->n, sizeof t->n);
}

static uint32_t ticker_progress(struct gyr *p, void *inst, struct gyr_text *out)
{
	const struct ticker *t = inst;

	(void)p;
	(void)out;
	return t->limit ? (uint32_t)((double)t->n / (double)t->limit * 10000) : 10000;
}

static int ticker_show(struct gyr *p, const struct gyr_event *evt, struct gyr_text *out)
{
	uint64_t n;

	if (gyr_read(evt, &n, sizeof n))
		return gyr_fail(p, -EBADMSG, "show: the payload is %zu bytes, want 8", evt->len);
	gyr_text_addf(out, "tick %llu", (unsigned long long)n);
	return 0;
}

PLUGIN(.name = "ticker", .version = "0.1.0", .description = "Counts, one event a tick",
       .contact = "the Gyr authors");
PLUGIN_SOURCE(.id = 999, .name = "ticker", .instance_size = sizeof(struct ticker),
	      .params = (const struct gyr_option[]){GYR_OPT_U64(struct ticker, limit, NULL,
								"how many ticks", .bare = true,
								.required = true),
						    {0}},
	      .next = ticker_next, .progress = ticker_progress, .to_string = ticker_show);
