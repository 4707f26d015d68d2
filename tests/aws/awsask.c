/*
 * awsask: the client of AWS as a program, for tests: told in JSON what to ask, it says in JSON what was answered.
 *
 * The first line of standard input is an object of the client's options. Each further line is an array of requests that are
 * sent together; when all of them ended, their answers are printed as one array. After the last line come the counters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client.h"

enum { REQUESTS = 512, PAIRS = 32 };

static struct json_object *answers, *notes;
static struct aws_client *client;

/* One request and what it gets. */
struct asked {
	int64_t id;
	struct json_object *told; /* its line */
	char *data;
	size_t len, pieces;
	size_t pause_at; /* bytes after which it pauses, once; 0: never */
	int gives_up, cancels;
};

static const char *text_of(struct json_object *o, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(o, name, &v) ? json_object_get_string(v) : NULL;
}

static int64_t number_of(struct json_object *o, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(o, name, &v) ? json_object_get_int64(v) : 0;
}

static void die(const char *what, const char *why)
{
	struct json_object *o = json_object_new_string(why);

	printf("{\"error\": \"%s\", \"why\": %s}\n", what, json_object_to_json_string(o));
	(void)fflush(stdout);
	json_object_put(o);
	exit(0);
}

static void on_note(void *arg, const char *text)
{
	(void)arg;
	json_object_array_add(notes, json_object_new_string(text));
}

static int on_data(void *arg, const void *bytes, size_t n)
{
	struct asked *a = arg;
	char *more;

	if (a->gives_up)
		return -1;
	if (a->cancels) {
		aws_client_cancel(client, a->id);
		json_object_array_add(answers, json_object_new_string("cancelled"));
		return 0;
	}
	if (a->pause_at && a->len + n > a->pause_at) {
		a->pause_at = 0;
		aws_client_resume(client, a->id);
		return AWS_PAUSE;
	}
	more = realloc(a->data, a->len + n);
	if (!more)
		abort();
	memcpy(more + a->len, bytes, n);
	a->data = more;
	a->len += n;
	a->pieces++;
	return 0;
}

static void add(struct json_object *o, const char *name, const char *text)
{
	json_object_object_add(o, name, json_object_new_string(text));
}

static void on_done(void *arg, const struct aws_answer *a)
{
	struct asked *k = arg;
	struct json_object *o = json_object_new_object();
	char hash[AWS_HASH_HEX];
	const char *name = text_of(k->told, "path");

	add(o, "path", name ? name : "");
	json_object_object_add(o, "status", json_object_new_int(a->http_status));
	add(o, "code", a->code);
	add(o, "message", a->message);
	add(o, "etag", a->etag);
	json_object_object_add(o, "length", json_object_new_int64(a->content_length));
	json_object_object_add(o, "body", json_object_new_string_len(a->body, (int)a->body_len));
	json_object_object_add(o, "retries", json_object_new_int64(a->retries));
	json_object_object_add(o, "retried_out", json_object_new_boolean(a->retried_out));
	aws_sha256_hex(k->data, k->len, hash);
	json_object_object_add(o, "data_len", json_object_new_int64((int64_t)k->len));
	add(o, "data_sha256", hash);
	json_object_array_add(answers, o);
}

static size_t pairs_of(struct json_object *o, const char *name, struct aws_pair *ret)
{
	struct json_object *list;
	size_t n = 0;

	if (!json_object_object_get_ex(o, name, &list))
		return 0;
	json_object_object_foreach(list, key, value)
	{
		if (n < PAIRS)
			ret[n++] = (struct aws_pair){key, json_object_get_string(value)};
	}
	return n;
}

static enum aws_service service_of(struct json_object *o)
{
	const char *name = text_of(o, "service");

	return name && strcmp(name, "sqs") == 0 ? AWS_SQS : AWS_S3;
}

static void send_one(struct asked *a)
{
	struct aws_pair query[PAIRS], headers[PAIRS];
	struct json_object *o = a->told;
	const char *body = text_of(o, "body"), *method = text_of(o, "method");
	struct aws_request rq = {
		.service = service_of(o),
		.method = method ? method : "GET",
		.region = text_of(o, "region"),
		.url = text_of(o, "url"),
		.bucket = text_of(o, "bucket"),
		.path = text_of(o, "path"),
		.query = query,
		.n_query = pairs_of(o, "query", query),
		.headers = headers,
		.n_headers = pairs_of(o, "headers", headers),
		.body = body,
		.body_len = body ? strlen(body) : 0,
		.range_from = (uint64_t)number_of(o, "range_from"),
		.range_len = (uint64_t)number_of(o, "range_len"),
		.if_match = text_of(o, "if_match"),
		.timeout_s = (long)number_of(o, "timeout_s"),
		.max_body = (size_t)number_of(o, "max_body"),
		.on_data = number_of(o, "stream") ? on_data : NULL,
		.on_done = on_done,
		.arg = a,
	};

	a->pause_at = (size_t)number_of(o, "pause_at");
	a->gives_up = (int)number_of(o, "gives_up");
	a->cancels = (int)number_of(o, "cancels");
	a->id = aws_client_send(client, &rq);
	if (a->id < 0)
		json_object_array_add(answers, json_object_new_int64(a->id));
}

static void ask(struct json_object *requests)
{
	static struct asked asked[REQUESTS];
	size_t n = json_object_array_length(requests);

	answers = json_object_new_array();
	memset(asked, 0, sizeof asked);
	for (size_t i = 0; i < n && i < REQUESTS; i++) {
		asked[i].told = json_object_array_get_idx(requests, i);
		send_one(&asked[i]);
	}
	for (int r = 1; r != 0;) {
		r = aws_client_run(client, 1000);
		if (r < 0)
			die("run", strerror(-r));
	}
	printf("%s\n", json_object_to_json_string(answers));
	(void)fflush(stdout);
	json_object_put(answers);
	for (size_t i = 0; i < n && i < REQUESTS; i++)
		free(asked[i].data);
}

static void open_client(struct json_object *o)
{
	char err[1024];
	const struct aws_options options = {
		.profile = text_of(o, "profile"),
		.region = text_of(o, "region"),
		.config_file = text_of(o, "config_file"),
		.credentials_file = text_of(o, "credentials_file"),
		.endpoint = text_of(o, "endpoint"),
		.endpoint_sqs = text_of(o, "endpoint_sqs"),
		.endpoint_sts = text_of(o, "endpoint_sts"),
		.role_arn = text_of(o, "role_arn"),
		.external_id = text_of(o, "external_id"),
		.session_name = text_of(o, "session_name"),
		.path_style = number_of(o, "path_style") != 0,
		.max_retries = (int)number_of(o, "max_retries"),
		.imds = text_of(o, "imds"),
		.ca_file = text_of(o, "ca_file"),
		.proxy = text_of(o, "proxy"),
		.retry_ms = (uint32_t)number_of(o, "retry_ms"),
		.on_note = on_note,
	};

	if (aws_client_open(&options, &client, err, sizeof err) != 0)
		die("open", err);
}

static void print_counters(void)
{
	struct aws_counters c;
	struct json_object *o = json_object_new_object();
	const struct {
		const char *name;
		const uint64_t *value;
	} rows[] = {
		{"requests", &c.requests},
		{"attempts", &c.attempts},
		{"retries", &c.retries},
		{"throttled", &c.throttled},
		{"auth_failures", &c.auth_failures},
		{"redirects", &c.redirects},
		{"skews", &c.skews},
		{"resumed", &c.resumed},
		{"refused", &c.refused},
		{"exhausted", &c.exhausted},
		{"renewals", &c.renewals},
		{"renewals_failed", &c.renewals_failed},
		{"bytes", &c.bytes},
	};

	aws_client_counters(client, &c);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		json_object_object_add(o, rows[i].name,
				       json_object_new_int64((int64_t)*rows[i].value));
	add(o, "region", aws_client_region(client));
	add(o, "identity", aws_client_identity(client));
	json_object_object_add(o, "notes", notes);
	printf("%s\n", json_object_to_json_string(o));
	json_object_put(o);
}

int main(void)
{
	char *line = NULL;
	size_t cap = 0;

	notes = json_object_new_array();
	while (getline(&line, &cap, stdin) > 0) {
		struct json_object *o = json_tokener_parse(line);

		if (!client)
			open_client(o);
		else
			ask(o);
		json_object_put(o);
	}
	free(line);
	if (client)
		print_counters();
	aws_client_close(client);
	return 0;
}
