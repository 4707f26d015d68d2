#!/usr/bin/env python3
"""hooks.py GYR RULES_DIR: every name that local files of Falco append to silences the rules it is for.

In: hooks.yaml, the rules files and the *.test.yaml beside them. Out: one line a failure and a count; exit 1
if any. Each hook is appended to by a file of its own, loaded after the rules, as users do.
"""
import json
import os
import sys
import tempfile

import yaml

import run

BOX = {"id": "3ad7b26ded6d",
       "full_id": "3ad7b26ded6d8e7b23da7d48fe889434573036c27ae5a74837233de441c3601e",
       "type": 0, "name": "box", "imagerepo": "example.org/box", "imagetag": "1"}


class Shipped:
    """A rules file, and what its tests say fires."""

    def __init__(self, path):
        self.path = path
        with open(path, encoding="utf-8") as f:
            self.docs = yaml.safe_load(f)
        with open(path.replace(".yaml", ".test.yaml"), encoding="utf-8") as f:
            doc = yaml.safe_load(f)
        self.source, self.base = doc["source"], doc.get("event", {})
        self.firing = {c["rule"]: c["fires"] for c in doc["tests"]}

    def unfilled(self):
        """The macros that are shipped never true."""
        return {d["macro"] for d in self.docs
                if "macro" in d and d["condition"] in ("(never_true)", "(k8s_audit_never_true)")}


def boxed(event):
    """@event in a container whose image is known."""
    event["process"]["cgroups"] = "cpu=/docker/" + BOX["full_id"]
    event.setdefault("before", []).insert(
        0, {"type": "container", "args": {"json": json.dumps({"container": BOX})}})
    return event


def events_of(shipped, hook, first):
    """-> [event], [(time, rule)]; the times are those of the seconds from @first on"""
    events, wanted = [], []
    for rule in hook["rules"]:
        for delta in shipped.firing[rule]:
            event = run.merged(shipped.base, json.loads(delta) if isinstance(delta, str) else delta)
            if hook.get("box") and "before" not in event:
                event = boxed(event)
            wanted.append((run.stamp(event, shipped.source, first + len(events)), rule))
            events.append(event)
    return events, wanted


def local_file(hook, path):
    """What a user would write to append to @hook."""
    if "items" in hook:
        doc = {"list": hook["name"], "items": hook["items"], "override": {"items": "append"}}
    else:
        doc = {"macro": hook["name"], "condition": "or (evt.num >= 0)",
               "override": {"condition": "append"}}
    with open(path, "w", encoding="utf-8") as f:
        yaml.safe_dump([doc], f)


def try_hooks(gyr, shipped, hooks, folder):
    """-> [what is wrong]"""
    local = os.path.join(folder, "local.yaml")
    all_events, all_wanted, bad = [], [], []

    def judge(rules, events):
        seen, error = run.judge(gyr, rules, shipped.source, events, folder)
        bad.extend([error.strip()] if error else [])
        return seen

    for hook in hooks:
        local_file(hook, local)
        events, wanted = events_of(shipped, hook, len(all_events))
        seen = judge([shipped.path, local], events)
        bad += [f"{hook['name']}: {rule}: still fires" for time, rule in wanted
                if rule in seen.get(time, ())]
        all_events += events
        all_wanted += [(time, rule, hook["name"]) for time, rule in wanted]
    seen = judge([shipped.path], all_events)
    return bad + [f"{name}: {rule}: does not fire without it" for time, rule, name in all_wanted
                  if rule not in seen.get(time, ())]


def main():
    gyr, folder = sys.argv[1], sys.argv[2]
    with open(os.path.join(os.path.dirname(__file__), "hooks.yaml"), encoding="utf-8") as f:
        files = yaml.safe_load(f)
    failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        for entry in files:
            shipped = Shipped(os.path.join(folder, entry["rules"]))
            hooks = [{"name": n, "rules": r} for n, r in entry["macros"].items()] + entry["lists"]
            bad = [f"{n}: not in hooks.yaml" for n in sorted(shipped.unfilled() - set(entry["macros"]))]
            bad += try_hooks(gyr, shipped, hooks, tmp)
            failed += len(bad)
            print(f"{entry['rules']}: {len(hooks)} hooks, {len(bad)} failed")
            for line in bad:
                print("  " + line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
