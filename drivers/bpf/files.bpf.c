/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* files: calls that name files: make them, move them, remove them, look at them. */
#include "task.h"

/* chdir, chroot, lstat, rmdir, stat, unlink */
EXIT_VAR(path, WIRE_CLASS_DIR_FILE, 2)
{
	put_s64(e, ret);
	put_text(e, arg(regs, 0));
}

/* link, rename, symlink */
EXIT_VAR(two_paths, WIRE_CLASS_DIR_FILE, 3)
{
	put_s64(e, ret);
	put_text(e, arg(regs, 0));
	put_text(e, arg(regs, 1));
}

/* access, chmod, mkdir */
EXIT_VAR(path_bits, WIRE_CLASS_DIR_FILE, 3)
{
	put_s64(e, ret);
	put_text(e, arg(regs, 0));
	put_u32(e, arg(regs, 1));
}

/* fchmodat, mkdirat, unlinkat */
EXIT_VAR(at_bits, WIRE_CLASS_DIR_FILE, 4)
{
	put_s64(e, ret);
	put_fd(e, arg(regs, 0));
	put_text(e, arg(regs, 1));
	put_u32(e, arg(regs, 2));
}

EXIT_VAR(newfstatat, WIRE_CLASS_OTHER, 4)
{
	put_s64(e, ret);
	put_fd(e, arg(regs, 0));
	put_text(e, arg(regs, 1));
	put_u32(e, arg(regs, 3));
}

EXIT_FIXED(fchmod, WIRE_CLASS_DIR_FILE, 3, 20)
{
	put_s64(e, ret);
	put_fd(e, arg(regs, 0));
	put_u32(e, arg(regs, 1));
}

/* chown, lchown */
EXIT_VAR(chown, WIRE_CLASS_DIR_FILE, 4)
{
	put_s64(e, ret);
	put_text(e, arg(regs, 0));
	put_u32(e, arg(regs, 1));
	put_u32(e, arg(regs, 2));
}

EXIT_FIXED(fchown, WIRE_CLASS_DIR_FILE, 4, 24)
{
	put_s64(e, ret);
	put_fd(e, arg(regs, 0));
	put_u32(e, arg(regs, 1));
	put_u32(e, arg(regs, 2));
}

EXIT_VAR(fchownat, WIRE_CLASS_DIR_FILE, 6)
{
	put_s64(e, ret);
	put_fd(e, arg(regs, 0));
	put_text(e, arg(regs, 1));
	put_u32(e, arg(regs, 2));
	put_u32(e, arg(regs, 3));
	put_u32(e, arg(regs, 4));
}

EXIT_VAR(renameat, WIRE_CLASS_DIR_FILE, 5)
{
	put_s64(e, ret);
	put_fd(e, arg(regs, 0));
	put_text(e, arg(regs, 1));
	put_fd(e, arg(regs, 2));
	put_text(e, arg(regs, 3));
}

/* linkat, renameat2 */
EXIT_VAR(renameat2, WIRE_CLASS_DIR_FILE, 6)
{
	put_s64(e, ret);
	put_fd(e, arg(regs, 0));
	put_text(e, arg(regs, 1));
	put_fd(e, arg(regs, 2));
	put_text(e, arg(regs, 3));
	put_u32(e, arg(regs, 4));
}

EXIT_VAR(symlinkat, WIRE_CLASS_DIR_FILE, 4)
{
	put_s64(e, ret);
	put_text(e, arg(regs, 0));
	put_fd(e, arg(regs, 1));
	put_text(e, arg(regs, 2));
}

EXIT_VAR(mknod, WIRE_CLASS_DIR_FILE, 4)
{
	put_s64(e, ret);
	put_text(e, arg(regs, 0));
	put_u32(e, arg(regs, 1));
	put_u32(e, arg(regs, 2));
}

EXIT_VAR(mknodat, WIRE_CLASS_DIR_FILE, 5)
{
	put_s64(e, ret);
	put_fd(e, arg(regs, 0));
	put_text(e, arg(regs, 1));
	put_u32(e, arg(regs, 2));
	put_u32(e, arg(regs, 3));
}

EXIT_VAR(getcwd, WIRE_CLASS_OTHER, 2)
{
	put_s64(e, ret);
	put_text(e, ret > 0 ? arg(regs, 0) : 0);
}

/* The call names no path; the file that was opened has one. */
EXIT_VAR(open_by_handle_at, WIRE_CLASS_OPEN, 6)
{
	struct file *file = file_of(current(), ret);
	struct opened o;

	opened(&o, ret);
	put_s64(e, ret);
	put_fd(e, arg(regs, 0));
	put_u32(e, opened_flags(&o, arg(regs, 2)));
	if (file)
		put_path(e, (void *)file + bpf_core_field_offset(struct file, f_path),
			 current()->fs);
	else
		put_empty(e);
	put_u32(e, o.dev);
	put_u64(e, o.ino);
}
