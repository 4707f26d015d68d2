/*
 * bench_rulefile: rules files of any size for benchmarks of loading and memory, the same on every
 * run.
 */
#pragma once

#include "util/buf.h"

enum {
	BENCH_LISTS = 200,
	BENCH_MACROS = 200,
	BENCH_LIST_ITEMS = 20,
};

static inline void bench_names(struct buf *b)
{
	for (int i = 0; i < BENCH_LISTS; i++) {
		buf_printf(b, "- list: list_%d\n  items: [", i);
		for (int k = 0; k < BENCH_LIST_ITEMS; k++)
			buf_printf(b, "%sbin_%d_%d", k ? ", " : "", i, k);
		buf_add_cstr(b, "]\n\n");
	}
	for (int i = 0; i < BENCH_MACROS; i++)
		buf_printf(b,
			   "- macro: macro_%d\n"
			   "  condition: >\n    evt.type in (open, openat, openat2) and\n"
			   "    fd.name startswith /etc/%d and not proc.name in (list_%d)\n\n",
			   i, i, i % BENCH_LISTS);
}

/* @n rules of the common kind: macros, lists, a few fields, an output. */
static inline void bench_common_rules(struct buf *b, int n)
{
	bench_names(b);
	for (int i = 0; i < n; i++)
		buf_printf(b,
			   "- rule: Rule number %d\n"
			   "  desc: What it is good for to look out for number %d\n"
			   "  condition: >\n"
			   "    macro_%d and proc.pname != parent_%d and\n"
			   "    (user.name = user_%d or proc.cmdline contains \"--flag %d\") and\n"
			   "    not fd.name in (/etc/a%d, /etc/b%d, list_%d)\n"
			   "  output: Number %d (user=%%user.name command=%%proc.cmdline "
			   "file=%%fd.name parent=%%proc.pname)\n"
			   "  priority: WARNING\n"
			   "  tags: [filesystem, tag_%d]\n\n",
			   i, i, i % BENCH_MACROS, i, i % 50, i, i, i, i % BENCH_LISTS, i, i % 30);
}

/* @n rules that differ in a place and a program, as threat feeds are turned into. */
static inline void bench_simple_rules(struct buf *b, int n)
{
	for (int i = 0; i < n; i++)
		buf_printf(
			b,
			"- rule: Synthetic rule %d\n"
			"  desc: A file below /x/%d was opened by foo_%d\n"
			"  condition: evt.type in (open, openat, openat2) and fd.name startswith "
			"/x/%d/ and proc.name = foo_%d\n"
			"  output: File opened (user=%%user.name command=%%proc.cmdline "
			"file=%%fd.name parent=%%proc.pname)\n"
			"  priority: WARNING\n"
			"  tags: [filesystem, tag_%d]\n\n",
			i, i, i, i, i, i % 30);
}
