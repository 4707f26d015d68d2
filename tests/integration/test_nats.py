"""The output `nats` against a real server: what is acknowledged is there, once, whatever happens between."""

import json
import os
import shutil
import signal
import socket
import subprocess
import unittest

import test_injection
from case import ENDLESS, PATIENCE, Case

SERVER = shutil.which("nats-server") or "/usr/sbin/nats-server"

CONFIG = """
stdout_output: {{enabled: false}}
outputs:
  - plugin: nats
    delivery: {delivery}
    drain: 1h
    retry: {{min: 20ms, max: 200ms}}
    breaker: {{failures: 0}}
    config: {config}
"""


class Client:
    """Just enough of the protocol to ask for things."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.file = self.sock.makefile("rb")
        self.file.readline()
        self.send("CONNECT {\"verbose\":false,\"headers\":false}\r\nSUB _I.1 1\r\n")

    def send(self, text):
        self.sock.sendall(text.encode())

    def message(self):
        """-> (subject, payload) of the next one"""
        while True:
            words = self.file.readline().split()
            if words and words[0] == b"PING":
                self.send("PONG\r\n")
            elif words and words[0] == b"MSG":
                payload = self.file.read(int(words[-1]) + 2)[:-2]
                return words[1].decode(), payload
            elif not words or words[0] == b"-ERR":
                raise OSError(b" ".join(words))

    def ask(self, subject, body=None):
        data = json.dumps(body) if body is not None else ""
        self.send(f"PUB {subject} _I.1 {len(data)}\r\n{data}\r\n")
        return json.loads(self.message()[1])

    def close(self):
        self.file.close()
        self.sock.close()


class Served(Case):
    def setUp(self):
        super().setUp()
        self.store = os.path.join(self.dir, "store")
        self.port = -1
        self.server = None

    def serve(self, extra=""):
        """Starts the server; on the port of before when it was there."""
        ports = os.path.join(self.dir, "ports")
        os.makedirs(ports, exist_ok=True)
        config = self.write("nats.conf", f"listen: \"127.0.0.1:{self.port}\"\n"
                            f"jetstream {{ store_dir: \"{self.store}\" }}\n"
                            f"ports_file_dir: \"{ports}\"\n" + extra)
        with open(os.path.join(self.dir, "nats.log"), "ab") as log:
            self.server = subprocess.Popen([SERVER, "-c", config], stdout=log, stderr=log)
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.kill)
        file = os.path.join(ports, f"nats-server_{self.server.pid}.ports")
        self.until(lambda: os.path.exists(file) and os.path.getsize(file) > 0)
        with open(file, encoding="utf-8") as f:
            self.port = int(json.load(f)["nats"][0].rsplit(":", 1)[1])

    def client(self):
        c = Client(self.port)
        self.addCleanup(c.close)
        return c

    def config(self, delivery="best_effort", **config):
        config = {"servers": [f"nats://127.0.0.1:{self.port}"], "timeout_ms": 60000, **config}
        return self.write("gyr.yaml", CONFIG.format(delivery=delivery, config=json.dumps(config)))

    def count(self):
        return self.client().ask("$JS.API.STREAM.INFO.A")["state"]["messages"]

    def stored(self, stream):
        """Every alert of the stream."""
        c = self.client()
        n = c.ask(f"$JS.API.STREAM.INFO.{stream}")["state"]["messages"]
        c.send(f"PUB $JS.API.CONSUMER.CREATE.{stream} _I.1 ")
        body = json.dumps({"stream_name": stream, "config": {
            "deliver_subject": "_I.2", "ack_policy": "none", "deliver_policy": "all"}})
        c.send(f"{len(body)}\r\n{body}\r\nSUB _I.2 2\r\n")
        got = []
        while len(got) < n:
            subject, payload = c.message()
            if subject != "_I.1":
                got.append((subject, json.loads(payload)))
        return got


class Nats(Served):
    def test_every_alert_is_stored_under_its_subject(self):
        self.serve()
        self.client().ask("$JS.API.STREAM.CREATE.A", {"name": "A", "subjects": ["gyr.>"]})
        r = self.run_gyr("-c", self.config(subject="gyr.%source.%priority.%rule"),
                         "-r", self.rules, "-o", "rule_matching=all", "ticker:100")
        self.assertEqual(r.returncode, 0, r.stderr)
        got = self.stored("A")
        self.assertEqual(len(got), 30)
        self.assertEqual({s for s, _ in got}, {"gyr.ticker.warning.every_tenth",
                                               "gyr.ticker.informational.every_fifth"})

    def test_a_killed_server_costs_no_alert_and_stores_none_twice(self):
        self.serve()
        self.client().ask("$JS.API.STREAM.CREATE.A", {"name": "A", "subjects": ["gyr.>"]})
        p = self.start("-c", self.config("delivered", timeout_ms=300), "-r", self.rules,
                       f"ticker:{ENDLESS}")
        for _ in range(3):
            before = self.count()
            self.until(lambda: self.count() > before)
            self.server.send_signal(signal.SIGKILL)
            self.server.wait()
            self.serve()
        self.finish(p, signal.SIGTERM)
        values = [a["output_fields"]["tick.value"] for _, a in self.stored("A")]
        self.assertEqual(sorted(values), list(range(5, 5 * len(values) + 1, 5)))
        self.assertIn(f"output nats: {len(values)} delivered", self.said())

    def test_a_subject_that_no_stream_takes_is_said_and_counted(self):
        self.serve()
        r = self.run_gyr("-c", self.config(), "-o", "outputs[0].drain=500ms", "-r", self.rules,
                         "ticker:100")
        self.assertIn("no stream of the server takes this subject", r.stderr)
        self.assertIn("lost at the end: 20", r.stderr)

    def test_a_plain_server_gets_them_too(self):
        self.serve()
        c = self.client()
        c.send("SUB gyr.alerts 3\r\nPING\r\n")
        r = self.run_gyr("-c", self.config(jetstream=False), "-r", self.rules, "ticker:100")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("output nats: 20 delivered", r.stderr)
        values = [json.loads(c.message()[1])["output_fields"]["tick.value"] for _ in range(20)]
        self.assertEqual(values, list(range(5, 101, 5)))

    def test_who_logs_in(self):
        self.serve("authorization { user: dana, password: s3cret }\n")
        for password, drain, delivered in (("s3cret\n", "1h", "20 delivered"),
                                           ("wrong\n", "500ms", "0 delivered")):
            with self.subTest(password):
                file = self.write("password", password)
                r = self.run_gyr("-c", self.config(jetstream=False, user="dana",
                                                   password_file=file),
                                 "-o", f"outputs[0].drain={drain}", "-r", self.rules, "ticker:100")
                self.assertIn(f"output nats: {delivered}", r.stderr)

    def test_options_that_cannot_be(self):
        self.port = 4222
        for config, words in (({"subject": "gyr..x"}, "empty token"),
                              ({"subject": "gyr.>"}, "wildcard"),
                              ({"subject": "gyr.%who"}, "%priority, %source, %rule"),
                              ({"user": "dana"}, "'password_file'"),
                              ({"ca_cert": "/nowhere"}, "'ca_cert'"),
                              ({"token_file": "/nowhere"}, "'/nowhere'")):
            with self.subTest(words):
                r = self.run_gyr("-c", self.config(**config), "-r", self.rules, "ticker:1")
                self.refuses(r, words)


class Forged(Served):
    """What events say cannot forge anything: neither lines of the protocol, nor subjects, nor what is shown."""

    # The protocol's own commands, and all that test_injection.py has.
    HOSTILE = "a\r\nPUB gyr.forged 0\r\n\r\n+OK\r\n" + test_injection.HOSTILE

    def setUp(self):
        super().setUp()
        rule = json.dumps("Forged\r\nPUB gyr.forged 0\r\n > *.x \u001b[2J")
        self.rules = self.write("rules.yaml", test_injection.RULES.replace("rule: Hostile",
                                                                           "rule: " + rule))
        records = [{"eventName": "Hostile", "eventTime": f"2026-01-01T00:00:0{i}Z",
                    "eventID": str(i), "eventType": "AwsApiCall", "userAgent": "AGENT"}
                   for i in range(3)]
        self.log = os.path.join(self.dir, "log.json")
        with open(self.log, "wb") as f:
            f.write(json.dumps({"Records": records}).encode().replace(
                b"AGENT", json.dumps(self.HOSTILE)[1:-1].encode() + test_injection.BROKEN))

    def messages(self, *args):
        """(subject, payload) of all that arrives at a plain server, under any subject."""
        self.serve()
        c = self.client()
        c.send("SUB > 3\r\nPING\r\n")
        r = self.run_gyr("-c", self.config(jetstream=False, subject="gyr.%priority.%rule"),
                         *args, "-r", self.rules, f"cloudtrail:{self.log}")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("output nats: 3 delivered", r.stderr)
        c.send("PUB the.end 0\r\n\r\n")
        got = []
        while not got or got[-1][0] != "the.end":
            got.append(c.message())
        return got[:-1]

    def check(self, got):
        self.assertEqual(len(got), 3)
        for subject, payload in got:
            self.assertRegex(subject, r"^gyr\.warning\.[a-z0-9_-]+$")
            text = payload.decode("utf-8")
            self.assertNotRegex(text, "[\x00-\x1f\x7f-\x9f\u2028\u202e]")
        return [p.decode("utf-8") for _, p in got]

    def test_neither_lines_nor_subjects(self):
        for text in self.check(self.messages()):
            agent = json.loads(text)["output_fields"]["ct.useragent"]
            whole = self.HOSTILE.replace("\0", "\ufffd")
            self.assertTrue(agent.startswith(whole), agent)
            self.assertEqual(agent[len(whole):], test_injection.BROKEN.decode("utf-8", "replace"))


class Certificates(Served):
    def make(self, *args):
        subprocess.run(["openssl", *args], cwd=self.dir, check=True, capture_output=True)

    def test_only_a_server_with_the_right_certificate_is_trusted(self):
        for name, cn in (("good", "localhost"), ("other", "elsewhere.example")):
            self.make("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                      f"/CN={cn}", "-addext", f"subjectAltName=DNS:{cn}", "-keyout",
                      f"{name}.key", "-out", f"{name}.pem")
        for cert, trusted, delivered in (("good", "good", "20 delivered"),
                                         ("good", "other", "0 delivered"),
                                         ("other", "other", "0 delivered")):
            with self.subTest(f"{cert}, {trusted} trusted"):
                self.port = -1
                self.serve(f"tls {{ cert_file: \"{self.dir}/{cert}.pem\", "
                           f"key_file: \"{self.dir}/{cert}.key\" }}\n")
                r = self.run_gyr("-c", self.config(
                    servers=[f"tls://localhost:{self.port}"], jetstream=False,
                    ca_cert=os.path.join(self.dir, trusted + ".pem")),
                    "-o", "outputs[0].drain=" + ("500ms" if delivered[0] == "0" else "1h"),
                    "-r", self.rules, "ticker:100")
                self.assertIn(f"output nats: {delivered}", r.stderr)
                self.server.kill()


if __name__ == "__main__":
    unittest.main()
