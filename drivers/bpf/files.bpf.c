/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* files: calls that name files: make them, move them, remove them, look at them. */
#include "task.h"

/* chdir, chroot, lstat, rmdir, stat, unlink */
EXIT_TEXT(path, WIRE_CLASS_DIR_FILE, 2, ROOM_TEXTS(1))
{
	put_s64(e, ret);
	put_text(e, arg(call, 0));
}

/* link, rename, symlink */
EXIT_TEXT(two_paths, WIRE_CLASS_DIR_FILE, 3, ROOM_TEXTS(2))
{
	put_s64(e, ret);
	put_text(e, arg(call, 0));
	put_text(e, arg(call, 1));
}

/* access, chmod, mkdir */
EXIT_TEXT(path_bits, WIRE_CLASS_DIR_FILE, 3, ROOM_TEXTS(1))
{
	put_s64(e, ret);
	put_text(e, arg(call, 0));
	put_u32(e, arg(call, 1));
}

/* fchmodat, mkdirat, unlinkat */
EXIT_TEXT(at_bits, WIRE_CLASS_DIR_FILE, 4, ROOM_TEXTS(1))
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_text(e, arg(call, 1));
	put_u32(e, arg(call, 2));
}

EXIT_TEXT(newfstatat, WIRE_CLASS_OTHER, 4, ROOM_TEXTS(1))
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_text(e, arg(call, 1));
	put_u32(e, arg(call, 3));
}

EXIT_FIXED(fchmod, WIRE_CLASS_DIR_FILE, 3, 20)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u32(e, arg(call, 1));
}

/* chown, lchown */
EXIT_TEXT(chown, WIRE_CLASS_DIR_FILE, 4, ROOM_TEXTS(1))
{
	put_s64(e, ret);
	put_text(e, arg(call, 0));
	put_u32(e, arg(call, 1));
	put_u32(e, arg(call, 2));
}

EXIT_FIXED(fchown, WIRE_CLASS_DIR_FILE, 4, 24)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u32(e, arg(call, 1));
	put_u32(e, arg(call, 2));
}

EXIT_TEXT(fchownat, WIRE_CLASS_DIR_FILE, 6, ROOM_TEXTS(1))
{
	__u32 flags = arg(call, 4);

	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_text(e, arg(call, 1));
	put_u32(e, arg(call, 2));
	put_u32(e, arg(call, 3));
	/* recordings have AT_SYMLINK_NOFOLLOW of this call under the number of its opposite */
	put_u32(e, FLAG(flags, PPM_AT_SYMLINK_NOFOLLOW, PPM_AT_SYMLINK_FOLLOW) |
			   (flags & PPM_AT_EMPTY_PATH));
}

EXIT_TEXT(renameat, WIRE_CLASS_DIR_FILE, 5, ROOM_TEXTS(2))
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_text(e, arg(call, 1));
	put_fd(e, arg(call, 2));
	put_text(e, arg(call, 3));
}

/* linkat, renameat2 */
EXIT_TEXT(renameat2, WIRE_CLASS_DIR_FILE, 6, ROOM_TEXTS(2))
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_text(e, arg(call, 1));
	put_fd(e, arg(call, 2));
	put_text(e, arg(call, 3));
	put_u32(e, arg(call, 4));
}

EXIT_TEXT(symlinkat, WIRE_CLASS_DIR_FILE, 4, ROOM_TEXTS(2))
{
	put_s64(e, ret);
	put_text(e, arg(call, 0));
	put_fd(e, arg(call, 1));
	put_text(e, arg(call, 2));
}

EXIT_TEXT(mknod, WIRE_CLASS_DIR_FILE, 4, ROOM_TEXTS(1))
{
	put_s64(e, ret);
	put_text(e, arg(call, 0));
	put_u32(e, arg(call, 1));
	put_u32(e, arg(call, 2));
}

EXIT_TEXT(mknodat, WIRE_CLASS_DIR_FILE, 5, ROOM_TEXTS(1))
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_text(e, arg(call, 1));
	put_u32(e, arg(call, 2));
	put_u32(e, arg(call, 3));
}

EXIT_TEXT(getcwd, WIRE_CLASS_OTHER, 2, ROOM_TEXTS(1))
{
	put_s64(e, ret);
	put_text(e, ret > 0 ? arg(call, 0) : 0);
}

/* The call names no path; the file that was opened has one. */
EXIT_VAR(open_by_handle_at, WIRE_CLASS_OPEN, 6)
{
	struct file *file = file_of(e->task, ret);
	struct opened o;

	opened(&o, e->task, ret);
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u32(e, opened_flags(&o, arg(call, 2)));
	if (file)
		put_path(e, (void *)file + bpf_core_field_offset(struct file, f_path), e->task->fs);
	else
		put_empty(e);
	put_u32(e, o.dev);
	put_u64(e, o.ino);
}
