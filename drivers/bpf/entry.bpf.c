/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * entry: names of files as calls began with them. While a call runs another thread of the process can change
 * the text it was given, and what is there when it ends is not what the kernel used. Attached on request
 * only: a second program on every system call of the machine costs more than all else that is done there.
 */
#include "entry.h"

SEC("tp_btf/sys_enter")
int BPF_PROG(sys_enter, struct pt_regs *regs, long nr)
{
	struct task_struct *task;
	struct call call;
	struct stash *s;
	__u16 code;
	long n;

	call_read(&call, regs);
	if (call.nr >= WIRE_SLOTS || !(control.want[call.nr] & WIRE_STASH))
		return 0;
	task = (struct task_struct *)bpf_get_current_task_btf();
	if (!has_threads(plain(task)))
		return 0;
	s = bpf_task_storage_get(&stashes, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!s)
		return 0;
	code = calls[call.nr].code;
	s->user = code == WIRE_CODE_OPEN || code == WIRE_CODE_CREAT ? arg(&call, 0) : arg(&call, 1);
	n = bpf_probe_read_user_str(s->text, sizeof s->text, (void *)s->user);
	s->len = n > 0 && n < STASH_TEXT ? n : 0; /* what is longer is read at the end */
	return 0;
}
