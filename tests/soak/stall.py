#!/usr/bin/env python3
"""stall.py [--seed N] [--pause LO HI] [--run LO HI] COMMAND...: runs a command on a machine that stalls.

Again and again some of the processes that COMMAND started are stopped for --pause seconds (0.2 to 1.5)
and then left to run for --run seconds (0.05 to 0.8), as an overloaded or a paused machine does. What
fails under it depends on time. The status is that of the command.
"""
import argparse
import os
import random
import signal
import subprocess
import sys
import time


def children():
    """{parent: [process]} of all there are now."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as f:
                parent = int(f.read().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        found.setdefault(parent, []).append(int(name))
    return found


def below(root):
    tree, found, todo = children(), [], [root]
    while todo:
        found.append(todo.pop())
        todo += tree.get(found[-1], [])
    return found


def tell(processes, number):
    for p in processes:
        try:
            os.kill(p, number)
        except ProcessLookupError:
            pass


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--seed", type=int, default=None)
    args.add_argument("--pause", type=float, nargs=2, default=(0.2, 1.5))
    args.add_argument("--run", type=float, nargs=2, default=(0.05, 0.8))
    args.add_argument("command", nargs=argparse.REMAINDER)
    args = args.parse_args()
    rnd = random.Random(args.seed)
    with subprocess.Popen(args.command) as p:
        while p.poll() is None:
            time.sleep(rnd.uniform(*args.run))
            processes = below(p.pid)
            some = processes if rnd.random() < 0.3 else [x for x in processes if rnd.random() < 0.5]
            tell(some, signal.SIGSTOP)
            time.sleep(rnd.uniform(*args.pause))
            tell(some, signal.SIGCONT)
    return p.returncode if p.returncode >= 0 else 128 - p.returncode


sys.exit(main())
