#!/usr/bin/env python3
"""Recorded decisions of the real 6.0.3 for legacy configs, against those of
smtpd-explain for what smtpd-migrate makes of them: the class of the reply,
and the statement that decided. What differs stands in
fixtures/migrate/residues.tsv with the note that the report has for it."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]
                       / "compiler/tests"))
from tap import (BIN, ROOT, SHARED, Differences, Tap,  # noqa: E402
                 environment)
from test_oracle import explain, reply_class  # noqa: E402

DEV = SHARED / "oracle/dev"
RESIDUES = ROOT / "fixtures/migrate/residues.tsv"
TARGETS = ("6.8", "7.8")


def convert(folder, config, target, out):
    """Inclusions are below the root, so they come in one text."""
    done = subprocess.run(
        [BIN / "smtpd-migrate", "-q", f"--target={target}",
         f"--root={folder}", "-Wno-missing-file", config],
        capture_output=True, env=environment(), timeout=60, check=False)
    out.write_bytes(done.stdout)
    return done


def rules_of(path, folder):
    """The action of each rule, in order; None for a refusal. Legacy rules
    have the names that conversion gives them."""
    done = subprocess.run(
        [BIN / "smtpd-dump", "--format=json", "-Wno-missing-file", "-q",
         f"--root={folder}", path], capture_output=True,
        env=environment(), timeout=60, check=False)
    return [rule.get("action") for rule in json.loads(done.stdout)["rules"]]


def problem_of(record, answers, actions):
    """actions: of the legacy rules and of the modern ones."""
    answer = answers.get((record["id"], record["rcpt"]))
    if answer is None:
        return "not answered"
    names = [None if n is None else actions[0][n - 1]
             for n in record["rules"]]
    seen = [None if n is None else actions[1][n - 1]
            for n in answer["rules"]]
    if (seen, answer["reply"]) == (names, reply_class(record)):
        return ""
    return (f"{record['rcpt']}: {seen} {answer['reply']}, recorded {names} "
            f"{reply_class(record)} {record.get('text')}")


def check_set(tap, differences, folder, target, scratch):
    config = folder / "legacy.conf"
    if not config.exists():
        config = folder / "smtpd.conf"
    out = scratch / f"{folder.name}-{target}.conf"
    done = convert(folder, config, target, out)
    tap.case(f"{folder.name} converts for {target}",
             done.stderr.decode() if done.returncode not in (0, 1) else "")
    if done.returncode not in (0, 1):
        return
    answers = explain(out, folder, target)
    if isinstance(answers, str):
        tap.case(f"{folder.name} for {target}", answers)
        return
    actions = rules_of(config, folder), rules_of(out, folder)
    for record in json.loads((folder / "decisions-6.0.3.json").read_text()):
        if record["rules"]:
            differences.case(tap, f"{folder.name}:{record['id']}", target,
                             problem_of(record, answers, actions))


def main():
    tap = Tap()
    if not DEV.is_dir():
        tap.skip("recorded decisions", "../shared/oracle is not there")
        return tap.finish()
    differences = Differences(RESIDUES)
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(DEV.glob("*/decisions-6.0.3.json")):
            for target in TARGETS:
                check_set(tap, differences, path.parent, target,
                          Path(scratch))
    differences.finish(tap)
    return tap.finish()


if __name__ == "__main__":
    raise SystemExit(main())
