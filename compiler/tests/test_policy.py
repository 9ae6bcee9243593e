#!/usr/bin/env python3
"""Policy tests: fixtures/policy/NAME.yaml on mail.conf there gives NAME.out
to the byte, once for each line "# args: OPTIONS", or once without any.
GOLDEN_UPDATE=1 rewrites. The reports are what their formats ask for, and the
schema takes the files that the program takes, and no others."""

import json
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as xml

sys.dont_write_bytecode = True
from tap import (BIN, ROOT, TIMEOUT, Tap, check_golden,  # noqa: E402
                 environment)

FOLDER = ROOT / "fixtures/policy"
SCHEMA = ROOT / "docs/smtpd-policy.schema.json"
ARGS = re.compile(r"^# args:(.*)$", re.M)
# What is wrong with these is the text, which a schema never sees, or an
# address, which it does not parse.
NOT_FOR_SCHEMA = {"bad-syntax", "bad-anchor", "bad-alias", "bad-tag",
                  "bad-twice", "bad-list-key", "bad-second", "bad-utf8",
                  "bad-nul"}


def run(test, *args):
    done = subprocess.run(
        [BIN / "smtpd-explain", "-q", "-Wno-missing-file",
         "--users=users", *args, f"--test={test}", "mail.conf"], cwd=FOLDER, env=environment(),
        stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT,
        check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def say(path):
    parts = []
    text = path.read_text(errors="replace")
    for args in ARGS.findall(text) or [""]:
        words = shlex.split(args)
        status, out, err = run(path.name, *words)
        command = " ".join(["$", *words, f"--test={path.name}"])
        parts.append(f"{command}\n{out}{err}status {status}\n")
    return "\n".join(parts)


def test_golden(tap):
    paths = sorted(FOLDER.glob("*.yaml"))
    for path in paths:
        tap.case(path.stem, check_golden(
            say(path).encode(), path.with_suffix(".out")))
    tap.equal("every .out has its .yaml",
              {out.stem for out in FOLDER.glob("*.out")} -
              {path.stem for path in paths}, set())


def test_junit(tap):
    root = xml.fromstring(run("failing.yaml", "--format=junit")[1])
    cases = root.findall("./testsuite/testcase")
    failed = [case for case in cases if case.find("failure") is not None]
    tap.equal("JUnit counts its cases",
              (int(root.get("tests")), int(root.get("failures"))),
              (len(cases), len(failed)))
    tap.equal("JUnit keeps odd names", cases[7].get("name"),
              "too much, too little & <odd> #names \\")
    tap.equal("JUnit has the line of each test", cases[0].get("line"), "5")


def test_tap(tap):
    lines = run("failing.yaml", "--format=tap")[1].splitlines()
    results = [line for line in lines if re.match("(not )?ok ", line)]
    tap.equal("TAP has a plan, and a line for each",
              lines[1], f"1..{len(results)}")
    tap.equal("TAP escapes what would begin a directive",
              [line for line in results if "odd" in line],
              [r"not ok 8 - too much, too little & <odd> \#names \\"])


def test_coverage(tap):
    """Met is a rule that decided for an address that came by expansion."""
    out = run("passing.yaml", "--coverage")[1]
    tap.equal("coverage lists what no test met",
              re.findall(r"not met: rule (\d)", out), ["1"])


def test_schema(tap):
    try:
        import jsonschema
        import yaml
    except ImportError as error:
        tap.skip("the schema", str(error))
        return
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in sorted(FOLDER.glob("*.yaml")):
        if path.stem in NOT_FOR_SCHEMA:
            continue
        tests = yaml.safe_load(path.read_text())
        tap.equal(f"the schema and {path.name}", validator.is_valid(tests),
                  not path.stem.startswith("bad-"))


def main():
    tap = Tap()
    test_golden(tap)
    test_junit(tap)
    test_tap(tap)
    test_coverage(tap)
    test_schema(tap)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
