#!/usr/bin/env python3
"""Conversions as golden files. fixtures/migrate/NAME.conf becomes NAME.out,
with a report NAME.txt; "# args: OPTIONS" on its first line adds options, and
"# status: N" says how it ends where that is not 0. GOLDEN_UPDATE=1 rewrites.
Each result passes smtpd-compile without an error, has every comment of its
original, and is converted to itself."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]
                       / "compiler/tests"))
from tap import BIN, ROOT, Tap, compile_config, environment  # noqa: E402

MIGRATE = BIN / "smtpd-migrate"
FIXTURES = ROOT / "fixtures/migrate"
UPDATE = os.environ.get("GOLDEN_UPDATE") == "1"
OPTION = re.compile(r"^# (args|status): (.*)$", re.M)
QUIET = ("-Wno-missing-file",)
TARGET = re.compile(r"--target=(\S+)")


def migrate(*args, **kwargs):
    return subprocess.run([MIGRATE, *QUIET, *args], cwd=ROOT,
                          capture_output=True, env=environment(),
                          timeout=30, check=False, **kwargs)


def comments_of(text):
    """Their texts, sorted, without the marks and what we add."""
    found = re.findall(r"(?:^|(?<=[ \t]))#+[ \t]*([^#\n]*)", text, re.M)
    return sorted(line.rstrip() for line in found if line.strip())


def lost_comments(before, after):
    left = comments_of(after)
    lost = []
    for comment in comments_of(before):
        if comment in left:
            left.remove(comment)
        else:
            lost.append(comment)
    return lost


def compare(tap, name, path, seen):
    if UPDATE:
        path.write_text(seen)
    wanted = path.read_text() if path.exists() else "(no such file)"
    tap.equal(name, seen, wanted)


def read_tree(path):
    """The text with that of its inclusions."""
    text = path.read_text()
    for name in re.findall(r'^include "([^"]+)"', text, re.M):
        text += (ROOT / name).read_text()
    return text


def check(tap, path):
    text = path.read_text()
    head = dict(OPTION.findall(text.partition("\n\n")[0]))
    args = shlex.split(head.get("args", ""))
    name = path.relative_to(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.txt"
        done = migrate(f"--report={report}", "-q", *args, name)
        said = report.read_text() if report.exists() else ""
    tap.equal(f"{path.stem}: status", done.returncode,
              int(head.get("status", "0")))
    result = done.stdout.decode()
    compare(tap, f"{path.stem}: result", path.with_suffix(".out"), result)
    compare(tap, f"{path.stem}: report", path.with_suffix(".txt"),
            said)
    tap.equal(f"{path.stem}: no comment is lost",
              lost_comments(read_tree(path), result), [])
    target = TARGET.search(head.get("args", ""))
    target = target[1] if target else "7.8"
    again = compile_config("-n", f"--target={target}", *QUIET, "-",
                           stdin=done.stdout)
    tap.equal(f"{path.stem}: compiles", again.returncode, 0)
    tap.equal(f"{path.stem}: leaves no macro without use",
              b"[unused-macro]" in again.stdout + again.stderr, False)
    same = migrate("-q", f"--from={target}", f"--target={target}", "-",
                   input=done.stdout)
    tap.equal(f"{path.stem}: converts to itself",
              (same.returncode, same.stdout.decode()), (0, result))


def main():
    tap = Tap()
    for path in sorted(FIXTURES.glob("*.conf")):
        check(tap, path)
    return tap.finish()


if __name__ == "__main__":
    raise SystemExit(main())
