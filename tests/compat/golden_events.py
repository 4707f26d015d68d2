"""golden_events: every field of every event of a capture, against a table that others made.

In: a table (tab separated, first line the fields, \\N absent) and a capture. Out: None, or where they first
differ. One rule that every event matches prints all fields; its JSON alerts are the other table.
"""
import gzip
import json
import os

ESCAPES = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\"}


def unescape(cell):
    if cell == "\\N":
        return None
    out, at = [], 0
    while at < len(cell):
        pair = cell[at:at + 2]
        out.append(ESCAPES.get(pair, cell[at]))
        at += 2 if pair in ESCAPES else 1
    return "".join(out)


def read_table(path):
    """-> (fields, rows)"""
    with gzip.open(path, "rt", encoding="utf-8", errors="replace", newline="\n") as f:
        lines = f.read().split("\n")
    fields = lines[0].lstrip("#").split("\t")
    return fields, [[unescape(c) for c in x.split("\t")] for x in lines[1:] if x]


def text_of(value):
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "(" + ",".join(text_of(v) or "" for v in value) + ")"
    return str(value)


def same(want, have):
    # What is empty prints as nothing here and there; a table cannot tell it from absent.
    return want == have or (not want and not have)


def judge(bench, case):
    fields, rows = read_table(os.path.join(bench.cases, case["golden"]))
    path = os.path.join(bench.tmp, "events.yaml")
    with open(path, "w", encoding="utf-8") as f:
        json.dump([{"rule": "Each", "desc": "x", "priority": "DEBUG", "condition": "evt.num > 0",
                    "output": " ".join("%" + x for x in fields)}], f)
    # Recorded without the container plugin: all users are those of the host.
    off = {e: {"enabled": False} for e in
           ("docker", "podman", "cri", "containerd", "lxc", "libvirt_lxc", "bpm")}
    config = bench.config(case["id"], {
        "plugins": [{"name": "container", "init_config": {"engines": off}}],
        "stdout_output": {"enabled": True}})
    r = bench.run(["-c", config, "-r", path, "-o", "engine.kind=replay", "-o", "json_output=true", "-o",
                   "priority=debug", "-o", "append_output.suggested_output=false", "-o",
                   "base_syscalls.all=true", "-o", "outputs_queue.when_full=block", "-o",
                   "engine.replay.capture_file=" + case["capture"]], timeout=300)
    if r.code:
        return f"exit status {r.code}: {r.last_error()}"
    have = {a["output_fields"].get("evt.num"): a["output_fields"] for a in r.alerts}
    wrong, first = {}, None
    for row in rows:
        event = have.get(int(row[0]))
        if event is None:
            return f"event {row[0]} ({row[3]}) is not delivered"
        for field, want in zip(fields, row):
            got = text_of(event.get(field))
            if not same(want, got):
                wrong[field] = wrong.get(field, 0) + 1
                first = first or f"event {row[0]} ({row[3]}): {field}: {got!r}, want {want!r}"
    if wrong:
        worst = ", ".join(f"{k} {n}" for k, n in sorted(wrong.items(), key=lambda x: -x[1])[:8])
        return f"{first}; wrong in all: {worst}"[:500]
    if len(have) != len(rows):
        return f"{len(have)} events, want {len(rows)}"
    return None
