"""What the scripts in this folder share: results as TAP, and calls of the
program under test with nothing of the caller's environment in them."""

import difflib
import json
import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
BIN = (ROOT / os.environ.get("BIN", "build/bin")).resolve()
COMPILE = BIN / "smtpd-compile"
TIMEOUT = 10  # seconds a call
UPDATE = os.environ.get("GOLDEN_UPDATE") == "1"
LINE = re.compile(r"^\S+?:(\d+): ")


class Tap:
    """Prints one line a case, and the plan at the end."""

    def __init__(self):
        self.count = self.failed = 0

    def case(self, name, problem=""):
        """A case that passed, unless problem says why it did not."""
        self.count += 1
        self.failed += bool(problem)
        print(f"{'not ok' if problem else 'ok'} {self.count} - {name}")
        for line in str(problem).splitlines():
            print(f"# {line}")

    def equal(self, name, seen, wanted):
        self.case(name, "" if seen == wanted else
                  f"seen:   {seen!r}\nwanted: {wanted!r}")

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}")

    def finish(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0


def difference(wanted, seen):
    """Of two texts as bytes, "" if there is none."""
    if seen == wanted:
        return ""
    lines = (text.decode(errors="replace").splitlines()
             for text in (wanted, seen))
    return "\n".join(difflib.unified_diff(*lines, "wanted", "seen",
                                          lineterm="")) or "white space"


def check_golden(seen, path):
    """How bytes differ from a file; GOLDEN_UPDATE=1 writes it instead."""
    if UPDATE:
        path.write_bytes(seen)
    if not path.exists():
        return f"no {path.name}: make golden-update, and read it"
    return difference(path.read_bytes(), seen)


def environment(extra=None):
    """A plain one; sanitizers keep their options."""
    kept = {name: value for name, value in os.environ.items()
            if name.endswith("SAN_OPTIONS")}
    return {"PATH": os.defpath, "LC_ALL": "C", **kept, **(extra or {})}


def can_unshare():
    """Whether this is root with mounts of its own, as in no bare chroot."""
    return os.geteuid() == 0 and subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "true"],
        capture_output=True, check=False).returncode == 0


def is_sanitized():
    return "ASAN_OPTIONS" in os.environ


def ignore_leaks():
    """Processes of a daemon end with what they hold."""
    if is_sanitized():
        os.environ["ASAN_OPTIONS"] += ":detect_leaks=0"


def compile_config(*args, cwd=ROOT, stdin=b"", env=None):
    """The finished process; its output is bytes."""
    try:
        return subprocess.run(
            [COMPILE, *args], cwd=cwd, input=stdin, env=environment(env),
            capture_output=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(
            args, -1, b"", b"no answer within %d s\n" % TIMEOUT)


class Differences:
    """Where we differ from the real daemons on purpose: a table of name,
    target and reason, each row of which must be needed."""

    def __init__(self, path):
        self.path = path
        self.reasons = {}
        for line in path.read_text().splitlines():
            if line and not line.startswith("#"):
                name, target, reason = line.split("\t")
                self.reasons[name, target] = reason
        self.unused = set(self.reasons)

    def case(self, tap, name, target, problem):
        excused = (name, target) in self.reasons
        self.unused.discard((name, target))
        if excused and not problem:
            problem = f"no difference: remove it from {self.path.name}"
        elif excused:
            problem = ""
        tap.case(f"{name} for {target}", problem)

    def finish(self, tap):
        tap.equal(f"{self.path.name} names nothing unknown",
                  self.unused, set())


def diagnose(*args, **kwargs):
    """Exit status and the diagnostics as dictionaries."""
    done = compile_config("-n", "--format=json", *args, **kwargs)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{args}: {done.stderr.decode()}")
    return done.returncode, found


def describe(diag):
    return (f"{diag.get('line', '-')}: {diag['severity']}: "
            f"{diag['message']} [{diag['id']}]")


def compare(case, status, found):
    """How a daemon's answer and ours disagree, "" if they do not. The case
    has accepted, messages ("FILE:LINE: TEXT") and with_line: whether we
    must have an error on the line that the first of them names."""
    said = "\n".join([*case.messages, "we say:", *map(describe, found[:5])])
    if case.accepted != (status == 0):
        verb = "accepts" if case.accepted else "refuses"
        return f"the daemon {verb} it:\n{said}"
    errors = {d.get("line") for d in found if d["severity"] == "error"}
    lines = [int(match[1]) for match in map(LINE.match, case.messages)
             if match]
    if case.with_line and lines and lines[0] not in errors:
        return f"no error on line {lines[0]}:\n{said}"
    return ""
