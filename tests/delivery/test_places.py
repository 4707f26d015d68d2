"""Sources that read logs go on where all is finished, whatever ended the run before: kill -9, rotation,
files that grow. Usage: test_places.py PROGRAM [TEST]"""

import gzip
import json
import os
import unittest

from test_delivery import Delivery, Peer

N = 3000
BATCH = 4
REQUESTS = 20  # of about 750, between two kills

RULES = """
- rule: Audited
  desc: every one
  condition: ka.auditid exists
  output: "%ka.auditid"
  priority: WARNING
  source: k8s_audit
- rule: Called
  desc: every one
  condition: ct.id exists
  output: "%ct.id"
  priority: WARNING
  source: aws_cloudtrail
"""


def audit(i):
    return json.dumps({"kind": "Event", "apiVersion": "audit.k8s.io/v1", "auditID": f"{i:08}",
                       "stage": "ResponseComplete", "verb": "create",
                       "stageTimestamp": f"2024-01-02T03:{i // 60 % 60:02}:{i % 60:02}.000000Z",
                       "user": {"username": "x"}, "objectRef": {"resource": "pods"}}) + "\n"


def trail(numbers):
    return json.dumps({"Records": [
        {"eventType": "AwsApiCall", "eventTime": "2024-01-02T03:04:05Z", "eventID": f"{i:08}",
         "eventName": "StopLogging", "eventSource": "cloudtrail.amazonaws.com", "awsRegion": "eu",
         "userIdentity": {"type": "Root"}} for i in numbers]}).encode()


class Logs(Delivery):
    def setUp(self):
        super().setUp()
        self.rules = self.write("rules.yaml", RULES)
        self.states = os.path.join(self.dir, "states")

    def config(self, *outputs, more=""):
        return self.write("gyr.yaml", "json_output: true\njson_include_id_property: true\nplugins:\n" + "".join(
            f"  - {{name: {n}, library_path: lib{n}.so, init_config: {{stateDir: {self.states}}}}}\n"
            for n in ("k8saudit", "cloudtrail")) + more + "outputs:" + "".join(outputs))

    def ids(self, alerts):
        return [int(a["output_fields"].get("ka.auditid") or a["output_fields"]["ct.id"])
                for a in alerts]


class Places(Logs):
    def run_file(self, source, delivery="best_effort"):
        """The ids of the alerts of one run, in order."""
        out = os.path.join(self.dir, "alerts")
        config = self.config(self.output(delivery, plugin="file", config={"filename": out}))
        r = self.run_gyr(*self.args(config, source))
        self.assertEqual(r.returncode, 0, r.stderr)
        try:
            with open(out, encoding="utf-8") as f:
                return self.ids(json.loads(x) for x in f)
        finally:
            if os.path.exists(out):
                os.remove(out)

    def killed(self, source, n):
        # It cannot get to the end before the first kill: the peer answers no more.
        peer = Peer(self, *["200"] * REQUESTS, "silent")
        config = self.config(self.output("delivered", port=peer.port, batch=BATCH))
        n_kills = 0
        while True:
            enough = len(peer.requests()) + REQUESTS
            p = self.start(*self.args(config, source))
            self.until(lambda: len(peer.requests()) > enough or p.poll() is not None)
            if p.poll() is not None:
                break
            p.kill()
            p.wait()
            n_kills += 1
            if n_kills == 1:
                peer.stop()
                peer = Peer(self, "200", port=peer.port)
        self.assertEqual(p.returncode, 0, self.said())
        got = self.ids(peer.alerts())
        self.assertEqual(set(got), set(range(n)))
        self.assertLessEqual(len(got) - n, n_kills * BATCH)

    def test_an_audit_log_goes_on_after_a_kill(self):
        self.write("audit.log", "".join(audit(i) for i in range(N)))
        self.killed(f"k8saudit:{self.dir}/audit.log", N)

    def test_a_folder_of_trails_goes_on_after_a_kill(self):
        os.mkdir(os.path.join(self.dir, "trail"))
        step = N // 12
        for k in range(12):
            data = trail(range(k * step, (k + 1) * step))
            name = os.path.join(self.dir, "trail", f"{k:02}.json" + (".gz" if k % 2 else ""))
            with open(name, "wb") as f:
                f.write(gzip.compress(data) if k % 2 else data)
        self.killed(f"cloudtrail:{self.dir}/trail", N)

    def test_only_what_is_new_is_read(self):
        log = self.write("logs/audit.log", "".join(audit(i) for i in range(10)))
        source = f"k8saudit:{self.dir}/logs"
        self.assertEqual(self.run_file(source), list(range(10)))
        self.assertEqual(self.run_file(source), [])
        with open(log, "a", encoding="utf-8") as f:
            f.write("".join(audit(i) for i in range(10, 15)) + audit(15)[:50])
        self.assertEqual(self.run_file(source), list(range(10, 15)))
        with open(log, "a", encoding="utf-8") as f:  # the line that was being written
            f.write(audit(15)[50:] + audit(16))
        self.assertEqual(self.run_file(source), [15, 16])

    def test_a_rotated_log_is_known_by_its_file(self):
        log = self.write("logs/audit.log", "".join(audit(i) for i in range(10)))
        source = f"k8saudit:{self.dir}/logs"
        self.assertEqual(self.run_file(source), list(range(10)))
        with open(log, "a", encoding="utf-8") as f:
            f.write(audit(10))
        os.rename(log, log + "-2024")
        self.write("logs/audit.log", "".join(audit(i) for i in range(11, 13)))
        self.assertEqual(self.run_file(source), [10, 11, 12])
        self.assertEqual(self.run_file(source), [])

    def test_another_log_in_the_same_place_is_read(self):
        log = self.write("logs/audit.log", "".join(audit(i) for i in range(10)))
        source = f"k8saudit:{self.dir}/logs"
        self.assertEqual(self.run_file(source), list(range(10)))
        with open(log, "w", encoding="utf-8") as f:  # cut short, and longer by now than it was
            f.write("".join(audit(i) for i in range(20, 40)))
        self.assertEqual(self.run_file(source), list(range(20, 40)))
        with open(log, "w", encoding="utf-8") as f:
            f.write("".join(audit(i) for i in range(50, 52)))
        self.assertEqual(self.run_file(source), [50, 51])

    def test_what_was_not_delivered_is_read_again(self):
        peer = Peer(self, "500")
        self.write("audit.log", "".join(audit(i) for i in range(100)))
        source = f"k8saudit:{self.dir}/audit.log"
        config = self.config(self.output("delivered", port=peer.port, drain="100ms"))
        r = self.run_gyr(*self.args(config, source))
        self.assertEqual(self.counter(r.stderr, "lost at the end"), 100)
        self.assertEqual(self.run_file(source), list(range(100)))

    def test_a_damaged_place_costs_repetition(self):
        for k in range(3):
            self.write(f"logs/{k}.log", "".join(audit(i) for i in range(k * 10, k * 10 + 10)))
        source = f"k8saudit:{self.dir}/logs"
        for at, text in ((20, b"zz"), (165, b"\n"), (0, b"")):
            self.assertLessEqual(set(self.run_file(source)), set(range(30)))
            place, = (x for x in os.listdir(self.states) if x.endswith(".place"))
            with open(os.path.join(self.states, place), "r+b") as f:
                f.seek(at)
                f.write(text)
                if not text:
                    f.truncate(0)
        self.assertEqual(self.run_file(source), list(range(30)))
        with open(os.path.join(self.states, place), "wb") as f:
            f.write(b"something else\n")
        config = self.config(self.output("best_effort", plugin="file", config={"filename": "x"}))
        self.refuses(self.run_gyr(*self.args(config, source)), "stateDir", "no place in logs")


if __name__ == "__main__":
    unittest.main()
