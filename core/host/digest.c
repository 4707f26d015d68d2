/*
 * digest: SHA-256 and Ed25519, by OpenSSL.
 */
#include "host/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

enum { PIECE = 16 * 1024, SIGNATURE_BYTES = 64 };

static int open_regular(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int r;

	if (fd < 0)
		return -errno;
	r = fstat(fd, &st) < 0 ? -errno : S_ISREG(st.st_mode) ? 0 : -EISDIR;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

int digest_read_file(const char *path, struct buf *out)
{
	int fd = open_regular(path), r = 0;
	char piece[PIECE];
	ssize_t n = 1;

	if (fd < 0)
		return fd;
	while (r == 0 && n > 0) {
		n = read(fd, piece, sizeof piece);
		if (n < 0)
			r = -errno;
		else
			buf_add(out, piece, (size_t)n);
		if (out->failed)
			r = -EFBIG;
	}
	close(fd);
	return r;
}

int digest_sha256(struct str bytes, uint8_t ret_sha[32])
{
	unsigned len = 32;

	return EVP_Digest(bytes.p, bytes.len, ret_sha, &len, EVP_sha256(), NULL) == 1 ? 0 : -EIO;
}

int digest_sha256_file(const char *path, uint8_t ret_sha[32])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int fd = open_regular(path), r = fd < 0 ? fd : 0;
	char piece[PIECE];
	ssize_t n = 1;

	if (r == 0 && (!ctx || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1))
		r = -ENOMEM;
	while (r == 0 && n > 0) {
		n = read(fd, piece, sizeof piece);
		if (n < 0)
			r = -errno;
		else if (EVP_DigestUpdate(ctx, piece, (size_t)n) != 1)
			r = -EIO;
	}
	if (r == 0 && EVP_DigestFinal_ex(ctx, ret_sha, NULL) != 1)
		r = -EIO;
	if (fd >= 0)
		close(fd);
	EVP_MD_CTX_free(ctx);
	return r;
}

static EVP_PKEY *read_key(const char *path)
{
	FILE *f = fopen(path, "re");
	EVP_PKEY *key = f ? PEM_read_PUBKEY(f, NULL, NULL, NULL) : NULL;

	if (f)
		(void)fclose(f);
	if (key && EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static bool verifies(EVP_PKEY *key, struct str sig, struct str bytes)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
		    EVP_DigestVerify(ctx, (const unsigned char *)sig.p, sig.len,
				     (const unsigned char *)bytes.p, bytes.len) == 1;

	EVP_MD_CTX_free(ctx);
	return good;
}

static int try_keys(struct str sig, struct str manifest, const struct registry_trust *trust,
		    enum registry_signature *ret_sig, struct err *err)
{
	*ret_sig = trust->n_keys ? REGISTRY_SIGNATURE_BAD : REGISTRY_SIGNATURE_MISSING;
	for (uint32_t i = 0; i < trust->n_keys && *ret_sig != REGISTRY_SIGNATURE_OK; i++) {
		EVP_PKEY *key = read_key(trust->key_files[i]);

		if (!key) {
			err_set(err, 0, 0, "%s: not an Ed25519 public key in PEM",
				trust->key_files[i]);
			return -EINVAL;
		}
		if (sig.len == SIGNATURE_BYTES && verifies(key, sig, manifest))
			*ret_sig = REGISTRY_SIGNATURE_OK;
		EVP_PKEY_free(key);
	}
	return 0;
}

int digest_check_signature(const char *path, struct str manifest,
			   const struct registry_trust *trust, enum registry_signature *ret_sig,
			   struct err *err)
{
	struct buf name, sig;
	int r;

	buf_init(&name, 8192);
	buf_init(&sig, 4096);
	buf_printf(&name, "%s.sig", path);
	r = name.failed ? -ENAMETOOLONG : digest_read_file(name.p, &sig);
	if (r == -ENOENT) {
		*ret_sig = REGISTRY_SIGNATURE_MISSING;
		r = 0;
	} else if (r < 0) {
		err_set(err, 0, 0, "%s.sig: %s", path, strerror(-r));
	} else {
		r = try_keys(buf_str(&sig), manifest, trust, ret_sig, err);
	}
	buf_deinit(&sig);
	buf_deinit(&name);
	return r;
}
