#!/usr/bin/env python3
"""Blobs as programs write and read them: what is compiled and dumped again
is what was in the config, for real configs and for fixtures; the same
config gives the same bytes wherever it is compiled; a file is replaced as a
whole; what is no sound blob is refused in words."""

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from tap import (  # noqa: E402
    BIN, COMPILE, ROOT, SHARED, TIMEOUT, Tap, environment)

DUMP = BIN / "smtpd-dump"
PLAIN = ("-q", "-W", "no-missing-file")
SECRETS = ROOT / "fixtures/dump/secrets.conf"
FORMAT = ROOT / "runtime/ruleset/blob_format.def"
HEADER = ROOT / "runtime/ruleset/blob.h"
MAN = ROOT / "docs/man"
VERSIONS = ("6.0.3", "6.4", "6.6", "6.8", "7.8", "native")
SAMPLED = 10  # of so many configs one is tried with sanitizers, which are slow
HEAD = 96  # bytes before the table of sections
AT_VERSION, AT_LEAST, AT_PUBLIC = 40, 42, 48


def run(program, *args, env=None, cwd=None):
    return subprocess.run([program, *args], capture_output=True, cwd=cwd,
                          env=environment(env), timeout=TIMEOUT, check=False)


def configs():
    """All that may compile; what does not is left out."""
    folders = [ROOT / "fixtures/dump", ROOT / "fixtures/demo",
               SHARED / "corpus", SHARED / "oracle/dev"]
    paths = [path for folder in folders
             for path in sorted(folder.rglob("*.conf"))]
    return paths[::SAMPLED if "ASAN_OPTIONS" in os.environ else 1]


def secrets_shown(path, *args):
    """The dump with its secrets, so that those are compared too."""
    return run(DUMP, *PLAIN, *args, "--show-secrets", path)


def round_trip(tap, folder):
    """Returns how many configs there were."""
    compiled = 0
    blob = folder / "x.blob"
    for path in configs():
        for version in VERSIONS:
            options = (f"--target={version}", f"--root={folder}")
            wanted = secrets_shown(path, *options)
            made = run(COMPILE, *PLAIN, *options, "-o", blob, path)
            if wanted.returncode != 0 or made.returncode != 0:
                if wanted.returncode == 0 or made.returncode == 0:
                    tap.case(f"{path.name} for {version} compiles",
                             made.stderr.decode())
                continue
            compiled += 1
            seen = secrets_shown(blob, *options)
            if seen.stdout != wanted.stdout or seen.returncode != 0:
                tap.case(f"{path.name} for {version} comes back",
                         seen.stderr.decode() or "another dump")
    tap.case("all configs come back",
             "" if compiled > 0 else "there were none")
    return compiled


def same_bytes(tap, folder):
    text = SECRETS.read_bytes()
    images = set()
    for place, env in (("a", {}), ("b/c", {"LC_ALL": "C.UTF-8"}),
                       ("d", {"TZ": "Asia/Tokyo", "HOME": "/"})):
        (folder / place).mkdir(parents=True)
        (folder / place / "mail.conf").write_bytes(text)
        run(COMPILE, *PLAIN, "-o", "out.blob", "mail.conf", env=env,
            cwd=folder / place)
        images.add((folder / place / "out.blob").read_bytes())
        run(COMPILE, *PLAIN, "-o", folder / "out.blob",
            folder / place / "mail.conf", env=env)
        images.add((folder / "out.blob").read_bytes())
    tap.equal("the same bytes in other folders, locales, time zones",
              len(images), 1)


def replaced_whole(tap, folder):
    target = folder / "mail.blob"
    conf = folder / "mail.conf"
    conf.write_text("action a relay\nmatch for any action a\n")
    os.umask(0o022)
    run(COMPILE, "-o", target, conf)
    tap.equal("others may read a blob without secrets",
              stat.S_IMODE(target.stat().st_mode), 0o644)
    before = target.read_bytes()
    conf.write_text("action a relay\nmatch for any action b\n")
    done = run(COMPILE, "-q", "-o", target, conf)
    tap.equal("errors leave the old blob",
              (done.returncode, target.read_bytes() == before), (1, True))
    run(COMPILE, *PLAIN, "-o", target, SECRETS)
    tap.equal("nobody else may read one with secrets",
              stat.S_IMODE(target.stat().st_mode), 0o600)
    tap.equal("no other file is left", sorted(os.listdir(folder)),
              ["mail.blob", "mail.conf"])
    (folder / "sub").mkdir()
    done = run(COMPILE, "-o", folder / "sub", SECRETS, *PLAIN)
    tap.case("a folder is not replaced",
             "" if done.returncode != 0 and (folder / "sub").is_dir()
             else "it was")


def explained(*args):
    """What becomes of a mail to a name below b.example."""
    done = run(BIN / "smtpd-explain", "--hostname=h.example", *args,
               "src=192.0.2.1", "mail-from=x@y.example",
               "rcpt-to=u@x.b.example")
    return (done.stdout + done.stderr).decode()


def embedded(tap, folder):
    (folder / "etc").mkdir()
    (folder / "etc/names").write_text("a.example\n*.b.example\n")
    conf = folder / "t.conf"
    conf.write_text("table names file:/etc/names\naction a relay\n"
                    "match from any for domain <names> action a\n")
    blob = folder / "t.blob"
    options = (f"--root={folder}",)
    run(COMPILE, *options, "--embed-tables", "-o", blob, conf)
    (folder / "etc/names").write_text("c.example\n")
    seen = explained(*options, blob)
    tap.case("an embedded table is what it was when it was compiled",
             "" if "accept, 250" in seen else seen)
    run(COMPILE, *options, "-o", blob, conf)
    seen = explained(*options, blob)
    tap.case("any other table file is read when it is asked",
             "" if "no-match, 550" in seen else seen)
    (folder / "etc/names").unlink()
    done = run(COMPILE, *options, *PLAIN, "--embed-tables", "-o", blob, conf)
    tap.case("what is missing cannot be embedded",
             "" if done.returncode == 3 and b"/etc/names" in done.stderr
             else done.stderr.decode())


def refused(tap, folder):
    blob = folder / "r.blob"
    run(COMPILE, *PLAIN, "-o", blob, SECRETS)
    good = blob.read_bytes()
    newer = bytearray(good)
    newer[AT_LEAST] += 1
    changed = bytearray(good)
    changed[HEAD + 1] ^= 1
    for name, data, word in (
            ("cut off", good[:-1], b"size"),
            ("with a tail", good + b"\0", b"size"),
            ("too new", bytes(newer), b"newer"),
            ("changed", bytes(changed), b"changed since")):
        blob.write_bytes(data)
        done = run(DUMP, blob)
        tap.case(f"a blob that is {name} is refused",
                 "" if done.returncode == 3 and word in done.stderr
                 else f"{done.returncode}: {done.stderr.decode()}")
    blob.write_bytes(good)
    done = run(DUMP, "--target=6.6", blob)
    tap.case("a blob is for one target",
             "" if done.returncode == 3 and b"compiled for" in done.stderr
             else done.stderr.decode())


def sections(tap, folder):
    """What a blob is made of; a config is made of nothing."""
    blob = folder / "s.blob"
    run(COMPILE, *PLAIN, "-o", blob, SECRETS)
    done = run(DUMP, "--format=sections", blob)
    lines = done.stdout.decode().splitlines()
    sizes = [int(line.split()[3]) for line in lines[6:]]
    tap.case("sections add up to less than the file",
             "" if 0 < sum(sizes) < blob.stat().st_size else lines)
    tap.equal("the identity is the digest of what follows it",
              lines[3].split()[1], public_digest(blob.read_bytes()))
    done = run(DUMP, *PLAIN, "--format=sections", SECRETS)
    tap.equal("a config has no sections", done.returncode, 3)


def public_digest(data):
    public = int.from_bytes(data[AT_PUBLIC:AT_PUBLIC + 4], "little")
    return hashlib.sha256(data[AT_VERSION:public]).hexdigest()


def manual(tap, _):
    """The manuals say what the registry and the header say."""
    registry = re.sub(r"/\*.*?\*/", "", FORMAT.read_text(), flags=re.S)
    listed = [name or f"{kind.lower()} {member}" for name, kind, member in
              re.findall(r'(?:SECTION|RECORDS)\(\w+, "([\w-]+)"|'
                         r"FIELD\(\w+, (\w+), ([\w.]+)", registry)]
    page = (MAN / "smtpd-blob.5").read_text()
    page = page[page.index(".Ss Sections"):page.index(".Ss Classes")]
    told = [name or f"{kind} {member}" for name, kind, member in
            re.findall(r"^\.It (?:Cm ([\w-]+)|(\w+) Ta Va ([\w.]+))", page,
                       re.M)]
    tap.equal("smtpd-blob(5) lists all sections and fields", told, listed)
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    declared = set(re.findall(r"\b((?:blob|ruleset)_\w+)\(", text))
    page = (MAN / "libsmtpdruleset.3").read_text()
    tap.equal("libsmtpdruleset(3) has all functions",
              set(re.findall(r"^\.Fn (\w+)", page, re.M)), declared)


def alike(tap, folder):
    """Config and blob are taken alike."""
    blob = folder / "a.blob"
    conf = ROOT / "fixtures/demo/modern.conf"
    options = (*PLAIN, f"--root={folder}", "--hostname=h.example")
    run(COMPILE, *options, "-o", blob, conf)
    done = run(BIN / "smtpd-diff", *options, conf, blob)
    tap.equal("smtpd-diff finds no difference",
              (done.returncode, done.stdout), (0, b"equivalent\n"))
    asked = ("--format=json", *options)
    session = ("src=192.0.2.1", "mail-from=x@y.example",
               "rcpt-to=u@example.org", "rcpt-to=u@h.example")
    seen, wanted = (
        [{**json.loads(line), "file": None} for line in
         run(BIN / "smtpd-explain", *asked, ruleset, *session)
         .stdout.splitlines()] for ruleset in (blob, conf))
    tap.equal("smtpd-explain says the same", (seen, len(seen)), (wanted, 2))


def main():
    tap = Tap()
    tests = (round_trip, same_bytes, replaced_whole, embedded, refused, sections,
             manual, alike)
    for test in tests:
        folder = Path(tempfile.mkdtemp())
        try:
            test(tap, folder)
        finally:
            shutil.rmtree(folder)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
