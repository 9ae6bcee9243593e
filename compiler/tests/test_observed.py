#!/usr/bin/env python3
"""What smtpd -n said to small bad configs, case by case: we accept and
refuse the same, on the same line. Differences that are meant are in
fixtures/observed/differences.tsv.

fixtures/observed/messages.tsv lists every message that the daemons' parsers
can print, with a fixture that draws our error for it, or a reason."""

import os
import re
import sys
import tempfile
from typing import NamedTuple

sys.dont_write_bytecode = True
from tap import (  # noqa: E402
    ROOT, SHARED, Differences, Tap, compare, diagnose)

ORACLE = SHARED / "oracle"
OBSERVED = ROOT / "fixtures/observed"
DIAG = ROOT / "fixtures/diag"
FILES = (("6.0.3", "errors-observed-6.0.3.txt"),
         ("7.8", "errors-observed-7.8.txt"))
# What the listing cannot show.
BYTES = {("6.0.3", "no-newline"): lambda text: text.rstrip("\n"),
         ("7.8", "no-newline"): lambda text: text.rstrip("\n"),
         ("6.0.3", "crlf"): lambda text: text.replace("\n", "\r\n")}
ERROR = re.compile(r"^(\S+?):(\d+):\d+: error: ", re.M)


class Case(NamedTuple):
    name: str
    version: str
    text: str
    accepted: bool
    messages: tuple
    with_line: bool = True


def parse_case(version, block):
    """One case a version: lines marked [6.8] override what others say."""
    name, *lines = block.splitlines()
    text = "".join(line[5:] + "\n" for line in lines
                   if line.startswith("   | "))
    answers = {version: []}
    for line in lines:
        if match := re.match(r" {3}(?:\[([\d.]+)\] )?((?:rc=|> ).*)", line):
            answers.setdefault(match[1] or version, []).append(match[2])
    for each, said in answers.items():
        yield Case(name, each, BYTES.get((each, name), str)(text),
                   said[0] == "rc=0",
                   tuple(line[2:] for line in said[1:]))


def parse_file(version, path):
    for block in path.read_text().split("\n## ")[1:]:
        yield from parse_case(version, block)


def judge(case, root):
    dialect = "legacy" if case.version == "6.0.3" else "modern"
    status, found = diagnose(
        f"--target={case.version}", f"--dialect={dialect}",
        f"--root={root}", "-", stdin=case.text.encode())
    return compare(case, status, found)


def test_cases(tap):
    differences = Differences(OBSERVED / "differences.tsv")
    with tempfile.TemporaryDirectory() as root:
        for version, name in FILES:
            for case in parse_file(version, ORACLE / name):
                differences.case(tap, case.name, case.version,
                                 judge(case, root))
    differences.finish(tap)


def check_message(where):
    """where: NAME:LINE of a fixture, or a reason, which has blanks."""
    if " " in where:
        return ""
    name, _, line = where.partition(":")
    out = DIAG / f"{name}.out"
    if not out.exists():
        return f"no fixtures/diag/{name}.out"
    text = out.read_text(errors="replace")
    if not text.endswith("status 1\n"):
        return f"{name} is not refused"
    if line not in {match[2] for match in ERROR.finditer(text)}:
        return f"{name} has no error on line {line}"
    return ""


def test_messages(tap):
    for row in (OBSERVED / "messages.tsv").read_text().splitlines():
        if row and not row.startswith("#"):
            message, dialect, where = row.split("\t")
            tap.case(f"{dialect}: {message}", check_message(where))


def main():
    tap = Tap()
    if ORACLE.is_dir():
        test_cases(tap)
    else:
        tap.skip("observed cases",
                 f"{os.path.relpath(ORACLE, ROOT)} is not here")
    test_messages(tap)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
