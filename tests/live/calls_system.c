/* Identity, memory, mounts, control, signals, semaphores, request rings, and calls without an event of their own. */
#include "calls.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void act_get_ids(struct told *t)
{
	unsigned int a, b, c;

	(void)t;
	syscall(SYS_getuid);
	syscall(SYS_geteuid);
	syscall(SYS_getgid);
	syscall(SYS_getegid);
	syscall(SYS_getresuid, &a, &b, &c);
	syscall(SYS_getresgid, &a, &b, &c);
}

static void act_set_groups(struct told *t)
{
	(void)t;
	syscall(SYS_setresgid, -1, 7, -1);
	syscall(SYS_setregid, -1, 0);
	syscall(SYS_setgid, 12);
}

static void act_set_users(struct told *t)
{
	(void)t;
	syscall(SYS_setresuid, 0, 0, 33);
	syscall(SYS_setreuid, 0, 0);
	syscall(SYS_setuid, 34);
	syscall(SYS_setuid, 0);
}

static void act_sessions(struct told *t)
{
	(void)t;
	syscall(SYS_setpgid, 0, 0);
	syscall(SYS_setsid);
}

static void act_namespaces(struct told *t)
{
	t->r[0] = open("/proc/self/ns/uts", O_RDONLY);
	syscall(SYS_unshare, CLONE_NEWUTS);
	syscall(SYS_setns, t->r[0], CLONE_NEWUTS);
}

static void act_memory(struct told *t)
{
	t->r[0] = syscall(SYS_mmap, NULL, 8192L, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1L, 0L);
	syscall(SYS_mprotect, t->r[0], 4096, PROT_READ | PROT_EXEC);
	t->r[1] = syscall(SYS_mlock, t->r[0], 4096);
	syscall(SYS_munlock, t->r[0], 4096);
	t->r[2] = syscall(SYS_mlock2, t->r[0], 4096, 1);
	syscall(SYS_munmap, t->r[0], 8192);
}

static void act_lock_all(struct told *t)
{
	t->r[0] = syscall(SYS_mlockall, 2);
	syscall(SYS_munlockall);
	t->r[1] = syscall(SYS_brk, 0);
}

static void act_mounts(struct told *t)
{
	mkdir("m", 0700);
	t->r[0] = syscall(SYS_unshare, CLONE_NEWNS);
	syscall(SYS_mount, "none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
	syscall(SYS_mount, "nothing", "m", "tmpfs", MS_NOSUID | MS_NODEV, "size=64k");
	syscall(SYS_umount2, "m", MNT_DETACH);
}

static void act_fsconfig(struct told *t)
{
	t->r[0] = syscall(SYS_fsopen, "tmpfs", 0);
	syscall(SYS_fsconfig, t->r[0], 1, "size", "1M", 0);
	syscall(SYS_fsconfig, t->r[0], 6, NULL, NULL, 0);
}

static void act_prctl(struct told *t)
{
	(void)t;
	syscall(SYS_prctl, PR_SET_NAME, "renamed");
	syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1);
	syscall(SYS_prctl, PR_GET_CHILD_SUBREAPER, &t->r[0]);
	syscall(SYS_prctl, PR_GET_DUMPABLE, 0);
}

static void act_ptrace(struct told *t)
{
	t->r[0] = syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0);
	syscall(SYS_ptrace, PTRACE_ATTACH, 999999999, 0, 0);
	syscall(SYS_ptrace, PTRACE_CONT, 999999999, 0, SIGUSR1);
}

static void act_control(struct told *t)
{
	union bpf_attr a;

	memset(&a, 0, sizeof a);
	t->r[0] = syscall(SYS_bpf, BPF_MAP_CREATE, &a, sizeof a);
	syscall(SYS_seccomp, 77, 5, NULL);
	syscall(SYS_keyctl, 0, -3, 0, 0, 0);
	syscall(SYS_keyctl, 10, -3, "user", "gyr-no-such-key", 0);
}

static void act_modules(struct told *t)
{
	/* on the stack: a kernel without modules does not read them, and what nobody read is not there */
	char image[] = "nonsense", a[] = "a=1", b[] = "b=2", name[] = "gyr_no_such";

	t->r[0] = syscall(SYS_init_module, image, 8, a) < 0;
	t->r[1] = syscall(SYS_finit_module, 777, b, 1) < 0;
	t->r[2] = syscall(SYS_delete_module, name, O_NONBLOCK) < 0;
}

static void act_limits(struct told *t)
{
	struct rlimit l = {1000, 2000}, old;

	(void)t;
	syscall(SYS_setrlimit, RLIMIT_NOFILE, &l);
	syscall(SYS_getrlimit, RLIMIT_NOFILE, &old);
	l.rlim_cur = 900;
	syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &l, &old);
}

static void act_quotactl(struct told *t)
{
	(void)t;
	syscall(SYS_quotactl, 0x80000200u, "/no/such/device", 5, NULL);
}

static void act_capset(struct told *t)
{
	struct {
		unsigned int version;
		int pid;
	} head = {0x20080522, 0};
	unsigned int data[6] = {1 << 5 | 1 << 21, 1 << 5 | 1 << 21, 0, 0, 0, 0};

	t->r[0] = syscall(SYS_capset, &head, data);
}

static void act_signals(struct told *t)
{
	(void)t;
	signal(SIGUSR1, SIG_IGN);
	syscall(SYS_kill, getpid(), SIGUSR1);
	syscall(SYS_tkill, getpid(), 0);
	syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void act_deliver(struct told *t)
{
	(void)t;
	signal(SIGUSR2, on_signal);
	syscall(SYS_kill, getpid(), SIGUSR2);
}

static void act_semaphores(struct told *t)
{
	struct sembuf ops[2] = {{0, 1, IPC_NOWAIT}, {0, -1, SEM_UNDO}};

	t->r[0] = syscall(SYS_semget, IPC_PRIVATE, 1, IPC_CREAT | 0600);
	syscall(SYS_semctl, t->r[0], 0, SETVAL, 3);
	syscall(SYS_semop, t->r[0], ops, 2);
	syscall(SYS_semctl, t->r[0], 0, IPC_RMID, 0);
}

static void act_futex(struct told *t)
{
	t->r[0] = (long)&t->r[5];
	syscall(SYS_futex, &t->r[5], FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}

static void act_uring(struct told *t)
{
	unsigned int params[30] = {0};

	t->r[0] = syscall(SYS_io_uring_setup, 4, params);
	syscall(SYS_io_uring_enter, 777, 1, 2, 1, NULL, 0);
	syscall(SYS_io_uring_register, 777, 2, 0x10, 3);
}

static void act_vm(struct told *t)
{
	char to[8], text[] = "words";
	struct iovec here[] = {{to, 2}, {to + 2, 3}}, there = {text, 5};

	t->r[0] = syscall(SYS_process_vm_readv, getpid(), here, 2L, &there, 1L, 0L);
	syscall(SYS_process_vm_writev, getpid(), here, 2L, &there, 1L, 0L);
	syscall(SYS_process_vm_writev, -1, here, 2L, &there, 1L, 0L);
}

static void act_generic(struct told *t)
{
	(void)t;
	syscall(SYS_getppid);
	syscall(SYS_mremap, 0, 0, 0, 0);
}

static const struct call_case rows[] = {
	{"who one is",
	 act_get_ids,
	 {"getuid uid=0", "geteuid euid=0", "getgid gid=0", "getegid egid=0",
	  "getresuid res=0 ruid=0 euid=0 suid=0", "getresgid res=0 rgid=0 egid=0 sgid=0"}},
	{"groups that change",
	 act_set_groups,
	 {"setresgid res=0 rgid=4294967295 egid=7 sgid=4294967295",
	  "setregid res=0 rgid=4294967295 egid=0", "setgid res=0 gid=12"}},
	{"users that change",
	 act_set_users,
	 {"setresuid res=0 ruid=0 euid=0 suid=33", "setreuid res=0 ruid=0 euid=0",
	  "setuid res=0 uid=34", "setuid res=-1 uid=0"}},
	{"process groups and sessions",
	 act_sessions,
	 {"setpgid res=0 pid=0 pgid=0", "setsid res=-1"}},
	{"name spaces",
	 act_namespaces,
	 {"unshare res=0 flags=CLONE_NEWUTS", "setns res=0 fd={0} nstype=CLONE_NEWUTS"}},
	{"memory",
	 act_memory,
	 {"mmap res={0} vm_size=* vm_rss=* vm_swap=* addr=0 length=8192 prot=PROT_READ|PROT_WRITE "
	  "flags=MAP_PRIVATE|MAP_ANONYMOUS fd=-1 offset=0",
	  "mprotect res=0 addr={0} length=4096 prot=PROT_READ|PROT_EXEC",
	  "mlock res={1} addr={0} len=4096", "munlock res=0 addr={0} len=4096",
	  "mlock2 res=0 addr={0} len=4096 flags=MLOCK_ONFAULT",
	  "munmap res=0 vm_size=* vm_rss=* vm_swap=* addr={0} length=8192"}},
	{"all memory",
	 act_lock_all,
	 {"mlockall res={0} flags=MCL_FUTURE", "munlockall res=0",
	  "brk res={1} vm_size=* vm_rss=* vm_swap=* addr=0"}},
	{"mounts",
	 act_mounts,
	 {"unshare res=0 flags=CLONE_NEWNS", "mount res=0 dev=none dir=/ type= flags=REC|PRIVATE",
	  "mount res=0 dev=nothing dir=m type=tmpfs flags=NOSUID|NODEV",
	  "umount2 res=0 name=m flags=DETACH"}},
	{"a file system that is put together",
	 act_fsconfig,
	 {"fsconfig res=0 fd={0} cmd=FSCONFIG_SET_STRING key=size value_bytebuf= value_charbuf=1M "
	  "aux=0",
	  "fsconfig res=0 fd={0} cmd=FSCONFIG_CMD_CREATE key= value_bytebuf= value_charbuf= "
	  "aux=0"}},
	{"prctl",
	 act_prctl,
	 {"prctl res=0 option=PR_SET_NAME arg2_str=renamed arg2_int=0",
	  "prctl res=0 option=PR_SET_CHILD_SUBREAPER arg2_str= arg2_int=1",
	  "prctl res=0 option=PR_GET_CHILD_SUBREAPER arg2_str= arg2_int=1",
	  "prctl res=1 option=PR_GET_DUMPABLE arg2_str= arg2_int=0"}},
	{"ptrace",
	 act_ptrace,
	 {"ptrace res={0} addr=* data=* request=PTRACE_TRACEME pid=0",
	  "ptrace res=-3 addr=\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00 data=* "
	  "request=PTRACE_ATTACH pid=999999999",
	  "ptrace res=-3 addr=* data=\\x01\\x0a request=PTRACE_CONT pid=999999999"}},
	{"bpf, seccomp, keyctl",
	 act_control,
	 {"bpf fd=-22 cmd=BPF_MAP_CREATE", "seccomp res=-22 op=77 flags=5",
	  "keyctl res=* operation=KEYCTL_GET_KEYRING_ID arg2=* arg3=* arg4=* arg5=*",
	  "keyctl res=* operation=KEYCTL_SEARCH arg2=* arg3=\\x01user\\x00 "
	  "arg4=\\x01gyr-no-such-key\\x00 arg5=*"}},
	{"modules",
	 act_modules,
	 {"init_module res=* img=nonsense length=8 uargs=a=1",
	  "finit_module res=* fd=777 uargs=b=2 flags=MODULE_INIT_IGNORE_MODVERSIONS",
	  "delete_module res=* name=gyr_no_such flags=O_NONBLOCK"}},
	{"limits",
	 act_limits,
	 {"setrlimit res=0 cur=1000 max=2000 resource=RLIMIT_NOFILE",
	  "getrlimit res=0 cur=1000 max=2000 resource=RLIMIT_NOFILE",
	  "prlimit res=0 newcur=900 newmax=2000 oldcur=1000 oldmax=2000 pid=0 "
	  "resource=RLIMIT_NOFILE"}},
	{"quotactl",
	 act_quotactl,
	 {"quotactl res=* special=/no/such/device quotafilepath= dqb_bhardlimit=0 dqb_bsoftlimit=0 "
	  "dqb_curspace=0 "
	  "dqb_ihardlimit=0 dqb_isoftlimit=0 dqb_btime=0 dqb_itime=0 dqi_bgrace=0 dqi_igrace=0 "
	  "dqi_flags=DQF_NONE "
	  "quota_fmt_out=QFMT_NOT_USED cmd=Q_QUOTAON type=USRQUOTA id=5 quota_fmt=QFMT_NOT_USED"}},
	{"capset tells what is left",
	 act_capset,
	 {"capset res=0 cap_inheritable=0 cap_permitted=2097184 cap_effective=2097184"}},
	{"kill, tkill, tgkill",
	 act_signals,
	 {"kill res=0 pid={pid} sig=10", "tkill res=0 tid={pid} sig=0",
	  "tgkill res=0 pid={pid} tid={pid} sig=10"}},
	{"a signal that is delivered", act_deliver, {"signaldeliver spid={pid} dpid={pid} sig=12"}},
	{"semaphores",
	 act_semaphores,
	 {"semget res={0} key=0 nsems=1 semflg=IPC_CREAT",
	  "semctl res=0 semid={0} semnum=0 cmd=SETVAL val=3",
	  "semop res=0 nsops=2 sem_num_0=0 sem_op_0=1 sem_flg_0=IPC_NOWAIT sem_num_1=0 sem_op_1=-1 "
	  "sem_flg_1=SEM_UNDO "
	  "semid={0}",
	  "semctl res=0 semid={0} semnum=0 cmd=IPC_RMID val=0"}},
	{"futex", act_futex, {"futex res=0 addr={0} op=* val=1"}},
	{"request rings",
	 act_uring,
	 {"io_uring_setup res=* entries=4 sq_entries=* cq_entries=* flags=0 sq_thread_cpu=0 "
	  "sq_thread_idle=0 features=*",
	  "io_uring_enter res=* fd=777 to_submit=1 min_complete=2 flags=IORING_ENTER_GETEVENTS "
	  "sig=0",
	  "io_uring_register res=* fd=777 opcode=IORING_REGISTER_FILES arg=16 nr_args=3"}},
	{"memory of a process",
	 act_vm,
	 {"process_vm_readv res=5 pid={pid} data=words",
	  "process_vm_writev res=5 pid={pid} data=words", "process_vm_writev res=-3 pid=-1 data="}},
	{"calls without an event of their own",
	 act_generic,
	 {"syscall ID=41 nativeID=*", "syscall ID=104 nativeID=*"}},
};
const struct call_cases calls_system = CASES(rows);
