"""The Kubernetes webhook with real clients: what is answered 200 is judged, once, and what is not says why.
Usage: test_webhook.py PROGRAM [TEST]"""

import json
import os
import re
import signal
import socket
import subprocess
import unittest

from test_delivery import GIVES_UP_MS, Delivery, Peer, case

PATIENCE = case.PATIENCE
FOREVER = 86400  # seconds: what no test may depend on
LIMITS = {"headerTimeout": FOREVER, "bodyTimeout": FOREVER, "idleTimeout": FOREVER, "ackTimeout": FOREVER}

RULES = """
- rule: Audited
  desc: every one
  condition: ka.auditid exists
  output: "%ka.auditid %ka.verb"
  priority: WARNING
  source: k8s_audit
"""


def event(i, **more):
    return {"kind": "Event", "apiVersion": "audit.k8s.io/v1", "auditID": f"{i:08}", "verb": "create",
            "stage": "ResponseComplete", "stageTimestamp": "2024-01-02T03:04:05.000000Z",
            "user": {"username": "x"}, "objectRef": {"resource": "pods"}, **more}


def event_list(events):
    return json.dumps({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {},
                       "items": list(events)})


class Hook(Delivery):
    scheme = "http"

    def setUp(self):
        super().setUp()
        self.rules = self.write("rules.yaml", RULES)
        self.alerts_file = os.path.join(self.dir, "alerts")
        self.port = 0

    def serve(self, *outputs, path="/k8s-audit", more="", **config):
        """Starts the program with the webhook on a free port."""
        config = {**LIMITS, **config}
        outputs = outputs or [self.output("best_effort", plugin="file",
                                          config={"filename": self.alerts_file})]
        file = self.write("gyr.yaml", "json_output: true\nlog_level: info\nplugins:\n"
                          "  - name: k8saudit\n    library_path: libk8saudit.so\n"
                          f"    init_config: {json.dumps(config)}\n{more}outputs:" + "".join(outputs))
        process = self.start("-c", file, "-r", self.rules,
                             f"k8saudit:{self.scheme}://127.0.0.1:0{path}")
        self.until(lambda: "webhook: listens at" in self.said() or process.poll() is not None)
        self.port = int(re.search(r"listens at https?://127\.0\.0\.1:(\d+)/", self.said())[1])
        return process

    def curl(self, *args, path="/k8s-audit", body=None, kind="application/json"):
        """-> status, headers and body of the answer; status 0: there was none."""
        command = ["curl", "-s", "-i", "--max-time", str(int(PATIENCE)), "-H", "Expect:", *args]
        if body is not None:
            command += ["-H", f"Content-Type: {kind}", "--data-binary", "@-"]
        command.append(f"{self.scheme}://127.0.0.1:{self.port}{path}")
        r = subprocess.run(command, input=(body or "").encode(), capture_output=True, check=False,
                           timeout=2 * PATIENCE)
        text = r.stdout.decode()
        return int(text.split()[1]) if text.startswith("HTTP/") else 0, text

    def post(self, body, *args, **more):
        return self.curl(*args, body=body, **more)[0]

    def alerts(self):
        if not os.path.exists(self.alerts_file):
            return []
        with open(self.alerts_file, encoding="utf-8") as f:
            return [json.loads(x) for x in f.read().split("\n")[:-1]]

    def ids(self, alerts=None):
        return [int(a["output_fields"]["ka.auditid"])
                for a in (self.alerts() if alerts is None else alerts)]

    def until_ids(self, *ids):
        """Waits for these alerts, in this order, and that there are no others when all is over."""
        self.until(lambda: len(self.ids()) >= len(ids))
        self.assertEqual(self.ids(), list(ids))

    def count(self, name):
        return self.counter(self.said(), f"k8saudit.webhook_{name}")


class Requests(Hook):
    def test_every_shape_is_taken(self):
        p = self.serve()
        self.assertEqual(self.post(event_list([event(1), event(2)])), 200)
        self.assertEqual(self.post(json.dumps(event(3))), 200)
        self.assertEqual(self.post(json.dumps([event(4), {"items": [event(5)]}], indent=2)), 200)
        self.assertEqual(self.post("\n".join(json.dumps(event(i)) for i in (6, 7)) + "\n",
                                   kind="application/json; charset=utf-8"), 200)
        self.assertEqual(self.post(event_list([]), path="/k8s-audit?timeout=30s"), 200)
        self.assertEqual(self.post(event_list([event(8)]), "-H", "Transfer-Encoding: chunked"), 200)
        self.until_ids(*range(1, 9))
        self.stop(p)
        self.assertEqual(self.count("accepted"), 6)
        self.assertEqual(self.count("events"), 8)

    def test_what_comes_again_is_taken_once(self):
        p = self.serve()
        body = event_list([event(1), event(2)])
        self.assertEqual([self.post(body) for _ in range(3)], [200, 200, 200])
        # The ID is the client's to choose: it hides no other event. Another stage is another event.
        self.assertEqual(self.post(event_list([event(1, verb="delete"), event(1, stage="Panic"),
                                               event(3)])), 200)
        self.until_ids(1, 2, 1, 1, 3)
        self.stop(p)
        self.assertEqual(self.count("duplicates"), 4)

    def test_memory_of_events_is_bounded(self):
        p = self.serve(dedupeEvents=2)
        for i in (1, 2, 3, 3, 2, 1):
            self.assertEqual(self.post(json.dumps(event(i))), 200)
        self.until_ids(1, 2, 3, 1)
        self.stop(p)

    def test_a_request_that_cannot_be_taken_says_why(self):
        p = self.serve(webhookMaxBatchSize=2000)
        large = event_list([event(1, verb="x" * 3000)])
        self.assertEqual(self.post(json.dumps(event(1)), path="/other"), 404)
        self.assertEqual(self.post(json.dumps(event(1)), path="/k8s-audit/x"), 404)
        self.assertEqual(self.curl()[0], 405)
        self.assertEqual(self.post(json.dumps(event(1)), "-X", "PUT"), 405)
        self.assertEqual(self.post(json.dumps(event(1)), kind="text/plain"), 415)
        self.assertEqual(self.post(json.dumps(event(1)), "-H", "Content-Encoding: gzip"), 415)
        self.assertEqual(self.post(large), 413)
        self.assertEqual(self.post(large, "-H", "Transfer-Encoding: chunked"), 413)
        self.assertEqual(self.curl(path="/healthz")[0], 200)
        self.assertEqual(self.curl("-I", path="/healthz")[0], 200)
        self.assertEqual(self.post(json.dumps(event(2))), 200)
        self.until_ids(2)
        self.stop(p)
        for name, n in {"not_found": 2, "bad_method": 2, "bad_type": 2, "body_too_large": 2,
                        "accepted": 1, "requests": 9}.items():
            self.assertEqual(self.count(name), n, name)

    def test_what_is_no_audit_event_is_answered_400_and_shown_escaped(self):
        p = self.serve()
        self.assertEqual(self.post('{"x":"\x1b[31m'), 400)
        self.assertEqual(self.post(""), 400)
        self.assertEqual(self.post("hello"), 400)
        self.assertEqual(self.post(event_list([event(1)])[:-9]), 400)
        self.assertEqual(self.post(event_list([event(2), {"auditID": "no time"}, event(3)])), 400)
        self.assertEqual(self.post(event_list([event(4)])), 200)
        self.until_ids(2, 3, 4)
        self.stop(p)
        self.assertIn(r'it begins with "{"x":"\x1b[31m"', self.said())
        self.assertNotIn("\x1b", self.said())
        self.assertEqual(self.count("malformed"), 5)
        self.assertEqual(self.count("no_time"), 1)

    def test_a_large_event_loses_its_objects_only(self):
        self.rules = self.write("rules.yaml", RULES.replace(
            "%ka.verb", "%ka.verb %jevt.value[/annotations] %jevt.value[/requestObject]"))
        p = self.serve(maxEventSize=4096)
        large = event(1, requestObject={"data": "y" * 9000}, responseObject=["z" * 9000],
                      annotations={"a": "b"})
        self.assertEqual(self.post(event_list([large, event(2)])), 200)
        self.assertEqual(self.post(event_list([event(3, verb="x" * 9000), event(4)])), 200)
        self.until_ids(1, 2, 4)
        self.assertIn('{"a":"b","router.audit/truncated":"true"}', self.alerts()[0]["output"])
        self.assertNotIn("yyy", self.alerts()[0]["output"])
        self.stop(p)
        self.assertEqual(self.count("reduced"), 1)
        self.assertEqual(self.count("too_large"), 1)
        self.assertIn("above maxEventSize", self.said())

    def test_the_path_names_the_cluster(self):
        self.rules = self.write("rules.yaml", RULES.replace("%ka.verb", "%ka.cluster.name"))
        p = self.serve(path="/k8s-audit/")
        lying = event(1, annotations={"cluster_name": "another"})
        self.assertEqual(self.post(event_list([lying]), path="/k8s-audit/prod-1"), 200)
        self.assertEqual(self.post(event_list([event(2)]), path="/k8s-audit/prod-2?timeout=30s"), 200)
        self.assertEqual(self.post(event_list([event(3)]), path="/k8s-audit/a%22b"), 404)
        self.assertEqual(self.post(event_list([event(4)]), path="/k8s-audit/"), 200)
        self.until_ids(1, 2, 4)
        self.assertEqual([a["output_fields"]["ka.cluster.name"] for a in self.alerts()],
                         ["prod-1", "prod-2", None])
        self.stop(p)

    def test_tokens_are_those_of_the_file_as_it_is_now(self):
        tokens = self.write("tokens", "# two of them\nfirst\n\nsecond\n")
        p = self.serve(tokenFile=tokens)

        def status(token, i=0):
            return self.post(json.dumps(event(i)), *(["-H", f"Authorization: {token}"] if token else []))

        self.assertEqual([status(t) for t in (None, "Bearer third", "Basic first", "Bearer ", "Bearer firs",
                                              "Bearer # two of them")], [401] * 6)
        self.assertEqual([status("Bearer first", 1), status("bearer second", 2)], [200, 200])
        self.assertIn("WWW-Authenticate: Bearer", self.curl()[1])
        self.assertEqual(self.curl(path="/healthz")[0], 200)
        self.write("tokens", "third\n")
        self.assertEqual([status("Bearer first"), status("Bearer third", 3)], [401, 200])
        self.write("tokens", "\n")
        self.assertEqual(status("Bearer third", 4), 200)
        self.until_ids(1, 2, 3, 4)
        self.stop(p)
        self.assertEqual(self.count("reloads"), 1)
        self.assertEqual(self.count("reloads_failed"), 1)
        self.assertIn("the tokens of before stay", self.said())


class Faults(Hook):
    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def half(self, events, length=10 ** 6):
        """A connection with the beginning of a request."""
        s = self.connect()
        body = event_list(events)[:-2] + ","
        s.sendall((f"POST /k8s-audit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                   f"Content-Length: {length}\r\n\r\n{body}").encode())
        return s

    def test_a_torn_body_costs_no_event_and_no_other_request(self):
        p = self.serve()
        s = self.half([event(1), event(2)])
        self.until_ids(1, 2)
        s.close()
        self.assertEqual(self.post(event_list([event(1), event(2), event(3)])), 200)
        self.until_ids(1, 2, 3)
        self.stop(p)
        self.assertEqual(self.count("cut"), 1)
        self.assertEqual(self.count("duplicates"), 2)

    def test_slow_clients_are_let_go(self):
        p = self.serve(headerTimeout=1, bodyTimeout=1)
        beginning = b"POST /k8s-audit HTTP/1.1\r\nContent-Type: application/json\r\n"
        for begun in (b"", beginning, beginning + b"Content-Length: 100\r\n\r\n{"):
            with self.connect() as s:
                try:
                    s.sendall(begun)
                    self.assertEqual(s.recv(100), b"")
                except ConnectionError:
                    pass  # it was let go before all was sent
        self.stop(p)
        self.assertEqual(self.count("connections_silent"), 3)

    def test_connections_are_bounded(self):
        p = self.serve(maxConnections=2, maxConnectionsPerAddress=2)
        held = [self.half([event(i)]) for i in (1, 2)]
        self.until(lambda: sorted(self.ids()) == [1, 2])
        with self.connect() as s:
            try:
                self.assertEqual(s.recv(100), b"")
            except ConnectionError:
                pass
        held.pop().close()
        self.until(lambda: self.post(event_list([event(3)])) == 200)
        held.pop().close()
        self.stop(p)
        self.assertGreater(self.count("connections_refused"), 0)

    def test_both_lengths_are_refused(self):
        p = self.serve()
        with self.connect() as s:
            s.sendall(b"POST /k8s-audit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                      b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            self.assertIn(b"400", s.recv(1000))
        self.stop(p)

    def test_a_full_queue_is_told_and_nothing_is_lost(self):
        peer = Peer(self, "silent")
        more = "    queue: {capacity: 1, when_full: block}\n"
        size = 20000
        p = self.serve(self.output("delivered", port=peer.port, batch=1, more=more),
                       webhookQueueSize=65536, maxEventSize=30000)
        number, status, headers = 0, 200, ""
        while status == 200 and number < 1000:
            number += 1
            body = event_list([event(2 * number, verb="v" * size), event(2 * number + 1, verb="v" * size)])
            status, headers = self.curl(body=body)
        self.assertEqual(status, 429)
        self.assertIn("Retry-After: 3", headers)
        peer.stop()
        peer = Peer(self, "200", port=peer.port)
        self.until(lambda: self.post(body) == 200)
        wanted = set(range(2, 2 * number + 2))
        self.until(lambda: set(self.ids(peer.alerts())) >= wanted)
        self.stop(p)
        self.assertEqual(set(self.ids(peer.alerts())), wanted)
        self.assertGreater(self.count("queue_full"), 0)

    def test_an_answer_may_wait_for_the_outputs(self):
        peer = Peer(self, "silent")
        p = self.serve(self.output("delivered", port=peer.port), ack="processed")
        body = event_list([event(1), event(2)])
        with self.posting(body) as first, self.posting(body) as again:
            self.until(lambda: len(peer.requests()) > 0)
            self.assertIsNone(first.poll())
            peer.stop()
            peer = Peer(self, "200", port=peer.port)
            self.assertEqual([c.communicate(timeout=PATIENCE)[0] for c in (first, again)],
                             [b"200", b"200"])
        self.assertEqual(sorted(set(self.ids(peer.alerts()))), [1, 2])
        self.stop(p)
        self.assertEqual(self.count("events"), 2)

    def posting(self, body):
        p = subprocess.Popen(["curl", "-s", "--max-time", str(int(PATIENCE)), "-o", "/dev/null", "-w", "%{http_code}", "-H",
                              "Content-Type: application/json", "--data-binary", body,
                              f"http://127.0.0.1:{self.port}/k8s-audit"], stdout=subprocess.PIPE)
        self.addCleanup(p.kill)
        return p

    def test_an_answer_that_takes_too_long_is_come_again(self):
        peer = Peer(self, "silent")
        p = self.serve(self.output("delivered", port=peer.port, drain="100ms", timeout_ms=GIVES_UP_MS), ack="processed",
                       ackTimeout=1)
        self.assertEqual(self.post(event_list([event(1)])), 429)
        self.stop(p)
        self.assertEqual(self.count("ack_late"), 1)

    def test_who_waits_at_the_end_is_told(self):
        peer = Peer(self, "silent")
        p = self.serve(self.output("delivered", port=peer.port, drain="100ms", timeout_ms=GIVES_UP_MS), ack="processed")
        with self.posting(event_list([event(1)])) as c:
            self.until(lambda: len(peer.requests()) > 0)
            self.stop(p)
            self.assertEqual(c.communicate(timeout=PATIENCE)[0], b"503")

    def test_what_was_answered_survives_a_kill(self):
        """With `ack: processed` and a client that sends again what was not answered 200."""
        peer = Peer(self, "200")
        rounds = 5
        for k in range(rounds):
            p = self.serve(self.output("delivered", port=peer.port), ack="processed")
            numbers = range(k * 10, k * 10 + 10)
            with self.posting(event_list(event(i) for i in numbers)) as c:
                if k % 2:
                    p.kill()
                status = c.communicate(timeout=PATIENCE)[0]
            if status != b"200":
                p.wait()
                p = self.serve(self.output("delivered", port=peer.port), ack="processed")
                self.assertEqual(self.post(event_list(event(i) for i in numbers)), 200)
            self.assertLessEqual(set(numbers), set(self.ids(peer.alerts())))
            p.kill()
            p.wait()

    def test_a_configuration_that_cannot_work_is_refused(self):
        for config, url, words in [
                ({"webhookQueueSize": 70000}, "http://127.0.0.1:0/x", ["webhookQueueSize", "maxEventSize"]),
                ({"maxConnections": 0}, "http://127.0.0.1:0/x", ["maxConnections", "less than 1"]),
                ({"ack": "later"}, "http://127.0.0.1:0/x", ["ack", "processed"]),
                ({"clientCA": "/none"}, "http://127.0.0.1:0/x", ["clientCA", "https://"]),
                ({"tokenFile": "/none"}, "http://127.0.0.1:0/x", ["tokenFile", "No such file"]),
                ({"tokenFile": self.write("none", "# nobody\n")}, "http://127.0.0.1:0/x", ["no token"]),
                ({"sslCertificate": "/none"}, "https://127.0.0.1:0/x", ["sslCertificate", "No such file"]),
                ({"sslCertificate": self.rules}, "https://127.0.0.1:0/x", ["certificate and key as PEM"]),
                ({}, "http://127.0.0.1:99999/x", ["port"]),
                ({}, "http://::1:80/x", ["brackets"]),
                ({}, "http://127.0.0.1:0/x?y", ["path only"]),
                ({}, "http://192.0.2.1:0/x", ["Cannot assign"])]:
            with self.subTest(str((config, url))):
                file = self.write("gyr.yaml", "plugins:\n  - name: k8saudit\n    library_path: libk8saudit.so"
                                  f"\n    init_config: {json.dumps(config)}\n")
                r = self.run_gyr("-c", file, "-r", self.rules, f"k8saudit:{url}")
                self.assertNotEqual(r.returncode, 0)
                for w in words:
                    self.assertIn(w, r.stderr)


class Tls(Hook):
    scheme = "https"

    def openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.dir, check=True, capture_output=True, timeout=PATIENCE)

    def authority(self, name):
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-subj", f"/CN={name}", "-days", "2", "-keyout", f"{name}.key", "-out", f"{name}.pem")

    def certificate(self, name, ca, usage, days="2", names="IP:127.0.0.1"):
        """A key and a certificate that @ca signed: NAME.pem holds both."""
        self.write(f"{name}.ext", f"extendedKeyUsage={usage}\nsubjectAltName={names}\n")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                     f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key",
                     "-CAcreateserial", "-days", days, "-extfile", f"{name}.ext", "-out", f"{name}.crt")
        with open(os.path.join(self.dir, f"{name}.pem"), "wb") as out:
            for part in ("crt", "key"):
                with open(os.path.join(self.dir, f"{name}.{part}"), "rb") as f:
                    out.write(f.read())

    def setUp(self):
        super().setUp()
        self.authority("ca")
        self.certificate("server", "ca", "serverAuth")

    def path(self, name):
        return os.path.join(self.dir, name)

    def text(self, name):
        with open(self.path(name), encoding="ascii") as f:
            return f.read()

    def serve(self, *outputs, **config):
        return super().serve(*outputs, sslCertificate=self.path("server.pem"), **config)

    def curl(self, *args, client=None, ca="ca", **more):
        files = ["--cacert", self.path(f"{ca}.pem")]
        if client:
            files += ["--cert", self.path(f"{client}.crt"), "--key", self.path(f"{client}.key")]
        return super().curl(*files, *args, **more)

    def test_events_come_over_tls(self):
        p = self.serve()
        self.assertEqual(self.post(event_list([event(1)])), 200)
        self.assertEqual(self.post(event_list([event(2)]), "--tlsv1.2", "--tls-max", "1.2"), 200)
        self.assertEqual(self.post(event_list([event(3)]), "--tls-max", "1.1", "--ciphers",
                                   "DEFAULT:@SECLEVEL=0"), 0)
        self.until_ids(1, 2)
        self.stop(p)

    def test_only_clients_with_a_good_certificate_may_post(self):
        self.authority("other")
        self.certificate("good", "ca", "clientAuth")
        self.certificate("uri", "ca", "clientAuth", names="URI:spiffe://x/api")
        self.certificate("unlisted", "ca", "clientAuth")
        self.certificate("expired", "ca", "clientAuth", days="-1")
        self.certificate("usage", "ca", "serverAuth")
        self.certificate("foreign", "other", "clientAuth")
        p = self.serve(clientCA=self.path("ca.pem"), clientNames=["good", "spiffe://x/api"])
        self.assertEqual(self.post(event_list([event(1)]), client="good"), 200)
        self.assertEqual(self.post(event_list([event(2)]), client="uri"), 200)
        self.assertEqual(self.post(event_list([event(9)]), client="unlisted"), 403)
        self.assertEqual(self.post(event_list([event(9)])), 403)
        self.assertEqual(self.curl(path="/healthz")[0], 200)
        for name in ("expired", "usage", "foreign"):
            self.assertEqual(self.post(event_list([event(9)]), client=name), 0, name)
        self.until_ids(1, 2)
        self.stop(p)
        self.assertEqual(self.count("forbidden"), 2)
        self.assertEqual(self.count("bad_certificates"), 3)

    def test_changed_certificates_are_those_of_the_next_connection(self):
        self.authority("new")
        self.certificate("client", "ca", "clientAuth")
        self.certificate("client2", "new", "clientAuth")
        ca = self.write("clients.pem", self.text("ca.pem"))
        p = self.serve(clientCA=ca)
        self.assertEqual(self.post(event_list([event(1)]), client="client"), 200)
        os.rename(self.path("server.pem"), self.path("old.pem"))
        self.certificate("server", "new", "serverAuth")
        self.assertEqual(self.post(event_list([event(2)]), client="client", ca="new"), 200)
        self.assertEqual(self.post(event_list([event(9)]), client="client"), 0)
        os.replace(self.path("new.pem"), ca)
        self.write("new.pem", self.text("clients.pem"))
        self.assertEqual(self.post(event_list([event(3)]), client="client2", ca="new"), 200)
        self.assertEqual(self.post(event_list([event(9)]), client="client", ca="new"), 0)
        self.write("server.pem", "no certificate\n")
        self.assertEqual(self.post(event_list([event(4)]), client="client2", ca="new"), 200)
        self.until_ids(1, 2, 3, 4)
        self.stop(p)
        self.assertGreaterEqual(self.count("reloads"), 2)
        self.assertEqual(self.count("reloads_failed"), 1)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    unittest.main()
