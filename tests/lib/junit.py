#!/usr/bin/env python3
"""junit.py FILE NAME: what a ctest result says. The first line counts, `passed failed skipped`; a line
for each failure follows, `NAME: test: the cases of it that failed`; then, after an empty line, what
each of them printed: the places around its failures, at most 60 lines."""
import re
import sys
import xml.etree.ElementTree as tree

MOST = 60  # lines of one test
CASES = 6  # names of one test
# How unittest, cmocka, the sanitizers and a crash say which case and why.
CASE = re.compile(r"^(?:FAIL|ERROR): (\S+)|^\[  (?:FAILED|ERROR)  +\] (?!---)(?:\S+: )?(\w+)$")
REASON = re.compile(r"^(FAIL|ERROR): |^Traceback|^\w*(Error|Exception|Expired)\b|\[  (FAILED|ERROR)|"
                    r"(ERROR|WARNING): \w*Sanitizer|runtime error:|Assertion|Segmentation fault")
BEFORE, AFTER = 2, 14  # lines around a place


def excerpt(text):
    """The lines around its failures; the end when nothing looks like one."""
    lines = text.rstrip().splitlines()
    marks = [i for i, line in enumerate(lines) if REASON.search(line)]
    keep = sorted({i for at in marks for i in range(max(0, at - BEFORE), min(len(lines), at + AFTER))})
    if not keep:
        return lines[-MOST:]
    shown = []
    for i in keep[:MOST]:
        if shown and i - 1 not in keep:
            shown.append("...")
        shown.append(lines[i])
    if len(keep) > MOST:
        shown.append(f"... ({len(keep) - MOST} lines more)")
    return shown


def failed_cases(text):
    """Their names, each once."""
    found = (CASE.search(line) for line in text.splitlines())
    names = list(dict.fromkeys(m[1] or m[2] for m in found if m))
    more = [f"and {len(names) - CASES} more"] if len(names) > CASES else []
    return ", ".join(names[:CASES] + more)


def main(path, name):
    cases = tree.parse(path).getroot().findall("testcase")
    bad = [c for c in cases if c.find("failure") is not None or c.get("status") == "fail"]
    skip = [c for c in cases
            if c.find("skipped") is not None or c.get("status") in ("notrun", "disabled")]
    print(len(cases) - len(bad) - len(skip), len(bad), len(skip))
    said = {c.get("name"): c.findtext("system-out") or "" for c in bad}
    for test, text in said.items():
        reason = next(c for c in bad if c.get("name") == test).find("failure")
        why = failed_cases(text) or (reason.get("message") if reason is not None else "")
        print(f"{name}: {test}: {why or 'failed'}")
    print()
    for test, text in said.items():
        print(f"--- {name}: {test}", *excerpt(text), sep="\n")


main(*sys.argv[1:3])
