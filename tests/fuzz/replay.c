/*
 * replay: runs a fuzz target over files without a fuzzer.
 *
 * Each argument is a file or a folder of files. Every file is tried whole, and then cut short at up
 * to 64 places, since an input that ends too early is the commonest bad input there is. Each input
 * lies in a block of exactly its size, so that a read past its end is seen by a sanitizer.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CUTS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long n_files, n_inputs;

static void try_prefix(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	n_inputs++;
}

static int try_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size + 1);
	FILE *f = fopen(path, "rb");
	int r = 0;

	if (!f || !data || fread(data, 1, size, f) != size) {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
		r = 1;
		goto out;
	}
	try_prefix(data, size);
	for (size_t i = 0; i < CUTS && i < size; i++)
		try_prefix(data, size <= CUTS ? i : i * (size / CUTS));
	n_files++;
out:
	if (f)
		fclose(f);
	free(data);
	return r;
}

static int try_path(const char *path)
{
	struct dirent *e;
	struct stat st;
	int r = 0;
	DIR *d;

	if (stat(path, &st)) {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
		return 1;
	}
	if (!S_ISDIR(st.st_mode))
		return try_file(path, (size_t)st.st_size);
	d = opendir(path);
	if (!d)
		return 1;
	while ((e = readdir(d))) {
		char name[PATH_MAX];

		if (e->d_name[0] == '.')
			continue;
		if (snprintf(name, sizeof(name), "%s/%s", path, e->d_name) < (int)sizeof(name))
			r |= try_path(name);
	}
	closedir(d);
	return r;
}

int main(int argc, char **argv)
{
	int r = 0;

	for (int i = 1; i < argc; i++)
		r |= try_path(argv[i]);
	printf("replay: %lu files, %lu inputs\n", n_files, n_inputs);
	if (n_files == 0)
		fprintf(stderr, "replay: no corpus: a fuzz target comes with one\n");
	return r || n_files == 0;
}
