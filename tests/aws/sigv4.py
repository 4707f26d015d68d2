"""Signature Version 4, as a server checks it."""

import hashlib
import hmac
import re
import urllib.parse


def is_signed(method, path, headers, body, secret):
    """Whether the signature is the one that the secret makes (by the names that are said to be signed)."""
    m = re.match(r"AWS4-HMAC-SHA256 Credential=([^/]+)/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$",
                 headers.get("Authorization", ""))
    if not m or "host" not in m[3].split(";"):
        return False
    url = urllib.parse.urlsplit(path)
    query = "&".join(sorted(url.query.split("&"))) if url.query else ""
    names = "".join(f"{n}:{' '.join(headers[n].split())}\n" for n in m[3].split(";"))
    hashed = hashlib.sha256(body).hexdigest()
    canonical = "\n".join([method, url.path, query, names, m[3], hashed])
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], m[2], hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in m[2].split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest() == m[4]
