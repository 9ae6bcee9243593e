#!/usr/bin/env python3
"""Every warning about a config that its daemon accepts was read by somebody
and is a mistake: fixtures/corpus/findings.tsv has its file, line, check and
why. A warning that is not listed is a false alarm until it is, and one that
is listed and gone was lost."""

import concurrent.futures
import os
import sys
import tempfile

sys.dont_write_bytecode = True
from tap import ROOT, Tap, describe, diagnose  # noqa: E402
from test_corpus import (  # noqa: E402
    CORPUS, config_cases, pair_cases, upstream_cases)

FINDINGS = ROOT / "fixtures/corpus/findings.tsv"


def read_findings():
    """Config, line and check to the judgement."""
    rows = {}
    for row in FINDINGS.read_text().splitlines():
        if row and not row.startswith("#"):
            name, line, check, why = row.split("\t")
            rows[name, int(line), check] = why
    return rows


def accepted_cases():
    return [case for case in
            (*config_cases(), *pair_cases(), *upstream_cases())
            if case.accepted]


def findings(case, root):
    """What a case is found to have, by place and check: none where we say
    more than the daemon did, which is the subject of test_corpus."""
    dialect = "legacy" if case.version == "6.0.3" else "modern"
    status, found = diagnose(
        f"--target={case.version}", f"--dialect={dialect}",
        f"--root={root}", "-W", "no-missing-file", case.path)
    if status != 0:
        return {}
    return {(case.name, diag.get("line", 0), diag["id"]): describe(diag)
            for diag in found}


def main():
    tap = Tap()
    if not CORPUS.is_dir():
        tap.skip("findings", f"{os.path.relpath(CORPUS, ROOT)} is not here")
        return tap.finish()
    listed, seen = read_findings(), set()
    cases = accepted_cases()
    with tempfile.TemporaryDirectory() as root, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        for case, found in zip(
                cases, pool.map(lambda case: findings(case, root), cases)):
            tap.case(f"{case.name} for {case.version}", "\n".join(
                text for key, text in found.items() if key not in listed))
            seen |= found.keys()
    for name, line, check in sorted(listed.keys() - seen):
        tap.case(f"{name}:{line}", f"{check} is not found any more")
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
