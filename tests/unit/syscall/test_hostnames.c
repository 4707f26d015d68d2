/* hostnames: what is asked of the system, when, and what is answered meanwhile. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "hostnames.h"

/* A system in which "a.test" and "b.test" share an address, and that answers when it is told to. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool is_held;
static uint32_t n_begun, n_done; /* under the mutex */

static const struct hostname_addr one = {{192, 0, 2, 1}, 4}, two = {{192, 0, 2, 2}, 4},
				  three = {{192, 0, 2, 3}, 4};

static void begin(void)
{
	(void)pthread_mutex_lock(&mutex);
	n_begun++;
	(void)pthread_cond_broadcast(&changed);
	while (is_held)
		(void)pthread_cond_wait(&changed, &mutex);
	n_done++;
	(void)pthread_cond_broadcast(&changed);
	(void)pthread_mutex_unlock(&mutex);
}

static void hold(bool on)
{
	(void)pthread_mutex_lock(&mutex);
	is_held = on;
	(void)pthread_cond_broadcast(&changed);
	(void)pthread_mutex_unlock(&mutex);
}

static void await(const uint32_t *counter, uint32_t n)
{
	(void)pthread_mutex_lock(&mutex);
	while (*counter < n)
		(void)pthread_cond_wait(&changed, &mutex);
	(void)pthread_mutex_unlock(&mutex);
}

static uint32_t fake_addrs_of(const char *name, struct hostname_addr *ret)
{
	begin();
	ret[0] = two;
	ret[1] = one;
	if (strcmp(name, "a.test") == 0 || strcmp(name, "b.test") == 0)
		return 2;
	ret[0] = three;
	return strcmp(name, "c.test") == 0;
}

/* 192.0.2.1 is called a name that stands for it; 192.0.2.3 one that stands for another address. */
static bool fake_name_of(const struct hostname_addr *addr, char *ret)
{
	begin();
	(void)snprintf(ret, HOSTNAMES_NAME, "a.test");
	return addr->bytes[3] != 2;
}

static const struct hostnames_system fake = {fake_addrs_of, fake_name_of};

static int set_up(void **state)
{
	(void)pthread_mutex_lock(&mutex);
	n_begun = n_done = 0;
	is_held = false;
	(void)pthread_mutex_unlock(&mutex);
	*state = hostnames_new(&fake);
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	struct lookups_counters c = {.n_waiting = *state != NULL};

	hold(false);
	while (c.n_waiting) /* else a worker would be counted in the next test */
		hostnames_count(*state, &c);
	*state = hostnames_free(*state);
	return 0;
}

static void assert_match(struct hostnames *h, const char *names, const struct hostname_addr *addr,
			 const char *want)
{
	size_t len;
	const char *found = hostnames_match(h, names, addr, true, &len);

	if (!want) {
		assert_null(found);
		return;
	}
	assert_non_null(found);
	assert_int_equal(len, strlen(want));
	assert_memory_equal(found, want, len);
}

static void test_the_first_name_that_stands_for_the_address_is_found(void **state)
{
	assert_match(*state, "c.test\nb.test\na.test", &one, "b.test");
	assert_match(*state, "a.test", &two, "a.test");
	assert_match(*state, "c.test", &one, NULL);
	assert_match(*state, "none.test", &one, NULL);
	assert_match(*state, "", &one, NULL);
}

static void test_an_event_never_waits_for_an_answer(void **state)
{
	size_t len;

	hold(true);
	assert_null(hostnames_match(*state, "a.test", &one, false, &len));
	await(&n_begun, 1);
	assert_null(hostnames_match(*state, "a.test", &one, false, &len));
	assert_string_equal(hostnames_of(*state, &one, true), "");
}

static void test_a_name_is_asked_for_once_while_it_is_fresh(void **state)
{
	struct lookups_counters c;

	for (int i = 0; i < 100; i++)
		assert_match(*state, "a.test\nnone.test", &one, "a.test");
	assert_match(*state, "none.test", &one, NULL);
	hostnames_count(*state, &c);
	assert_int_equal(c.n_known, 2);
	assert_int_equal(c.n_asked, 2);
	assert_int_equal(c.n_unknown, 1);
}

static void test_an_address_is_shown_by_a_name_that_stands_for_it(void **state)
{
	struct lookups_counters c = {0};

	(void)hostnames_of(*state, &one, true);
	(void)hostnames_of(*state, &two, true);
	(void)hostnames_of(*state, &three, true);
	while (c.n_asked < 3)
		hostnames_count(*state, &c);
	assert_string_equal(hostnames_of(*state, &one, false), "a.test");
	assert_string_equal(hostnames_of(*state, &two, false), "");
	assert_string_equal(hostnames_of(*state, &three, false), "");
}

static void test_an_address_is_shown_by_the_name_that_rules_found_it_by(void **state)
{
	assert_match(*state, "b.test", &two, "b.test");
	assert_string_equal(hostnames_of(*state, &two, false), "b.test");
}

static void test_nothing_is_asked_without_leave(void **state)
{
	struct lookups_counters c;

	assert_string_equal(hostnames_of(*state, &one, false), "");
	hostnames_count(*state, &c);
	assert_int_equal(c.n_known, 0);
	assert_int_equal(c.n_waiting, 0);
}

static void test_table_and_queue_have_bounds_and_count(void **state)
{
	struct lookups_counters c;

	hold(true);
	for (uint32_t i = 0; i < LOOKUPS_MAX + 100; i++) {
		struct hostname_addr a = {{10, 0, (uint8_t)(i >> 8), (uint8_t)i}, 4};

		(void)hostnames_of(*state, &a, true);
	}
	hostnames_count(*state, &c);
	assert_int_equal(c.n_known, LOOKUPS_MAX);
	/* What is with a worker or in the queue stays: for some there is no room. */
	assert_true(c.n_aged > 0 && c.n_aged <= 100);
	assert_true(c.n_refused >= LOOKUPS_MAX - LOOKUPS_QUEUE - 8);
}

static void test_a_name_that_is_too_long_is_none(void **state)
{
	char name[HOSTNAMES_NAME + 1];
	struct lookups_counters c;

	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_match(*state, name, &one, NULL);
	hostnames_count(*state, &c);
	assert_true(c.n_refused > 0);
}

static void test_the_owner_leaves_while_a_worker_waits(void **state)
{
	size_t len;

	hold(true);
	(void)hostnames_match(*state, "a.test", &one, false, &len);
	await(&n_begun, 1);
	*state = hostnames_free(*state);
	hold(false);
	await(&n_done, 1);
}

/* The names of the loopback address are in the hosts file: nobody else is asked. */
static void test_this_machine_knows_itself(void **state)
{
	static const struct hostname_addr loopback = {{127, 0, 0, 1}, 4};
	struct hostnames *h = hostnames_new(&hostnames_host);
	size_t len;

	(void)state;
	assert_non_null(h);
	assert_non_null(hostnames_match(h, "localhost", &loopback, true, &len));
	assert_null(hostnames_match(h, "localhost", &one, true, &len));
	(void)hostnames_free(h);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_first_name_that_stands_for_the_address_is_found),
		TEST(test_an_event_never_waits_for_an_answer),
		TEST(test_a_name_is_asked_for_once_while_it_is_fresh),
		TEST(test_an_address_is_shown_by_a_name_that_stands_for_it),
		TEST(test_an_address_is_shown_by_the_name_that_rules_found_it_by),
		TEST(test_nothing_is_asked_without_leave),
		TEST(test_table_and_queue_have_bounds_and_count),
		TEST(test_a_name_that_is_too_long_is_none),
		TEST(test_the_owner_leaves_while_a_worker_waits),
		TEST(test_this_machine_knows_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
