/*
 * journal: a source for tests that keeps what it promises: numbers from 1 to a limit, and a file with
 * the number up to which the host said that all is finished. A run begins behind it.
 *
 * With several shards each gives every n-th number and has a state file of its own. It also answers
 * the one field of its events.
 */
#include <gyr/plugin.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 16, IDLE_MS = 20 };

struct journal {
	const char *state;
	uint64_t limit, pause_us, shards;
	bool stays;       /* at the end it waits rather than ends */
	bool is_dateless; /* its events have no time of their own */
	int fd;
	uint32_t shard, n_shards;
	uint64_t base, n; /* numbers of this shard: finished before this run, given since */
};

static int journal_open(struct gyr *p, void *inst, const char *params)
{
	struct journal *j = inst;
	char path[4096];

	(void)params;
	gyr_shard(p, &j->shard, &j->n_shards);
	(void)snprintf(path, sizeof path, "%s.%u", j->state, j->shard);
	j->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (j->fd < 0)
		return gyr_fail(p, -errno, "open: '%s': %s", path, strerror(errno));
	if (pread(j->fd, &j->base, sizeof j->base, 0) != sizeof j->base)
		j->base = 0;
	return 0;
}

static void journal_close(struct gyr *p, void *inst)
{
	const struct journal *j = inst;

	(void)p;
	(void)close(j->fd);
}

static void sleep_us(uint64_t us)
{
	const struct timespec t = {.tv_sec = (time_t)(us / 1000000),
				   .tv_nsec = (long)(us % 1000000) * 1000};

	(void)nanosleep(&t, NULL);
}

static int journal_next(struct gyr *p, void *inst, struct gyr_batch *out)
{
	struct journal *j = inst;
	int r = 0;

	(void)p;
	if (j->pause_us)
		sleep_us(j->pause_us);
	for (int i = 0; i < BATCH && r == 0; i++) {
		const uint64_t number = (j->base + j->n) * j->n_shards + j->shard + 1;

		if (number > j->limit && j->stays && i == 0)
			sleep_us(IDLE_MS * 1000);
		if (number > j->limit)
			return i ? 0 : j->stays ? GYR_TIMEOUT : GYR_EOF;
		j->n++;
		r = gyr_emit(out, j->is_dateless ? GYR_NOW : 1000000000 + number, &number,
			     sizeof number);
	}
	return r;
}

static void journal_commit(struct gyr *p, void *inst, uint64_t evtnum)
{
	const struct journal *j = inst;
	const uint64_t done = j->base + evtnum;

	(void)p;
	(void)!pwrite(j->fd, &done, sizeof done, 0);
}

static uint32_t journal_shards(struct gyr *p, const char *params)
{
	const char *at = strstr(params, "\"shards\":");

	(void)p;
	return at ? (uint32_t)(at[9] - '0') : 1;
}

static int journal_number(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	uint64_t n = 0;

	(void)p;
	(void)gyr_read(evt, &n, sizeof n);
	return gyr_set_u64(out, n);
}

PLUGIN(.name = "journal", .version = "0.1.0", .description = "Numbers, for tests of delivery",
       .contact = "the Gyr authors");
PLUGIN_SOURCE(.id = 998, .name = "journal", .instance_size = sizeof(struct journal),
	      .params =
		      (const struct gyr_option[]){
			      GYR_OPT_STR(struct journal, state, NULL, "file of what is finished",
					  .required = true),
			      GYR_OPT_U64(struct journal, limit, NULL, "the last number",
					  .required = true),
			      GYR_OPT_U64(struct journal, pause_us, "0", "before each 16"),
			      GYR_OPT_U64(struct journal, shards, "1", "how many side by side"),
			      GYR_OPT_BOOL(struct journal, stays, "false", "wait at the end"),
			      GYR_OPT_BOOL(struct journal, is_dateless, "false",
					   "no time of its own"),
			      {0}},
	      .open = journal_open, .close = journal_close, .next = journal_next);
PLUGIN_SOURCE_COMMIT(journal_commit);
PLUGIN_SOURCE_SHARDS(journal_shards);
PLUGIN_EXTRACTOR(.fields = (const struct gyr_field[]){{.name = "journal.number",
						       .type = GYR_U64,
						       .extract = journal_number,
						       .desc = "the number"},
						      {0}});
