/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* entry: what was kept of a call when it began (entry.bpf.c). */
#pragma once

#include "inode.h"

enum { STASH_TEXT = 1024 };

struct stash {
	__u64 user; /* where the text was */
	__u32 len;  /* with its NUL; 0: nothing is kept */
	char text[STASH_TEXT];
};

struct stash_map {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct stash);
};
extern struct stash_map stashes SEC(".maps");

INLINE bool has_threads(struct task_struct *task)
{
	struct mm_struct *mm = task->mm;

	return mm && mm->mm_users.counter > 1;
}

/* What was kept of a call that ends; NULL: nothing. Other threads may have ended since. */
INLINE struct stash *stash_of(const struct call *call)
{
	if (!(control.want[call->nr & (WIRE_SLOTS - 1)] & WIRE_STASH))
		return NULL;
	return bpf_task_storage_get(&stashes, (struct task_struct *)bpf_get_current_task_btf(),
				    NULL, 0);
}

/* Of a call that nobody is told of: its name must not be taken for that of a later one. */
INLINE void forget_name(const struct call *call)
{
	struct stash *s = stash_of(call);

	if (s)
		s->len = 0;
}

/* The name of a file that a call was given at @user: what was kept of it, or what is there now. */
INLINE void put_name(struct ev *e, const struct call *call, __u64 user)
{
	struct stash *s = stash_of(call);
	__u64 at = e->at, n;

	if (!s || !s->len || s->user != user) {
		put_text(e, user);
		return;
	}
	n = s->len;
	s->len = 0;
	if (n > STASH_TEXT)
		n = STASH_TEXT;
	BOUND16(at);
	bpf_probe_read_kernel(e->p + at, n, s->text);
	put_len(e, n);
}
