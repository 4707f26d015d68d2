#!/usr/bin/env python3
"""bench_delivery: what alerts cost on their way out. Usage: bench_delivery.py GYR O1|O3

O1: throughput of a file beside a destination that never answers, over the same without it; of
alternating runs the fastest few of either kind, as other work on the machine only slows them. O3: alerts a CPU second of the whole program, to a file as JSON, over 300,000;
by the difference of two runs, so that starting costs nothing. Both print a last line `<id> <ratio>`.
"""

import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

GYR = os.path.abspath(sys.argv[1])
ROUNDS, FEW, MANY = 7, 200_000, 1_200_000
PAIRS, BEST = 15, 4

RULES = """
- rule: Each
  desc: every tick
  condition: tick.value > 0
  output: "A tick was seen, with as much text as an alert usually has
    (user=%tick.value command=%tick.value parent=%tick.value)"
  priority: WARNING
  source: ticker
  tags: [bench, container, mitre_execution]
"""

CONFIG = """
json_output: true
outputs:
  - plugin: file
    config: {{filename: {folder}/alerts.json, keep_alive: true}}
    queue: {{when_full: block}}
"""

DEAD = """
  - plugin: http
    config: {{url: "http://127.0.0.1:{port}/", timeout_ms: 200}}
    queue: {{capacity: 1000, when_full: drop_newest}}
    drain: 1ms
"""


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.rules = self.write("rules.yaml", RULES)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def run(self, config, n, *before):
        """Wall seconds as the program tells them, and CPU seconds."""
        out = os.path.join(self.folder, "alerts.json")
        if os.path.exists(out):
            os.remove(out)
        start = resource.getrusage(resource.RUSAGE_CHILDREN)
        r = subprocess.run([*before, GYR, "-c", config, "-r", self.rules, f"ticker:{n}"],
                           capture_output=True, text=True, check=True)
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        with open(out, encoding="utf-8") as f:
            got = sum(1 for _ in f)
        if got != n:
            sys.exit(f"{got} alerts of {n} are in the file")
        wall = re.search(r"events in ([0-9.]+) s", r.stderr)
        return (float(wall[1]), end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime,
                r.stderr)

    def isolation(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            alone = self.write("alone.yaml", CONFIG.format(folder=self.folder))
            beside = self.write("beside.yaml", CONFIG.format(folder=self.folder) +
                                DEAD.format(port=silent.getsockname()[1]))
            rates = [(self.throughput(alone, MANY), self.throughput(beside, MANY))
                     for _ in range(PAIRS)]
        a, b = (statistics.mean(sorted(kind)[-BEST:]) for kind in zip(*rates))
        print(f"alone {a:,.0f}/s, beside a dead one {b:,.0f}/s, the best {BEST} of {PAIRS} each")
        print(f"O1 {b / a:.3f}")

    def throughput(self, config, n):
        """Alerts a second until the file has them all; the end of the dead one is not waited for."""
        out = os.path.join(self.folder, "alerts.json")
        if os.path.exists(out):
            os.remove(out)
        args = [GYR, "-c", config, "-r", self.rules, f"ticker:{n}"]
        with subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as p:
            while not os.path.exists(out) or not os.path.getsize(out):
                time.sleep(0.001)
            first = time.time()
            p.wait()
        return n / (os.path.getmtime(out) - first)

    def cost(self):
        config = self.write("gyr.yaml", CONFIG.format(folder=self.folder))
        rates = []
        for _ in range(ROUNDS):
            few, many = self.run(config, FEW), self.run(config, MANY)
            rates.append((MANY - FEW) / (many[1] - few[1]))
        rate = statistics.median(rates)
        print(f"{rate:,.0f} alerts a CPU second (both threads), medians of {ROUNDS}")
        if shutil.which("valgrind"):
            counts = [self.instructions(config, n) for n in (10_000, 30_000)]
            print(f"{(counts[1] - counts[0]) / 20_000:,.0f} instructions an alert")
        print(f"O3 {rate / 300_000:.2f}")

    def instructions(self, config, n):
        said = self.run(config, n, "valgrind", "--tool=callgrind",
                        "--callgrind-out-file=/dev/null")[2]
        return int(re.search(r"Collected : (\d+)", said)[1])


with tempfile.TemporaryDirectory(prefix="gyr-bench-") as place:
    {"O1": Bench.isolation, "O3": Bench.cost}[sys.argv[2]](Bench(place))
