"""recorded_filters: conditions and outputs on one event of a recording.

All cases of a recording share a run: a rule a case that looks at its event alone. A rule that does not load
spoils the run of the others, so a run that failed is made again case by case.
"""
import json
import os

FAMILIES = ("filter.eval_scap", "format.scap")


def text_of(value):
    """A text of the cases: as it is, or its bytes in hexadecimal."""
    if isinstance(value, dict):
        return bytes.fromhex(value["hex"]).decode("latin-1")
    return value


def rule_of(case):
    at = f"evt.num = {case['evt']['evt_num_on_replay']}" if "evt" in case else "evt.num > 0"
    if case["family"] == "format.scap":
        return {"rule": case["id"], "desc": "x", "priority": "DEBUG", "output": case["format"], "condition": at}
    return {"rule": case["id"], "desc": "x", "priority": "DEBUG", "output": "seen",
            "condition": f"{at} and ({text_of(case['expr'])})"}


def run(bench, scap, cases):
    path = os.path.join(bench.tmp, "recorded.yaml")
    with open(path, "w", encoding="utf-8") as f:
        json.dump([rule_of(c) for c in cases], f)
    return bench.run(["-r", path, "-o", "engine.kind=replay", "-o", "json_output=true", "-o",
                      "rule_matching=all", "-o", "priority=debug", "-o", "base_syscalls.all=true", "-o",
                      "json_include_message_property=true", "-o",
                      "append_output.suggested_output=false", "-o", "engine.replay.capture_file=" + scap])


def judge(case, r):
    """-> None or why it failed"""
    expect = case["expect"]
    if expect == "format_invalid":
        return None if r.code == 2 else f"exit status {r.code}"
    if r.code:
        return f"exit status {r.code}: {r.last_error()}"
    alert = next((a for a in r.alerts if a["rule"] == case["id"]), None)
    if expect in ("eval_true", "eval_false"):
        return None if (alert is not None) == (expect == "eval_true") else f"{alert is not None}: {case['expr']}"
    if alert is None:
        return "the event raised no alert"
    if case["mode"] == "normal":
        have = alert.get("message", alert["output"])
        return None if have == case["output"] else f"{have!r}, want {case['output']!r}"
    have = alert["output_fields"]
    wrong = {k: have.get(k) for k, v in json.loads(case["output"]).items() if have.get(k) != v}
    return f"output fields {wrong}, want {case['output']}" if wrong else None


def prepare(bench, cases):
    """-> {id: None or why it failed}"""
    groups, answers = {}, {}
    for c in cases:
        groups.setdefault(c.get("scap", cases[0]["scap"]), []).append(c)
    for scap, group in groups.items():
        fine = [c for c in group if c["expect"] != "format_invalid"]
        together = run(bench, scap, fine) if fine else None
        for c in group:
            alone = c not in fine or together.code
            answers[c["id"]] = judge(c, run(bench, scap, [c]) if alone else together)
    return answers
