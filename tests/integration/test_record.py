"""record and replay: what a source gave is played back; what goes wrong is said."""

import os
import re
import unittest

from case import Case

CORPUS = os.path.join(os.path.dirname(__file__), "..", "fuzz", "corpus", "scap")


class Record(Case):
    def test_a_recording_of_a_recording_is_the_same(self):
        for name in ("current", "old", "sections", "processes"):
            first, second = (os.path.join(self.dir, n) for n in ("first.scap", "second.scap"))
            for source, file in ((os.path.join(CORPUS, name), first), (first, second)):
                r = self.run_gyr("record", "-w", file, f"replay:{source}")
                self.assertEqual(r.returncode, 0, r.stderr)
            with open(first, "rb") as a, open(second, "rb") as b:
                self.assertEqual(a.read(), b.read(), name)

    def test_events_of_a_plugin_are_all_there(self):
        file = os.path.join(self.dir, "ticks.scap")
        r = self.run_gyr("record", "-w", file, "ticker:1000")
        self.assertEqual(r.returncode, 0, r.stderr)
        r = self.run_gyr("record", "-w", os.path.join(self.dir, "again"), f"replay:{file}")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertTrue(re.search(r"^1000 events", r.stderr, re.M), r.stderr)

    def test_a_cut_recording_fails_with_its_place(self):
        file = self.write("cut.scap", "")
        with open(os.path.join(CORPUS, "current"), "rb") as whole, open(file, "wb") as cut:
            cut.write(whole.read()[:-7])
        r = self.run_gyr(f"replay:{file}")
        self.assertEqual(r.returncode, 1)
        self.assertRegex(r.stderr, "cut.scap': at byte [0-9]+: the recording ends within")

    def test_a_full_disk_fails_the_run(self):
        r = self.run_gyr("record", "-w", "/dev/full", "ticker:100")
        self.assertEqual(r.returncode, 1)
        self.assertIn("No space left", r.stderr)

    def test_wrong_use_is_refused(self):
        file = os.path.join(self.dir, "x")
        self.refuses(self.run_gyr("record", "ticker:1"), "-w FILE")
        self.refuses(self.run_gyr("record", "-w", "/nowhere/x", "ticker:1"), "/nowhere/x")
        self.refuses(self.run_gyr("record", "-w", file, "ticker:1", "ticker:2"), "one source")


if __name__ == "__main__":
    unittest.main()
