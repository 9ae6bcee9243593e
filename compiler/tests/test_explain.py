#!/usr/bin/env python3
"""Golden answers: what smtpd-explain says of fixtures/explain/NAME.conf,
run in that folder, is NAME.out to the byte. Lines "# ask: WORDS" are
questions, "# args: OPTIONS" holds for all of them. GOLDEN_UPDATE=1 rewrites.
Then JSON, envelopes, and what is said of bad usage and bad files."""

import json
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from tap import (BIN, ROOT, TIMEOUT, Tap, check_golden,  # noqa: E402
                 environment)

FOLDER = ROOT / "fixtures/explain"
ARGS = re.compile(r"^# args: (.*)$", re.M)
ASK = re.compile(r"^# ask: (.*)$", re.M)
EXPLAIN = BIN / "smtpd-explain"
CONF = "expansion.conf"
ROOTED = ["--root=root", CONF]


def explain(*args, cwd=FOLDER, stdout=subprocess.PIPE):
    return subprocess.run(
        [EXPLAIN, *args], cwd=cwd, env=environment(), timeout=TIMEOUT,
        stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
        check=False)


def answers(conf):
    """What is said to each question, below it."""
    text = conf.read_text()
    options = [word for line in ARGS.findall(text)
               for word in shlex.split(line)]
    parts = []
    for question in ASK.findall(text):
        done = explain("-q", *options, conf.name, *shlex.split(question))
        said = (done.stdout + done.stderr).decode(errors="replace")
        parts.append(f"$ {question}\n{said}status {done.returncode}\n")
    return "\n".join(parts)


def check_conf(conf):
    seen = answers(conf)
    if not seen:
        return "it asks nothing"
    return check_golden(seen.encode(), conf.with_suffix(".out"))


def test_golden(tap):
    # A checkout may have made them writable to a group.
    for path in FOLDER.glob("root/home/*/.forward"):
        path.chmod(0o644)
    confs = sorted(FOLDER.glob("*.conf"))
    for conf in confs:
        tap.case(conf.stem, check_conf(conf))
    tap.equal("every .out has its .conf",
              {out.stem for out in FOLDER.glob("*.out")} -
              {conf.stem for conf in confs}, set())


def lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_json(tap):
    done = explain("--format=json", *ROOTED, "rcpt-to=sales@example.com",
                   "rcpt-to=x@example.org")
    tap.equal("JSON has a line a recipient", lines(done), [
        {"id": "", "rcpt": "sales@example.com", "decision": "accept",
         "rule": 2, "rules": [2, 1, 4, 4], "reply": "2",
         "file": CONF, "line": 24, "action": "customers"},
        {"id": "", "rcpt": "x@example.org", "decision": "accept", "rule": 1,
         "rules": [1], "reply": "5", "file": CONF, "line": 23,
         "action": "in"}])
    done = explain("--format=json", *ROOTED,
                   "src=203.0.113.9", "rcpt-to=x@example.org")
    tap.equal("no rule is null", lines(done), [
        {"id": "", "rcpt": "x@example.org", "decision": "no-match",
         "rule": None, "rules": [None], "reply": "5"}])
    done = explain("--format=json", *ROOTED, b"rcpt-to=\xff\x1b@b")
    tap.equal("bytes that are no text come out as JSON",
              [line["rcpt"] for line in lines(done)], ["\ufffd\x1b@b"])


def test_bytes(tap):
    done = explain(*ROOTED, b"rcpt-to=\xff\x1b[31m@b", b"helo=\x07")
    tap.equal("text answers cannot steer a terminal",
              re.findall(rb"[\x00-\x09\x0b-\x1f\x80-\xff]", done.stdout), [])
    tap.case("they show such bytes",
             "" if rb"\xff\x1b[31m@b" in done.stdout else done.stdout)


USAGE = [
    ([], "CONFIG is needed"),
    ([*ROOTED], "rcpt-to=ADDRESS is needed"),
    ([*ROOTED, "rcpt-to=a@b", "hello=x"], "did you mean 'helo'?"),
    ([*ROOTED, "zebra=x"], "there are src, dst, port"),
    ([*ROOTED, "src=300.1.2.3"], "src=300.1.2.3: not an address"),
    ([*ROOTED, "port=0"], "not a number from 1 to 65535"),
    ([*ROOTED, "tls=on"], "neither starttls nor smtps"),
    ([*ROOTED, "socket=yes"], "it takes no value"),
    ([*ROOTED, "auth"], "no user name"),
    ([*ROOTED, "rcpt-to="], "no address"),
    (["--format=xml", *ROOTED], "'xml' is none of"),
    (["--format=tap", *ROOTED, "rcpt-to=a@b"], "text or json"),
    (["--format=json", "--test=x", *ROOTED], "text, tap or junit"),
    (["--coverage", *ROOTED, "rcpt-to=a@b"], "--coverage needs --test"),
    (["--coverage=101", "--test=x", *ROOTED], "from 0 to 100"),
    (["--test=x", "--envelopes=y", *ROOTED], "exclude each other"),
    (["--envelopes=y", *ROOTED, "rcpt-to=a@b"], "no key=value"),
    (["--target=6.0.3", *ROOTED, "rcpt-to=a@b"], "target 6.0.3 is not"),
]
NO_ANSWER = [
    (["nothing.conf", "rcpt-to=a@b"], "nothing.conf: No such file"),
    (["--envelopes=nothing", *ROOTED], "nothing: No such file"),
    (["--test=nothing", *ROOTED], "nothing: No such file"),
    (["--local-address=x", *ROOTED, "rcpt-to=a@b"], "x: not an address"),
    (["--users=nothing", *ROOTED, "rcpt-to=a@b"], "nothing: No such"),
    (["root/etc/mail/virtual", "rcpt-to=a@b"], "[syntax-error]"),
]


def test_refusals(tap):
    for status, cases in ((2, USAGE), (3, NO_ANSWER)):
        for args, message in cases:
            done = explain(*args)
            said = done.stderr.decode()
            tap.case(f"refused: {' '.join(args) or 'nothing'}",
                     "" if done.returncode == status and message in said
                     and not done.stdout else
                     f"{done.returncode}: {said}{done.stdout}")
    with open("/dev/full", "w", encoding="ascii") as full:
        done = explain(*ROOTED, "rcpt-to=a@b", stdout=full)
    tap.equal("an answer that is lost is none", done.returncode, 3)


# What stands in an envelopes file, and the place and message.
BAD_ENVELOPES = [
    ('{"id": "a"}', ":1:1: error: not a list of envelopes"),
    ("", ":1:1: error: not a list of envelopes"),
    ("[\n 7]", ":2:2: error: an object is expected"),
    ('[{"id": "a", "rcpt": "b@c"}\n {}]', ":2:2: error: ',' or ']'"),
    ('[{"id": "a", "rcpt": "b@c"}] 7', ":1:30: error: something follows"),
    ('[\n{"id": "a",\n "rcpt": ]}]', ":3:10: error: "),
    ('[{"id": "a", "id": "b"}]', ": error: duplicate object key"),
    ('[\n\n{"rcpt": "b@c"}]', ':3: error: "id" is missing'),
    ('[{"id": "a"}]', ':1: error: "rcpt" is missing'),
    ('[{"id": 7, "rcpt": "b@c"}]', ':1: error: "id": not a text'),
    ('[{"id": "a", "rcpt": 7}]', '"rcpt": neither an address nor a list'),
    ('[{"id": "a", "rcpt": ["b", 7]}]', '"rcpt": not a list of addresses'),
    ('[{"id": "a", "prot": 25}]', "did you mean 'port'?"),
    ('[{"id": "a", "zebra": 25}]', '"zebra": there is no such member'),
    ('[{"id": "a", "port": "25"}]', '"port": not a number'),
    ('[{"id": "a", "port": 70000}]', "not a number from 1 to 65535"),
    ('[{"id": "a", "auth": ["x"]}]', '"auth": not [login, password]'),
    ('[{"id": "a", "socket": 1}]', '"socket": neither true nor false'),
    ('[{"id": "a", "tls": true}]', '"tls": not a text'),
    ('[{"id": "a", "src": "x"}]', '"src": not an address'),
]
ENVELOPES = [
    {"id": "one", "src": "203.0.113.9", "rcpt": ["a@b.c", "d@e.f"]},
    {"id": "two", "rcpt": "bob@example.org", "mech": "PLAIN",
     "as_user": "root"},
    {"id": "three", "socket": True, "rcpt": "friend@example.net"},
]


def test_envelopes(tap):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "e.json"
        for text, message in BAD_ENVELOPES:
            path.write_text(text)
            done = explain(f"--envelopes={path}", *ROOTED)
            said = done.stderr.decode()
            tap.case(f"refused: {text!r}",
                     "" if done.returncode == 3 and message in said else
                     f"{done.returncode}: {said}")
        path.write_text(json.dumps(ENVELOPES, indent=1))
        done = explain("--format=json", f"--envelopes={path}", *ROOTED)
        tap.equal("envelopes are answered in their order",
                  [(line["id"], line["rcpt"], line["rules"])
                   for line in lines(done)],
                  [("one", "a@b.c", [None]), ("one", "d@e.f", [None]),
                   ("two", "bob@example.org", [1, 4]),
                   ("three", "friend@example.net", [4])])
        path.write_text("[]")
        done = explain(f"--envelopes={path}", *ROOTED)
        tap.equal("no envelopes, no answers",
                  (done.returncode, done.stdout), (0, b""))


def main():
    tap = Tap()
    test_golden(tap)
    test_json(tap)
    test_bytes(tap)
    test_refusals(tap)
    test_envelopes(tap)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
