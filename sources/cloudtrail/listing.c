/*
 * listing: elements by their places.
 */
#include "listing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "aws/xml.h"
#include "notification.h"
#include "trailkey.h"

enum { KEY_BYTES = 3 * NOTIFICATION_MAX_KEY + 1 }; /* encoded */

struct reading {
	const struct listing_sink *sink;
	char key[KEY_BYTES], etag[256], prefix[KEY_BYTES], token[LISTING_TOKEN];
	bool is_archived, is_truncated, is_list;
};

/* False: it does not fit, or has a NUL. */
static bool keep(char *dst, size_t size, const char *text, size_t len)
{
	if (len >= size || strlen(text) != len)
		return false;
	memcpy(dst, text, len + 1);
	return true;
}

static int object(struct reading *g)
{
	const struct listing_object o = {
		.key = g->key, .etag = g->etag, .is_archived = g->is_archived};

	if (*g->key)
		g->sink->on_object(g->sink->arg, &o);
	g->key[0] = g->etag[0] = '\0';
	g->is_archived = false;
	return 0;
}

static int in_contents(struct reading *g, const char *name, const char *text, size_t len)
{
	if (strcmp(name, "Key") == 0) {
		if (!keep(g->key, sizeof g->key, text, len))
			return -EBADMSG;
		trailkey_decode(g->key);
	} else if (strcmp(name, "ETag") == 0) {
		if (!keep(g->etag, sizeof g->etag, text, len))
			return -EBADMSG;
	} else if (strcmp(name, "StorageClass") == 0) {
		g->is_archived = strcmp(text, "GLACIER") == 0 || strcmp(text, "DEEP_ARCHIVE") == 0;
	}
	return 0;
}

static int on_end(void *arg, const char *path, const char *text, size_t len)
{
	static const char root[] = "ListBucketResult", contents[] = "Contents/";
	struct reading *g = arg;

	if (strcmp(path, root) == 0) {
		g->is_list = true;
		return 0;
	}
	if (strncmp(path, root, sizeof root - 1) != 0)
		return -EBADMSG;
	path += sizeof root;
	if (strncmp(path, contents, sizeof contents - 1) == 0)
		return in_contents(g, path + sizeof contents - 1, text, len);
	if (strcmp(path, "Contents") == 0)
		return object(g);
	if (strcmp(path, "IsTruncated") == 0)
		g->is_truncated = strcmp(text, "true") == 0;
	else if (strcmp(path, "NextContinuationToken") == 0)
		return keep(g->token, sizeof g->token, text, len) ? 0 : -EBADMSG;
	if (strcmp(path, "CommonPrefixes/Prefix") != 0)
		return 0;
	if (!keep(g->prefix, sizeof g->prefix, text, len))
		return -EBADMSG;
	trailkey_decode(g->prefix);
	g->sink->on_prefix(g->sink->arg, g->prefix);
	return 0;
}

int listing_read(const char *body, size_t len, const struct listing_sink *sink,
		 char ret_token[LISTING_TOKEN])
{
	struct reading g = {.sink = sink};
	int r = aws_xml_read(body, len, on_end, &g);

	if (r == -ENOMEM)
		return r;
	if (r < 0 || !g.is_list || (g.is_truncated && !*g.token))
		return -EBADMSG;
	if (!g.is_truncated)
		g.token[0] = '\0';
	memcpy(ret_token, g.token, sizeof g.token);
	return 0;
}
