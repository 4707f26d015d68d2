#include "host/services.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void owner_fail(struct owner *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(o->error, sizeof o->error, fmt, ap);
	va_end(ap);
	o->has_error = true;
}

const char *owner_last_error(ss_plugin_owner_t *owner)
{
	struct owner *o = owner;
	const struct services *s = o->services;

	if (!o->has_error)
		return s->tables_error ? s->tables_error(s->tables) : NULL;
	memcpy(o->told, o->error, sizeof o->told);
	o->has_error = false;
	return o->told;
}

void owner_log(ss_plugin_owner_t *owner, const char *component, const char *msg,
	       ss_plugin_log_severity severity)
{
	/* Fatal and critical are one step more urgent than an operator's error; trace is debug. */
	static const enum log_level levels[] = {
		[SS_PLUGIN_LOG_SEV_FATAL] = LOG_LEVEL_CRITICAL,
		[SS_PLUGIN_LOG_SEV_CRITICAL] = LOG_LEVEL_CRITICAL,
		[SS_PLUGIN_LOG_SEV_ERROR] = LOG_LEVEL_ERROR,
		[SS_PLUGIN_LOG_SEV_WARNING] = LOG_LEVEL_WARNING,
		[SS_PLUGIN_LOG_SEV_NOTICE] = LOG_LEVEL_NOTICE,
		[SS_PLUGIN_LOG_SEV_INFO] = LOG_LEVEL_INFO,
		[SS_PLUGIN_LOG_SEV_DEBUG] = LOG_LEVEL_DEBUG,
		[SS_PLUGIN_LOG_SEV_TRACE] = LOG_LEVEL_DEBUG,
	};
	const struct owner *o = owner;
	unsigned n = (unsigned)severity;

	if (n < SS_PLUGIN_LOG_SEV_FATAL || n > SS_PLUGIN_LOG_SEV_TRACE)
		n = SS_PLUGIN_LOG_SEV_INFO;
	if (o->services->log && o->services->log->has_plugin_level &&
	    levels[n] > o->services->log->plugin_level)
		return;
	log_write(o->services->log, levels[n], component ? component : o->name, "%s",
		  msg ? msg : "");
}
