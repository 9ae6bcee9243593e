#!/usr/bin/env python3
"""Real configs with the verdicts of real daemons: what a daemon accepts we
accept for that target, what it refuses we refuse, on the same line.
Differences that are meant are in fixtures/corpus/differences.tsv; warnings
about what is accepted are the subject of test_findings.py."""

import concurrent.futures
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

sys.dont_write_bytecode = True
from tap import (  # noqa: E402
    ROOT, SHARED, Differences, Tap, compare, diagnose)

CORPUS = SHARED / "corpus"
DIFFERENCES = ROOT / "fixtures/corpus/differences.tsv"
LEGACY = "6.0.3"
# When each version was new, for files that nobody ran a daemon on.
ERAS = (("2018-01-01", "6.4"), ("2019-07-01", "6.6"), ("2019-12-01", "6.7"),
        ("2020-09-01", "6.8"))


class Case(NamedTuple):
    name: str
    version: str
    path: Path
    accepted: bool
    messages: tuple = ()
    with_line: bool = False  # an error of ours is on the line it names


def messages(text):
    return tuple(text.split(" | "))


def config_cases():
    for entry in json.loads((CORPUS / "manifest.json").read_text()):
        verdicts = dict(entry["verdicts"])
        verdicts["native"] = verdicts["7.8"]  # ours refuses the same
        for version, verdict in verdicts.items():
            other = (entry["home"] == LEGACY) != (version == LEGACY)
            yield Case(entry["name"], version,
                       CORPUS / "configs" / f"{entry['name']}.conf",
                       verdict["verdict"] == "ok",
                       messages(verdict["message"]), with_line=not other)


def pair_cases():
    for entry in json.loads((CORPUS / "pairs/pairs.json").read_text()):
        for key, verdict in entry["oracle"].items():
            side, version = key.split("@")
            yield Case(f"pairs/{entry['slug']}/{side}", version,
                       CORPUS / "pairs" / entry["slug"] / f"{side}.conf",
                       verdict["rc"] == 0, messages(verdict["msg"]),
                       with_line=True)


def upstream_cases():
    """Of these no daemon was asked: they ought to be good in their era."""
    for entry in json.loads((CORPUS / "upstream/manifest.json").read_text()):
        version = LEGACY
        if entry["grammar"] != "legacy":
            version = max(version for date, version in ERAS
                          if date <= entry["date"])
        yield Case(f"upstream/{entry['slug']}", version,
                   CORPUS / "upstream" / f"{entry['slug']}.conf",
                   True)


def judge(case, root):
    """The verdicts were taken without the files that a config names."""
    dialect = "legacy" if case.version == LEGACY else "modern"
    status, found = diagnose(
        f"--target={case.version}", f"--dialect={dialect}",
        f"--root={root}", "-W", "no-missing-file", case.path)
    return compare(case, status, found)


def main():
    tap = Tap()
    if not CORPUS.is_dir():
        tap.skip("corpus", f"{os.path.relpath(CORPUS, ROOT)} is not here")
        return tap.finish()
    differences = Differences(DIFFERENCES)
    cases = [*config_cases(), *pair_cases(), *upstream_cases()]
    with tempfile.TemporaryDirectory() as root, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        problems = pool.map(lambda case: judge(case, root), cases)
        for case, problem in zip(cases, problems):
            differences.case(tap, case.name, case.version, problem)
    differences.finish(tap)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
