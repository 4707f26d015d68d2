/*
 * CRC32C: the vectors of RFC 3720 B.4, and pieces.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "util/crc32c.h"

static void test_known_sums(void **state)
{
	unsigned char zeros[32] = {0}, ones[32], rising[32];

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	for (unsigned char i = 0; i < 32; i++)
		rising[i] = i;
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, zeros, 32), 0x8a9136aa);
	assert_int_equal(crc32c(0, ones, 32), 0x62a8ab43);
	assert_int_equal(crc32c(0, rising, 32), 0x46dd794e);
	assert_int_equal(crc32c(0, "", 0), 0);
}

static void test_pieces_give_the_sum_of_the_whole(void **state)
{
	static const char digits[] = "123456789";
	(void)state;

	for (size_t cut = 0; cut <= 9; cut++)
		assert_int_equal(crc32c(crc32c(0, digits, cut), digits + cut, 9 - cut), 0xe3069283);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_sums),
		cmocka_unit_test(test_pieces_give_the_sum_of_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
