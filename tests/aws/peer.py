"""What the tests of the client of AWS share: a server that answers as told, and the client as a program (awsask)."""

import collections
import http.server
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse

from sigv4 import is_signed

ASK = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "build/tests/awsask"
ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEYS = {"AWS_ACCESS_KEY_ID": ID, "AWS_SECRET_ACCESS_KEY": SECRET}

# how: "" (as usual), "cut:N" (only so many bytes of the body), "reset", "silent"
Answer = collections.namedtuple("Answer", "status body headers how", defaults=(b"", {}, ""))
Request = collections.namedtuple("Request", "method path headers body key_id is_signed")


def xml_error(status, code, more="", headers=None):
    return Answer(status, f"<Error><Code>{code}</Code><Message>as told</Message>{more}</Error>".encode(), headers or {})


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512  # all of a test's connections may come at once

    def handle_error(self, request, client_address):
        pass  # clients that go away are what is tested


class Peer:
    """routes: "METHOD /path" -> answers for the next requests, of which the last stays; or a function of the request.
    The path is without its query. secrets: key id -> secret, to check signatures by."""

    def __init__(self, test):
        self.lock = threading.Lock()
        self.routes = {}
        self.secrets = {ID: SECRET}
        self.requests = []
        peer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def handle_any(self):
                peer.handle(self)

            do_GET = do_PUT = do_POST = do_HEAD = handle_any

            def date_time_string(self, timestamp=None):
                return peer.date or super().date_time_string(timestamp)

        self.date = None
        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        test.addCleanup(thread.join)
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)

    def route(self, what, *answers):
        self.routes[what] = list(answers)

    def handle(self, h):
        body = h.rfile.read(int(h.headers.get("Content-Length", 0)))
        key_id = re.search(r"Credential=([^/]+)/", h.headers.get("Authorization", ""))
        key_id = key_id[1] if key_id else ""
        signed = is_signed(h.command, h.path, h.headers, body, self.secrets.get(key_id, ""))
        request = Request(h.command, h.path, dict(h.headers.items()), body.decode(), key_id, signed)
        with self.lock:
            self.requests.append(request)
            answers = self.routes.get(f"{h.command} {h.path.split('?')[0]}", [xml_error(404, "NoRoute")])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(answer):
            answer = answer(request)
        try:
            self.send(h, answer)
        except (BrokenPipeError, ConnectionResetError):
            h.close_connection = True

    @staticmethod
    def send(h, a):
        if a.how == "silent":
            h.connection.recv(1)
            h.close_connection = True
            return
        h.send_response(a.status)
        for name, value in {"Content-Length": len(a.body), **a.headers}.items():
            h.send_header(name, str(value))
        h.end_headers()
        if h.command == "HEAD":
            return
        cut = int(a.how[4:]) if a.how.startswith("cut:") else None
        h.wfile.write(a.body[:cut])
        if a.how:
            h.close_connection = True
        if a.how == "reset":
            h.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def paths(self, method="GET"):
        with self.lock:
            return [r.path for r in self.requests if r.method == method]


class Client:
    """awsask: requests in, answers out, in order; counters after close()."""

    def __init__(self, test, options, env):
        base = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and not k.lower().endswith("_proxy")}
        self.process = subprocess.Popen([ASK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**base, "HOME": test.dir, **env})
        self.counters = None
        test.addCleanup(self.kill)
        self.write(options)

    def write(self, what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def ask(self, *requests):
        """-> their answers, as they ended"""
        try:
            self.write(requests)
        except BrokenPipeError:
            pass
        return json.loads(self.process.stdout.readline())

    def close(self):
        out, _ = self.process.communicate()
        assert self.process.returncode == 0, (self.process.returncode, out)
        self.counters = json.loads(out)
        return self.counters

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="gyr-aws-")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.peer = Peer(self)

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def client(self, env=None, **options):
        """One that knows the peer for everything, its metadata service too."""
        return Client(self, {"endpoint": self.peer.url, "region": "eu-west-1", "retry_ms": 1, "imds": "off", **options},
                      KEYS if env is None else env)

    def refused(self, *words, env=None, **options):
        """It does not open, and says so in these words."""
        answer = json.loads(self.client(env, **options).process.stdout.readline())
        self.assertEqual(answer.get("error"), "open", answer)
        for w in words:
            self.assertIn(w, answer["why"])
