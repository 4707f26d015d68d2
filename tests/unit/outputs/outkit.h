/*
 * outkit: an output plugin loaded as the router would, and alerts to give it.
 */
#pragma once

#include <dlfcn.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gyr/abi.h>

/* A parameter: what is waited for may take as long as it needs on the machine of the test. */
#define OUTKIT_PATIENT ",\"timeout_ms\":600000"

static const char *__attribute__((unused)) outkit_patience(const char *more)
{
	return strstr(more, "timeout_ms") ? "" : OUTKIT_PATIENT;
}

struct outkit {
	void *lib;
	ss_plugin_t *state;
	void *inst;
	void (*destroy)(ss_plugin_t *);
	const char *(*error)(ss_plugin_t *);
	void *(*open)(ss_plugin_t *, const char *, ss_plugin_rc *);
	ss_plugin_rc (*send)(ss_plugin_t *, void *, const struct gyr_alert *const *, uint32_t,
			     uint8_t *);
	void (*close)(ss_plugin_t *, void *);
	ss_plugin_rc (*reopen)(ss_plugin_t *, void *);
};

static char outkit_logged[8192]; /* the lines of the plugin's log, one after the other */

static void outkit_log(ss_plugin_owner_t *o, const char *component, const char *msg,
		       ss_plugin_log_severity sev)
{
	const size_t len = strlen(outkit_logged);

	(void)o;
	(void)component;
	(void)sev;
	(void)snprintf(outkit_logged + len, sizeof outkit_logged - len, "%s\n", msg);
}

static void *outkit_sym(void *lib, const char *name)
{
	void *p = dlsym(lib, name);

	assert_non_null(p);
	return p;
}

/* Opens an instance; on failure .inst is NULL and the error is to be read. */
static struct outkit outkit_open(const char *name, const char *params)
{
	const ss_plugin_init_input in = {.config = "", .log_fn = outkit_log};
	ss_plugin_t *(*init)(const ss_plugin_init_input *, ss_plugin_rc *);
	struct outkit k = {0};
	char path[PATH_MAX];
	ss_plugin_rc rc = SS_PLUGIN_FAILURE;

	(void)snprintf(path, sizeof path, "%s/plugins/%s.so", BINARY_DIR, name);
	k.lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!k.lib)
		fail_msg("%s", dlerror());
	*(void **)&init = outkit_sym(k.lib, "plugin_init");
	*(void **)&k.destroy = outkit_sym(k.lib, "plugin_destroy");
	*(void **)&k.error = outkit_sym(k.lib, "plugin_get_last_error");
	*(void **)&k.open = outkit_sym(k.lib, "gyr_output_open");
	*(void **)&k.send = outkit_sym(k.lib, "gyr_output_send");
	*(void **)&k.close = outkit_sym(k.lib, "gyr_output_close");
	*(void **)&k.reopen = outkit_sym(k.lib, "gyr_output_reopen");
	outkit_logged[0] = '\0';
	k.state = init(&in, &rc);
	assert_int_equal(rc, SS_PLUGIN_SUCCESS);
	k.inst = k.open(k.state, params, &rc);
	if (rc != SS_PLUGIN_SUCCESS)
		k.inst = NULL;
	return k;
}

static struct outkit outkit_start(const char *name, const char *params)
{
	struct outkit k = outkit_open(name, params);

	if (!k.inst)
		fail_msg("%s: %s", params, k.error(k.state));
	return k;
}

static void outkit_close(struct outkit *k)
{
	if (k->inst)
		k->close(k->state, k->inst);
	k->destroy(k->state);
	k->inst = NULL;
}

struct outkit_alert {
	struct gyr_alert alert;
	char text[128], message[64], json[256];
};

static void outkit_fill(struct outkit_alert *a, uint64_t id)
{
	*a = (struct outkit_alert){.alert = {.size = sizeof a->alert,
					     .priority = 4,
					     .id = id,
					     .ts = 1763936067000000000u + id,
					     .rule = "A rule",
					     .priority_name = "Warning",
					     .source = "ticker",
					     .hostname = "box",
					     .text = a->text,
					     .message = a->message,
					     .json = a->json}};
	a->alert.message_len = (uint32_t)snprintf(a->message, sizeof a->message, "tick %llu",
						  (unsigned long long)id);
	a->alert.text_len =
		(uint32_t)snprintf(a->text, sizeof a->text, "22:14:27.000000000: Warning tick %llu",
				   (unsigned long long)id);
	a->alert.json_len = (uint32_t)snprintf(
		a->json, sizeof a->json, "{\"output\":\"tick %llu\",\"priority\":\"Warning\"}",
		(unsigned long long)id);
}

/* Sends one alert and returns its verdict. */
static uint8_t outkit_send_one(struct outkit *k, const struct gyr_alert *a)
{
	uint8_t verdict = GYR_ALERT_RETRY;

	(void)k->send(k->state, k->inst, &a, 1, &verdict);
	return verdict;
}

static uint8_t outkit_send(struct outkit *k, uint64_t id)
{
	struct outkit_alert a;

	outkit_fill(&a, id);
	return outkit_send_one(k, &a.alert);
}

/* Sends alerts first ... first + n - 1 in one batch; at most 64. */
static ss_plugin_rc outkit_batch(struct outkit *k, uint64_t first, uint32_t n, uint8_t *verdicts)
{
	static struct outkit_alert alerts[64];
	const struct gyr_alert *view[64];

	assert_true(n <= 64);
	for (uint32_t i = 0; i < n; i++) {
		outkit_fill(&alerts[i], first + i);
		view[i] = &alerts[i].alert;
		verdicts[i] = GYR_ALERT_RETRY;
	}
	return k->send(k->state, k->inst, view, n, verdicts);
}

/* Offers an alert until it is accepted, as the router would; how often it took, at most @max. */
static int __attribute__((unused)) outkit_insist(struct outkit *k, uint64_t id, int max)
{
	for (int i = 1; i <= max; i++)
		if (outkit_send(k, id) == GYR_ALERT_ACCEPTED)
			return i;
	fail_msg("alert %llu: %s", (unsigned long long)id, k->error(k->state));
	return 0;
}

/* The whole of a file, to be freed; "" when there is none. */
static char *__attribute__((unused)) outkit_read(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = calloc(1, 1 << 20);

	assert_non_null(text);
	if (f) {
		text[fread(text, 1, (1 << 20) - 1, f)] = '\0';
		(void)fclose(f);
	}
	return text;
}

static char outkit_folder[] = "/tmp/gyr-outputs-XXXXXX";
static pid_t outkit_owner;

static int outkit_remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)st;
	(void)flag;
	(void)at;
	return remove(path);
}

static void outkit_remove(void)
{
	if (getpid() == outkit_owner)
		(void)nftw(outkit_folder, outkit_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A folder of this program's own, gone when it ends. */
static const char *__attribute__((unused)) outkit_dir(void)
{
	if (outkit_owner)
		return outkit_folder;
	assert_non_null(mkdtemp(outkit_folder));
	outkit_owner = getpid();
	assert_int_equal(atexit(outkit_remove), 0);
	return outkit_folder;
}
