#!/usr/bin/env python3
"""smtpd-dump: fixtures/dump/NAME.conf is dumped in that folder and must be
NAME.yaml to the byte, and with --format=conf NAME.text; so are the configs
of the demo. A first line "# args: ..." holds further arguments.
GOLDEN_UPDATE=1 rewrites.

A dump depends on meaning only, its JSON says what its YAML says, modern
text parses back to the same meaning, and secrets are not shown."""

import difflib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

sys.dont_write_bytecode = True
from tap import (BIN, ROOT, SHARED, TIMEOUT, Tap, check_golden,  # noqa: E402
                 difference, environment)

FOLDER = ROOT / "fixtures/dump"
DEMO = ROOT / "fixtures/demo"
CORPUS = SHARED / "corpus"
ARGS = re.compile(rb"# args: ([^\r\n]*)")
# What dumps need not see: other machines' files, and opinions.
PLAIN = ("-q", "-W", "no-missing-file")
SECRETS = FOLDER / "secrets.conf"
REDACTED = re.compile(r"<redacted sha256:[0-9a-f]{8}>")
# All that fixtures/dump/secrets.conf holds.
HIDDEN = ("0123456789abcdef0123456789abcdef", "srs-secret", "srs-backup",
          "login-hash", "relay-password", "route-password",
          "table-password", "inline-hash", "url-password")

RULE = "action a relay\nmatch for any action a\n"

BASE = """\
table lan { "192.0.2.0/24", "10.0.0.0/8" }
table users { "joe" = "ann", "bob" = "eve" }
action "in" mbox alias <users>
action "out" relay host smtp://mx.example.net
match from src <lan> mail-from "@a.example" for any action "out"
match for domain { "a.example", "b.example" } action "in"
"""

# The same meaning in other words.
SAME = (
    ("macros inlined", 'n = "10.0.0.0/8"\nd = "for domain"\n' +
     BASE.replace('"10.0.0.0/8"', "$n").replace("for domain", "$d")),
    ("lists over several lines", BASE.replace(", ", ",\n\t")
     .replace("{ ", "{\n\t").replace(" }", "\n}")),
    ("lists without commas", BASE.replace('", ', '" ')),
    ("other quotes", BASE.replace('"', "'")),
    ("arrows", BASE.replace(" = ", " => ")),
    ("comments, blanks and continuation lines", "# x\n\n" +
     BASE.replace("\n", "  # y\n").replace(" for ", " \\\n\t for ")),
    ("elements in another order", BASE.replace(
        '"192.0.2.0/24", "10.0.0.0/8"', '"10.0.0.0/8", "192.0.2.0/24"')),
    ("elements in capitals", BASE.replace("{ \"a.ex", "{ \"A.EX")),
    ("an element twice", BASE.replace(
        '{ "a.example"', '{ "b.example", "a.example"')),
    ("a value replaced", BASE.replace('{ "joe"', '{ "JOE" = "x", "joe"')),
    ("options in another order", BASE.replace(
        'from src <lan> mail-from "@a.example" for any',
        'for any mail-from "@a.example" from src <lan>')),
    ("declarations in another order", "".join(
        BASE.splitlines(True)[i] for i in (3, 1, 2, 0, 4, 5))),
    ("defaults written down", "queue ttl 4d\nlisten on socket\n"
     "smtp max-message-size 35M\n" + BASE.replace(
         "match for", "match from local for")),
    ("a list of one", BASE.replace('"@a.example"', '{ "@a.example" }')),
    ("delays in another unit", "queue ttl 96h\n" + BASE),
)

LEGACY_BASE = """\
table lan { "192.0.2.0/24", "10.0.0.0/8" }
table users { "joe" = "ann", "bob" = "eve" }
accept from source <lan> tagged OUT for any relay
accept from any for domain { "a.example", "b.example" } \
alias <users> deliver to mbox
"""

LEGACY_SAME = (
    ("macros inlined", 'n = "10.0.0.0/8"\nd = "for domain"\n' +
     LEGACY_BASE.replace('"10.0.0.0/8"', "$n").replace("for domain", "$d")),
    ("lists over several lines", LEGACY_BASE.replace(", ", "\n\t")),
    ("comments and blanks", "# x\n\n" + LEGACY_BASE.replace("\n", "  # y\n")),
    ("options in another order", LEGACY_BASE.replace(
        "from source <lan> tagged OUT for any",
        "for any tagged OUT from source <lan>")),
    ("declarations in another order", "".join(
        LEGACY_BASE.splitlines(True)[i] for i in (1, 0, 2, 3))),
)

# Another meaning in nearly the same words.
DIFFERENT = (
    ("rules in another order", "".join(
        BASE.splitlines(True)[i] for i in (0, 1, 2, 3, 5, 4))),
    ("a negation", BASE.replace("mail-from", "!mail-from")),
    ("an element less", BASE.replace(', "b.example"', "")),
    ("another value", BASE.replace('"ann"', '"ann "')),
    ("another duration", "queue ttl 97h\n" + BASE),
    ("a value in capitals", BASE.replace('"ann"', '"Ann"')),
)

# Name, arguments, standard input, exit status, pattern in standard error.
STATUSES = (
    ("a config", "-", RULE, 0, "^$"),
    ("a config with a warning", "-", "m = a\nm = b\n" + RULE, 0,
     "macro-redefined"),
    ("no diagnostics with -q", "-q -", "m = a\nm = b\n" + RULE, 0, "^$"),
    ("a config that does not compile", "-", "action a relay\n", 3,
     "no-rules"),
    ("the same with -q", "-q -", "action a relay\n", 3, "^$"),
    ("a warning as error", "-W error=macro-redefined -",
     "m = a\nm = b\n" + RULE, 3, "macro-redefined"),
    ("a file that is not there", "/nonexistent/x.conf", "", 3, "No such"),
    ("a target of the other language", "--target=6.0.3 -", RULE, 2,
     "modern"),
    ("text of a legacy config", "--format=conf -", "accept for any relay\n",
     3, "legacy config.*smtpd-migrate"),
    ("an unknown format", "--format=xml -", RULE, 2, "yaml, json, conf"),
    ("positions in text", "--format=conf --positions -", RULE, 2,
     "positions"),
    ("no config", "", RULE, 2, "CONFIG"),
    ("two configs", "- -", RULE, 2, "CONFIG"),
    ("an option after the operand", "- -q", RULE, 2, "CONFIG"),
    ("--help", "--help", "", 0, "^$"),
    ("--version", "--version", "", 0, "^$"),
)


def dump(*args, stdin="", cwd=FOLDER):
    """The finished process; text goes in, bytes come out."""
    return subprocess.run(
        [BIN / "smtpd-dump", *args], cwd=cwd, env=environment(),
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True, timeout=TIMEOUT, check=False)


def answer(*args, **kwargs):
    """Standard output, or why there is none."""
    done = dump(*args, **kwargs)
    if done.returncode == 0:
        return done.stdout
    again = dump(*(arg for arg in args if arg != "-q"), **kwargs)
    return b"status %d\n" % again.returncode + again.stderr


def arguments(conf):
    match = ARGS.match(conf.read_bytes())
    return shlex.split(match[1].decode()) if match else []


# Golden files.

def golden_cases():
    """Config, and the golden files' path without suffix."""
    for conf in sorted(FOLDER.glob("*.conf")):
        yield conf, conf.with_suffix("")
    for stem in ("legacy", "modern"):
        yield DEMO / f"{stem}.conf", FOLDER / f"demo-{stem}"


def is_legacy(path):
    return "legacy" in path.name


def ordered(value):
    """Maps as lists of pairs, so that their order counts."""
    if isinstance(value, dict):
        return [(key, ordered(item)) for key, item in value.items()]
    if isinstance(value, list):
        return list(map(ordered, value))
    return value


def test_golden(tap):
    known = set()
    for conf, stem in golden_cases():
        args = (*PLAIN, *arguments(conf), conf)
        text = answer(*args)
        known |= {f"{stem.name}.yaml", f"{stem.name}.text"}
        tap.case(f"{stem.name}.yaml",
                 check_golden(text, stem.with_name(f"{stem.name}.yaml")))
        tap.equal(f"{stem.name}: JSON says what YAML says",
                  ordered(json.loads(answer("--format=json", *args))),
                  ordered(yaml.safe_load(text)))
        if not is_legacy(stem):
            tap.case(f"{stem.name}.text", check_golden(
                answer("--format=conf", *args),
                stem.with_name(f"{stem.name}.text")))
    left = {path.name for path in FOLDER.iterdir()
            if path.suffix != ".conf"} - known
    tap.equal("every golden file has its config", left, set())


# Meaning.

def test_meaning(tap):
    def dumped(text):
        return answer(*PLAIN, "-", stdin=text)

    base = dumped(BASE)
    for name, text in SAME:
        tap.case(f"the same: {name}", difference(base, dumped(text)))
    legacy = dumped(LEGACY_BASE)
    for name, text in LEGACY_SAME:
        tap.case(f"the same, legacy: {name}",
                 difference(legacy, dumped(text)))
    for name, text in DIFFERENT:
        seen = dumped(text)
        tap.case(f"not the same: {name}",
                 "" if seen != base and seen.startswith(b"dialect") else
                 seen.decode())
    with tempfile.TemporaryDirectory() as folder:
        head, tail = BASE.splitlines(True)[:2], BASE.splitlines(True)[2:]
        Path(folder, "tables.conf").write_text("".join(head))
        seen = answer(*PLAIN, "-", cwd=folder,
                      stdin='include "tables.conf"\n' + "".join(tail))
    tap.case("the same: a part included", difference(base, seen))
    tap.case("the same: a macro of the command line", difference(
        base, answer(*PLAIN, "-D", 'in="in"', "-",
                     stdin=BASE.replace('"in"', "$in"))))


# Round trips.

def corpus_cases():
    """Real modern configs, for each version that accepts them and ours."""
    for entry in json.loads((CORPUS / "manifest.json").read_text()):
        path = CORPUS / "configs" / f"{entry['name']}.conf"
        versions = {version for version, verdict in entry["verdicts"].items()
                    if verdict["verdict"] == "ok"} - {"6.0.3"}
        yield from ((path, version) for version in sorted(versions))
        if versions:
            yield path, "native"
    for path in sorted(CORPUS.glob("pairs/*/new.conf")):
        yield path, "7.8"
    for entry in json.loads((CORPUS / "upstream/manifest.json").read_text()):
        if entry["grammar"] != "legacy":
            yield CORPUS / "upstream" / f"{entry['slug']}.conf", "native"


def fixture_cases():
    """Those that compile; the targets of these are their own."""
    paths = [*FOLDER.glob("*.conf"), DEMO / "modern.conf",
             *(ROOT / "fixtures/diag").glob("*.conf")]
    for path in sorted(paths):
        if "legacy" not in path.name:
            yield path, arguments(path)


def round_trip(args, path):
    """None where the config does not compile for us."""
    args, folder = [*PLAIN, "--show-secrets", *args], path.parent
    first = dump(*args, path, cwd=folder)
    if first.returncode != 0 or first.stdout.startswith(b"dialect: legacy"):
        return None
    text = answer("--format=conf", *args, path, cwd=folder)
    args += ["--dialect=modern", "-"]
    problem = difference(first.stdout, answer(*args, stdin=text, cwd=folder))
    again = answer("--format=conf", *args, stdin=text, cwd=folder)
    return problem or difference(text, again)


def test_round_trip(tap, name, cases, least):
    """All cases, and that enough of them were real ones."""
    done = 0
    for path, args in cases:
        problem = round_trip(args, path)
        if problem is not None:
            done += 1
            tap.case(f"{name}: {path.stem} {' '.join(args)}", problem)
    tap.case(f"{name}: at least {least} configs",
             "" if done >= least else f"only {done}")


def test_round_trips(tap):
    test_round_trip(tap, "fixtures", fixture_cases(), 60)
    if not CORPUS.is_dir():
        tap.skip("corpus", f"{os.path.relpath(CORPUS, ROOT)} is not here")
        return
    test_round_trip(tap, "corpus",
                    ((path, [f"--target={version}"])
                     for path, version in corpus_cases()), 250)


# Secrets.

def test_secrets(tap):
    for form in ("yaml", "json", "conf"):
        args = (*PLAIN, f"--format={form}", SECRETS)
        hidden, shown = (answer(*more, *args).decode()
                         for more in ((), ("--show-secrets",)))
        tap.equal(f"{form}: no secret shows",
                  [word for word in HIDDEN if word in hidden], [])
        tap.equal(f"{form}: one digest for each",
                  len(set(REDACTED.findall(hidden))), len(HIDDEN))
        tap.equal(f"{form}: --show-secrets shows all",
                  [word for word in HIDDEN if word not in shown], [])
        tap.equal(f"{form}: --show-secrets redacts nothing",
                  REDACTED.findall(shown), [])
    text = SECRETS.read_text()
    before = answer(*PLAIN, "-", stdin=text).decode()
    for word in HIDDEN:
        after = answer(*PLAIN, "-",
                       stdin=text.replace(word, word[:-1] + "X")).decode()
        changed = [line for line in difflib.ndiff(
            before.splitlines(), after.splitlines()) if line[0] == "+"]
        tap.equal(f"a changed {word} is one changed line", len(changed), 1)
    stdin = "queue encryption stdin\n" + RULE
    tap.case("where the queue key comes from is no secret",
             "" if b"key: stdin" in answer("-q", "-", stdin=stdin) else
             "it is hidden")


# The command line.

def test_statuses(tap):
    for name, args, stdin, status, pattern in STATUSES:
        done = dump(*shlex.split(args), stdin=stdin)
        said = done.stderr.decode()
        ok = done.returncode == status and re.search(pattern, said, re.S)
        tap.case(f"status: {name}",
                 "" if ok else f"status {done.returncode}\n{said}")
        if status != 0:
            tap.equal(f"no output: {name}", done.stdout, b"")
    full = Path("/dev/full")
    for form in ("yaml", "json", "conf"):
        with full.open("wb") as out:
            done = subprocess.run(
                [BIN / "smtpd-dump", f"--format={form}", "-"],
                input=RULE.encode(), stdout=out, stderr=subprocess.PIPE,
                env=environment(), timeout=TIMEOUT, check=False)
        tap.case(f"{form}: a full disk is told",
                 "" if done.returncode == 3 and b"No space" in done.stderr
                 else f"status {done.returncode}: {done.stderr}")


def test_positions(tap):
    tree = yaml.safe_load(answer("-q", "--positions", "-", stdin=BASE))
    seen = [tree["tables"]["users"]["at"], tree["actions"]["in"]["at"],
            *(rule["at"] for rule in tree["rules"])]
    tap.equal("positions of tables, actions and rules",
              [re.sub(".*:", "", at) for at in seen], ["2", "3", "5", "6"])
    tap.case("no positions without the option",
             "" if b" at:" not in answer("-q", "-", stdin=BASE) else "some")


def main():
    tap = Tap()
    test_golden(tap)
    test_meaning(tap)
    test_round_trips(tap)
    test_secrets(tap)
    test_statuses(tap)
    test_positions(tap)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
