#!/usr/bin/python3
"""Answers of smtpd-explain against decisions recorded from real daemons.

A record whose rules are empty was refused before the ruleset and is left
out. What differs stands in fixtures/oracle/differences.tsv with its reason:
set:id, target, reason.
"""

import json
import subprocess

from tap import BIN, ROOT, SHARED, Differences, Tap, environment

DEV = SHARED / "oracle" / "dev"
DIFFERENCES = ROOT / "fixtures" / "oracle" / "differences.tsv"
SUFFIXES = {"-modern": "modern-7.8.conf", "-naive": "naive.conf"}


def explain(config, folder, target):
    """What it says: a dictionary by id and recipient, or a message."""
    run = subprocess.run(
        [BIN / "smtpd-explain", "--format=json", f"--target={target}",
         f"--root={folder}", f"--envelopes={folder / 'envelopes.json'}",
         "-Wno-missing-file", config],
        capture_output=True, env=environment(), timeout=60, check=False)
    if run.returncode != 0:
        return run.stderr.decode(errors="replace")
    answers = {}
    for line in run.stdout.decode().splitlines():
        answer = json.loads(line)
        answers.setdefault((answer["id"], answer["rcpt"]), answer)
    return answers


def reply_class(record):
    """The first digit of the reply; on the socket, of the one that
    sendmail quotes."""
    if record["code"] is not None:
        return str(record["code"])[0]
    if record["sendmail_rc"] == 0:
        return "2"
    for word in record["text"].replace(":", " ").split():
        if len(word) == 3 and word.isdigit():
            return word[0]
    return None


def problem_of(record, answers):
    answer = answers.get((record["id"], record["rcpt"]))
    if answer is None:
        return "not answered"
    seen = answer["rule"], answer["rules"], answer["reply"]
    wanted = record["rules"][0], record["rules"], reply_class(record)
    if seen == wanted:
        return ""
    return f"{record['rcpt']}: {seen}, recorded {wanted} {record.get('text')}"


def runs():
    """Each file of decisions with the config and target it is of."""
    for path in sorted(DEV.glob("*/decisions-*.json")):
        version = path.stem[len("decisions-"):]
        config = "smtpd.conf"
        for suffix, name in SUFFIXES.items():
            if version.endswith(suffix):
                version, config = version[:-len(suffix)], name
        if not (path.parent / config).exists():
            config = "legacy.conf"
        yield path, path.parent / config, version


def main():
    tap = Tap()
    if not DEV.is_dir():
        tap.skip("recorded decisions", "../shared/oracle is not there")
        return tap.finish()
    differences = Differences(DIFFERENCES)
    for path, config, target in runs():
        name = path.parent.name
        answers = explain(config, path.parent, target)
        if isinstance(answers, str):
            tap.case(f"{name} for {target}", answers)
            continue
        for record in json.loads(path.read_text()):
            if record["rules"]:
                differences.case(tap, f"{name}:{record['id']}", target,
                                 problem_of(record, answers))
    differences.finish(tap)
    return tap.finish()


if __name__ == "__main__":
    raise SystemExit(main())
