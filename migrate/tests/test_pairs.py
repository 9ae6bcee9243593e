#!/usr/bin/env python3
"""Configs that people converted by hand, against our conversions of the same
originals. fixtures/migrate/pairs.tsv has a row for each pair: its name, how
far theirs and ours are alike by smtpd-diff (same, settings, delivery,
destination, decision, or none where it has no answer), and why. Ours is
proved to be the same as the original; and where envelopes show that theirs
decides otherwise, they are asked of all three, and ours agrees with the
original, and theirs does not."""

import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]
                       / "compiler/tests"))
from tap import BIN, ROOT, SHARED, Tap, environment  # noqa: E402

PAIRS = SHARED / "corpus/pairs"
TABLE = ROOT / "fixtures/migrate/pairs.tsv"
PLAIN = ("-q", "-Wno-missing-file")
NO_ANSWER = ("none", [])
DECISIONS = ("accept", "reject", "no-match", "tempfail")


def run(program, *args):
    return subprocess.run([BIN / program, *PLAIN, *args],
                          capture_output=True, env=environment(),
                          timeout=60, check=False)


def read_table():
    return {row.split("\t")[0]: row.split("\t")[1:]
            for row in TABLE.read_text().splitlines()
            if row and not row.startswith("#")}


def differ(theirs, ours):
    """How far they are alike, and the witnesses."""
    done = run("smtpd-diff", "--format=json", "--target=7.8", theirs, ours)
    if done.returncode not in (0, 1):
        return NO_ANSWER
    answer = json.loads(done.stdout)
    if answer["rules"] == "different":
        return answer["aspect"], answer["witnesses"]
    return ("settings" if answer["settings"] else "same"), []


def decide(path, words, *options):
    done = run("smtpd-explain", "--format=json", *options, path, *words)
    if done.returncode != 0:
        return done.stderr.decode() or f"status {done.returncode}"
    return json.loads(done.stdout.splitlines()[0])["decision"]


def check_witness(tap, pair, out, witness):
    """What depends on tables or on the host cannot be asked."""
    words = shlex.split(witness["envelope"])
    if witness["notes"] or "tag=" in words:
        return 0
    legacy, theirs, ours = (
        decide(PAIRS / pair / "legacy.conf", words),
        decide(PAIRS / pair / "new.conf", words, "--target=7.8"),
        decide(out, words, "--target=7.8"))
    if legacy not in DECISIONS:
        return 0
    tap.case(f"{pair}: {witness['envelope']}",
             "" if legacy == ours else
             f"original {legacy}, theirs {theirs}, ours {ours}")
    return 1


def check_pair(tap, pair, wanted, out):
    done = run("smtpd-migrate", "-o", out, PAIRS / pair / "legacy.conf")
    status, like, reason = wanted
    tap.equal(f"{pair}: our conversion", str(done.returncode), status)
    if not out.exists():
        return 0
    seen, witnesses = differ(PAIRS / pair / "new.conf", out)
    tap.equal(f"{pair}: {reason}", seen, like)
    return sum(check_witness(tap, pair, out, w) for w in witnesses)


def main():
    tap = Tap()
    if not PAIRS.is_dir():
        tap.skip("pairs", "../shared/corpus is not there")
        return tap.finish()
    table = read_table()
    folders = sorted(path.name for path in PAIRS.iterdir() if path.is_dir())
    tap.equal("every pair has a row", sorted(table), folders)
    with tempfile.TemporaryDirectory() as scratch:
        asked = sum(check_pair(tap, pair, table[pair],
                               Path(scratch) / f"{pair}.conf")
                    for pair in folders if pair in table)
    tap.case(f"{asked} envelopes were asked of all three",
             "" if asked >= 5 else "too few")
    return tap.finish()


if __name__ == "__main__":
    raise SystemExit(main())
