#!/usr/bin/env python3
"""The examples in the manuals, README.md and ARCHITECTURE.md do what they
say, and the manual of a program and its --help name the same options. In all texts a block
follows a comment that says what it is: "config NAME", a file's content, or
"run STATUS", a command after "$ " and what it prints."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from tap import BIN, ROOT, Tap, environment  # noqa: E402

MANUALS = ROOT / "docs/man"
PROGRAMS = ["smtpd-compile", "smtpd-diff", "smtpd-dump", "smtpd-explain",
            "smtpd-migrate"]
README = ROOT / "README.md"
ARCHITECTURE = ROOT / "docs/ARCHITECTURE.md"
MDOC_BLOCK = re.compile(
    r'^\.\\" (config|run) (\S+)\n\.Bd [^\n]*\n(.*?)^\.Ed$', re.M | re.S)
MARKDOWN_BLOCK = re.compile(
    r"^<!-- (config|run) (\S+) -->\n```\w*\n(.*?)^```$", re.M | re.S)
MDOC_OPTION = re.compile(r"^\.It Fl (\S+)", re.M)
HELP_OPTION = re.compile(r"(?<![\w-])--?([a-zA-Z][a-z-]*)")


def mdoc_text(text):
    return text.replace("\\&", "").replace("\\e", "\\")


def blocks(path):
    """Kind, argument and text of each marked block."""
    is_mdoc = path.suffix != ".md"
    found = (MDOC_BLOCK if is_mdoc else MARKDOWN_BLOCK).findall(
        path.read_text())
    return [(kind, name, mdoc_text(text) if is_mdoc else text)
            for kind, name, text in found]


def run(command, folder):
    """Status and output, both streams as a terminal shows them."""
    env = environment({"PATH": f"{BIN}:/usr/bin:/bin"})
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=env, text=True, timeout=10,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def test_examples(tap, path):
    found = blocks(path)
    tap.case(f"{path.name} has examples",
             "" if any(kind == "run" for kind, *_ in found) else "none")
    with tempfile.TemporaryDirectory() as folder:
        for kind, name, text in found:
            if kind == "config":
                (Path(folder) / name).write_text(text)
        for kind, status, text in found:
            if kind == "run":
                command, _, output = text.partition("\n")
                command = command.removeprefix("$ ")
                tap.equal(f"{path.name}: {command}", run(command, folder),
                          (int(status), output))


def manual_options(program):
    """As on the command line; "-W" stands for its four forms."""
    names = MDOC_OPTION.findall((MANUALS / f"{program}.1").read_text())
    return {"-" + name for name in names}


def help_options(program):
    usage = subprocess.run(
        [BIN / program, "--help"], env=environment(), text=True,
        capture_output=True, timeout=10, check=True).stdout
    table = usage.partition("\n\n")[2]
    left = [line[:21] for line in table.splitlines()
            if line.startswith("  -")]
    return {("--" if len(name) > 1 else "-") + name
            for line in left for name in HELP_OPTION.findall(line)
            if not name.startswith("no-")}


def main():
    tap = Tap()
    for program in PROGRAMS:
        test_examples(tap, MANUALS / f"{program}.1")
        tap.equal(f"the manual of {program} and --help name the same options",
                  sorted(manual_options(program)),
                  sorted(help_options(program)))
    for path in (MANUALS / "smtpd-policy.5", MANUALS / "smtpd.conf.5", README,
                 ARCHITECTURE):
        test_examples(tap, path)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
