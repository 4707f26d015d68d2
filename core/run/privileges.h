/*
 * privileges: the program gives up what none of its parts uses, before it has threads.
 *
 * Threads: [main], while it is alone.
 */
#pragma once

#include "util/log.h"

/*
 * Keeps of the capabilities that the process has: reading and writing files of others (chown,
 * dac_override, dac_read_search, fowner), low ports (net_bind_service), looking at processes and
 * programs of the kernel (sys_ptrace, bpf, perfmon, syslog), limits (sys_resource), ending and becoming
 * somebody else (kill, setuid, setgid). All others are gone, also for the programs it starts, which can
 * gain none either (no_new_privs). No core dumps: they would hold what was read.
 *
 * What cannot be given up is logged.
 */
void privileges_drop(const struct log *log);
