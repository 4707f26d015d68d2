/*
 * fuzz_container: what recordings and runtimes tell of a container. The first byte chooses the reader:
 * a description, an answer of docker (with another for its image behind a zero byte), messages of the
 * CRI and of containerd. Whatever an answer is made into can be read as a description, or is none.
 */
#include <stdlib.h>
#include <string.h>

#include "cinfo.h"
#include "criread.h"
#include "inspect.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void read_description(const char *json, size_t len)
{
	struct cinfo *c;

	if (cinfo_read(json, len, &c))
		return;
	if (!*c->id || c->n_mounts > CINFO_ROWS_MAX || c->n_labels > CINFO_ROWS_MAX)
		abort();
	(void)cinfo_label(c->labels, c->n_labels, "x");
	(void)cinfo_free(c);
}

static void read_docker(const char *p, size_t len)
{
	const char *zero = memchr(p, 0, len);
	struct inspect in = {.container = p,
			     .container_len = zero ? (size_t)(zero - p) : len,
			     .neighbour = p,
			     .neighbour_len = len,
			     .label_max_len = 100};
	struct jsonout out = {0};
	char image[128];

	if (zero) {
		in.image = zero + 1;
		in.image_len = len - in.container_len - 1;
	}
	(void)inspect_image(in.container, in.container_len, image, sizeof image);
	if (inspect_neighbour(in.container, in.container_len, image, sizeof image) == 0 &&
	    (strchr(image, '/') || !*image))
		abort();
	if (inspect_describe(&in, &out) == 0)
		read_description(out.p, out.n);
	jsonout_deinit(&out);
}

static void read_message(unsigned which, const char *p, size_t len)
{
	const struct criread in = {.message = p, .len = len, .label_max_len = 100};
	struct jsonout out = {0};
	struct cri_text text = {0};
	int r;

	jsonout_put(&out, "{\"container\":{");
	if (which == 0)
		r = criread_container(&in, &out, &text);
	else if (which == 1)
		r = criread_sandbox(&in, &out, len & 1);
	else if (which == 2)
		r = criread_bare(&in, &out);
	else
		r = criread_version(p, len, &text);
	if (text.len && (text.p < p || text.p + text.len > p + len))
		abort();
	jsonout_put(&out, "}}");
	if (r == 0 && !out.failed)
		read_description(out.p, out.n);
	jsonout_deinit(&out);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *p;

	if (!size)
		return 0;
	p = malloc(size);
	if (!p)
		return 0;
	memcpy(p, data + 1, size - 1);
	switch (data[0] % 6) {
	case 0:
		read_description(p, size - 1);
		break;
	case 1:
		read_docker(p, size - 1);
		break;
	default:
		read_message(data[0] % 6 - 2, p, size - 1);
	}
	free(p);
	return 0;
}
