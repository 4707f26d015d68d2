/*
 * The spool: what is written is read in order, by this run or the next; damage costs what it hit.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "route/spool.h"

static const struct log quiet = {.level = LOG_LEVEL_EMERGENCY};

struct box {
	char dir[64];
	struct spool_setup setup;
	struct spool *spool;
};

static void box_open(struct box *b)
{
	struct err err = ERR_NULL;

	if (spool_open(&b->setup, &b->spool, &err) < 0)
		fail_msg("%s", err.text);
}

static void box_init(struct box *b)
{
	(void)snprintf(b->dir, sizeof(b->dir), "/tmp/spool-test-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	b->setup = (struct spool_setup){.dir = b->dir,
					.max_bytes = 1 << 20,
					.segment_bytes = 4096,
					.name = "test",
					.log = &quiet};
	box_open(b);
}

static void box_empty(const struct box *b)
{
	DIR *d = opendir(b->dir);
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			assert_int_equal(unlinkat(dirfd(d), e->d_name, 0), 0);
	(void)closedir(d);
}

static void box_deinit(struct box *b)
{
	b->spool = spool_close(b->spool);
	box_empty(b);
	assert_int_equal(rmdir(b->dir), 0);
}

/* An alert whose id and texts hold its number. */
static int write_one(struct box *b, uint64_t id)
{
	static const char *const tags[] = {"first", "second"};
	char text[64], json[64];
	const struct gyr_alert a = {
		.size = sizeof(a),
		.priority = 4,
		.id = id,
		.ts = 1000 + id,
		.rule = "a rule",
		.source = "src",
		.hostname = "host",
		.tags = tags,
		.n_tags = 2,
		.text = text,
		.text_len =
			(uint32_t)snprintf(text, sizeof(text), "text %llu", (unsigned long long)id),
		.message = text + 5,
		.message_len = (uint32_t)strlen(text + 5),
		.json = json,
		.json_len = (uint32_t)snprintf(json, sizeof(json), "{\"n\":%llu}",
					       (unsigned long long)id),
	};
	const struct gyr_alert *list[] = {&a};
	uint32_t n = 0;
	int r = spool_write(b->spool, list, 1, &n);

	assert_true(r != 0 || n == 1);
	return r;
}

static void write_many(struct box *b, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i <= to; i++)
		assert_int_equal(write_one(b, i), 0);
}

/* Reads and acknowledges batches of @max until there is nothing; the ids go to @ids. */
static uint32_t read_all(struct box *b, uint32_t max, uint64_t *ids)
{
	const struct gyr_alert *views;
	const struct spool_place *places;
	struct spool_place end;
	uint32_t total = 0, n;

	while ((n = spool_read(b->spool, max, &views, &places, &end))) {
		for (uint32_t i = 0; i < n; i++)
			ids[total++] = views[i].id;
		spool_ack(b->spool, end);
	}
	return total;
}

static struct spool_counters counters(struct box *b)
{
	struct spool_counters c;

	spool_count(b->spool, &c);
	return c;
}

static void test_alerts_come_back_as_they_were(void **state)
{
	const struct gyr_alert *v;
	const struct spool_place *places;
	struct spool_place end;
	struct box b;

	(void)state;
	box_init(&b);
	assert_false(spool_has_unread(b.spool));
	write_many(&b, 7, 7);
	assert_true(spool_has_unread(b.spool));
	assert_int_equal(spool_read(b.spool, 10, &v, &places, &end), 1);
	assert_int_equal(v->id, 7);
	assert_int_equal(v->ts, 1007);
	assert_int_equal(v->priority, 4);
	assert_string_equal(v->priority_name, "Warning");
	assert_string_equal(v->rule, "a rule");
	assert_string_equal(v->source, "src");
	assert_string_equal(v->hostname, "host");
	assert_string_equal(v->text, "text 7");
	assert_string_equal(v->message, "7");
	assert_string_equal(v->json, "{\"n\":7}");
	assert_int_equal(v->json_len, 7);
	assert_int_equal(v->n_tags, 2);
	assert_string_equal(v->tags[1], "second");
	box_deinit(&b);
}

static void test_order_holds_over_many_segments_and_a_restart(void **state)
{
	uint64_t ids[2000];
	struct box b;

	(void)state;
	box_init(&b);
	write_many(&b, 1, 500);
	b.spool = spool_close(b.spool);
	box_open(&b);
	assert_int_equal(counters(&b).n_records, 500);
	write_many(&b, 501, 1000);
	assert_int_equal(read_all(&b, 7, ids), 1000);
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(ids[i], i + 1);
	assert_int_equal(counters(&b).n_records, 0);
	assert_int_equal(counters(&b).n_damaged + counters(&b).n_missing, 0);
	box_deinit(&b);
}

static void test_what_was_acknowledged_is_not_read_again(void **state)
{
	const struct gyr_alert *views;
	const struct spool_place *places;
	struct spool_place end;
	uint64_t ids[100];
	struct box b;

	(void)state;
	box_init(&b);
	write_many(&b, 1, 50);
	assert_int_equal(spool_read(b.spool, 20, &views, &places, &end), 20);
	spool_ack(b.spool, places[15]); /* 16 to 20 were not taken */
	b.spool = spool_close(b.spool);
	box_open(&b);
	assert_int_equal(read_all(&b, 100, ids), 35);
	assert_int_equal(ids[0], 16);
	b.spool = spool_close(b.spool);
	box_open(&b);
	assert_int_equal(read_all(&b, 100, ids), 0);
	write_many(&b, 51, 52);
	assert_int_equal(read_all(&b, 100, ids), 2);
	assert_int_equal(ids[0], 51);
	box_deinit(&b);
}

static void test_segments_that_were_read_are_removed(void **state)
{
	uint64_t ids[4000];
	struct box b;

	(void)state;
	box_init(&b);
	for (int i = 0; i < 20; i++) {
		write_many(&b, 1, 150);
		assert_int_equal(read_all(&b, 64, ids), 150);
	}
	assert_in_range(counters(&b).n_bytes, 0, 2 * 4096);
	box_deinit(&b);
}

static void test_a_full_spool_refuses_until_there_is_room(void **state)
{
	uint64_t ids[1000], n = 0;
	struct box b;

	(void)state;
	box_init(&b);
	b.spool = spool_close(b.spool);
	b.setup.max_bytes = 16384;
	box_open(&b);
	while (write_one(&b, n + 1) == 0)
		n++;
	assert_in_range(n, 50, 400);
	assert_int_equal(write_one(&b, 0), SPOOL_E_FULL);
	assert_true(counters(&b).n_full >= 2);
	assert_int_equal(read_all(&b, 10, ids), n);
	assert_int_equal(write_one(&b, 5000), 0);
	assert_int_equal(read_all(&b, 10, ids), 1);
	assert_int_equal(ids[0], 5000);
	box_deinit(&b);
}

static void test_the_oldest_segment_makes_room_and_is_counted(void **state)
{
	uint64_t ids[1000], n = 0;
	struct box b;
	uint32_t got;

	(void)state;
	box_init(&b);
	b.spool = spool_close(b.spool);
	b.setup.max_bytes = 16384;
	box_open(&b);
	while (write_one(&b, n + 1) == 0)
		n++;
	assert_true(spool_drop_oldest(b.spool));
	assert_int_equal(write_one(&b, ++n), 0);
	got = read_all(&b, 10, ids);
	assert_int_equal(got + counters(&b).n_dropped, n);
	assert_int_equal(ids[0], counters(&b).n_dropped + 1);
	assert_int_equal(counters(&b).n_missing, 0);
	box_deinit(&b);
}

struct follower {
	struct box *box;
	uint64_t n_left, last;
	bool is_ordered;
};

static void *follow(void *arg)
{
	struct follower *f = arg;
	const struct gyr_alert *views;
	const struct spool_place *places;
	struct spool_place end;

	while (f->n_left) {
		uint32_t n = spool_read(f->box->spool, 16, &views, &places, &end);

		for (uint32_t i = 0; i < n; i++) {
			f->is_ordered = f->is_ordered && views[i].id == f->last + 1;
			f->last = views[i].id;
		}
		f->n_left -= n;
		if (n)
			spool_ack(f->box->spool, end);
		else
			(void)sched_yield();
	}
	return NULL;
}

static void test_a_reader_follows_a_writer(void **state)
{
	struct follower f = {.n_left = 5000, .is_ordered = true};
	struct box b;
	pthread_t t;

	(void)state;
	box_init(&b);
	f.box = &b;
	assert_int_equal(pthread_create(&t, NULL, follow, &f), 0);
	for (uint64_t i = 1; i <= 5000;)
		if (write_one(&b, i) == 0)
			i++;
	(void)pthread_join(t, NULL);
	assert_true(f.is_ordered);
	assert_int_equal(f.last, 5000);
	assert_int_equal(counters(&b).n_missing + counters(&b).n_damaged, 0);
	box_deinit(&b);
}

static void test_a_folder_has_one_user(void **state)
{
	struct spool *other = NULL;
	struct err err = ERR_NULL;
	struct box b;

	(void)state;
	box_init(&b);
	assert_int_equal(spool_open(&b.setup, &other, &err), -EBUSY);
	assert_non_null(strstr(err.text, "another output or program uses it"));
	assert_null(other);
	box_deinit(&b);
}

static void first_segment(const struct box *b, uint64_t no, char *path, size_t size)
{
	(void)snprintf(path, size, "%s/%016llx.seg", b->dir, (unsigned long long)no);
}

static void test_a_torn_end_is_passed_over(void **state)
{
	char path[128];
	uint64_t ids[100];
	struct stat st;
	struct box b;

	(void)state;
	box_init(&b);
	write_many(&b, 1, 10);
	b.spool = spool_close(b.spool);
	first_segment(&b, 1, path, sizeof(path));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size - 5), 0);
	box_open(&b);
	write_many(&b, 11, 12);
	assert_int_equal(read_all(&b, 100, ids), 11);
	assert_int_equal(ids[8], 9);
	assert_int_equal(ids[9], 11);
	assert_int_equal(counters(&b).n_damaged, 1);
	box_deinit(&b);
}

/* One byte changed, anywhere in a segment: its record is lost and counted, no other. */
static void test_any_damaged_byte_costs_its_record_alone(void **state)
{
	char path[128], byte;
	uint64_t ids[100];
	struct stat st;
	struct box b;

	(void)state;
	box_init(&b);
	b.setup.sync = false;
	for (off_t at = 0;; at += 7) {
		uint32_t got;
		int fd;

		b.spool = spool_close(b.spool);
		box_empty(&b);
		first_segment(&b, 1, path, sizeof(path));
		box_open(&b);
		write_many(&b, 1, 10);
		b.spool = spool_close(b.spool);
		assert_int_equal(stat(path, &st), 0);
		if (at >= st.st_size)
			break;
		fd = open(path, O_RDWR | O_CLOEXEC);
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x55;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		(void)close(fd);
		box_open(&b);
		write_many(&b, 11, 11);
		got = read_all(&b, 4, ids);
		assert_int_equal(got, 10);
		assert_int_equal(ids[got - 1], 11);
		assert_int_equal(counters(&b).n_damaged, 1);
		assert_int_equal(counters(&b).n_records, 0);
	}
	box_open(&b);
	box_deinit(&b);
}

static void test_a_spool_of_nothing_but_damage_is_emptied(void **state)
{
	char path[128], bytes[2000];
	uint64_t ids[10];
	struct box b;
	int fd;

	(void)state;
	box_init(&b);
	write_many(&b, 1, 10);
	b.spool = spool_close(b.spool);
	memset(bytes, 0x1e, sizeof(bytes));
	first_segment(&b, 1, path, sizeof(path));
	fd = open(path, O_RDWR | O_TRUNC | O_CLOEXEC);
	assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	(void)close(fd);
	box_open(&b);
	assert_int_equal(read_all(&b, 4, ids), 0);
	write_many(&b, 20, 21);
	assert_int_equal(read_all(&b, 4, ids), 2);
	assert_int_equal(counters(&b).n_damaged, 1);
	box_deinit(&b);
}

static void test_a_damaged_cursor_means_everything_again(void **state)
{
	char path[128];
	uint64_t ids[100];
	struct box b;
	int fd;

	(void)state;
	box_init(&b);
	write_many(&b, 1, 10);
	assert_int_equal(read_all(&b, 4, ids), 10);
	b.spool = spool_close(b.spool);
	(void)snprintf(path, sizeof(path), "%s/cursor", b.dir);
	fd = open(path, O_RDWR | O_TRUNC | O_CLOEXEC);
	assert_int_equal(write(fd, "what?", 5), 5);
	(void)close(fd);
	box_open(&b);
	assert_int_equal(read_all(&b, 4, ids), 10);
	box_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alerts_come_back_as_they_were),
		cmocka_unit_test(test_order_holds_over_many_segments_and_a_restart),
		cmocka_unit_test(test_what_was_acknowledged_is_not_read_again),
		cmocka_unit_test(test_segments_that_were_read_are_removed),
		cmocka_unit_test(test_a_full_spool_refuses_until_there_is_room),
		cmocka_unit_test(test_the_oldest_segment_makes_room_and_is_counted),
		cmocka_unit_test(test_a_reader_follows_a_writer),
		cmocka_unit_test(test_a_folder_has_one_user),
		cmocka_unit_test(test_a_torn_end_is_passed_over),
		cmocka_unit_test(test_any_damaged_byte_costs_its_record_alone),
		cmocka_unit_test(test_a_spool_of_nothing_but_damage_is_emptied),
		cmocka_unit_test(test_a_damaged_cursor_means_everything_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
