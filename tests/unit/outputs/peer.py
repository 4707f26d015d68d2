#!/usr/bin/env python3
"""peer: a server of HTTP (or of nothing) on 127.0.0.1 that behaves as told, for tests of outputs.

usage: peer.py LOG [--port N] [--cert FILE --key FILE [--ca FILE]] BEHAVIOUR...

Prints its port. Each request takes the next behaviour, the last one stays: a status (200, 500),
429:SECONDS for Retry-After, silent (reads, never answers), reset (half-way through the answer),
garbage (no HTTP), endless (an answer without end), 302, bulk:201,429 (an answer to a bulk request).
Each request is appended to LOG as a line: {"head": ..., "body": ..., "how": its behaviour}.
"""
import gzip
import json
import socket
import ssl
import struct
import sys
import threading


def read_request(conn):
    data = b""
    while b"\r\n\r\n" not in data:
        more = conn.recv(65536)
        if not more:
            return None
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        more = conn.recv(65536)
        if not more:
            return None
        body += more
    if b"content-encoding: gzip" in head.lower():
        body = gzip.decompress(body)
    return {"head": head.decode(), "body": body.decode()}


def answer(conn, how):
    """Answers; False when the connection is done for."""
    if how == "silent":
        conn.recv(1)
        return False
    if how == "reset":
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
    if how == "garbage":
        conn.sendall(b"\x00\xff220 not this protocol\r\n")
        return False
    if how == "endless":
        conn.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(128):
            conn.sendall(b"x" * 65536)
        return False
    more, body, status = "", "hello\x1b[31m", how
    if how.startswith("bulk:"):
        status = "200"
        body = json.dumps({"took": 1, "errors": True, "items": [
            {"create": {"_index": "i", "status": int(s)}} for s in how[5:].split(",")]})
    elif ":" in how:
        status, wait = how.split(":")
        more = f"Retry-After: {wait}\r\n"
    elif how == "302":
        more = "Location: http://127.0.0.1:1/elsewhere\r\n"
    conn.sendall((f"HTTP/1.1 {status} Text\r\n{more}Content-Length: {len(body)}\r\n\r\n"
                  f"{body}").encode())
    return True


class Peer:
    def __init__(self, log, behaviours):
        self.log = log
        self.behaviours = behaviours
        self.lock = threading.Lock()

    def take(self, request):
        with self.lock:
            how = self.behaviours[0]
            if len(self.behaviours) > 1:
                self.behaviours.pop(0)
            with open(self.log, "a", encoding="utf-8") as f:
                f.write(json.dumps({**request, "how": how}) + "\n")
            return how

    def serve(self, conn, tls):
        try:
            if tls:
                conn = tls.wrap_socket(conn, server_side=True)
            while True:
                request = read_request(conn)
                if not request or not answer(conn, self.take(request)):
                    break
        except OSError:
            pass
        conn.close()


def option(args, name):
    if name not in args:
        return None
    i = args.index(name)
    value = args[i + 1]
    del args[i:i + 2]
    return value


def main():
    args = sys.argv[1:]
    cert, key, ca = (option(args, n) for n in ("--cert", "--key", "--ca"))
    port = int(option(args, "--port") or 0)
    tls = None
    if cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(cert, key)
        if ca:
            tls.load_verify_locations(ca)
            tls.verify_mode = ssl.CERT_REQUIRED
    peer = Peer(args[0], args[1:])
    listener = socket.create_server(("127.0.0.1", port), reuse_port=True)
    print(listener.getsockname()[1], flush=True)
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=peer.serve, args=(conn, tls), daemon=True).start()


main()
