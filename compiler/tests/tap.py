"""What the scripts in this folder share: results as TAP, and calls of the
program under test with nothing of the caller's environment in them."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
BIN = (ROOT / os.environ.get("BIN", "build/bin")).resolve()
COMPILE = BIN / "smtpd-compile"
TIMEOUT = 60  # seconds a call


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


def environment(extra=None):
    """A plain one; sanitizers keep their options."""
    kept = {name: value for name, value in os.environ.items()
            if name.endswith("SAN_OPTIONS")}
    return {"PATH": os.defpath, "LC_ALL": "C", **kept, **(extra or {})}


def compile_config(*args, cwd=ROOT, stdin=b"", env=None):
    """The finished process; its output is bytes."""
    return subprocess.run(
        [COMPILE, *args], cwd=cwd, input=stdin, env=environment(env),
        capture_output=True, timeout=TIMEOUT, check=False)
