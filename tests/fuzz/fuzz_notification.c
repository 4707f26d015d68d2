/*
 * notification: bodies of messages that anybody may have sent.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "notification.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct notification n;
	char *body = malloc(len + 1); /* of its own, so that reading past it shows */

	if (!body)
		abort();
	memcpy(body, data, len);
	if (notification_parse(body, len, &n) == 0) {
		if ((n.kind == NOTIFICATION_OBJECTS) != (n.n > 0) || n.n > NOTIFICATION_MAX_OBJECTS)
			abort();
		for (size_t i = 0; i < n.n; i++)
			if (!*n.objects[i].bucket ||
			    strlen(n.objects[i].key) > NOTIFICATION_MAX_KEY)
				abort();
		notification_deinit(&n);
	}
	free(body);
	return 0;
}
