/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* inode: what the kernel knows about an open file. */
#pragma once

#include "flags.h"

enum {
	MODE_TYPE = 0170000,
	MODE_SOCKET = 0140000,
	FILE_CREATED = 0x100000, /* FMODE_CREATED: this open made the file */
	MAGIC_OVERLAY = 0x794c7630
};

/* The open file behind descriptor @fd of @task; NULL when there is none. */
INLINE struct file *file_of(struct task_struct *task, __s64 fd)
{
	struct files_struct *files = task->files;
	struct fdtable *fdt;
	struct file **slots;

	if (fd < 0 || !files)
		return NULL;
	fdt = files->fdt;
	if (fd >= fdt->max_fds)
		return NULL;
	slots = fdt->fd;
	return pointer_at(slots + fd);
}

/* A device number as stat(2) gives it. */
INLINE __u32 dev_number(__u32 kernel)
{
	__u32 major = kernel >> 20, minor = kernel & 0xfffff;

	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

enum layer { LAYER_NONE, LAYER_UPPER, LAYER_LOWER };

/* On an overlay: whether the file was changed (or made) in the upper layer. The dentry of the upper layer
 * lies right behind the inode. */
INLINE enum layer layer_of(struct inode *inode, struct super_block *sb)
{
	if (RD(sb, s_magic) != MAGIC_OVERLAY)
		return LAYER_NONE;
	return pointer_at((void *)inode + bpf_core_type_size(struct inode)) ? LAYER_UPPER
									    : LAYER_LOWER;
}

struct opened {
	__u32 dev;
	__u64 ino;
	enum layer layer;
	bool created;
};

/* About a call's new descriptor; all zero when it failed. */
INLINE void opened(struct opened *o, struct task_struct *task, long fd)
{
	struct file *file = file_of(task, fd);
	struct inode *inode;
	struct super_block *sb;

	__builtin_memset(o, 0, sizeof *o);
	if (!file)
		return;
	inode = RD(file, f_inode);
	sb = RD(inode, i_sb);
	o->dev = dev_number(RD(sb, s_dev));
	o->ino = RD(inode, i_ino);
	o->layer = layer_of(inode, sb);
	o->created = RD(file, f_mode) & FILE_CREATED;
}

INLINE __u32 opened_flags(const struct opened *o, __u32 flags)
{
	return open_flags(flags) | (o->created ? PPM_O_F_CREATED : 0) |
	       (o->layer == LAYER_UPPER   ? PPM_FD_UPPER_LAYER
		: o->layer == LAYER_LOWER ? PPM_FD_LOWER_LAYER
					  : 0);
}
