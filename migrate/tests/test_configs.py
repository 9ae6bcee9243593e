#!/usr/bin/env python3
"""Real legacy configs, those of ../shared/corpus that 6.0.3 accepts: each is
converted for 7.8 and for 6.8, the result passes smtpd-compile for its target
without an error, keeps every comment, is converted to itself, and all but
those of fixtures/migrate/inexpressible.tsv (name, the note that says why)
are proved to mean the same. If there is a
real 6.8 (make peers) and we are root, its smtpd -n takes the results too."""

import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]
                       / "compiler/tests"))
from tap import (BIN, ROOT, SHARED, Tap, compile_config,  # noqa: E402
                 environment)
from test_golden import lost_comments  # noqa: E402

CORPUS = SHARED / "corpus"
REASONS = ROOT / "fixtures/migrate/inexpressible.tsv"
PEER = ROOT / os.environ.get("PEERS", "build/peers") / "opensmtpd"
TARGETS = ("7.8", "6.8")
NAME = re.compile(r"^  not the same: (.*)$", re.M)


def accepted():
    for entry in json.loads((CORPUS / "manifest.json").read_text()):
        verdict = entry["verdicts"]["6.0.3"]["verdict"]
        if entry["language"] == "legacy" and verdict == "ok":
            yield CORPUS / "configs" / f"{entry['name']}.conf"


def read_reasons():
    rows = [line.split("\t") for line in REASONS.read_text().splitlines()
            if line and not line.startswith("#")]
    return dict(rows)


def convert(path, target):
    """Exit status, result and report."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.txt"
        done = subprocess.run(
            [BIN / "smtpd-migrate", "-q", f"--target={target}",
             "-Wno-missing-file", f"--report={report}", path],
            capture_output=True, env=environment(), timeout=60, check=False)
        said = report.read_text() if report.exists() else ""
    return done.returncode, done.stdout, said or done.stderr.decode()


def problem_of(answer, reason):
    status, _, report = answer
    if status == 0:
        return f"it is the same now: {reason} is no reason" if reason else ""
    named = NAME.search(report)
    if status == 1 and reason and named and reason in named[1]:
        return ""
    return f"status {status}:\n{report}"


def check_text(tap, path, result, target):
    lost = lost_comments(path.read_text(errors="replace"),
                         result.decode(errors="replace"))
    tap.equal(f"{path.stem} for {target}: no comment is lost", lost, [])
    again = subprocess.run(
        [BIN / "smtpd-migrate", "-q", f"--from={target}",
         f"--target={target}", "-Wno-missing-file", "-"], input=result,
        capture_output=True, env=environment(), timeout=60, check=False)
    tap.equal(f"{path.stem} for {target}: converts to itself",
              (again.returncode, again.stdout == result), (0, True))


# A real daemon looks at files, certificates, interfaces and the names of
# ports: all of them are put in the place of what a config names.
PORTS = {"smtp": "25", "smtps": "465", "submission": "587"}


def stub(text, folder):
    lists = set(re.findall(r"(?:domain|src|mail-from|rcpt-to) <([^>]+)>",
                           text))

    def table(match):
        kind = "list" if match[2].strip('"') in lists else "table"
        return f'{match[1]}{match[2]} "file:{folder}/{kind}"'

    text = re.sub(r"^(\s*table\s+)(\S+)\s+(?!\{)[^\s{].*$", table, text,
                  flags=re.M)
    text = re.sub(r'(\sport\s+)"?(smtps?|submission)"?',
                  lambda m: m[1] + PORTS[m[2]], text)
    for word in ("cert", "key"):
        text = re.sub(rf'(\s{word}\s+)("[^"]*"|[^\s"]+)',
                      rf'\1"{folder}/pki"', text)
    text = re.sub(r"^(\s*listen on )(?!socket)\S+", r"\g<1>lo", text,
                  flags=re.M)
    return re.sub(r"^\s*queue encryption.*$", "", text, flags=re.M)


def make_stubs(folder):
    (folder / "table").write_text("user: user\n")
    (folder / "list").write_text("# @list\nexample.org\n")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
         "-days", "1", "-subj", "/CN=localhost", "-keyout", folder / "key",
         "-out", folder / "cert"], capture_output=True, check=True)
    both = (folder / "key").read_bytes() + (folder / "cert").read_bytes()
    (folder / "pki").write_bytes(both)
    (folder / "pki").chmod(0o600)


def ask_daemon(tap, results):
    with tempfile.TemporaryDirectory(dir=PEER / "tmp") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        make_stubs(folder)
        inside = f"/tmp/{folder.name}"
        for path, text in results:
            conf = folder / path.name
            conf.write_text(stub(text.decode(errors="replace"), inside))
            done = subprocess.run(
                [ROOT / "tools/peer-run", "opensmtpd", "smtpd", "-n", "-f",
                 f"{inside}/{path.name}"], capture_output=True,
                timeout=30, check=False)
            said = done.stderr.decode(errors="replace")
            tap.case(f"{path.stem}: the real 6.8 takes it",
                     "" if done.returncode == 0 else said)


def main():
    tap = Tap()
    if not CORPUS.is_dir():
        tap.skip("real configs", "../shared/corpus is not there")
        return tap.finish()
    paths, reasons = list(accepted()), read_reasons()
    for target in TARGETS:
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda p: convert(p, target), paths))
        for path, answer in zip(paths, answers):
            tap.case(f"{path.stem} for {target}",
                     problem_of(answer, reasons.get(path.stem)))
            done = compile_config("-n", f"--target={target}",
                                  "-Wno-missing-file", "-", stdin=answer[1])
            tap.case(f"{path.stem} compiles for {target}",
                     done.stdout.decode() + done.stderr.decode()
                     if done.returncode else "")
            check_text(tap, path, answer[1], target)
    proved = sum(status == 0 for status, _, _ in answers)
    tap.case(f"nine in ten mean the same: {proved} of {len(paths)}",
             "" if proved * 10 >= len(paths) * 9 else "too few")
    if os.geteuid() == 0 and (PEER / "usr").is_dir():
        ask_daemon(tap, [(p, a[1]) for p, a in zip(paths, answers)])
    else:
        tap.skip("the real 6.8", "no peer, or not root")
    return tap.finish()


if __name__ == "__main__":
    raise SystemExit(main())
