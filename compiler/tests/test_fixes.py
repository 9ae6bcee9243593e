#!/usr/bin/env python3
"""Fixes mend what they are offered for: a fixture that is given to --fix
says less afterwards, nothing new, and has nothing left to be fixed."""

import re
import shutil
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from tap import ROOT, Tap, compile_config  # noqa: E402

FOLDER = ROOT / "fixtures/diag"
KINDS = ("options-*.conf", "versions-*.conf", "spelling-*.conf",
         "entries-*.conf")
ARGS = re.compile(r"# args: ([^\n]*)")
FIXED = re.compile(r"^(\d+) fixed in \d+ files, 0 left ", re.M)
FINDING = re.compile(
    r"^\S+: (?:error|warning|advice): (.*) \[([a-z-]+)\]$", re.M)
# A fix declares certificates where they were looked for, and tables that
# nothing uses yet.
NEW = ("-W", "no-missing-file", "-W", "no-unused-name")


def run(conf, *options):
    match = ARGS.match(conf.read_text())
    args = match[1].split() if match else []
    done = compile_config(*options, *args, *NEW, conf.name,
                          cwd=conf.parent)
    return done.stderr.decode(errors="replace")


def fix(conf):
    """How many fixes were applied, or what was said instead."""
    said = run(conf, "--fix")
    match = FIXED.search(said)
    return int(match[1]) if match else said


def check(conf):
    before = FINDING.findall(run(conf, "-n"))
    fixed = fix(conf)
    if not isinstance(fixed, int):
        return f"--fix says:\n{fixed}"
    after = FINDING.findall(run(conf, "-n"))
    new = [text for text, _ in after if text not in dict(before)]
    if new:
        return "new after --fix:\n" + "\n".join(new)
    if len(after) > len(before) - fixed:
        return f"{fixed} fixed, but {len(before)} became {len(after)}"
    again = fix(conf)
    return "" if again == 0 else f"fixed again: {again}"


def main():
    tap = Tap()
    for kind in KINDS:
        for conf in sorted(FOLDER.glob(kind)):
            with tempfile.TemporaryDirectory() as folder:
                copy = Path(shutil.copy(conf, folder))
                tap.case(conf.stem, check(copy))
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
