#!/usr/bin/env python3
"""run.py GYR RULES_DIR: every shipped rule fires on its event and is silent on the near miss.

In: rules files and the *.test.yaml beside them. Out: one line a failure and a count; exit 1 if any.

All events of a test file go through the program in one run, each with a time of its own by which its
alerts are told apart; `rule_matching: all` and every rule enabled.
"""
import copy
import datetime
import json
import os
import subprocess
import sys
import tempfile

import yaml

PLUGIN = {"aws_cloudtrail": "cloudtrail", "k8s_audit": "k8saudit", "syscall": "described"}


def merged(base, delta):
    """@base with the members of @delta: maps meet, null removes, anything else replaces."""
    out = copy.deepcopy(base)
    for key, value in delta.items():
        if value is None:
            out.pop(key, None)
        elif isinstance(value, dict) and isinstance(out.get(key), dict):
            out[key] = merged(out[key], value)
        else:
            out[key] = copy.deepcopy(value)
    return out


def stamp(event, source, second):
    """Gives @event the time @second after noon and an id of its own."""
    t = f"2024-05-14T{12 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    if source == "aws_cloudtrail":
        event["eventTime"] = t + "Z"
        event["eventID"] = f"00000000-0000-4000-8000-{second:012}"
    elif source == "syscall":
        at = datetime.datetime.fromisoformat(t + "+00:00")
        event["time"] = int(at.timestamp()) * 1000000000
    else:
        event["stageTimestamp"] = t + ".000000Z"
        event["auditID"] = f"00000000-0000-4000-8000-{second:012}"
    return t + ".000000000Z"


def judge(gyr, rules, source, events, folder):
    """Runs the program over @events with the files @rules. -> ({time: {rule}}, what it said on failure)"""
    path = os.path.join(folder, source + ".json")
    with open(path, "w", encoding="utf-8") as f:
        if source == "aws_cloudtrail":
            json.dump({"Records": events}, f)
        else:
            f.write("".join(json.dumps(e) + "\n" for e in events))
    r = subprocess.run([gyr, f"{PLUGIN[source]}:{path}",
                        *(x for r in rules for x in ("-r", r)), "-o", "json_output=true",
                        "-o", "rule_matching=all", "-o", "rules[].enable.rule=*",
                        "-o", "priority=debug"],
                       capture_output=True, text=True, timeout=300, check=False)
    seen = {}
    for line in r.stdout.splitlines():
        if line.startswith("{"):
            alert = json.loads(line)
            seen.setdefault(alert["time"], set()).add(alert["rule"])
    return seen, r.stderr if r.returncode else ""


def run_file(gyr, test, folder):
    with open(test, encoding="utf-8") as f:
        doc = yaml.safe_load(f)
    rules = test.replace(".test.yaml", ".yaml")
    with open(rules, encoding="utf-8") as f:
        names = [x["rule"] for x in yaml.safe_load(f) if "rule" in x]
    bad, events, wanted = [], [], []
    base = doc.get("event", {})
    for case in doc["tests"]:
        for kind in ("fires", "silent"):
            if not case.get(kind):
                bad.append(f"{case['rule']}: no event under '{kind}'")
            for delta in case.get(kind) or []:
                event = merged(base, json.loads(delta) if isinstance(delta, str) else delta)
                time = stamp(event, doc["source"], len(events))
                events.append(event)
                wanted.append((time, case["rule"], kind))
    tested = {c["rule"] for c in doc["tests"]}
    bad += [f"{n}: no test" for n in names if n not in tested]
    bad += [f"{n}: no such rule" for n in sorted(tested - set(names))]
    seen, error = judge(gyr, [rules], doc["source"], events, folder)
    if error:
        bad.append(error.strip())
    for n, (time, rule, kind) in enumerate(wanted):
        if (rule in seen.get(time, ())) != (kind == "fires"):
            bad.append(f"{rule}: {'did not fire on' if kind == 'fires' else 'fired on'} event {n}")
    return len(names), len(events), bad


def main():
    gyr, folder = sys.argv[1], sys.argv[2]
    tests = sorted(os.path.join(d, f) for d, _, fs in os.walk(folder) for f in fs
                   if f.endswith(".test.yaml"))
    failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        for test in tests:
            rules, events, bad = run_file(gyr, test, tmp)
            failed += len(bad)
            print(f"{os.path.basename(test)}: {rules} rules, {events} events, {len(bad)} failed")
            for line in bad:
                print("  " + line)
    return 1 if failed or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
