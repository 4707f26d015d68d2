#include "probe.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The oldest kernel with all that the programs use: bpf_loop() came last. */
enum { OLDEST_MAJOR = 5, OLDEST_MINOR = 17 };

int problem(struct drv_problem *ret_why, int err, const char *format, ...)
{
	va_list args;

	if (ret_why) {
		va_start(args, format);
		(void)vsnprintf(ret_why->text, sizeof ret_why->text, format, args);
		va_end(args);
	}
	return err;
}

bool probe_capability(unsigned int cap)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	return !syscall(SYS_capget, &head, data) && (data[cap / 32].effective >> (cap % 32) & 1);
}

static int probe_kernel(struct drv_problem *ret_why)
{
	struct utsname name;
	unsigned long major, minor;
	char *end;

	if (uname(&name))
		return 0;
	major = strtoul(name.release, &end, 10);
	minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
	if (major > OLDEST_MAJOR || (major == OLDEST_MAJOR && minor >= OLDEST_MINOR))
		return 0;
	return problem(
		ret_why, -ENOTSUP,
		"This kernel (%s) is too old: live system calls need Linux %d.%d or newer; boot a "
		"newer kernel, or read recordings instead.",
		name.release, OLDEST_MAJOR, OLDEST_MINOR);
}

static int probe_capabilities(struct drv_problem *ret_why)
{
	static const struct {
		unsigned int cap;
		const char *name, *what;
	} needed[] = {
		{CAP_BPF, "CAP_BPF", "to load programs into the kernel"},
		{CAP_PERFMON, "CAP_PERFMON", "to attach them to system calls"},
		{CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "to look at other users' processes"},
	};

	if (probe_capability(CAP_SYS_ADMIN)) /* stands for the first two */
		return probe_capability(CAP_SYS_PTRACE)
			       ? 0
			       : problem(ret_why, -EPERM,
					 "The capability CAP_SYS_PTRACE is missing, which it takes "
					 "to look at "
					 "other users' processes; run as root, or add it to this "
					 "program's "
					 "capabilities.");
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (!probe_capability(needed[i].cap))
			return problem(ret_why, -EPERM,
				       "The capability %s is missing, which it takes %s; run as "
				       "root, or add "
				       "it to this program's capabilities.",
				       needed[i].name, needed[i].what);
	return 0;
}

int probe_machine(struct drv_problem *ret_why)
{
	int r = probe_kernel(ret_why);

	if (r < 0)
		return r;
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return problem(ret_why, -ENOTSUP,
			       "This kernel does not tell its types: /sys/kernel/btf/vmlinux is "
			       "missing; boot "
			       "a kernel built with CONFIG_DEBUG_INFO_BTF=y, or mount /sys.");
	return probe_capabilities(ret_why);
}
