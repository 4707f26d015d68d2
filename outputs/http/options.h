/*
 * options: the parameters of an http output, as the rows in http.c fill them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct http_options {
	const char *url, *user_agent, *format, *preset, *batch, *index;
	const char **headers;
	const char *bearer_file, *basic_file;
	const char *ca_cert, *ca_bundle, *ca_path, *client_cert, *client_key;
	const char *proxy;
	bool insecure, mtls, echo, compress_uploads, keep_alive;
	uint64_t max_consecutive_timeouts, batch_max, connect_timeout_ms, timeout_ms;
};
