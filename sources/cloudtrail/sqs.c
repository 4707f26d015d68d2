/*
 * sqs: documents out, documents in.
 */
#include "sqs.h"

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "jsonbody.h"

enum {
	SLACK_S = 15, /* what an answer may take beyond the wait that was asked for */
	TARGET_BYTES = 64,
};

/* ---- calls ---- */

struct call {
	const char *action;
	json_object *body; /* taken */
	long timeout_s;
	aws_done_fn done;
	void *arg;
};

static int64_t send_call(struct sqs *s, const struct call *c)
{
	char target[TARGET_BYTES];
	const struct aws_pair headers[] = {
		{"Content-Type", "application/x-amz-json-1.0"},
		{"X-Amz-Target", target},
	};
	struct aws_request rq = {.service = AWS_SQS,
				 .method = "POST",
				 .region = s->region,
				 .url = *s->url && !s->keeps_host ? s->url : NULL,
				 .headers = headers,
				 .n_headers = sizeof headers / sizeof *headers,
				 .timeout_s = c->timeout_s,
				 .on_done = c->done,
				 .arg = c->arg};
	int64_t id = -ENOMEM;
	const char *text =
		c->body ? json_object_to_json_string_ext(
				  c->body, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
			: NULL;

	(void)snprintf(target, sizeof target, "AmazonSQS.%s", c->action);
	if (text) {
		rq.body = text;
		rq.body_len = strlen(text);
		id = aws_client_send(s->client, &rq);
	}
	json_object_put(c->body);
	return id;
}

/* All texts of these are small; without memory a member is missing, and the server says so. */
static void put_text(json_object *o, const char *name, const char *value)
{
	(void)json_object_object_add(o, name, json_object_new_string(value));
}

static void put_number(json_object *o, const char *name, unsigned value)
{
	(void)json_object_object_add(o, name, json_object_new_int64(value));
}

int64_t sqs_find(struct sqs *s, const char *name, const char *account, aws_done_fn done, void *arg)
{
	json_object *o = json_object_new_object();

	put_text(o, "QueueName", name);
	if (*account)
		put_text(o, "QueueOwnerAWSAccountId", account);
	return send_call(
		s, &(struct call){.action = "GetQueueUrl", .body = o, .done = done, .arg = arg});
}

int64_t sqs_receive(struct sqs *s, const struct sqs_receive *how, aws_done_fn done, void *arg)
{
	/* The newer name of the list and the older one, which emulators know. */
	static const char *const lists[] = {"MessageSystemAttributeNames", "AttributeNames"};
	json_object *o = json_object_new_object();

	put_text(o, "QueueUrl", s->url);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		json_object *names = json_object_new_array();

		(void)json_object_array_add(names,
					    json_object_new_string("ApproximateReceiveCount"));
		(void)json_object_object_add(o, lists[i], names);
	}
	put_number(o, "MaxNumberOfMessages", how->messages);
	put_number(o, "VisibilityTimeout", how->visibility_s);
	put_number(o, "WaitTimeSeconds", how->wait_s);
	return send_call(s, &(struct call){.action = "ReceiveMessage",
					   .body = o,
					   .timeout_s = (long)how->wait_s + SLACK_S,
					   .done = done,
					   .arg = arg});
}

static json_object *entries(struct sqs *s, const struct sqs_visibility *v, bool has_seconds)
{
	json_object *o = json_object_new_object(), *list = json_object_new_array();
	char id[24];

	put_text(o, "QueueUrl", s->url);
	for (size_t i = 0; i < v->n; i++) {
		json_object *e = json_object_new_object();

		(void)snprintf(id, sizeof id, "%zu", i);
		put_text(e, "Id", id);
		put_text(e, "ReceiptHandle", v->receipts[i]);
		if (has_seconds)
			put_number(e, "VisibilityTimeout", v->seconds);
		(void)json_object_array_add(list, e);
	}
	(void)json_object_object_add(o, "Entries", list);
	return o;
}

int64_t sqs_delete(struct sqs *s, const char *const *receipts, size_t n, aws_done_fn done,
		   void *arg)
{
	const struct sqs_visibility v = {.receipts = receipts, .n = n};

	return send_call(s, &(struct call){.action = "DeleteMessageBatch",
					   .body = entries(s, &v, false),
					   .done = done,
					   .arg = arg});
}

int64_t sqs_change(struct sqs *s, const struct sqs_visibility *v, aws_done_fn done, void *arg)
{
	return send_call(s, &(struct call){.action = "ChangeMessageVisibilityBatch",
					   .body = entries(s, v, true),
					   .done = done,
					   .arg = arg});
}

/* ---- answers ---- */

/* The members of array @name; NULL: there is none, which is none at all. */
static json_object *array(json_object *o, const char *name)
{
	json_object *v;

	return json_object_object_get_ex(o, name, &v) && json_object_is_type(v, json_type_array)
		       ? v
		       : NULL;
}

static unsigned count_of(json_object *message)
{
	json_object *attributes;
	const char *s;

	if (!json_object_object_get_ex(message, "Attributes", &attributes))
		return 0;
	s = jsonbody_text(attributes, "ApproximateReceiveCount");
	return s ? (unsigned)strtoul(s, NULL, 10) : 0;
}

static bool read_message(json_object *o, struct sqs_message *m)
{
	json_object *body;

	*m = (struct sqs_message){.id = jsonbody_text(o, "MessageId"),
				  .receipt = jsonbody_text(o, "ReceiptHandle")};
	if (!m->id || !m->receipt || !json_object_object_get_ex(o, "Body", &body) ||
	    !json_object_is_type(body, json_type_string))
		return false;
	m->body = json_object_get_string(body);
	m->body_len = (size_t)json_object_get_string_len(body);
	m->receives = count_of(o);
	return true;
}

int sqs_read_messages(const char *body, size_t len,
		      void (*on_message)(void *arg, const struct sqs_message *m), void *arg)
{
	json_object *o = jsonbody_parse(body, len), *list;
	struct sqs_message m;
	int n = 0;

	if (!o)
		return -EBADMSG;
	list = array(o, "Messages");
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		if (!read_message(json_object_array_get_idx(list, i), &m)) {
			json_object_put(o);
			return -EBADMSG;
		}
		on_message(arg, &m);
		n++;
	}
	json_object_put(o);
	return n;
}

int sqs_read_failed(const char *body, size_t len, size_t n, uint32_t *ret_failed)
{
	json_object *o = jsonbody_parse(body, len), *list;
	uint32_t failed = 0;

	if (!o)
		return -EBADMSG;
	list = array(o, "Failed");
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		const char *id = jsonbody_text(json_object_array_get_idx(list, i), "Id");
		unsigned long k = id ? strtoul(id, NULL, 10) : n;

		if (k < n)
			failed |= UINT32_C(1) << k;
	}
	json_object_put(o);
	*ret_failed = failed;
	return 0;
}

int sqs_read_url(const char *body, size_t len, char ret[SQS_URL])
{
	json_object *o = jsonbody_parse(body, len);
	const char *url = o ? jsonbody_text(o, "QueueUrl") : NULL;
	size_t n = url ? strlen(url) : 0;

	if (n > 0 && n < SQS_URL)
		memcpy(ret, url, n + 1);
	json_object_put(o);
	return n > 0 && n < SQS_URL ? 0 : -EBADMSG;
}
