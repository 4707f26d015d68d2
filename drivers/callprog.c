#include "callprog.h"

#include <stddef.h>
#include <string.h>

#include "wire.h"

/* Calls whose program has another name than they have. */
static const struct {
	const char *call, *program;
} shared[] = {
	{"access", "path_bits"},
	{"chdir", "path"},
	{"chmod", "path_bits"},
	{"chroot", "path"},
	{"clone3", "clone"},
	{"close", "result_fd"},
	{"dup", "result_fd"},
	{"fchdir", "result_fd"},
	{"fchmodat", "at_bits"},
	{"fork", "clone"},
	{"fstat", "result_fd"},
	{"getdents", "result_fd"},
	{"getdents64", "result_fd"},
	{"getegid", "id"},
	{"geteuid", "id"},
	{"getgid", "id"},
	{"getpeername", "nothing"},
	{"getresgid", "three_ids"},
	{"getresuid", "three_ids"},
	{"getrlimit", "limit"},
	{"getsockname", "nothing"},
	{"getuid", "id"},
	{"lchown", "chown"},
	{"link", "two_paths"},
	{"linkat", "renameat2"},
	{"lstat", "path"},
	{"mkdir", "path_bits"},
	{"mkdirat", "at_bits"},
	{"munlock", "mlock"},
	{"munlockall", "result"},
	{"process_vm_readv", "process_vm"},
	{"process_vm_writev", "process_vm"},
	{"rename", "two_paths"},
	{"rmdir", "path"},
	{"select", "result"},
	{"setgid", "set_id"},
	{"setregid", "set_two_ids"},
	{"setresgid", "set_three_ids"},
	{"setresuid", "set_three_ids"},
	{"setreuid", "set_two_ids"},
	{"setrlimit", "limit"},
	{"setsid", "result"},
	{"setuid", "set_id"},
	{"stat", "path"},
	{"symlink", "two_paths"},
	{"tkill", "kill"},
	{"unlink", "path"},
	{"unlinkat", "at_bits"},
	{"vfork", "clone"},
};

const char *callprog_name(const char *call)
{
	for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
		if (!strcmp(shared[i].call, call))
			return shared[i].program;
	return call;
}

uint8_t callprog_bits(const char *call)
{
	if (!strcmp(callprog_name(call), "result_fd"))
		return WIRE_RESULT_FD;
	return strcmp(call, "openat") ? 0 : WIRE_OPENAT;
}
