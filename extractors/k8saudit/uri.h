/*
 * uri: parameters of a request's address.
 */
#pragma once

#include <stddef.h>

/*
 * Finds the first parameter named @key in the query of the @len bytes at @uri (RFC 3986; names and
 * values decoded as application/x-www-form-urlencoded) and moves its value to the start of @uri,
 * which is overwritten. Pairs with a broken escape or a semicolon are passed over. -ENODATA: none.
 */
int uri_param(char *uri, size_t len, const char *key, size_t *ret_len);
