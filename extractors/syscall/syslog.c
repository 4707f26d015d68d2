/*
 * syslog: the messages that programs write to /dev/log.
 *
 * A message begins with its priority in angle brackets: eight times the facility and the severity
 * (RFC 3164, 4.1.1; the names are those of <syslog.h>). Anything else that is written there has none of these
 * fields.
 */
#include <string.h>

#include "fields.h"

struct message {
	uint32_t priority;
	const char *text; /* behind the priority; not ended */
	size_t len;
};

static bool message_read(const struct cur *c, struct message *ret)
{
	enum { DIGITS_MAX = 3 };
	const int at = evt_is_syslog_write(c) ? gyr_event_param_find(c->raw->type, "data", 4) : -1;
	const struct gyr_param *q = at < 0 ? NULL : gyr_param(&c->params, (uint32_t)at);
	uint32_t i = 1, n = 0;

	if (!q || q->data[0] != '<')
		return false;
	for (; i < q->len && i <= DIGITS_MAX && q->data[i] >= '0' && q->data[i] <= '9'; i++)
		n = n * 10 + (q->data[i] - '0');
	if (i == 1 || i >= q->len || q->data[i] != '>')
		return false;
	*ret = (struct message){
		.priority = n, .text = (const char *)q->data + i + 1, .len = q->len - i - 1};
	return true;
}

FIELD_FN(syslog_facility)
{
	struct message m;

	return message_read(state_cur(p, evt), &m) ? gyr_set_u64(out, m.priority >> 3) : 0;
}

FIELD_FN(syslog_facility_str)
{
	static const char *const names[] = {"kern",     "user",   "mail",   "daemon",   "auth",
					    "syslog",   "lpr",    "news",   "uucp",     "clock",
					    "authpriv", "ftp",    "ntp",    "logaudit", "logalert",
					    "cron",     "local0", "local1", "local2",   "local3",
					    "local4",   "local5", "local6", "local7"};
	struct message m;

	if (!message_read(state_cur(p, evt), &m))
		return 0;
	const uint32_t n = m.priority >> 3;
	return gyr_set_str(out, n < sizeof names / sizeof names[0] ? names[n] : "<NA>");
}

FIELD_FN(syslog_severity)
{
	struct message m;

	return message_read(state_cur(p, evt), &m) ? gyr_set_u64(out, m.priority & 7) : 0;
}

FIELD_FN(syslog_severity_str)
{
	static const char *const names[] = {"emerg", "alert",  "crit", "err",
					    "warn",  "notice", "info", "debug"};
	struct message m;

	return message_read(state_cur(p, evt), &m) ? gyr_set_str(out, names[m.priority & 7]) : 0;
}

FIELD_FN(syslog_message)
{
	struct message m;

	return message_read(state_cur(p, evt), &m)
		       ? gyr_set_strn(out, m.text, strnlen(m.text, m.len))
		       : 0;
}
