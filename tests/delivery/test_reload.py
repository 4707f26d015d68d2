"""A reload changes outputs under running alerts: none is lost, none is there twice, and what did not
change is left alone. Usage: test_reload.py PROGRAM [TEST]"""

import json
import os
import re
import signal
import unittest

from test_delivery import GIVES_UP_MS, Delivery, Peer, numbers, whole_lines


class Reload(Delivery):
    LIMIT = 4000

    def file(self, name, delivery="delivered", path=None, **more):
        return self.output(delivery, plugin="file", name=name,
                           config={"filename": path or os.path.join(self.dir, name),
                                   "keep_alive": True}, **more)

    def up(self, *outputs, more="log_level: info\nwatch_config_files: false\n", limit=None,
           pause_us=5000):
        p = self.start(*self.args(self.config(*outputs, more=more), self.journal(
            limit or self.LIMIT, stays=True, pause_us=pause_us)))
        self.until(lambda: "gyr 0" in self.said())
        return p

    def reload(self, p, *outputs, more="log_level: info\nwatch_config_files: false\n",
               says="reload: "):
        before = self.said().count(says)
        self.config(*outputs, more=more)
        p.send_signal(signal.SIGHUP)
        self.until(lambda: self.said().count(says) > before)

    def lines(self, name):
        return [json.loads(x) for x in whole_lines(os.path.join(self.dir, name))
                if '"source":"journal"' in x]

    def test_outputs_come_and_go_and_no_alert_is_lost(self):
        p = self.up(self.file("a"), self.file("b"))
        self.until(lambda: self.lines("b"))
        self.reload(p, self.file("a"), self.file("c"))
        self.until(lambda: self.lines("c"))
        self.until(lambda: "output 'b': gone" in self.said())
        self.until(lambda: self.committed() == self.LIMIT)
        self.stop(p)
        self.complete(self.lines("a"), self.LIMIT)
        self.complete(self.lines("b") + self.lines("c"), self.LIMIT)
        self.assertEqual(numbers(self.lines("b")), list(range(1, len(self.lines("b")) + 1)))
        self.assertIn("output b (no longer asked for): ", self.said())
        self.assertEqual(self.delivered(self.said(), "a"), self.LIMIT)

    def test_a_new_destination_gets_what_waits(self):
        """The queue, the spool and the counters of an output stay."""
        for delivery in ("delivered", "spooled"):
            with self.subTest(delivery):
                self.fresh()
                dead, good = Peer(self, "500"), Peer(self, "200", log="good.log")
                p = self.up(self.output(delivery, port=dead.port), limit=500, pause_us=0)
                self.until(lambda: "trying again" in self.said())
                self.reload(p, self.output(delivery, port=good.port))
                self.until(lambda: len(good.alerts()) >= 500)
                self.until(lambda: self.committed() == 500)
                self.stop(p)
                self.complete(good.alerts(), 500)
                self.assertEqual(self.delivered(self.said()), 500)
                self.assertGreater(self.counter(self.said(), "offered again"), 0)
                os.remove(good.log)

    def test_a_source_that_waits_for_an_output_is_let_go_when_that_goes(self):
        dead = Peer(self, "silent")
        small = "    queue: {capacity: 8}\n"
        p = self.up(self.output("delivered", name="dead", port=dead.port, drain="1s",
                                timeout_ms=GIVES_UP_MS, more=small), self.file("a"), pause_us=0)
        self.until(dead.requests)
        self.assertLess(len(self.lines("a")), self.LIMIT)
        self.reload(p, self.file("a"))
        self.until(lambda: self.committed() == self.LIMIT)
        self.stop(p)
        self.complete(self.lines("a"), self.LIMIT)
        self.assertGreater(self.counter(self.said(), "lost at the end"), 0)

    def test_what_may_hold_alerts_changes_at_a_restart_and_says_so(self):
        p = self.up(self.file("a"))
        self.reload(p, self.file("a", more="    queue: {capacity: 77}\n"),
                    says="output 'a': delivery, queue, dead_letter and spool change at a restart")
        self.reload(p, self.file("a", delivery="best_effort"),
                    says="output 'a': delivery, queue, dead_letter and spool change at a restart")
        self.until(lambda: self.committed() == self.LIMIT)
        self.stop(p)
        self.complete(self.lines("a"), self.LIMIT)

    def test_best_effort_is_replaced(self):
        p = self.up(self.file("a", delivery="best_effort"))
        self.until(lambda: self.lines("a"))
        self.reload(p, self.file("a", more="    queue: {capacity: 9000, when_full: block}\n"))
        self.until(lambda: "output 'a': gone" in self.said())
        self.until(lambda: len(self.lines("a")) == self.LIMIT)
        self.stop(p)
        self.complete(self.lines("a"), self.LIMIT)

    def test_one_bad_output_refuses_all_of_it(self):
        p = self.up(self.file("a"))
        for bad, why in ((self.file("none/x"), "none/x"),
                         (self.output("delivered", plugin="nosuch", config={}), "nosuch"),
                         (self.file("a"), "two outputs are called 'a'")):
            before = len(self.said())
            self.reload(p, self.file("a"), self.file("b"), bad, says="all stays as it was")
            self.assertRegex(self.said()[before:], re.escape(why) + ".*all stays as it was")
        self.reload(p, self.file("a", path="/nowhere/x"),
                    says="all stays as it was")
        self.until(lambda: self.committed() == self.LIMIT)
        self.stop(p)
        self.complete(self.lines("a"), self.LIMIT)
        self.assertEqual(self.lines("b"), [])

    def test_many_reloads_in_a_row(self):
        p = self.up(self.file("a"), limit=20000)
        for i in range(40):
            self.reload(p, self.file("a"), self.file(f"x{i % 3}"))
        self.until(lambda: self.committed() == 20000)
        self.stop(p)
        self.complete(self.lines("a"), 20000)
        others = [a for i in range(3) for a in self.lines(f"x{i}")]
        self.assertEqual(len(numbers(others)), len(set(numbers(others))))

    def test_only_a_restart_takes_up_the_rest_and_that_is_said(self):
        p = self.up(self.file("a"))
        self.reload(p, self.file("a"), more="watch_config_files: false\nlog_level: info\n"
                    "webserver: {enabled: true}\nsyscall_event_drops: {max_burst: 5}\n",
                    says="reload: 'syscall_event_drops', 'webserver': changes are taken up at a "
                         "restart")
        p.kill()


class Settings(Delivery):
    RULES = """
- rule: Number
  desc: every one
  condition: journal.number > 0 and static.site exists
  output: "number %journal.number at %static.site"
  priority: WARNING
  source: journal
"""

    def setUp(self):
        super().setUp()
        self.rules = self.write("rules.yaml", self.RULES)

    def test_static_fields_levels_and_snapshots(self):
        out = os.path.join(self.dir, "alerts")
        snapshots = os.path.join(self.dir, "snapshots")
        output = self.output("delivered", plugin="file", name="a", config={"filename": out})
        tail = "watch_config_files: true\n"
        p = self.start(*self.args(self.config(
            output, more=tail + "log_level: error\nstatic_fields: {site: north}\n"),
            self.journal(10 ** 9, stays=True, pause_us=20000)))

        def read(path):
            if not os.path.exists(path):
                return ""
            with open(path, encoding="utf-8") as f:
                return f.read()

        def has(text, path=out):
            return text in read(path)

        self.until(lambda: has("at north"))
        self.config(output, more=tail + "log_level: notice\nstatic_fields: {site: south}\n"
                    f"metrics: {{enabled: true, interval: 100ms, output_file: {snapshots}}}\n"
                    "append_output: [{extra_output: and more}]\n")
        self.until(lambda: has("at south and more"))
        self.until(lambda: "reload: 1 rules, 1 outputs" in self.said())
        self.until(lambda: has('"sample":2', snapshots))
        self.config(output, more=tail + "log_level: notice\nstatic_fields: {sight: south}\n")
        self.until(lambda: "all stays as it was" in self.said())
        self.config(output, more=tail + "log_level: notice\nstatic_fields: {site: east}\n")
        self.until(lambda: has("at east"))
        self.stop(p)
        got = numbers([json.loads(x) for x in read(out).splitlines() if '"source":"journal"' in x])
        self.assertEqual(got, list(range(1, len(got) + 1)))


if __name__ == "__main__":
    unittest.main()
