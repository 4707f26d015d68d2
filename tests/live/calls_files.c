/* Calls that open, make, move, remove and look at files. */
#include "calls.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static long file(const char *name)
{
	return syscall(SYS_openat, AT_FDCWD, name, O_CREAT | O_RDWR | O_CLOEXEC, 0644);
}

static void tell_inode(struct told *t, long fd, int dev, int ino)
{
	struct stat st;

	if (!fstat((int)fd, &st)) {
		t->r[dev] = (long)(((unsigned)major(st.st_dev) << 8) | (minor(st.st_dev) & 0xff) |
				   ((minor(st.st_dev) & ~0xffu) << 12));
		t->r[ino] = (long)st.st_ino;
	}
}

static void act_open(struct told *t)
{
	t->r[0] = syscall(SYS_open, "/etc/passwd", O_RDONLY | O_CLOEXEC);
	tell_inode(t, t->r[0], 1, 2);
}

static void act_open_create(struct told *t)
{
	t->r[0] = syscall(SYS_open, "new", O_CREAT | O_EXCL | O_WRONLY | O_APPEND, 0640);
	tell_inode(t, t->r[0], 1, 2);
}

static void act_openat(struct told *t)
{
	t->r[0] = syscall(SYS_openat, AT_FDCWD, "made", O_CREAT | O_RDWR | O_TRUNC | O_NONBLOCK,
			  0600);
	tell_inode(t, t->r[0], 1, 2);
}

static void act_openat_dir(struct told *t)
{
	t->r[3] = syscall(SYS_openat, AT_FDCWD, "/etc", O_RDONLY | O_DIRECTORY);
	t->r[0] = syscall(SYS_openat, t->r[3], "hostname", O_RDONLY);
	tell_inode(t, t->r[0], 1, 2);
}

static void act_openat_missing(struct told *t)
{
	(void)t;
	(void)syscall(SYS_openat, AT_FDCWD, "/no/such/file", O_RDONLY);
}

static void act_openat_bad_address(struct told *t)
{
	(void)t;
	(void)syscall(SYS_openat, AT_FDCWD, (const char *)8, O_RDONLY);
}

static void act_open_tmpfile(struct told *t)
{
	t->r[0] = syscall(SYS_openat, AT_FDCWD, ".", O_TMPFILE | O_RDWR, 0600);
	tell_inode(t, t->r[0], 1, 2);
}

static void act_openat2(struct told *t)
{
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC,
			       .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV};

	t->r[0] = syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof how);
	tell_inode(t, t->r[0], 1, 2);
}

static void act_creat(struct told *t)
{
	t->r[0] = syscall(SYS_creat, "c", 0604);
	tell_inode(t, t->r[0], 1, 2);
}

static void act_non_utf8(struct told *t)
{
	t->r[0] = file("\xff\xfe \x80");
	tell_inode(t, t->r[0], 1, 2);
}

static void act_mkdir(struct told *t)
{
	(void)t;
	syscall(SYS_mkdir, "a", 0751);
	syscall(SYS_mkdir, "a", 0700);
	syscall(SYS_rmdir, "a");
}

static void act_mkdirat(struct told *t)
{
	t->r[0] = syscall(SYS_openat, AT_FDCWD, ".", O_RDONLY);
	syscall(SYS_mkdirat, t->r[0], "b", 0700);
	syscall(SYS_unlinkat, t->r[0], "b", AT_REMOVEDIR);
}

static void act_unlink(struct told *t)
{
	(void)t;
	close((int)file("f"));
	syscall(SYS_unlink, "f");
	syscall(SYS_unlink, "f");
}

static void act_rename(struct told *t)
{
	(void)t;
	close((int)file("f"));
	syscall(SYS_rename, "f", "g");
	syscall(SYS_renameat, AT_FDCWD, "g", AT_FDCWD, "h");
	syscall(SYS_renameat2, AT_FDCWD, "h", AT_FDCWD, "i", 1);
}

static void act_link(struct told *t)
{
	(void)t;
	close((int)file("f"));
	syscall(SYS_link, "f", "l");
	syscall(SYS_linkat, AT_FDCWD, "f", AT_FDCWD, "m", AT_SYMLINK_FOLLOW);
}

static void act_symlink(struct told *t)
{
	(void)t;
	syscall(SYS_symlink, "/etc/shadow", "s");
	syscall(SYS_symlinkat, "/etc/shadow", AT_FDCWD, "t");
}

static void act_chmod(struct told *t)
{
	t->r[0] = file("f");
	syscall(SYS_chmod, "f", 04755);
	syscall(SYS_fchmod, t->r[0], 0600);
	syscall(SYS_fchmodat, AT_FDCWD, "f", 0640);
}

static void act_chown(struct told *t)
{
	t->r[0] = file("f");
	syscall(SYS_chown, "f", 1, 2);
	syscall(SYS_lchown, "f", 3, 4);
	syscall(SYS_fchown, t->r[0], 5, 6);
	syscall(SYS_fchownat, AT_FDCWD, "f", 7, 8, AT_SYMLINK_NOFOLLOW);
}

static void act_mknod(struct told *t)
{
	(void)t;
	syscall(SYS_mknod, "p", S_IFIFO | 0600, 0);
	syscall(SYS_mknodat, AT_FDCWD, "q", S_IFIFO | 0644, 0);
}

static void act_chdir(struct told *t)
{
	t->r[0] = syscall(SYS_openat, AT_FDCWD, "/usr", O_RDONLY);
	syscall(SYS_chdir, "/etc");
	syscall(SYS_fchdir, t->r[0]);
	syscall(SYS_chdir, "/no/such");
	syscall(SYS_getcwd, t->text, sizeof t->text);
}

static void act_chroot(struct told *t)
{
	(void)t;
	syscall(SYS_chroot, ".");
}

static void act_stat(struct told *t)
{
	struct stat st;

	t->r[0] = file("f");
	syscall(SYS_stat, "f", &st);
	syscall(SYS_lstat, "missing", &st);
	syscall(SYS_fstat, t->r[0], &st);
	syscall(SYS_newfstatat, AT_FDCWD, "f", &st, AT_SYMLINK_NOFOLLOW);
}

static void act_access(struct told *t)
{
	(void)t;
	syscall(SYS_access, "/etc/passwd", R_OK);
	syscall(SYS_access, "/etc/nothing", X_OK);
}

static void act_handle(struct told *t)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u = {.h = {.handle_bytes = MAX_HANDLE_SZ}};
	int mount;

	close((int)file("f"));
	t->r[3] = syscall(SYS_openat, AT_FDCWD, ".", O_RDONLY);
	(void)name_to_handle_at(AT_FDCWD, "f", &u.h, &mount, 0);
	t->r[0] = open_by_handle_at((int)t->r[3], &u.h, O_RDONLY);
	tell_inode(t, t->r[0], 1, 2);
}

static void act_getdents(struct told *t)
{
	char room[4096];

	t->r[0] = syscall(SYS_openat, AT_FDCWD, ".", O_RDONLY);
	t->r[1] = syscall(SYS_getdents64, t->r[0], room, sizeof room);
	t->r[2] = syscall(SYS_getdents, t->r[0], room, sizeof room);
}

static const struct call_case rows[] = {
	{"open tells the file that was opened",
	 act_open,
	 {"open fd={0} name=/etc/passwd flags=O_RDONLY|O_CLOEXEC mode=00 dev={1} ino={2}"}},
	{"open that creates has a mode and says that it created",
	 act_open_create,
	 {"open fd={0} name=new flags=O_EXCL|O_APPEND|O_CREAT|O_WRONLY|O_F_CREATED mode=0640 "
	  "dev={1} ino={2}"}},
	{"openat from the current directory",
	 act_openat,
	 {"openat fd={0} dirfd=-100 name=made flags=O_TRUNC|O_NONBLOCK|O_CREAT|O_RDWR|O_F_CREATED "
	  "mode=0600 "
	  "dev={1} ino={2}"}},
	{"openat from a directory",
	 act_openat_dir,
	 {"openat fd={3} dirfd=-100 name=/etc flags=O_DIRECTORY|O_RDONLY mode=00 dev=* ino=*",
	  "openat fd={0} dirfd={3} name=hostname flags=O_RDONLY mode=00 dev={1} ino={2}"}},
	{"openat that fails",
	 act_openat_missing,
	 {"openat fd=-2 dirfd=-100 name=/no/such/file flags=O_RDONLY mode=00 dev=0 ino=0"}},
	{"openat of an address that is not there has no name",
	 act_openat_bad_address,
	 {"openat fd=-14 dirfd=-100 name= flags=O_RDONLY mode=00 dev=0 ino=0"}},
	{"a file without a name",
	 act_open_tmpfile,
	 {"openat fd={0} dirfd=-100 name=. flags=O_DIRECTORY|O_RDWR|O_TMPFILE mode=0600 dev={1} "
	  "ino={2}"}},
	{"openat2 with a way to resolve",
	 act_openat2,
	 {"openat2 fd={0} dirfd=-100 name=. flags=O_RDONLY|O_CLOEXEC mode=00 "
	  "resolve=RESOLVE_NO_SYMLINKS|RESOLVE_NO_XDEV dev={1} ino={2}"}},
	{"creat", act_creat, {"creat fd={0} name=c mode=0604 dev={1} ino={2} creat_flags=0"}},
	{"a name that is no text in any encoding",
	 act_non_utf8,
	 {"openat fd={0} dirfd=-100 name=\\xff\\xfe\\x20\\x80 "
	  "flags=O_CREAT|O_RDWR|O_CLOEXEC|O_F_CREATED mode=0644 "
	  "dev={1} ino={2}"}},
	{"mkdir and rmdir",
	 act_mkdir,
	 {"mkdir res=0 path=a mode=489", "mkdir res=-17 path=a mode=448", "rmdir res=0 path=a"}},
	{"mkdirat and unlinkat",
	 act_mkdirat,
	 {"mkdirat res=0 dirfd={0} path=b mode=448",
	  "unlinkat res=0 dirfd={0} name=b flags=AT_REMOVEDIR"}},
	{"unlink", act_unlink, {"unlink res=0 path=f", "unlink res=-2 path=f"}},
	{"rename in three ways",
	 act_rename,
	 {"rename res=0 oldpath=f newpath=g",
	  "renameat res=0 olddirfd=-100 oldpath=g newdirfd=-100 newpath=h",
	  "renameat2 res=0 olddirfd=-100 oldpath=h newdirfd=-100 newpath=i "
	  "flags=RENAME_NOREPLACE"}},
	{"link and linkat",
	 act_link,
	 {"link res=0 oldpath=f newpath=l",
	  "linkat res=0 olddir=-100 oldpath=f newdir=-100 newpath=m flags=AT_SYMLINK_FOLLOW"}},
	{"symlink and symlinkat",
	 act_symlink,
	 {"symlink res=0 target=/etc/shadow linkpath=s",
	  "symlinkat res=0 target=/etc/shadow linkdirfd=-100 linkpath=t"}},
	{"chmod in three ways",
	 act_chmod,
	 {"chmod res=0 filename=f "
	  "mode=S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID",
	  "fchmod res=0 fd={0} mode=S_IWUSR|S_IRUSR",
	  "fchmodat res=0 dirfd=-100 filename=f mode=S_IRGRP|S_IWUSR|S_IRUSR"}},
	{"chown in four ways",
	 act_chown,
	 {"chown res=0 path=f uid=1 gid=2", "lchown res=0 path=f uid=3 gid=4",
	  "fchown res=0 fd={0} uid=5 gid=6",
	  "fchownat res=0 dirfd=-100 pathname=f uid=7 gid=8 flags=AT_SYMLINK_NOFOLLOW"}},
	{"mknod and mknodat",
	 act_mknod,
	 {"mknod res=0 path=p mode=* dev=0", "mknodat res=0 dirfd=-100 path=q mode=* dev=0"}},
	{"chdir, fchdir, getcwd",
	 act_chdir,
	 {"chdir res=0 path=/etc", "fchdir res=0 fd={0}", "chdir res=-2 path=/no/such",
	  "getcwd res=5 path=/usr"}},
	{"chroot", act_chroot, {"chroot res=0 path=."}},
	{"stat in four ways",
	 act_stat,
	 {"stat res=0 path=f", "lstat res=-2 path=missing", "fstat res=0 fd={0}",
	  "newfstatat res=0 dirfd=-100 path=f flags=AT_SYMLINK_NOFOLLOW"}},
	{"access",
	 act_access,
	 {"access res=0 name=/etc/passwd mode=R_OK", "access res=-2 name=/etc/nothing mode=X_OK"}},
	{"open_by_handle_at tells the path of the file",
	 act_handle,
	 {"open_by_handle_at fd={0} mountfd={3} flags=O_RDONLY path={dir}/f dev={1} ino={2}"}},
	{"getdents and getdents64",
	 act_getdents,
	 {"getdents64 res={1} fd={0}", "getdents res={2} fd={0}"}},
};
const struct call_cases calls_files = CASES(rows);
