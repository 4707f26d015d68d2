#include "run/privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Younger than the headers of some systems. */
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

static const unsigned kept[] = {
	CAP_CHOWN,      CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER,
	CAP_KILL,       CAP_SETGID,       CAP_SETUID,          CAP_NET_BIND_SERVICE,
	CAP_SYS_PTRACE, CAP_SYS_RESOURCE, CAP_SYSLOG,          CAP_PERFMON,
	CAP_BPF,
};

static bool is_kept(unsigned cap)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (kept[i] == cap)
			return true;
	return false;
}

static void complain(const struct log *log, const char *what)
{
	log_warn(log, "privileges: %s: %s", what, strerror(errno));
}

/* What programs that are started could have. Needs CAP_SETPCAP; without it there is little to lose. */
static void drop_bounds(void)
{
	for (unsigned cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!is_kept(cap))
			(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static void drop_own(const struct log *log)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, caps) < 0) {
		complain(log, "asking for capabilities");
		return;
	}
	for (unsigned word = 0; word < _LINUX_CAPABILITY_U32S_3; word++) {
		uint32_t mask = 0;

		for (unsigned bit = 0; bit < 32; bit++)
			if (is_kept(word * 32 + bit))
				mask |= 1U << bit;
		caps[word].effective &= mask;
		caps[word].permitted &= mask;
		caps[word].inheritable &= mask;
	}
	if (syscall(SYS_capset, &head, caps) < 0)
		complain(log, "giving up capabilities");
}

void privileges_drop(const struct log *log)
{
	const struct rlimit none = {0, 0};

	drop_bounds();
	drop_own(log);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		complain(log, "no_new_privs");
	if (setrlimit(RLIMIT_CORE, &none) < 0)
		complain(log, "no core dumps");
}
