/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* exec: programs that are started. Of one that starts all is told that the kernel itself knows. */
#include "task.h"

enum { EXECVE_PARAMS = 31, EXECVEAT_PARAMS = 30 };
enum { FILESYSTEM_READ_ONLY = 1, INODE_IMMUTABLE = 8, CAP_DAC_OVERRIDE_ = 1, CAP_FOWNER_ = 3 };

/* Whether who runs the file could change it: by its mode, or because he may change its mode. */
INLINE bool may_write(const struct cred *cred, struct inode *inode, struct super_block *sb)
{
	__u16 mode = RD(inode, i_mode);
	__u64 caps = capabilities(AT(cred, cap_effective));

	if (RD(sb, s_flags) & FILESYSTEM_READ_ONLY || RD(inode, i_flags) & INODE_IMMUTABLE)
		return false;
	if (caps >> CAP_DAC_OVERRIDE_ & 1 || caps >> CAP_FOWNER_ & 1 ||
	    RD(inode, i_uid).val == cred->fsuid.val || mode & 0002)
		return true;
	return mode & 0020 && RD(inode, i_gid).val == cred->fsgid.val;
}

/* A file of memfd_create(2) lies in no folder and is called so. */
INLINE bool is_memfd(struct dentry *dentry)
{
	char name[6] = {};

	if (RD(dentry, d_parent) != dentry)
		return false;
	bpf_probe_read_kernel(name, sizeof name, RD(dentry, d_name.name));
	return name[0] == 'm' && name[1] == 'e' && name[2] == 'm' && name[3] == 'f' &&
	       name[4] == 'd' && name[5] == ':';
}

INLINE __u64 changed_at(struct inode *inode)
{
	struct timespec64 t = {};

	if (bpf_core_field_exists(inode->i_ctime_sec))
		return RD(inode, i_ctime_sec) * 1000000000ULL + RD(inode, i_ctime_nsec);
	if (bpf_core_field_exists(struct inode___mid, __i_ctime))
		bpf_core_read(&t, sizeof t, &((struct inode___mid *)inode)->__i_ctime);
	else
		bpf_core_read(&t, sizeof t, &((struct inode___old *)inode)->i_ctime);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

INLINE __u64 modified_at(struct inode *inode)
{
	struct timespec64 t = {};

	if (bpf_core_field_exists(inode->i_mtime_sec))
		return RD(inode, i_mtime_sec) * 1000000000ULL + RD(inode, i_mtime_nsec);
	bpf_core_read(&t, sizeof t, &((struct inode___old *)inode)->i_mtime);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

struct exe_facts {
	__u64 ino, changed, modified;
	__u32 flags;
	__u32 pad;
};

/* About the file that the current task runs. A function of its own, for the verifier to look at once. */
__noinline int exe_facts(__u64 address, struct exe_facts *facts)
{
	const struct cred *cred = current()->cred;
	struct file *exe = (void *)address;
	struct super_block *sb;
	struct inode *inode;
	enum layer layer;

	if (!facts)
		return 0;
	inode = RD(exe, f_inode);
	sb = RD(inode, i_sb);
	layer = layer_of(inode, sb);
	facts->ino = RD(inode, i_ino);
	facts->changed = changed_at(inode);
	facts->modified = modified_at(inode);
	facts->flags = (may_write(cred, inode, sb) ? PPM_EXE_WRITABLE : 0) |
		       (layer == LAYER_UPPER   ? PPM_EXE_UPPER_LAYER
			: layer == LAYER_LOWER ? PPM_EXE_LOWER_LAYER
					       : 0) |
		       (is_memfd(RD(exe, f_path.dentry)) ? PPM_EXE_FROM_MEMFD : 0);
	return 0;
}

/* Number of the terminal, a struct tty_struct *. */
__noinline __u32 terminal(__u64 address)
{
	struct tty_struct *tty = (void *)address;
	struct tty_driver *driver;

	if (!tty)
		return 0;
	driver = RD(tty, driver);
	return dev_number((__u32)RD(driver, major) << 20 |
			  (__u32)(RD(driver, minor_start) + RD(tty, index)));
}

/* Parameters tty to gid. */
INLINE void put_who(struct ev *e, struct task_struct *task)
{
	const struct cred *cred = task->cred;
	struct signal_struct *signal = task->signal;
	struct exe_facts facts = {};
	__u64 exe = 0, tty = 0;

	bpf_probe_read_kernel(&exe, sizeof exe, AT(task->mm, exe_file));
	if (exe)
		exe_facts(exe, &facts);
	bpf_probe_read_kernel(&tty, sizeof tty, AT(signal, tty));
	put_u32(e, terminal(tty));
	put_s64(e, innermost_number(signal->pids[PIDTYPE_PGID_]));
	put_u32(e, task->loginuid.val);
	put_u32(e, facts.flags);
	put_u64(e, capabilities(AT(cred, cap_inheritable)));
	put_u64(e, capabilities(AT(cred, cap_permitted)));
	put_u64(e, capabilities(AT(cred, cap_effective)));
	put_u64(e, facts.ino);
	put_u64(e, facts.changed);
	put_u64(e, facts.modified);
	put_u32(e, cred->euid.val);
	put_path(e, (void *)exe + bpf_core_field_offset(struct file, f_path), task->fs);
	put_s64(e, outermost_number(signal->pids[PIDTYPE_PGID_]));
	put_u32(e, cred->egid.val);
}

/* A call that failed: its arguments are where the caller put them. */
EXIT(execve)
{
	struct ev e;

	if (ret >= 0 || !ev_task(&e, call) ||
	    !var_start(&e, LIFE_RING, WIRE_CLASS_EXECVE, EXECVE_PARAMS))
		return 0;
	ev_of_call(&e, call);
	put_s64(&e, ret);
	put_first(&e, arg(call, 1));
	put_array(&e, arg(call, 1), 1);
	put_identity(&e, e.task, e.task->mm, true);
	put_cgroups(&e, e.task);
	put_array(&e, arg(call, 2), 0);
	put_who(&e, e.task);
	put_text(&e, arg(call, 0));
	return var_end(&e, EXECVE_PARAMS);
}

EXIT(execveat)
{
	struct ev e;

	if (ret >= 0 || !ev_task(&e, call) ||
	    !var_start(&e, LIFE_RING, WIRE_CLASS_EXECVE, EXECVEAT_PARAMS))
		return 0;
	ev_of_call(&e, call);
	put_s64(&e, ret);
	put_first(&e, arg(call, 2));
	put_array(&e, arg(call, 2), 1);
	put_identity(&e, e.task, e.task->mm, true);
	put_cgroups(&e, e.task);
	put_array(&e, arg(call, 3), 0);
	put_who(&e, e.task);
	return var_end(&e, EXECVEAT_PARAMS);
}

/* A call that did not fail, before the new program runs. Which of the two calls it was the kernel has forgotten
 * by now; recordings have it as execve. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct mm_struct *mm;
	struct ev e;

	task = plain(task);
	mm = task->mm;
	if ((__u32)task->tgid == control.self ||
	    !var_start(&e, LIFE_RING, WIRE_CLASS_EXECVE, EXECVE_PARAMS))
		return 0;
	e.ts = now();
	e.tid = (__u32)task->pid;
	e.type = WIRE_EVENT_EXECVE;
	put_s64(&e, 0);
	put_exe_args(&e, mm);
	put_identity(&e, task, mm, true);
	put_cgroups(&e, task);
	put_texts(&e, mm->env_start, mm->env_end);
	put_who(&e, task);
	put_kernel_text(&e, bprm->filename);
	return var_end(&e, EXECVE_PARAMS);
}
