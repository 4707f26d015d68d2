"""What the tests of the whole program share: runs it in a folder of its own. The program is argv[1]."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

GYR = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "build/gyr"
BUILD = os.path.dirname(GYR)
ENDLESS = "18446744073709551615"
# After this long, in seconds, something hangs. No claim of any test is about time: what one waits for
# is a state of the program, and a machine that is slow or stalls only makes that later.
PATIENCE = float(os.environ.get("GYR_TEST_PATIENCE", "300"))

RULES = """
- rule: Every tenth
  desc: one in ten
  condition: tick.divisible[10] = true
  output: "tick %tick.value"
  priority: WARNING
  source: ticker
  tags: [b, a]
- rule: Every fifth
  desc: one in five
  condition: tick.divisible[5] = true
  output: "fifth %tick.value"
  priority: INFO
  source: ticker
"""


def whole_lines(path):
    """The lines of a file that somebody writes to, without the last one while it is not whole; none when there
    is no file. The file is read at once: who reads line by line gets the rest of such a line as one of its own."""
    try:
        with open(path, encoding="utf-8") as f:
            return f.read().split("\n")[:-1]
    except FileNotFoundError:
        return []


class Case(unittest.TestCase):
    prefix = []  # what start() runs the program by
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="gyr-")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.rules = self.write("rules.yaml", RULES)

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def run_gyr(self, *args, env=None):
        return subprocess.run([GYR, *args], capture_output=True, text=True, timeout=PATIENCE,
                              cwd=self.dir, env={**os.environ, "TZ": "UTC", **(env or {})},
                              check=False)

    def start(self, *args):
        """Starts it; what it prints is in the files `out` and `err`."""
        self.err = os.path.join(self.dir, "err")
        self.out = os.path.join(self.dir, "out")
        with open(self.err, "w", encoding="utf-8") as err, \
                open(self.out, "w", encoding="utf-8") as out:
            p = subprocess.Popen([*self.prefix, GYR, *args], stdout=out, stderr=err, cwd=self.dir,
                                 env={**os.environ, "TZ": "UTC"})
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        return p

    def said(self):
        with open(self.err, encoding="utf-8") as f:
            return f.read()

    def until(self, claim):
        """Waits for something the program does; fails when it does not."""
        end = time.monotonic() + PATIENCE
        while not claim():
            self.assertLess(time.monotonic(), end, "it did not happen")
            time.sleep(0.02)

    def finish(self, process, *signals, status=0):
        """Sends the signals and waits for the end of the program that start() started."""
        for s in signals:
            process.send_signal(s)
        self.assertEqual(process.wait(PATIENCE), status, self.said())

    def refuses(self, result, *words):
        """One clear error, exit status 2."""
        self.assertEqual(result.returncode, 2, result.stderr)
        errors = [l for l in result.stderr.splitlines() if l.startswith("gyr: ")]
        self.assertEqual(len(errors), 1, result.stderr)
        for w in words:
            self.assertIn(w, errors[0])
