#!/usr/bin/env python3
"""Fails if deviations.json names a transcript that does not exist, changes nothing that was
recorded, or rests on a decision that docs/decisions/0002-voiceping-deviations.md does not explain."""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
REQUIRED = {"name", "profiles", "bug", "decision", "note"}
RULES = {"drop", "set", "add", "replace"}


def matches(event, rule):
    """As the replayer's matchRule."""
    msg = event.get("msg")
    for key, want in rule.items():
        if key in ("c", "kind", "phase"):
            got = event.get(key)
        elif key == "includes":
            if want not in json.dumps(msg, separators=(",", ":")):
                return False
            continue
        else:
            index = {"mt": 1, "msg2": 2, "msg3": 3, "msg4": 4}[key]
            got = msg[index] if isinstance(msg, list) and len(msg) > index else None
        if got != want:
            return False
    return True


def seen(event):
    return {key: event[key] for key in ("kind", "msg", "canonical") if key in event}


def problems_of(entry, transcript):
    events = transcript["events"]
    clients = {step.get("c") for step in transcript["steps"]}
    for rule in entry.get("drop", []):
        if not any(matches(event, rule) for event in events):
            yield f"drops nothing: {rule}"
    for change in entry.get("set", []):
        hit = [event for event in events if matches(event, change["rule"])]
        if not hit:
            yield f"sets nothing: {change['rule']}"
        elif all(event.get(key) == value for event in hit for key, value in change["fields"].items()):
            yield f"sets what was recorded: {change['rule']}"
    for event in entry.get("add", []):
        if event.get("c") not in clients:
            yield f"adds an event of the unknown client {event.get('c')}"
        if any(seen(event) == seen(old) and event["c"] == old["c"] and event["phase"] == old["phase"] for old in events):
            yield f"adds what was recorded: {event}"
    for change in entry.get("replace", []):
        old = [seen(e) for e in events if e["c"] == change["c"] and e["phase"] == change["phase"]]
        if change["c"] not in clients:
            yield f"replaces events of the unknown client {change['c']}"
        if old == [seen(e) for e in change["events"]]:
            yield f"replaces by what was recorded: {change['c']} phase {change['phase']}"


def main():
    bad = []
    explained = (HERE.parents[2] / "docs/decisions/0002-voiceping-deviations.md").read_text()
    taken = set()
    for entry in json.loads((HERE / "deviations.json").read_text()):
        label = f"{entry.get('name')} {entry.get('bug')}"
        if not REQUIRED <= entry.keys() or entry.keys() - REQUIRED - RULES or not entry.keys() & RULES:
            bad.append(f"{label}: wrong set of keys")
            continue
        if entry["bug"] != "D-" + entry["decision"]:
            bad.append(f"{label}: bug and decision do not agree")
        if f"`{entry['name']}`" not in explained or entry["decision"] not in explained:
            bad.append(f"{label}: not explained in docs/decisions/0002-voiceping-deviations.md")
        for profile in entry["profiles"]:
            if (profile, label) in taken:
                bad.append(f"{label}: listed twice for {profile}")
            taken.add((profile, label))
            found = list((HERE / "transcripts" / profile).glob(f"*-{entry['name']}.json"))
            found = [path for path in found if json.loads(path.read_text())["name"] == entry["name"]]
            if len(found) != 1:
                bad.append(f"{label}: {len(found)} transcripts of that name in profile {profile}")
                continue
            bad += [f"{label} ({profile}): {text}" for text in problems_of(entry, json.loads(found[0].read_text()))]
    print("\n".join(bad))
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
