/*
 * log: sentences for people. Passed at init, never global.
 *
 * Error: an operator must act. Warning: the router coped. Info: lifecycle. Debug: anyone, but never
 * on the per-event path; what happens per event is a counter.
 *
 * Threads: any; one line is one write.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

/* Numbered as syslog's severities. */
enum log_level {
	LOG_LEVEL_EMERGENCY,
	LOG_LEVEL_ALERT,
	LOG_LEVEL_CRITICAL,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/* A reload may change it while others write. */
struct log {
	_Atomic enum log_level level; /* nothing less urgent is written */
	atomic_bool to_stderr, to_syslog;
	bool has_plugin_level; /* lines of plugins are bounded besides: */
	_Atomic enum log_level plugin_level;
};

/* @component may be NULL; a plugin's lines carry its name. Control characters are escaped. */
void log_write(const struct log *log, enum log_level level, const char *component, const char *fmt,
	       ...) __attribute__((format(printf, 4, 5)));

#define log_error(log, ...) log_write(log, LOG_LEVEL_ERROR, NULL, __VA_ARGS__)
#define log_warn(log, ...) log_write(log, LOG_LEVEL_WARNING, NULL, __VA_ARGS__)
#define log_info(log, ...) log_write(log, LOG_LEVEL_INFO, NULL, __VA_ARGS__)
#define log_debug(log, ...) log_write(log, LOG_LEVEL_DEBUG, NULL, __VA_ARGS__)

/* The level named @name (case does not matter); -EINVAL when there is none. */
int log_level_parse(const char *name, enum log_level *ret_level);
