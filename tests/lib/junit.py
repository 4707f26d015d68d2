#!/usr/bin/env python3
"""junit.py FILE NAME: counts of a ctest result, `passed failed skipped`, then a line a failure."""
import sys
import xml.etree.ElementTree as tree

suite = tree.parse(sys.argv[1]).getroot()
cases = suite.findall("testcase")
bad = [c for c in cases if c.find("failure") is not None or c.get("status") == "fail"]
skip = [c for c in cases if c.find("skipped") is not None or c.get("status") in ("notrun", "disabled")]
print(len(cases) - len(bad) - len(skip), len(bad), len(skip))
for c in bad:
    print(f"{sys.argv[2]}: {c.get('name')}")
