/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * kernel: the members of kernel types that the programs read, and no others. Where each of them lies is
 * found when the programs are loaded (preserve_access_index); order and size here mean nothing. A name
 * with three underscores stands for the same type in kernels of another age.
 */
#pragma once

#include <stdbool.h>

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_arm64)
struct pt_regs {
	__u64 regs[31];
	__u64 sp;
	__u64 pc;
	__u64 orig_x0;
	__s32 syscallno;
};
struct thread_info {
	unsigned long flags;
};
#else
struct pt_regs {
	unsigned long bp, bx, r10, r9, r8, cx, dx, si, di, orig_ax, ip, cs;
};
struct thread_info {
	__u32 status;
};
#endif

typedef struct {
	__u32 val;
} kuid_t;
typedef struct {
	__u32 val;
} kgid_t;
typedef struct {
	__s64 counter;
} atomic64_t;

struct list_head {
	struct list_head *next;
};
struct qstr {
	__u32 len;
	const unsigned char *name;
};
struct super_block {
	__u32 s_dev;
	unsigned long s_flags, s_magic;
};
struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};
struct pipe_inode_info;
struct inode {
	__u16 i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	__u32 i_flags;
	struct super_block *i_sb;
	unsigned long i_ino;
	__s64 i_mtime_sec, i_ctime_sec;
	__u32 i_mtime_nsec, i_ctime_nsec;
};
struct inode___mid { /* 6.6 to 6.10 */
	struct timespec64 __i_ctime;
};
struct inode___old { /* before 6.6, and until 6.10 for the time of change of the data */
	struct timespec64 i_mtime, i_ctime;
};
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};
struct vfsmount {
	struct dentry *mnt_root;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct file {
	__u32 f_mode;
	void *private_data;
	struct inode *f_inode;
	__u32 f_flags;
	struct path f_path;
};
struct fdtable {
	__u32 max_fds;
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
struct fs_struct {
	struct path root, pwd;
};
struct percpu_counter {
	__s64 count;
};
typedef struct {
	int counter;
} atomic_t;
struct mm_struct {
	atomic_t mm_users;
	unsigned long total_vm, arg_start, arg_end, env_start, env_end;
	struct file *exe_file;
	struct percpu_counter rss_stat[4];
};
struct mm_rss_stat___old {
	atomic64_t count[4];
};
struct mm_struct___old { /* before 6.2 */
	struct mm_rss_stat___old rss_stat;
};
struct rlimit {
	unsigned long rlim_cur;
};
struct tty_driver {
	int major, minor_start;
};
struct tty_struct {
	int index;
	struct tty_driver *driver;
};
struct pid_namespace;
struct upid {
	int nr;
	struct pid_namespace *ns;
};
struct pid {
	unsigned int level;
	struct upid numbers[1];
};
struct task_struct;
struct pid_namespace {
	struct task_struct *child_reaper;
	unsigned int level;
};
struct nsproxy {
	struct pid_namespace *pid_ns_for_children;
};
struct signal_struct {
	struct pid *pids[4];
	struct rlimit rlim[16];
	struct tty_struct *tty;
	unsigned int is_child_subreaper : 1;
};
struct kernel_cap { /* 64 bits; how they are called depends on the kernel */
	__u64 val;
};
struct cred {
	kuid_t uid, suid, euid, fsuid;
	kgid_t gid, sgid, egid, fsgid;
	struct kernel_cap cap_inheritable, cap_permitted, cap_effective;
};
struct kernfs_node {
	struct kernfs_node *__parent;
	const char *name;
};
struct kernfs_node___old { /* before 6.15 */
	struct kernfs_node *parent;
};
struct cgroup {
	struct kernfs_node *kn;
};
struct cgroup_subsys_state {
	struct cgroup *cgroup;
};
struct css_set {
	struct cgroup_subsys_state *subsys[16];
	struct cgroup *dfl_cgrp;
};
struct rq {
	struct task_struct *curr;
	int cpu;
};
struct cfs_rq {
	struct rq *rq;
};
struct sched_entity {
	struct cfs_rq *cfs_rq;
};
struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	int exit_code;
	int pid, tgid;
	struct task_struct *real_parent, *group_leader;
	struct list_head children;
	struct pid *thread_pid;
	__u64 start_boottime;
	unsigned long min_flt, maj_flt;
	const struct cred *cred;
	char comm[16];
	struct sched_entity se;
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct mm_struct *mm;
	kuid_t loginuid;
	struct css_set *cgroups;
};
struct linux_binprm {
	const char *filename;
	struct file *file;
};
struct in6_addr {
	__u8 bytes[16];
};
struct sock_common {
	__u16 skc_family;
	__u32 skc_daddr, skc_rcv_saddr;
	__u16 skc_dport; /* network order */
	__u16 skc_num;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
};
struct sock {
	struct sock_common __sk_common;
	__u32 sk_max_ack_backlog, sk_ack_backlog;
};
struct inet_sock {
	__u32 inet_saddr;
	__u16 inet_sport; /* network order */
};
struct socket {
	struct sock *sk;
};
struct unix_address {
	int len;
};
struct unix_sock {
	struct unix_address *addr;
	struct sock *peer;
};
struct ovl_inode {
	struct inode vfs_inode;
};
struct kernel_siginfo {
	int si_signo, si_errno, si_code;
	union {
		int first; /* of most kinds: the process that sent it */
	} _sifields;
};

#pragma clang attribute pop

/* Sub-systems of control groups; their numbers depend on how the kernel was configured. */
enum cgroup_subsys_id {
	cpuset_cgrp_id = 0,
	cpu_cgrp_id,
	cpuacct_cgrp_id,
	io_cgrp_id,
	memory_cgrp_id,
};
