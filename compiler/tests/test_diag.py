#!/usr/bin/env python3
"""Golden diagnostics: fixtures/diag/NAME.conf is checked in that folder and
what is said must be NAME.out to the byte, with the exit status in its last
line. A first line "# args: ..." holds further arguments. NAME-ok.conf is a
near miss of what NAME* shows, and silent. GOLDEN_UPDATE=1 rewrites.

Each check has a fixture that fires it and nothing else, a near miss, and
in its --explain text an example that does the same as the fixture."""

import re
import shlex
import sys

sys.dont_write_bytecode = True
from tap import ROOT, Tap, check_golden, compile_config  # noqa: E402

FOLDER = ROOT / "fixtures/diag"
ARGS = re.compile(rb"# args: ([^\r\n]*)")
FINDING = re.compile(r"^(?:\S+: )?(?:error|warning|advice): .*\[([a-z-]+)\]$",
                     re.M)
EXAMPLE = re.compile(r"\n\nFor example:\n\n(.*)\nRemedy: ", re.S)

# What a fixture declares and does not use is the subject of unused-* alone.
UNUSED = ("-W", "no-unused-name", "-W", "no-unused-macro")
# Checks that no text alone can fire, and why.
NO_FIXTURE = {
    "input-too-large": "takes hundreds of megabytes",
    "unreadable-file": "root, as which the tests may run, can read all",
    "bad-certificate": "certificates are made when the tests run",
    "insecure-file": "git keeps no owners and few modes",
    "key-mismatch": "keys are made when the tests run",
    "certificate-expiry": "certificates are made when the tests run",
}
# Checks whose example cannot be shown, or not without files beside it.
NO_EXAMPLE = {
    **NO_FIXTURE,
    "nul-byte": "a NUL byte does not show",
    "string-too-long": "takes more than 8,000 bytes",
    "bad-table-file": "needs a table file",
    "auth-cannot-relay": "needs a certificate",
}


def arguments(conf):
    match = ARGS.match(conf.read_bytes())
    return [*(() if conf.stem.startswith("unused-") else UNUSED),
            *(shlex.split(match[1].decode()) if match else ())]


def say(conf):
    done = compile_config("-n", *arguments(conf), conf.name, cwd=FOLDER)
    return done.stdout + done.stderr + b"status %d\n" % done.returncode


def check_conf(conf):
    seen = say(conf)
    if conf.stem.endswith("-ok") and seen != b"status 0\n":
        return f"a near miss must be silent:\n{seen.decode(errors='replace')}"
    return check_golden(seen, conf.with_suffix(".out"))


def fired(text):
    return set(FINDING.findall(text))


def check_orphans(confs):
    stems = {conf.stem for conf in confs}
    orphans = [out.name for out in sorted(FOLDER.glob("*.out"))
               if out.stem not in stems]
    return f"without .conf: {' '.join(orphans)}" if orphans else ""


def check_unread():
    """Files beside the fixtures, of which none speaks."""
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    texts = b"".join(path.read_bytes() for path in files
                     if path.suffix != ".out")
    unread = [path.name for path in files
              if path.parent != FOLDER and path.name.encode() not in texts]
    return f"no fixture names: {' '.join(unread)}" if unread else ""


def check_coverage(name, ids, stems):
    """ids: of each fixture; stems: names of all."""
    alone = [stem for stem, seen in ids.items() if seen == {name}]
    if name in NO_FIXTURE:
        return f"excused, and has {alone[0]}" if alone else ""
    if not alone:
        return "no fixture fires it and nothing else"
    near = {stem[:-3] for stem in stems if stem.endswith("-ok")}
    # kind-topic-ok is near kind-topic and kind-topic-case.
    if not any(stem == base or stem.startswith(base + "-")
               for stem in alone for base in near):
        return f"no near miss: {' '.join(stem + '-ok' for stem in alone[:3])}"
    return ""


def check_example(name):
    text = compile_config("--explain", name).stdout.decode()
    match = EXAMPLE.search(text)
    if not match or not match[1].strip():
        return "no example in its --explain text"
    # Advice has to be asked for.
    done = compile_config("-n", "-W", name, "-", stdin=match[1].encode())
    said = done.stderr.decode(errors="replace")
    if name in NO_EXAMPLE:
        return "excused, and has one" if fired(said) == {name} else ""
    if fired(said) != {name}:
        return f"the example says:\n{said or 'nothing'}"
    return ""


def check_names():
    listing = compile_config("--list-checks").stdout.decode()
    return [line.split()[0] for line in listing.splitlines()]


def main():
    tap = Tap()
    confs = sorted(FOLDER.glob("*.conf"))
    for conf in confs:
        tap.case(conf.stem, check_conf(conf))
    tap.case("every .out has its .conf", check_orphans(confs))
    tap.case("every other file is read", check_unread())
    ids = {conf.stem: fired(out.read_text(errors="replace"))
           for conf in confs if (out := conf.with_suffix(".out")).exists()}
    for name in check_names():
        tap.case(f"{name} has fixtures", check_coverage(name, ids, ids))
        tap.case(f"{name} has an example", check_example(name))
    known = set(check_names())
    tap.equal("only known checks are excused",
              (set(NO_FIXTURE) | set(NO_EXAMPLE)) - known, set())
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
