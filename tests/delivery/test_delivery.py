"""Delivery under faults: sets of alerts, not their count. What an output promises holds whatever its
peer, its disk or the program's own end do.

The source `journal` numbers its events and keeps what was committed, so a run goes on where the last
one was told that all is finished. GYR_DELIVERY_ALERTS, _KILL_S and _DOWN_S make the long form.
"""

import collections
import glob
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import case  # noqa: E402
from case import whole_lines  # noqa: E402

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PEER = os.path.join(SOURCE, "tests", "unit", "outputs", "peer.py")
JOURNAL = os.path.join(case.BUILD, "tests", "delivery", "journal.so")
SANITIZED = bool(os.environ.get("GYR_SANITIZED"))
KILL_ALERTS = int(os.environ.get("GYR_DELIVERY_ALERTS", "3000" if SANITIZED else "10000"))
KILL_S = float(os.environ.get("GYR_DELIVERY_KILL_S", "0.35"))
DOWN_S = float(os.environ.get("GYR_DELIVERY_DOWN_S", "0"))  # how long a peer is down, at least
BATCH = 32
FOREVER_MS = 600000
GIVES_UP_MS = 500  # on a peer that never answers

RULES = """
- rule: Number
  desc: every one
  condition: journal.number > 0
  output: "number %journal.number"
  priority: WARNING
  source: journal
"""

# Shortened times: what takes a minute in the field takes a second here.
OUTPUT = """
  - plugin: {plugin}
    name: {name}
    config: {config}
    delivery: {delivery}
    batching: {{max: {batch}}}
    retry: {{min: 5ms, max: 50ms}}
    breaker: {{failures: 5, pause: 100ms}}
    drain: {drain}
{more}"""


class Peer:
    """A server that behaves as told; see peer.py. Its port stays its own until the test is over, so one
    that was stopped can be started there again (@port)."""

    def __init__(self, test, *behaviour, port=0, tls=None, log="peer.log"):
        self.log = os.path.join(test.dir, log)
        args = [sys.executable, PEER, self.log, "--port", str(port or self.keep_port(test))]
        if tls:
            args += ["--cert", tls + ".pem", "--key", tls + ".key"]
        self.process = subprocess.Popen([*args, *behaviour], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        test.addCleanup(self.stop)

    @staticmethod
    def keep_port(test):
        """A free one that nobody else gets: a socket that never listens refuses connections."""
        keeper = socket.socket()
        test.addCleanup(keeper.close)
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        keeper.bind(("127.0.0.1", 0))
        return keeper.getsockname()[1]

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def requests(self):
        return [json.loads(line) for line in whole_lines(self.log)]

    def alerts(self, accepted=True):
        """The alerts of every request that was (or was not) answered 200."""
        return [json.loads(line) for r in self.requests()
                if (r["how"] == "200") == accepted for line in r["body"].splitlines()]


def numbers(alerts):
    return [a["output_fields"]["journal.number"] for a in alerts]


class Delivery(case.Case):
    def setUp(self):
        super().setUp()
        self.rules = self.write("rules.yaml", RULES)
        self.state = os.path.join(self.dir, "state")
        self.process = None

    def journal(self, limit, **more):
        """The source, as an argument."""
        return "journal:" + json.dumps({"state": self.state, "limit": limit, **more},
                                       separators=(",", ":"))

    def output(self, delivery, plugin="http", name="out", config=None, more="", batch=BATCH,
               drain="1h", **params):
        """Peers and the end have all the time they want, where a test does not say otherwise."""
        if plugin == "http" and config is None:
            config = {"url": f"http://127.0.0.1:{params.pop('port')}/", "batch": "ndjson",
                      "batch_max": batch, "timeout_ms": FOREVER_MS, **params}
        if delivery == "spooled":
            more = f"    spool: {{dir: {self.dir}/spool, segment_bytes: 64KiB, " \
                   f"max_bytes: 16MiB}}\n" + more
        return OUTPUT.format(plugin=plugin, name=name, config=json.dumps(config),
                             delivery=delivery, batch=batch, drain=drain, more=more)

    def config(self, *outputs, more=""):
        return self.write("gyr.yaml", "json_output: true\njson_include_id_property: true\n"
                          f"plugins:\n  - name: journal\n    library_path: {JOURNAL}\n"
                          + more + "outputs:" + "".join(outputs))

    def args(self, config, source):
        return ["-c", config, "-r", self.rules, source]

    def counter(self, text, what):
        found = re.search(rf"^ *{what}: (\d+)$", text, re.M)
        return int(found[1]) if found else 0

    def delivered(self, text, name="out"):
        found = re.search(rf"^  output {name}: (\d+) delivered", text, re.M)
        return int(found[1]) if found else 0

    def committed(self, shard=0):
        try:
            with open(f"{self.state}.{shard}", "rb") as f:
                return int.from_bytes(f.read(8), "little")
        except FileNotFoundError:
            return 0

    def complete(self, alerts, limit, most_duplicates=0):
        """All of 1 to limit, each with one id, and few of them twice."""
        got = collections.Counter(numbers(alerts))
        self.assertEqual(set(range(1, limit + 1)) - set(got), set())
        self.assertEqual(set(got) - set(range(1, limit + 1)), set())
        self.assertEqual(len({a["id"] for a in alerts}), limit)
        self.assertLessEqual(sum(got.values()) - limit, most_duplicates)

    def again(self):
        """How many alerts were offered again: those that a peer took though it did not say so."""
        return self.counter(self.said(), "offered again")

    def fresh(self):
        """Nothing of a run before, even of one that failed: for the next of several in a test."""
        if self.process:
            self.process.kill()
            self.process.wait()
        for path in [os.path.join(self.dir, "peer.log"), *glob.glob(self.state + ".*")]:
            if os.path.exists(path):
                os.remove(path)
        shutil.rmtree(os.path.join(self.dir, "spool"), ignore_errors=True)

    def start(self, *args):
        self.process = super().start(*args)
        return self.process

    def stop(self, process, status=0):
        self.finish(process, signal.SIGTERM, status=status)


class Faults(Delivery):
    """Peers that misbehave first and take alerts then."""

    LIMIT = 500
    BEHAVIOURS = {
        "errors": ["500"] * 7,
        "too many requests": ["429:1", "429:0"],
        "accepts and never answers": ["silent", "silent"],
        "resets half-way": ["reset"] * 3,
        "answers garbage": ["garbage"] * 3,
    }

    def through(self, delivery, behaviour):
        self.fresh()
        peer = Peer(self, *behaviour, "200")
        is_silent = "silent" in behaviour
        config = self.config(self.output(delivery, port=peer.port,
                                         timeout_ms=GIVES_UP_MS if is_silent else FOREVER_MS))
        p = self.start(*self.args(config, self.journal(self.LIMIT, stays=True)))
        self.until(lambda: len(set(numbers(peer.alerts()))) == self.LIMIT)
        self.until(lambda: self.committed() == self.LIMIT)
        self.stop(p)
        # Giving up on one that is only slow has it get a batch twice.
        self.complete(peer.alerts(), self.LIMIT, self.again() if is_silent else 0)
        self.assertEqual(self.delivered(self.said()), self.LIMIT)
        self.assertEqual(self.counter(self.said(), "lost at the end"), 0)

    def test_delivered_through_every_misbehaviour(self):
        for name, behaviour in self.BEHAVIOURS.items():
            with self.subTest(name):
                self.through("delivered", behaviour)

    def test_spooled_through_every_misbehaviour(self):
        for name, behaviour in self.BEHAVIOURS.items():
            with self.subTest(name):
                self.through("spooled", behaviour)

    def test_a_peer_that_is_down_gets_everything_once_it_is_up(self):
        for delivery in ("delivered", "spooled"):
            with self.subTest(delivery):
                self.fresh()
                peer = Peer(self, "200")
                port = peer.port
                peer.stop()
                config = self.config(self.output(delivery, port=port))
                p = self.start(*self.args(config, self.journal(self.LIMIT, stays=True)))
                self.until(lambda: "times in a row" in self.said())
                if delivery == "spooled":
                    self.until(lambda: self.committed() == self.LIMIT)
                else:
                    self.assertEqual(self.committed(), 0)
                time.sleep(DOWN_S)
                peer = Peer(self, "200", port=port)
                self.until(lambda: len(numbers(peer.alerts())) >= self.LIMIT)
                self.until(lambda: self.committed() == self.LIMIT)
                self.stop(p)
                self.complete(peer.alerts(), self.LIMIT)
                self.assertGreater(self.counter(self.said(), "circuit opened"), 0)

    def certificate(self, name):
        """A peer whose certificate is no good, and then a good one at the same place."""
        folder = self.certificates()
        bad = Peer(self, "200", tls=os.path.join(folder, name))
        config = self.config(self.output(
            "delivered", config={"url": f"https://127.0.0.1:{bad.port}/", "batch": "ndjson",
                                 "ca_cert": folder + "/ca.pem", "timeout_ms": FOREVER_MS}))
        p = self.start(*self.args(config, self.journal(50, stays=True)))
        self.until(lambda: "trying again" in self.said())
        self.assertEqual(bad.requests(), [])
        self.assertEqual(self.committed(), 0)
        bad.stop()
        good = Peer(self, "200", port=bad.port, tls=os.path.join(folder, "good"))
        self.until(lambda: len(numbers(good.alerts())) >= 50)
        self.stop(p)
        self.complete(good.alerts(), 50)

    def certificates(self):
        folder = os.path.join(self.dir, "tls")
        os.makedirs(folder, exist_ok=True)
        script = """
new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
openssl req -x509 $new -subj /CN=ca -days 2 -keyout ca.key -out ca.pem
make() {
  echo "subjectAltName=$2" > ext
  openssl req $new -subj /CN=$1 -keyout $1.key -out req
  openssl x509 -req -in req -CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext -days $3 -out $1.pem
}
make good IP:127.0.0.1 2; make wrong DNS:elsewhere.example 2; make expired IP:127.0.0.1 -1
"""
        subprocess.run(["/bin/sh", "-ec", script], cwd=folder, check=True,
                       stderr=subprocess.DEVNULL)
        return folder

    def test_nothing_goes_to_an_expired_certificate(self):
        self.certificate("expired")

    def test_nothing_goes_to_a_certificate_of_another_name(self):
        self.certificate("wrong")

    def test_a_source_that_is_kept_waiting_does_not_keep_the_program(self):
        """What was not delivered is delivered by the next run."""
        peer = Peer(self, "500")
        small = """
    queue: {capacity: 10}
"""
        config = self.config(self.output("delivered", port=peer.port, drain="100ms", more=small))
        p = self.start(*self.args(config, self.journal(self.LIMIT, stays=True)))
        self.until(lambda: "trying again" in self.said())
        self.stop(p)
        self.assertEqual(self.committed(), 0)
        self.assertEqual(self.delivered(self.said()), 0)
        peer.stop()
        os.remove(peer.log)
        peer = Peer(self, "200", port=peer.port)
        config = self.config(self.output("delivered", port=peer.port, more=small))
        r = self.run_gyr(*self.args(config, self.journal(self.LIMIT)))
        self.assertEqual(r.returncode, 0, r.stderr)
        self.complete(peer.alerts(), self.LIMIT)

    def test_best_effort_counts_every_loss(self):
        peer = Peer(self, "500")
        config = self.config(self.output("best_effort", port=peer.port, drain="200ms", more="""
    queue: {capacity: 10, when_full: drop_oldest}
"""))
        p = self.start(*self.args(config, self.journal(self.LIMIT, stays=True)))
        self.until(lambda: self.committed() == self.LIMIT)  # nobody has to wait for it
        self.stop(p)
        said = self.said()
        dropped = self.counter(said, "dropped, queue full")
        lost = self.counter(said, "lost at the end")
        self.assertGreater(dropped, 0)
        self.assertEqual(self.delivered(said), 0)
        self.assertEqual(dropped + lost, self.LIMIT)
        self.assertEqual(peer.alerts(), [])

    def test_refused_alerts_are_in_the_dead_letter_file(self):
        dead = os.path.join(self.dir, "dead.json")
        peer = Peer(self, "403")
        config = self.config(self.output("delivered", port=peer.port, more=f"""
    dead_letter: {{file: {dead}}}
"""))
        r = self.run_gyr(*self.args(config, self.journal(100)))
        self.assertEqual(r.returncode, 0, r.stderr)
        with open(dead, encoding="utf-8") as f:
            lines = [json.loads(line) for line in f]
        self.complete([line["alert"] for line in lines], 100)
        self.assertEqual({line["reason"] for line in lines}, {"refused"})
        self.assertEqual(self.counter(r.stderr, "in the dead letter file"), 100)
        self.assertEqual(self.committed(), 100)

    def test_alerts_tried_too_often_are_in_the_dead_letter_file(self):
        dead = os.path.join(self.dir, "dead.json")
        peer = Peer(self, "500", "500", "500", "500", "200")
        config = self.config(self.output("delivered", port=peer.port, batch=10, more=f"""
    dead_letter: {{file: {dead}}}
""").replace("retry: {", "retry: {tries: 2, "))
        r = self.run_gyr(*self.args(config, self.journal(100)))
        self.assertEqual(r.returncode, 0, r.stderr)
        with open(dead, encoding="utf-8") as f:
            lines = [json.loads(line) for line in f]
        self.complete([line["alert"] for line in lines] + peer.alerts(), 100)
        self.assertEqual(len(lines), 20)
        self.assertEqual({line["reason"] for line in lines}, {"tried too often"})


    def test_a_pause_that_the_peer_asks_for_is_no_try(self):
        """Offers would be many in 1 s with these pauses, and two are allowed."""
        peer = Peer(self, "429:1", "200")
        config = self.config(self.output("delivered", port=peer.port).replace(
            "retry: {", "retry: {tries: 2, "))
        r = self.run_gyr(*self.args(config, self.journal(20)))
        self.assertEqual(r.returncode, 0, r.stderr)
        self.complete(peer.alerts(), 20)
        self.assertEqual(self.counter(r.stderr, "circuit opened"), 0)


class Crashes(Delivery):
    """kill -9, again and again."""

    def killed(self, delivery, shards=1):
        peer = Peer(self, "200")
        config = self.config(self.output(delivery, port=peer.port))
        more = {"shards": shards} if shards > 1 else {}
        stays = self.journal(KILL_ALERTS, pause_us=5000 * shards, stays=True, **more)
        n_kills = 0

        def is_done():
            return sum(self.committed(i) for i in range(shards)) == KILL_ALERTS

        while not is_done():
            # A second request says that the first one counts: each run gets further.
            enough = len(peer.requests()) + 2
            p = self.start(*self.args(config, stays))
            self.until(lambda: len(peer.requests()) >= enough or is_done())
            time.sleep(KILL_S)
            p.kill()
            p.wait()
            n_kills += 1
        self.finish(self.start(*self.args(config, self.journal(KILL_ALERTS, **more))))
        # The batch that was not acknowledged; of the spool there is one on either side.
        most = n_kills * BATCH * (2 if delivery == "spooled" else 1)
        self.complete(peer.alerts(), KILL_ALERTS, most)
        self.assertEqual(sum(self.committed(i) for i in range(shards)), KILL_ALERTS)

    def test_a_source_knows_of_a_batch_before_the_next_is_offered(self):
        """Even while it waits, in the middle of a batch of its own, for room in the queue."""
        peer = Peer(self, "200", "200", "200", "silent")
        config = self.config(self.output("delivered", port=peer.port, more="""
    queue: {capacity: 8}
"""))
        p = self.start(*self.args(config, self.journal(1000, stays=True)))
        self.until(lambda: len(peer.requests()) == 4)
        self.assertEqual(self.committed(), len(peer.alerts()))
        p.kill()

    def test_delivered_loses_nothing(self):
        self.killed("delivered")

    def test_spooled_loses_nothing(self):
        self.killed("spooled")

    def test_shards_lose_nothing(self):
        self.killed("delivered", shards=3)


class Spool(Delivery):
    LIMIT = 2000

    def fill(self, port=1):
        """A spool with all alerts of a run whose peer was down."""
        config = self.config(self.output("spooled", port=port, drain="10ms"))
        p = self.start(*self.args(config, self.journal(self.LIMIT, stays=True)))
        self.until(lambda: self.committed() == self.LIMIT)
        self.stop(p)
        self.assertEqual(self.counter(self.said(), "still in the spool"), self.LIMIT)

    def empty(self):
        """The alerts that come out of it, and what that run said."""
        peer = Peer(self, "200")
        config = self.config(self.output("spooled", port=peer.port))
        p = self.start(*self.args(config, self.journal(self.LIMIT + 1, stays=True)))
        self.until(lambda: self.LIMIT + 1 in numbers(peer.alerts()))
        self.stop(p)
        return peer.alerts(), self.said()

    def test_the_next_run_delivers_in_order(self):
        self.fill()
        alerts, said = self.empty()
        self.assertEqual(numbers(alerts), list(range(1, self.LIMIT + 2)))
        self.assertEqual(self.counter(said, "still in the spool"), 0)

    def test_damage_costs_what_it_hit_and_is_counted(self):
        rnd = random.Random(7)
        self.fill()
        files = sorted(glob.glob(os.path.join(self.dir, "spool", "*.seg")))
        self.assertGreater(len(files), 3)
        for _ in range(20):
            with open(rnd.choice(files), "r+b") as f:
                size = f.seek(0, os.SEEK_END)
                f.seek(rnd.randrange(size))
                f.write(rnd.randbytes(rnd.randrange(1, 8)))
        with open(files[1], "r+b") as f:
            f.truncate(os.path.getsize(files[1]) - 100)
        alerts, said = self.empty()
        got = numbers(alerts)
        self.assertEqual(got, sorted(set(got)))
        missing = self.LIMIT + 1 - len(got)
        self.assertIn(missing, range(1, 43))
        self.assertEqual(self.counter(said, "alerts missing in the spool"), missing)
        self.assertGreater(self.counter(said, "damaged places in the spool"), 0)

    def test_two_programs_do_not_share_one(self):
        config = self.config(self.output("spooled", port=1, drain="10ms"))
        p = self.start(*self.args(config, self.journal(10, stays=True)))
        self.until(lambda: self.committed() == 10)
        self.refuses(self.run_gyr(*self.args(config, self.journal(10))), "spool",
                     "another output or program uses it")
        self.stop(p)


class FullDisk(Delivery):
    LIMIT = 3000

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            if os.environ.get("CI"):
                self.fail("it needs root to mount a small disk")
            self.skipTest("it needs root to mount a small disk")
        os.mkdir(os.path.join(self.dir, "spool"))
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "gyr-test",
                        os.path.join(self.dir, "spool")], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", os.path.join(self.dir, "spool")],
                        check=True)

    def test_a_full_disk_keeps_the_source_waiting_and_loses_nothing(self):
        peer = Peer(self, "200")
        port = peer.port
        peer.stop()
        config = self.config(self.output("spooled", port=port))
        p = self.start(*self.args(config, self.journal(self.LIMIT, stays=True)))
        self.until(lambda: "spool: no room" in self.said())
        self.assertLess(self.committed(), self.LIMIT)
        peer = Peer(self, "200", port=port)
        self.until(lambda: len(numbers(peer.alerts())) >= self.LIMIT)
        self.until(lambda: self.committed() == self.LIMIT)
        self.stop(p)
        self.complete(peer.alerts(), self.LIMIT)
        self.assertGreater(self.counter(self.said(), "writes to the spool with a full disk"), 0)

    def dropping(self, policy):
        peer = Peer(self, "200")
        port = peer.port
        peer.stop()
        config = self.config(self.output("spooled", port=port, more=f"""
    queue: {{when_full: {policy}}}
"""))
        p = self.start(*self.args(config, self.journal(self.LIMIT, stays=True)))
        self.until(lambda: self.committed() == self.LIMIT)
        peer = Peer(self, "200", port=port)
        last = self.LIMIT if policy == "drop_oldest" else 1
        self.until(lambda: last in numbers(peer.alerts()))
        self.stop(p)
        said = self.said()
        got = numbers(peer.alerts())
        self.assertEqual(got, sorted(set(got)))
        dropped = self.counter(said, "dropped, queue full") + \
            self.counter(said, "dropped from the spool, no room")
        self.assertGreater(dropped, 0)
        self.assertEqual(len(got) + dropped + self.counter(said, "still in the spool"), self.LIMIT)

    def test_dropping_the_newest_is_counted(self):
        self.dropping("drop_newest")

    def test_dropping_the_oldest_is_counted(self):
        self.dropping("drop_oldest")


class Isolation(Delivery):
    LIMIT = 20000

    def test_a_dead_output_holds_up_no_other(self):
        peer = Peer(self, "silent")
        out = os.path.join(self.dir, "alerts.json")
        dead = self.output("best_effort", name="dead", port=peer.port, drain="10ms",
                           timeout_ms=GIVES_UP_MS, more="""
    queue: {capacity: 100, when_full: drop_newest}
""")
        file = self.output("delivered", plugin="file", name="file",
                           config={"filename": out, "keep_alive": True})
        r = self.run_gyr(*self.args(self.config(dead, file), self.journal(self.LIMIT)))
        self.assertEqual(r.returncode, 0, r.stderr)
        with open(out, encoding="utf-8") as f:
            self.complete([json.loads(line) for line in f], self.LIMIT)
        self.assertEqual(self.counter(r.stderr, "dropped, queue full") +
                         self.counter(r.stderr, "lost at the end"), self.LIMIT)

    def test_two_instances_of_one_plugin_each_get_everything(self):
        paths = [os.path.join(self.dir, n) for n in ("a.json", "b.json")]
        outputs = [self.output("delivered", plugin="file", name=f"f{i}", config={"filename": p})
                   for i, p in enumerate(paths)]
        r = self.run_gyr(*self.args(self.config(*outputs), self.journal(1000)))
        self.assertEqual(r.returncode, 0, r.stderr)
        for p in paths:
            with open(p, encoding="utf-8") as f:
                self.complete([json.loads(line) for line in f], 1000)

    def test_memory_is_bounded_with_every_output_dead(self):
        peer = Peer(self, "silent")
        outputs = [self.output("best_effort", name=f"dead{i}", port=peer.port, drain="10ms",
                               more="""
    queue: {capacity: 1000000, capacity_bytes: 1MiB, when_full: %s}
""" % policy) for i, policy in enumerate(("drop_newest", "drop_oldest"))]
        config = self.config(*outputs)
        p = self.start(*self.args(config, self.journal(10 ** 9)))
        self.until(lambda: self.committed() > 10000)
        before = self.memory(p)
        self.until(lambda: self.committed() > (40000 if SANITIZED else 400000))
        if not SANITIZED:  # freed memory stays a while there
            self.assertLess(self.memory(p) - before, 4 << 20)
        p.kill()
        p.wait()

    def memory(self, process):
        with open(f"/proc/{process.pid}/statm", encoding="utf-8") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def test_spilled_alerts_come_in_order(self):
        peer = Peer(self, "200")
        port = peer.port
        peer.stop()
        config = self.config(self.output("best_effort", port=port, more=f"""
    queue: {{capacity: 50, when_full: spill}}
    spool: {{dir: {self.dir}/spill, segment_bytes: 64KiB, max_bytes: 16MiB}}
"""))
        p = self.start(*self.args(config, self.journal(2000, stays=True)))
        self.until(lambda: self.committed() == 2000)
        peer = Peer(self, "200", port=port)
        self.until(lambda: len(peer.alerts()) == 2000)
        self.stop(p)
        self.assertEqual(numbers(peer.alerts()), list(range(1, 2001)))
        self.assertGreater(self.counter(self.said(), "written to the spool"), 1000)


class Ids(Delivery):
    def test_an_event_without_a_time_has_its_id_again_in_the_next_run(self):
        out = os.path.join(self.dir, "alerts.json")
        config = self.config(self.output("delivered", plugin="file",
                                         config={"filename": out, "keep_alive": True}))
        for _ in range(2):
            r = self.run_gyr(*self.args(config, self.journal(10, is_dateless=True)))
            self.assertEqual(r.returncode, 0, r.stderr)
            os.remove(self.state + ".0")
        with open(out, encoding="utf-8") as f:
            self.complete([json.loads(line) for line in f], 10, 10)


class End(Delivery):
    """The source is through and the peer takes nothing: the program waits, and can be told not to."""

    def hold(self, drain):
        peer = Peer(self, "200", "silent")
        config = self.config(self.output("delivered", port=peer.port, drain=drain,
                                         timeout_ms=GIVES_UP_MS))
        p = self.start(*self.args(config, self.journal(1000)))
        self.until(lambda: len(peer.requests()) >= 2)
        return p, peer

    def test_what_is_not_taken_in_time_is_given_up(self):
        p, peer = self.hold("100ms")
        self.finish(p)
        lost = self.counter(self.said(), "lost at the end")
        self.assertGreater(lost, 0)
        self.assertEqual(self.delivered(self.said()) + lost, 1000)
        self.assertEqual(self.committed(), len(peer.alerts()))

    def test_a_second_signal_ends_it_at_once(self):
        # At once is without waiting for threads, which TSan would call a leak.
        options = os.environ.get("TSAN_OPTIONS", "") + ":report_thread_leaks=0"
        with mock.patch.dict(os.environ, TSAN_OPTIONS=options):
            p, _ = self.hold("1h")
        p.send_signal(signal.SIGTERM)
        while p.poll() is None:  # signals that come together are one
            p.send_signal(signal.SIGTERM)
            time.sleep(0.02)
        self.assertEqual(p.returncode, 1, self.said())


class Options(Delivery):
    def test_mistakes_are_told_with_their_place(self):
        rows = [
            ("delivery: always", "gyr.yaml:12", "best_effort|spooled|delivered"),
            ("queue: {when_full: wait}", "gyr.yaml:13", "auto|block|drop"),
            ("queue: {capacity: 0}", "gyr.yaml:13", "1 to 1048576"),
            ("queue: {capacity_bytes: much}", "gyr.yaml:13", "a size"),
            ("batching: {max: 5000}", "gyr.yaml:13", "1 to 4096"),
            ("retry: {min: soon}", "gyr.yaml:13", "a time"),
            ("spool: {dir: /tmp/x}", "gyr.yaml:13", "delivery: spooled"),
            ("dead_letter: {file: /nowhere/x}", "out", "No such file"),
        ]
        for text, *words in rows:
            with self.subTest(text):
                config = self.write("gyr.yaml", "outputs:\n  - plugin: file\n    name: out\n"
                                    f"    config: {{filename: {self.dir}/x}}\n    {text}\n")
                r = self.run_gyr("-c", config, "-r", self.rules, "ticker:1")
                self.assertEqual(r.returncode, 2, r.stderr)
                for w in words:
                    if not w.startswith("gyr.yaml"):
                        self.assertIn(w, r.stderr)

    def test_two_outputs_of_one_name_are_refused(self):
        output = self.output("best_effort", plugin="file", config={"filename": "x"})
        self.refuses(self.run_gyr(*self.args(self.config(output, output), self.journal(1))),
                     "two outputs are called 'out'")

    def test_an_incomplete_batch_waits_for_more(self):
        peer = Peer(self, "200")
        config = self.config(self.output("best_effort", port=peer.port).replace(
            "batching: {", "batching: {linger: 10m, "))
        p = self.start(*self.args(config, self.journal(5 * BATCH + 1, pause_us=5000)))
        self.finish(p)
        sizes = [len(r["body"].splitlines()) for r in peer.requests()]
        self.assertEqual(sizes, [BATCH] * 5 + [1])

    def test_buffered_outputs_hold_alerts_back_for_a_while(self):
        peer = Peer(self, "200")
        config = self.config(self.output("best_effort", port=peer.port),
                             more="buffered_outputs: true\n")
        began = time.monotonic()
        self.start(*self.args(config, self.journal(BATCH - 1, stays=True)))
        self.until(lambda: len(peer.alerts()) == BATCH - 1)
        self.assertGreater(time.monotonic() - began, 0.2)

    def test_a_stuck_output_is_told(self):
        peer = Peer(self, "silent")
        config = self.config(self.output("best_effort", port=peer.port),
                             more="output_timeout: 100\n")
        p = self.start(*self.args(config, self.journal(10, stays=True)))
        self.until(lambda: "output 'out': timeout" in self.said())
        p.kill()


if __name__ == "__main__":
    unittest.main()
