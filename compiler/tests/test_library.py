#!/usr/bin/env python3
"""libsmtpdruleset: installed below a folder, it is all that the example of
docs/example needs to decide as smtpd-explain does, static and shared; the
shared one offers what the header has and nothing else."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from tap import COMPILE, ROOT, Tap, environment  # noqa: E402

EXAMPLE = ROOT / "docs/example/decide.c"
HEADER = ROOT / "runtime/ruleset/blob.h"
LINES_MAX = 60
TIMEOUT = 120
CONFIG = """\
table names { "a.example", "*.b.example" }
action "in" mbox
match from any mail-from "@bad.example" for any reject
match from any for domain <names> action "in"
match from src 192.0.2.0/24 for local action "in"
"""
CASES = (  # client, sender, recipient, what is said
    ("198.51.100.1", "x@good.example", "u@a.example", "rule 2"),
    ("198.51.100.1", "x@bad.example", "u@a.example", "rule 1"),
    ("198.51.100.1", "x@good.example", "u@x.b.example", "rule 2"),
    ("198.51.100.1", "x@good.example", "u@mail.example", "no rule"),
    ("192.0.2.9", "x@good.example", "u@mail.example", "rule 3"),
)


def run(*args, env=None, cwd=ROOT):
    return subprocess.run(args, capture_output=True, cwd=cwd, text=True,
                          env=environment(env), timeout=TIMEOUT, check=False)


def install(tap, folder):
    done = run("make", "-s", f"BUILD={folder}/build", "DEPS=no",
               f"DESTDIR={folder}/root", "PREFIX=/usr", "install-library")
    tap.case("the library installs",
             done.stdout + done.stderr if done.returncode else "")
    return done.returncode == 0


def flags(folder, *args):
    root = f"{folder}/root"
    done = run("pkgconf", *args, "smtpdruleset", env={
        "PKG_CONFIG_PATH": f"{root}/usr/lib/pkgconfig",
        "PKG_CONFIG_SYSROOT_DIR": root})
    # libcrypto is the machine's own.
    return done.stdout.split()


def build(tap, folder, name, *link):
    program = folder / name
    done = run("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE",
               *flags(folder, "--cflags"), str(EXAMPLE), "-o", str(program),
               *link, cwd=folder)
    tap.case(f"the example builds, {name}",
             done.stderr if done.returncode else "")
    return program


def decide(tap, folder, program):
    env = {"LD_LIBRARY_PATH": f"{folder}/root/usr/lib"}
    for client, sender, rcpt, wanted in CASES:
        done = run(str(program), str(folder / "x.blob"), client, sender, rcpt,
                   env=env)
        tap.equal(f"{program.name}: {sender} to {rcpt} from {client}",
                  done.stdout.strip() or done.stderr, wanted)
    done = run(str(program), str(folder / "x.conf"), "a", "b", "c", env=env)
    tap.case(f"{program.name}: a config is refused",
             "" if done.returncode == 2 and "not a compiled" in done.stderr
             else done.stderr)


def declared():
    """Functions that the header declares."""
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    return set(re.findall(r"\b((?:blob|ruleset)_\w+)\(", text))


def offered(folder):
    library = folder / "root/usr/lib/libsmtpdruleset.so"
    done = run("nm", "-D", "--defined-only", str(library))
    return {line.split()[-1] for line in done.stdout.splitlines()}


def main():
    tap = Tap()
    tap.case("the example is short",
             "" if len(EXAMPLE.read_text().splitlines()) < LINES_MAX
             else "it is not")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "x.conf").write_text(CONFIG)
        subprocess.run([COMPILE, "-q", "-o", folder / "x.blob",
                        folder / "x.conf"], check=True, env=environment())
        if install(tap, folder):
            lib = folder / "root/usr/lib"
            for program in (
                    build(tap, folder, "static", str(lib /
                          "libsmtpdruleset.a"), "-lcrypto"),
                    build(tap, folder, "shared",
                          *flags(folder, "--libs"))):
                decide(tap, folder, program)
            others = {"mailaddr_split", "ruleset_ask", "ruleset_eval"}
            tap.equal("the shared library offers what the header has",
                      offered(folder) ^ (declared() | others), set())
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
