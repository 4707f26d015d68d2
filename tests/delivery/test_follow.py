"""A followed audit log: whatever becomes of the file, every whole line is judged once.
Usage: test_follow.py PROGRAM [TEST]"""

import json
import os
import unittest

from test_places import Logs, audit


class Follow(Logs):
    def setUp(self):
        super().setUp()
        self.log = self.write("logs/audit.log", "")
        self.alerts_file = os.path.join(self.dir, "alerts")
        self.n_lines = 0

    def append(self, *numbers, path=None, text=None):
        with open(path or self.log, "a", encoding="utf-8") as f:
            f.write(text or "".join(audit(i) for i in numbers))

    def follow(self, **more):
        """Starts it; alerts of every run go to one file."""
        config = self.config(self.output("delivered", plugin="file",
                                         config={"filename": self.alerts_file, **more}))
        return self.start(*self.args(config, f"k8saudit:file://{self.log}"))

    def got(self):
        if not os.path.exists(self.alerts_file):
            return []
        with open(self.alerts_file, encoding="utf-8") as f:
            return self.ids(json.loads(x) for x in f.read().split("\n")[:-1])

    def until_got(self, *numbers):
        self.until(lambda: len(self.got()) >= len(numbers))
        self.assertEqual(self.got(), list(numbers))

    def rotate(self, to):
        os.rename(self.log, os.path.join(self.dir, "logs", to))

    def test_what_is_appended_is_judged_and_half_a_line_waits(self):
        self.append(0)
        p = self.follow()
        self.until_got(0)
        line = audit(1)
        self.append(text=line[:40])
        self.append(text=line[40:] + audit(2))
        self.until_got(0, 1, 2)
        self.stop(p)

    def test_renamed_is_read_to_its_end_and_the_new_one_goes_on(self):
        p = self.follow()
        self.append(0, 1)
        self.until_got(0, 1)
        self.rotate("audit-1.log")
        self.append(2, path=os.path.join(self.dir, "logs", "audit-1.log"))
        self.append(3)
        self.until_got(0, 1, 2, 3)
        for k in range(4, 10):
            self.rotate(f"audit-{k}.log")
            self.append(k)
        self.until_got(*range(10))
        self.stop(p)

    def test_cut_short_it_begins_anew(self):
        p = self.follow()
        self.append(*range(20))
        self.until_got(*range(20))
        os.truncate(self.log, 0)
        self.append(20, 21)
        self.until_got(*range(22))
        with open(self.log, "w", encoding="utf-8") as f:  # and longer at once than it was
            f.write("".join(audit(i) for i in range(22, 30)))
        self.until_got(*range(30))
        self.stop(p)

    def test_a_long_line_ends_nothing(self):
        p = self.follow()
        self.append(0, text=audit(0) + json.dumps({"auditID": "x" * (20 << 20)}) + "\n" + "no JSON\n" + audit(1))
        self.until_got(0, 1)
        self.stop(p)
        self.assertEqual(self.counter(self.said(), "k8saudit.skipped_too_large"), 1)
        self.assertEqual(self.counter(self.said(), "k8saudit.skipped_malformed"), 1)

    def test_a_file_that_is_away_for_a_while_is_waited_for(self):
        p = self.follow()
        self.append(0)
        self.until_got(0)
        os.remove(self.log)
        self.append(1)
        self.until_got(0, 1)
        self.stop(p)

    def test_it_goes_on_after_a_kill_whatever_was_rotated_meanwhile(self):
        self.append(*range(5))
        p = self.follow()
        self.until_got(*range(5))
        self.stop(p)
        self.append(5)
        self.rotate("audit-1.log")
        self.append(6)
        self.rotate("audit-2.log")
        self.append(7)
        p = self.follow()
        self.until_got(*range(8))
        self.append(8)
        self.until_got(*range(9))
        p.kill()
        p.wait()
        before = len(self.got())
        self.append(9)
        p = self.follow()
        self.until(lambda: self.got()[-1] == 9)
        self.assertEqual(sorted(set(self.got())), list(range(10)))
        self.assertLessEqual(len(self.got()), before + 2 + 32)
        self.stop(p)
        with open(self.log, "w", encoding="utf-8") as f:
            f.write(audit(10))
        p = self.follow()
        self.until(lambda: self.got()[-1] == 10)
        self.stop(p)

    def test_without_a_state_it_begins_at_the_beginning(self):
        self.append(0, 1)
        self.write("logs/audit-1.log", audit(9))
        for _ in range(2):
            config = self.write("gyr.yaml", "json_output: true\noutputs:" + self.output(
                "best_effort", plugin="file", config={"filename": self.alerts_file}))
            p = self.start(*self.args(config, f"k8saudit:file://{self.log}"))
            self.until_got(0, 1)
            self.stop(p)
            os.remove(self.alerts_file)


if __name__ == "__main__":
    unittest.main()
