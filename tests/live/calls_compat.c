/* Calls of 32-bit programs, made from a 64-bit one by `int 0x80`: numbers and registers are theirs, and whatever
 * is pointed to lies below 4 GiB. Empty where the processor has no such calls, or the kernel does not take them. */
#include "calls.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
/* Numbers of asm/unistd_32.h, which cannot be included beside those of 64 bits. */
enum {
	NR32_OPEN = 5,
	NR32_UNLINK = 10,
	NR32_EXECVE = 11,
	NR32_LLSEEK = 140,
	NR32_LSEEK = 19,
	NR32_GETPID = 20,
	NR32_SETUID = 23,
	NR32_SIGNAL = 48,
	NR32_KILL = 37,
	NR32_UMOUNT = 22,
	NR32_MMAP = 90,
	NR32_SOCKETCALL = 102,
	NR32_WRITEV = 146,
	NR32_NANOSLEEP = 162,
	NR32_PWRITE64 = 181,
	NR32_MMAP2 = 192,
	NR32_GETPPID = 64,
	NR32_STAT64 = 195,
	NR32_CHOWN32 = 212,
	NR32_KEYCTL = 288,
	NR32_OPENAT = 295
};
enum { LARGE_FILE = 0100000 }; /* O_LARGEFILE, which 64-bit programs have no name for */

static long call32(long nr, long a, long b, long c, long d, long e)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "r8", "r9", "r10", "r11");
	return r;
}

/* mmap2 of page @page of a file; its sixth argument is in %ebp, which no constraint can name. */
static long map_page(long fd, long page)
{
	register long sixth __asm__("r12") = page;
	long r;

	__asm__ volatile("xchgq %%rbp, %1; int $0x80; xchgq %%rbp, %1"
			 : "=a"(r), "+r"(sixth)
			 : "a"(NR32_MMAP2), "b"(0), "c"(4096), "d"(PROT_READ), "S"(MAP_PRIVATE),
			   "D"(fd)
			 : "memory", "r8", "r9", "r10", "r11");
	return r;
}

/* Memory that 32-bit pointers reach. */
static char *low_page(void)
{
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
		       -1, 0);

	if (p == MAP_FAILED)
		_exit(1);
	return p;
}

static long low_text(const char *text)
{
	char *const p = low_page();

	memcpy(p, text, strlen(text) + 1);
	return (long)p;
}

static void tell_inode(struct told *t, long fd)
{
	struct stat st;

	if (!fstat((int)fd, &st)) {
		t->r[1] = (long)(((unsigned)major(st.st_dev) << 8) | (minor(st.st_dev) & 0xff) |
				 ((minor(st.st_dev) & ~0xffu) << 12));
		t->r[2] = (long)st.st_ino;
	}
}

static void act_open(struct told *t)
{
	t->r[0] = call32(NR32_OPEN, low_text("/etc/passwd"), O_RDONLY | O_CLOEXEC, 0, 0, 0);
	tell_inode(t, t->r[0]);
}

static void act_openat(struct told *t)
{
	const long name = low_text("made");

	t->r[0] = call32(NR32_OPENAT, AT_FDCWD, name, O_CREAT | O_RDWR, 0640, 0);
	tell_inode(t, t->r[0]);
	call32(NR32_OPENAT, (long)0xdead00000000 | (uint32_t)AT_FDCWD, low_text("/no/such"),
	       O_RDONLY, 0, 0);
}

static void act_files(struct told *t)
{
	const long name = low_text("f");

	t->r[0] = call32(NR32_OPEN, name, O_CREAT | O_RDWR, 0600, 0, 0);
	call32(NR32_STAT64, name, (long)low_page(), 0, 0, 0);
	call32(NR32_CHOWN32, name, 70000, -1, 0, 0);
	call32(NR32_UNLINK, name, 0, 0, 0, 0);
	call32(NR32_UNLINK, name, 0, 0, 0, 0);
	call32(NR32_UMOUNT, name, 7, 0, 0, 0);
}

static void act_numbers(struct told *t)
{
	t->r[0] = call32(NR32_GETPID, 0, 0, 0, 0, 0);
	t->r[1] = call32(NR32_GETPPID, 0, 0, 0, 0, 0);
	call32(NR32_KILL, t->r[0], 0, 0, 0, 0);
	call32(NR32_KILL, -77777777, 0, 0, 0, 0);
	call32(NR32_SETUID, 0x50000, 0, 0, 0, 0); /* has 16 bits: it is 0 */
}

static void act_positions(struct told *t)
{
	const long text = low_text("abc");

	t->r[0] = call32(NR32_OPEN, low_text("p"), O_CREAT | O_RDWR | LARGE_FILE, 0600, 0, 0);
	call32(NR32_PWRITE64, t->r[0], text, 3, 5, 1);
	call32(NR32_LSEEK, t->r[0], -2, SEEK_SET, 0, 0);
}

static void act_structs(struct told *t)
{
	uint32_t *const words = (uint32_t *)low_page();

	t->r[0] = call32(NR32_OPEN, low_text("w"), O_CREAT | O_RDWR, 0600, 0, 0);
	words[0] = (uint32_t)low_text("hello");
	words[1] = 5;
	words[2] = (uint32_t)low_text("world!");
	words[3] = 6;
	call32(NR32_WRITEV, t->r[0], (long)words, 2, 0, 0);
	words[0] = 0;
	words[1] = 1000;
	call32(NR32_NANOSLEEP, (long)words, 0, 0, 0, 0);
}

/* socketcall: socket(), connect() to a name that nobody has, and sendto() without an address. */
static void act_sockets(struct told *t)
{
	uint32_t *const words = (uint32_t *)low_page();
	struct sockaddr_un *const to = (struct sockaddr_un *)low_page();

	words[0] = AF_UNIX;
	words[1] = SOCK_STREAM;
	words[2] = 0;
	t->r[0] = call32(NR32_SOCKETCALL, 1, (long)words, 0, 0, 0);
	to->sun_family = AF_UNIX;
	memcpy(to->sun_path, "/no/such/socket", 16);
	words[0] = (uint32_t)t->r[0];
	words[1] = (uint32_t)(uintptr_t)to;
	words[2] = sizeof *to;
	call32(NR32_SOCKETCALL, 3, (long)words, 0, 0, 0);
	words[1] = 2;
	call32(NR32_SOCKETCALL, 13, (long)words, 0, 0, 0);
}

/* mmap of old, whose arguments lie in memory; mmap2 by registers. */
static void act_mmap(struct told *t)
{
	uint32_t *const words = (uint32_t *)low_page();

	words[1] = 8192;
	words[2] = PROT_READ | PROT_EXEC;
	words[3] = MAP_PRIVATE | MAP_ANONYMOUS;
	words[4] = (uint32_t)-1;
	t->r[0] = call32(NR32_MMAP, (long)words, 0, 0, 0, 0);
	t->r[2] = open("/etc/passwd", O_RDONLY);
	t->r[1] = map_page((long)t->r[2], 1);
}

static void act_execve_fails(struct told *t)
{
	uint32_t *const args = (uint32_t *)low_page(), *const env = (uint32_t *)low_page();

	(void)t;
	args[0] = (uint32_t)low_text("zero");
	args[1] = (uint32_t)low_text("one");
	env[0] = (uint32_t)low_text("E=1");
	call32(NR32_EXECVE, low_text("/no/such/program"), (long)args, (long)env, 0, 0);
}

static void act_execve(struct told *t)
{
	uint32_t *const args = (uint32_t *)low_page();

	(void)t;
	args[0] = (uint32_t)low_text("true");
	args[1] = (uint32_t)low_text("one");
	call32(NR32_EXECVE, low_text("/bin/true"), (long)args, 0, 0, 0);
}

/* One that leaves where it got to in memory, and one that is told with its own number. */
static void act_untold(struct told *t)
{
	t->r[0] = call32(NR32_OPEN, low_text("l"), O_CREAT | O_RDWR, 0600, 0, 0);
	t->lost = 1;
	call32(NR32_LLSEEK, t->r[0], 0, 0, (long)low_page(), SEEK_SET);
	call32(NR32_SIGNAL, SIGUSR1, 1, 0, 0, 0);
}

static void act_keys(struct told *t)
{
	(void)t;
	call32(NR32_KEYCTL, 0, -3, 0, 0, 0);
}

/* A 64-bit call whose number has bits that the kernel does not look at. */
static void act_high_bits(struct told *t)
{
	long r;

	(void)t;
	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(0x100000000 | SYS_unlink), "D"("gone")
			 : "memory", "rcx", "r11");
}

static const struct call_case rows[] = {
	{"32 bits: open tells the file that was opened",
	 act_open,
	 {"open fd={0} name=/etc/passwd flags=O_RDONLY|O_CLOEXEC mode=00 dev={1} ino={2}"}},
	{"32 bits: openat keeps the sign of the directory",
	 act_openat,
	 {"openat fd={0} dirfd=-100 name=made flags=O_CREAT|O_RDWR|O_F_CREATED mode=0640 dev={1} "
	  "ino={2}",
	  "openat fd=-2 dirfd=-100 name=/no/such flags=O_RDONLY mode=00 dev=0 ino=0"}},
	{"32 bits: calls of other names are told as the same calls",
	 act_files,
	 {"open fd={0} name=f flags=* mode=0600 dev=* ino=*", "stat res=0 path=f",
	  "chown res=0 path=f uid=70000 gid=4294967295", "unlink res=0 path=f",
	  "unlink res=-2 path=f", "umount2 res=-2 name=f flags=0"}},
	{"32 bits: getpid and kill are not what has their numbers otherwise",
	 act_numbers,
	 {"!writev", "!umask", "!lseek", "!sendfile", "syscall ID=41 nativeID=110",
	  "kill res=0 pid={0} sig=0", "kill res=-3 pid=-77777777 sig=0", "setuid res=0 uid=0"}},
	{"32 bits: positions have both halves and their sign",
	 act_positions,
	 {"pwrite res=3 data=abc fd={0} size=3 pos=4294967301",
	  "lseek res=-22 fd={0} offset=18446744073709551614 whence=SEEK_SET"}},
	{"32 bits: structs in memory are narrower",
	 act_structs,
	 {"writev res=11 data=helloworld! fd={0} size=11", "nanosleep res=0 interval=1000"}},
	{"32 bits: socketcall is told as what it stands for",
	 act_sockets,
	 {"socket fd={0} domain=AF_LOCAL type=1 proto=0 flags=0",
	  "connect res=-2 tuple= fd={0} addr=\\x01/no/such/socket\\x00",
	  "shutdown res=0 fd={0} how=SHUT_RDWR"}},
	{"32 bits: mmap takes its arguments from memory, and mmap2 from registers",
	 act_mmap,
	 {"mmap res={0} vm_size=* vm_rss=* vm_swap=* addr=0 length=8192 prot=PROT_READ|PROT_EXEC "
	  "flags=MAP_PRIVATE|MAP_ANONYMOUS fd=-1 offset=0",
	  "mmap res={1} vm_size=* vm_rss=* vm_swap=* addr=0 length=4096 prot=PROT_READ "
	  "flags=MAP_PRIVATE fd={2} offset=4096"}},
	{"32 bits: execve that fails has its arguments",
	 act_execve_fails,
	 {"execve res=-2 exe=zero args=one\\x00 "
	  "tid=* pid=* ptid=* cwd=* fdlimit=* pgft_maj=* pgft_min=* vm_size=* vm_rss=* vm_swap=* "
	  "comm=* cgroups=* "
	  "env=E=1\\x00 tty=* vpgid=* loginuid=* flags=* cap_inheritable=* cap_permitted=* "
	  "cap_effective=* exe_ino=* exe_ino_ctime=* exe_ino_mtime=* uid=* trusted_exepath=* "
	  "pgid=* gid=* "
	  "filename=/no/such/program"}},
	{"32 bits: execve that does not fail",
	 act_execve,
	 {"execve res=0 exe=true args=one\\x00 "
	  "tid=* pid=* ptid=* cwd=* fdlimit=* pgft_maj=* pgft_min=* vm_size=* vm_rss=* vm_swap=* "
	  "comm=* cgroups=* "
	  "env= tty=* vpgid=* loginuid=* flags=* cap_inheritable=* cap_permitted=* cap_effective=* "
	  "exe_ino=* exe_ino_ctime=* exe_ino_mtime=* uid=* trusted_exepath=* pgid=* gid=* "
	  "filename=/bin/true"}},
	{"32 bits: numbers of keys keep their sign",
	 act_keys,
	 {"keyctl res=* operation=KEYCTL_GET_KEYRING_ID "
	  "arg2=\\x00\\xfd\\xff\\xff\\xff\\xff\\xff\\xff\\xff arg3=* arg4=* arg5=*"}},
	{"a number that has bits which the kernel does not look at",
	 act_high_bits,
	 {"unlink res=-2 path=gone"}},
	{"32 bits: what cannot be told is counted, and what only they have is told by its own "
	 "number",
	 act_untold,
	 {"!lseek", "!umask", "!chroot", "!setsockopt", "syscall ID=289 nativeID=48"}},
};
const struct call_cases calls_compat = CASES(rows);

/* Where it does not, the instruction is a fault. */
bool calls_compat_are_taken(void)
{
	const pid_t pid = fork();
	int status = 0;

	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		_exit(call32(NR32_GETPID, 0, 0, 0, 0, 0) != getpid());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return true; /* and the tests will say what is wrong */
	return !(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

#else
const struct call_cases calls_compat = {NULL, 0};

bool calls_compat_are_taken(void)
{
	return false;
}
#endif
