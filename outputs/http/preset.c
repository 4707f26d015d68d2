/*
 * preset: bodies for those who take alerts.
 *
 * Formats: Elasticsearch bulk API; Loki push API; Alertmanager API v2; Slack incoming webhooks; OTLP
 * logs as JSON. falcosidekick decodes one object a request.
 */
#include "preset.h"

#include <string.h>

static void add_plain(struct body *b, const struct preset_setup *setup, const struct gyr_alert *a)
{
	body_add(b, setup->is_json ? a->json : a->text, setup->is_json ? a->json_len : a->text_len);
}

static void add_json_alert(struct body *b, const struct preset_setup *setup,
			   const struct gyr_alert *a)
{
	(void)setup;
	body_add(b, a->json, a->json_len);
}

static void pair(struct body *b, const char *before, const char *name, const char *value)
{
	body_fmt(b, "%s\"%s\":", before, name);
	body_json(b, value);
}

/* The id is the document's: sent twice it is there once (409 the second time). */
static void add_bulk(struct body *b, const struct preset_setup *setup, const struct gyr_alert *a)
{
	struct body index = {0};

	body_time(&index, setup->index, a->ts);
	body_add(&index, "", 1);
	body_text(b, "{\"create\":{\"_index\":");
	body_json(b, index.failed ? "" : index.p);
	body_fmt(b, ",\"_id\":\"%016llx\"}}\n{\"@timestamp\":\"", (unsigned long long)a->id);
	body_deinit(&index);
	body_time(b, "%Y-%m-%dT%H:%M:%S", a->ts);
	body_fmt(b, ".%09lluZ\"", (unsigned long long)(a->ts % 1000000000));
	if (a->json_len > 2)
		body_text(b, ",");
	body_add(b, a->json + 1, a->json_len - 1);
}

/* Few labels, of few values each: every combination is a stream of its own. */
static void add_loki(struct body *b, const struct preset_setup *setup, const struct gyr_alert *a)
{
	(void)setup;
	pair(b, "{\"stream\":{", "rule", a->rule);
	pair(b, ",", "source", a->source);
	pair(b, ",", "priority", a->priority_name);
	pair(b, ",", "hostname", a->hostname);
	body_fmt(b, "},\"values\":[[\"%llu\",", (unsigned long long)a->ts);
	body_json(b, a->json);
	body_text(b, "]]}");
}

static void add_alertmanager(struct body *b, const struct preset_setup *setup,
			     const struct gyr_alert *a)
{
	static const char *const severities[] = {"critical",    "critical",   "critical",
						 "warning",     "warning",    "information",
						 "information", "information"};

	(void)setup;
	pair(b, "{\"labels\":{", "alertname", a->rule);
	pair(b, ",", "rule", a->rule);
	pair(b, ",", "source", "gyr");
	pair(b, ",", "eventsource", a->source);
	pair(b, ",", "priority", a->priority_name);
	pair(b, ",", "severity", severities[a->priority & 7]);
	pair(b, ",", "hostname", a->hostname);
	pair(b, "},\"annotations\":{", "summary", a->rule);
	pair(b, ",", "description", a->message);
	body_text(b, "}}");
}

/* In Slack's text <...> is a link or calls people, so these three characters are written as it asks:
 * docs.slack.dev, "Formatting message text", escaping text. */
static void slack_pair(struct body *b, const char *before, const char *name, const char *value)
{
	struct body clean = {0};

	while (*value) {
		size_t n = strcspn(value, "&<>");

		body_add(&clean, value, n);
		value += n;
		if (*value)
			body_text(&clean, *value == '&'   ? "&amp;"
					  : *value == '<' ? "&lt;"
							  : "&gt;");
		value += *value != '\0';
	}
	body_add(&clean, "", 1);
	pair(b, before, name, clean.failed ? "" : clean.p);
	b->failed |= clean.failed;
	body_deinit(&clean);
}

static void add_slack(struct body *b, const struct preset_setup *setup, const struct gyr_alert *a)
{
	static const char *const colors[] = {"#e20b0b", "#e20b0b", "#e20b0b", "#ff5400",
					     "#ffc700", "#5bffb5", "#68c2ff", "#ccfff2"};
	static const char *const titles[] = {"Rule", "Priority", "Source", "Host"};
	const char *const values[] = {a->rule, a->priority_name, a->source, a->hostname};

	(void)setup;
	slack_pair(b, "{", "text", a->message);
	slack_pair(b, ",\"attachments\":[{", "fallback", a->message);
	pair(b, ",", "color", colors[a->priority & 7]);
	body_text(b, ",\"fields\":[");
	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
		pair(b, i ? ",{" : "{", "title", titles[i]);
		slack_pair(b, ",", "value", values[i]);
		body_text(b, ",\"short\":true}");
	}
	body_text(b, "]}]}");
}

static void attribute(struct body *b, const char *before, const char *key, const char *value)
{
	body_fmt(b, "%s{\"key\":\"%s\",\"value\":{\"stringValue\":", before, key);
	body_json(b, value);
	body_text(b, "}}");
}

static void add_otlp(struct body *b, const struct preset_setup *setup, const struct gyr_alert *a)
{
	static const unsigned severities[] = {21, 19, 18, 17, 13, 10, 9, 5};
	char id[17];

	(void)setup;
	for (int i = 0; i < 16; i++)
		id[i] = "0123456789abcdef"[a->id >> (60 - 4 * i) & 15];
	id[16] = '\0';
	body_fmt(b, "{\"timeUnixNano\":\"%llu\",\"severityNumber\":%u", (unsigned long long)a->ts,
		 severities[a->priority & 7]);
	pair(b, ",", "severityText", a->priority_name);
	pair(b, ",\"body\":{", "stringValue", a->message);
	attribute(b, "},\"attributes\":[", "alert.id", id);
	attribute(b, ",", "rule", a->rule);
	attribute(b, ",", "source", a->source);
	attribute(b, ",", "hostname", a->hostname);
	attribute(b, ",", "alert.json", a->json);
	body_text(b, "]}");
}

#define JSON "application/json"
#define NDJSON "application/x-ndjson"
#define OTLP_HEAD                                                                                \
	"{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":" \
	"{\"stringValue\":\"gyr\"}}]},\"scopeLogs\":[{\"scope\":{\"name\":\"gyr\"},"             \
	"\"logRecords\":["

static const struct preset plain[] = {
	{.name = "one", .content_type = "text/plain", .is_one_each = true, .add = add_plain},
	{.name = "one", .content_type = JSON, .is_one_each = true, .add = add_plain},
	{.name = "array",
	 .content_type = JSON,
	 .head = "[",
	 .comma = ",",
	 .tail = "]",
	 .add = add_json_alert},
	{.name = "ndjson",
	 .content_type = NDJSON,
	 .comma = "\n",
	 .tail = "\n",
	 .add = add_json_alert},
};

static const struct preset presets[] = {
	{.name = "falcosidekick", .content_type = JSON, .is_one_each = true, .add = add_json_alert},
	{.name = "elasticsearch",
	 .path = "/_bulk",
	 .content_type = NDJSON,
	 .answers_each = true,
	 .comma = "\n",
	 .tail = "\n",
	 .add = add_bulk},
	{.name = "loki",
	 .path = "/loki/api/v1/push",
	 .content_type = JSON,
	 .head = "{\"streams\":[",
	 .comma = ",",
	 .tail = "]}",
	 .add = add_loki},
	{.name = "alertmanager",
	 .path = "/api/v2/alerts",
	 .content_type = JSON,
	 .head = "[",
	 .comma = ",",
	 .tail = "]",
	 .add = add_alertmanager},
	{.name = "slack", .content_type = JSON, .is_one_each = true, .add = add_slack},
	{.name = "otlp",
	 .path = "/v1/logs",
	 .content_type = JSON,
	 .head = OTLP_HEAD,
	 .comma = ",",
	 .tail = "]}]}]}",
	 .add = add_otlp},
};

const struct preset *preset_find(const char *name, const char *batch, bool is_json)
{
	for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
		if (strcmp(presets[i].name, name) == 0)
			return &presets[i];
	for (size_t i = 2; i < sizeof plain / sizeof *plain; i++)
		if (strcmp(plain[i].name, batch) == 0)
			return &plain[i];
	return &plain[is_json];
}

void preset_build(const struct preset *p, const struct preset_setup *setup, struct body *b,
		  const struct gyr_alert *const *alerts, uint32_t n)
{
	body_reset(b);
	body_text(b, p->head ? p->head : "");
	for (uint32_t i = 0; i < n; i++) {
		if (i)
			body_text(b, p->comma ? p->comma : "");
		p->add(b, setup, alerts[i]);
	}
	body_text(b, p->tail ? p->tail : "");
}
