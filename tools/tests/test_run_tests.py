#!/usr/bin/env python3
"""tools/run-tests counts what TAP programs report, and what they do not."""

import subprocess
import sys
import tempfile
from pathlib import Path

RUN_TESTS = Path(__file__).resolve().parents[1] / "run-tests"

TO_LOG = '>"$(expr "$ASAN_OPTIONS" : "log_path=\\([^:]*\\)").1"'
STACKS = "echo WARNING: ASan is ignoring requested __asan_handle_no_return"

# What a program does; the last line and the exit status expected.
CASES = [
    ("all pass", "echo 1..2; echo ok 1; echo ok 2",
     "2 passed, 0 failed", 0),
    ("one fails", "echo 1..2; echo ok 1; echo not ok 2",
     "1 passed, 1 failed", 1),
    ("Criterion's form", "echo 'ok - a::b  (0.00s)'; echo 'not ok - a::c'",
     "1 passed, 1 failed", 1),
    ("skipped is not passed", "echo 'ok - a::b  # SKIP no data'; echo ok",
     "1 passed, 0 failed, 1 skipped", 0),
    ("all skipped", "echo '1..0 # SKIP no data'",
     "0 passed, 0 failed, 1 skipped", 0),
    ("stops before its plan", "echo 1..3; echo ok 1",
     "1 passed, 2 failed", 1),
    ("says nothing", ":", "0 passed, 1 failed", 1),
    ("exits non-zero", "echo ok 1; exit 3", "1 passed, 1 failed", 1),
    ("is killed", "echo ok 1; kill -9 $$", "1 passed, 1 failed", 1),
    ("text is no result", "echo okay; echo '  not ok 1'; echo ok 1",
     "1 passed, 0 failed", 0),
    ("finds the programs", 'test "$BIN" = b/bin && echo ok',
     "1 passed, 0 failed", 0),
    ("leaves a sanitizer log",
     f"echo ok; echo {TO_LOG}",
     "1 passed, 1 failed", 1),
    ("leaves an empty log", f"echo ok; : {TO_LOG}", "1 passed, 0 failed", 0),
    ("leaves a log on unknown stacks alone", f"echo ok; {STACKS} {TO_LOG}",
     "1 passed, 0 failed", 0),
    ("and one that has more to say",
     f"echo ok; {{ {STACKS}; echo ERROR: leaks; }} {TO_LOG}",
     "1 passed, 1 failed", 1),
]


def run_case(folder, script):
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    done = subprocess.run(
        [RUN_TESTS, "--build", "b", "--logs", folder / "logs",
         "--tap", program],
        stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout.splitlines()[-1], done.returncode


def main():
    failed = False
    print(f"1..{len(CASES)}")
    for number, (name, script, *expected) in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as folder:
            seen = list(run_case(Path(folder), script))
        word = "ok" if seen == expected else "not ok"
        print(f"{word} {number} - {name}")
        if seen != expected:
            print(f"# {seen}")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
