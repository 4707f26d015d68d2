/*
 * proctext: what files of /proc say, with the oddities that processes put into them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proctext.h"

static void test_a_name_with_parentheses_and_blanks_is_whole(void **state)
{
	static const char text[] = "77 (a) S 1 (b)) S 3 4 5 34816 4 0 11 12 13 14 0 0 0 0 20 0 1 "
				   "0 4242 0 0\n";
	struct proctext_stat st;

	(void)state;
	assert_int_equal(proctext_stat(text, sizeof text - 1, &st), 0);
	assert_int_equal(st.comm_len, 10);
	assert_memory_equal(st.comm, "a) S 1 (b)", 10);
	assert_int_equal(st.ppid, 3);
	assert_int_equal(st.pgid, 4);
	assert_int_equal(st.sid, 5);
	assert_int_equal(st.tty, 34816);
	assert_int_equal(st.minflt, 11);
	assert_int_equal(st.majflt, 13);
	assert_int_equal(st.start_ticks, 4242);
	assert_int_equal(st.n_threads, 1);
	assert_false(st.has_ended);
}

static void test_a_stat_that_is_cut_off_is_refused(void **state)
{
	struct proctext_stat st;

	(void)state;
	assert_int_equal(proctext_stat("1 (sh) S 1", 10, &st), -EBADMSG);
	assert_int_equal(proctext_stat("1 (sh", 5, &st), -EBADMSG);
	assert_int_equal(proctext_stat("", 0, &st), -EBADMSG);
}

static void test_status_takes_effective_ids_and_innermost_numbers(void **state)
{
	static const char text[] = "Tgid:\t50\nUid:\t1000\t0\t0\t0\nGid:\t7\t8\t9\t9\n"
				   "NStgid:\t50\t3\nNSpid:\t51\t4\nNSpgid:\t50\t3\n"
				   "VmSize:\t  120 kB\nCapEff:\t00000000000000ff\n";
	struct proctext_status st;

	(void)state;
	proctext_status(text, sizeof text - 1, &st);
	assert_int_equal(st.tgid, 50);
	assert_int_equal(st.uid, 0);
	assert_int_equal(st.gid, 8);
	assert_int_equal(st.vtgid, 3);
	assert_int_equal(st.vtid, 4);
	assert_int_equal(st.vpgid, 3);
	assert_int_equal(st.n_pid_ns, 2);
	assert_int_equal(st.vmsize_kb, 120);
	assert_int_equal(st.vmrss_kb, 0);
	assert_int_equal(st.cap_effective, 0xff);
}

static void test_cgroups_are_listed_by_controller(void **state)
{
	static const char text[] = "4:cpu,cpuacct:/a:b\n1:name=systemd:/\n0::/c\n";
	static const char want[] = "cpu=/a:b\0cpuacct=/a:b\0name=systemd=/\0cpuset=/c\0cpu=/c\0"
				   "cpuacct=/c\0io=/c\0memory=/c";
	uint32_t left_out;
	char out[256];

	(void)state;
	assert_int_equal(proctext_cgroups(text, sizeof text - 1, out, sizeof out, &left_out),
			 sizeof want);
	assert_memory_equal(out, want, sizeof want);
	assert_int_equal(left_out, 0);
}

static void test_a_list_without_room_keeps_whole_items(void **state)
{
	uint32_t left_out;
	char out[8];
	bool cut;

	(void)state;
	assert_int_equal(proctext_cgroups("1:a:/x\n2:b:/yyyyyyy\n", 20, out, sizeof out, &left_out),
			 5);
	assert_int_equal(left_out, 1);
	assert_int_equal(proctext_list_cut("ab\0cd\0ef", 9, 7, &cut), 6);
	assert_true(cut);
	assert_int_equal(proctext_list_cut("abcdefghij", 10, 4, &cut), 4);
	assert_int_equal(proctext_list_cut("ab\0", 3, 4, &cut), 3);
	assert_false(cut);
}

static void test_sockets_are_read_with_both_ends(void **state)
{
	static const char line[] = "   1: 0100007F:1F90 0200007F:B453 01 00000000:00000000 "
				   "03:0000066F 00000000     0        0 4711 3 00000000ad3ca292";
	static const uint8_t from[] = {127, 0, 0, 1}, to[] = {127, 0, 0, 2};
	struct proctext_sock s;

	(void)state;
	assert_int_equal(proctext_sock(PROCTEXT_INET, line, sizeof line - 1, &s), 0);
	assert_memory_equal(s.saddr, from, 4);
	assert_memory_equal(s.daddr, to, 4);
	assert_int_equal(s.sport, 8080);
	assert_int_equal(s.dport, 0xb453);
	assert_int_equal(s.state, 1);
	assert_int_equal(s.ino, 4711);
}

static void test_a_unix_socket_may_have_blanks_in_its_name(void **state)
{
	static const char line[] = "00000000c269ab50: 00000002 00000000 00010000 0001 01  1655 "
				   "/run/my socket";
	struct proctext_sock s;

	(void)state;
	assert_int_equal(proctext_sock(PROCTEXT_UNIX, line, sizeof line - 1, &s), 0);
	assert_int_equal(s.ino, 1655);
	assert_int_equal(s.address, 0xc269ab50);
	assert_int_equal(s.path_len, 14);
	assert_memory_equal(s.path, "/run/my socket", 14);
}

static void test_a_head_line_is_no_socket(void **state)
{
	static const char head[] = "  sl  local_address rem_address   st tx_queue rx_queue";
	struct proctext_sock s;

	(void)state;
	for (int f = PROCTEXT_INET; f <= PROCTEXT_NETLINK; f++)
		assert_int_equal(
			proctext_sock((enum proctext_sock_family)f, head, sizeof head - 1, &s),
			-EBADMSG);
}

static void test_numbers_are_whole_or_absent(void **state)
{
	(void)state;
	assert_int_equal(proctext_number("42\n", 3, 7), 42);
	assert_int_equal(proctext_number("42x", 3, 7), 7);
	assert_int_equal(proctext_number("", 0, 7), 7);
	assert_int_equal(proctext_number("18446744073709551616", 20, 7), 7);
	assert_int_equal(proctext_open_flags("pos:\t0\nflags:\t0100002\n", 22), 0100002);
	assert_int_equal(proctext_limit_files("Max open files            1024  524288  files", 45),
			 1024);
	assert_int_equal(proctext_link_ino("socket:[99]", 11, "socket"), 99);
	assert_int_equal(proctext_link_ino("socket:[99]", 11, "pipe"), 0);
	assert_int_equal(proctext_link_ino("socket:[99", 10, "socket"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_name_with_parentheses_and_blanks_is_whole),
		cmocka_unit_test(test_a_stat_that_is_cut_off_is_refused),
		cmocka_unit_test(test_status_takes_effective_ids_and_innermost_numbers),
		cmocka_unit_test(test_cgroups_are_listed_by_controller),
		cmocka_unit_test(test_a_list_without_room_keeps_whole_items),
		cmocka_unit_test(test_sockets_are_read_with_both_ends),
		cmocka_unit_test(test_a_unix_socket_may_have_blanks_in_its_name),
		cmocka_unit_test(test_a_head_line_is_no_socket),
		cmocka_unit_test(test_numbers_are_whole_or_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
