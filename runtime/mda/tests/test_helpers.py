#!/usr/bin/env python3
"""The delivery programs by themselves: who may run them, what they exit
with, locks, and LMTP with a real Dovecot."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "runtime/tests"))
# pylint: disable=wrong-import-position
import dovecot  # noqa: E402
import machine  # noqa: E402
from tap import Tap, can_unshare, environment  # noqa: E402

BUILD = ROOT / os.environ.get("BUILD", "build")
LIBEXEC = BUILD / "libexec"
TIMEOUT = 60
USER = 12345  # of no account, but where the test makes one
MESSAGE = b"Subject: x\n\nbody\n"

tap = Tap()


def run(program, *args, user=None, message=MESSAGE, env=None, cwd="/"):
    """The finished program, which was given the message."""
    ids = {} if user is None else dict(user=user, group=user, extra_groups=[])
    return subprocess.run(
        [LIBEXEC / program, *map(str, args)], input=message, cwd=cwd,
        env=environment(env), capture_output=True, timeout=TIMEOUT,
        check=False, **ids)


def check_root():
    """Nothing is delivered as root."""
    for program, args, status in [
            ("mail.maildir", ["/nonexistent"], 1),
            ("mail.mboxfile", ["-f", "x", "/nonexistent"], 1),
            ("mail.mda", ["true"], 1),
            ("mail.lmtp", ["-d", "localhost", "joe"], 75)]:
        done = run(program, *args)
        tap.equal(f"{program} refuses root", done.returncode, status)


def check_usage():
    for program, args, status in [
            ("mail.maildir", ["-x"], 1), ("mail.maildir", ["a", "b"], 1),
            ("mail.mboxfile", ["/x"], 1), ("mail.mda", [], 1),
            ("mail.lmtp", ["joe"], 75), ("mail.lmtp", ["-d", "x"], 75),
            ("mail.lmtp", ["-d", "x", "-u"], 75),
            ("mail.lmtp", ["-d", "x", "-u", "joe"], 75),
            ("mail.local", [], 64), ("mail.local", ["-x", "joe"], 64),
            ("mail.local", ["no-such-user"], 67)]:
        done = run(program, *args, user=USER)
        tap.equal(f"{program} {' '.join(args)}", done.returncode, status)


def check_maildir(folder):
    home = {"HOME": str(folder)}
    done = run("mail.maildir", user=USER, env=home)
    tap.equal("mail.maildir delivers to HOME", done.returncode, 0)
    [file] = (folder / "Maildir/new").iterdir()
    tap.equal("mail.maildir changes nothing", file.read_bytes(), MESSAGE)
    tap.equal("mail.maildir without HOME",
              run("mail.maildir", user=USER).returncode, 1)
    (folder / "Maildir/.tag").mkdir()
    os.chown(folder / "Maildir/.tag", USER, USER)
    run("mail.maildir", user=USER, env={**home, "EXTENSION": "tag"})
    tap.equal("mail.maildir heeds EXTENSION",
              len(list((folder / "Maildir/.tag/new").iterdir())), 1)
    binary = bytes(range(256)) * 1000
    run("mail.maildir", "binary", user=USER, message=binary, cwd=folder)
    [file] = (folder / "binary/new").iterdir()
    tap.equal("mail.maildir keeps every byte", file.read_bytes(), binary)


def check_mda():
    for command, status in [("cat >/dev/null", 0), ("exit 67", 67),
                            ("kill -9 $$", 75)]:
        done = run("mail.mda", command, user=USER)
        tap.equal(f"mail.mda '{command}'", done.returncode, status)


# Mailboxes: in a namespace of its own, /etc and /var/mail are the test's.

INSIDE = "/var/mail"


def enter_namespace(folder):
    """Again, in a namespace where /etc/passwd and /var/mail are ours."""
    passwd = folder / "passwd"
    passwd.write_text(Path("/etc/passwd").read_text() +
                      f"joetest:x:{USER}:{USER}::/tmp:/bin/sh\n")
    mail = folder / "mail"
    mail.mkdir()
    os.chown(mail, 0, 8)
    mail.chmod(0o2775)
    # Root's programs look for lockspool where it is installed, a user's
    # beside themselves: a copy, since it must belong to the group.
    libexec = folder / "build/libexec"
    libexec.parent.mkdir()
    shutil.copytree(LIBEXEC, libexec)
    os.chown(libexec / "lockspool", 0, 8)
    (libexec / "lockspool").chmod(0o2755)
    script = (f"mount --bind {passwd} /etc/passwd && "
              f"mount --bind {mail} {INSIDE} && exec \"$@\"")
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", sys.executable,
         __file__, "--inside", libexec],
        stdout=subprocess.PIPE, timeout=TIMEOUT * 2, check=False,
        env={**os.environ})


def check_mailbox():
    box = Path(INSIDE) / "joetest"
    done = run("mail.local", "-f", "a@b.example", "joetest")
    stat = box.stat()
    tap.equal("mail.local as root delivers", done.returncode, 0)
    tap.equal("and the mailbox is the user's",
              (stat.st_uid, stat.st_mode & 0o7777), (USER, 0o600))
    done = run("mail.local", "-f", "a@b.example", "joetest", user=USER)
    tap.equal("mail.local as the user delivers, locked by lockspool",
              done.returncode, 0)
    tap.equal("both are there", box.read_bytes().count(MESSAGE), 2)
    tap.equal("no lock is left", [p.name for p in Path(INSIDE).iterdir()],
              ["joetest"])
    done = run("mail.local", "-f", "a@b.example", "root", user=USER)
    tap.case("mail.local as a user does not reach another's mailbox",
             "" if done.returncode != 0 else "it does")


def check_lock():
    lock = Path(INSIDE) / "joetest.lock"
    lock.touch()
    before = (Path(INSIDE) / "joetest").stat().st_size
    waiting = subprocess.Popen(
        [LIBEXEC / "mail.local", "joetest"], stdin=subprocess.PIPE, user=USER,
        group=USER, extra_groups=[], env=environment())
    waiting.stdin.write(MESSAGE)
    waiting.stdin.close()
    time.sleep(0.5)
    tap.equal("mail.local waits for the lock",
              (Path(INSIDE) / "joetest").stat().st_size, before)
    lock.unlink()
    tap.equal("and delivers when it is gone", waiting.wait(TIMEOUT), 0)


def check_lockspool():
    lock = Path(INSIDE) / "joetest.lock"
    for name, stop in [("its input ends", lambda p: p.stdin.close()),
                       ("it is ended", lambda p: p.send_signal(
                           signal.SIGTERM))]:
        holder = subprocess.Popen(
            [LIBEXEC / "lockspool"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, user=USER, group=USER, extra_groups=[],
            env=environment())
        tap.equal("lockspool locks", holder.stdout.readline(), b"1\n")
        tap.case("the lock is there", "" if lock.exists() else "it is not")
        stop(holder)
        holder.wait(TIMEOUT)
        tap.case(f"and gone when {name}", "it is" if lock.exists() else "")
    done = run("lockspool", "root", user=USER)
    tap.equal("lockspool locks for nobody else", done.returncode, 1)


def inside():
    check_mailbox()
    check_lock()
    check_lockspool()
    return tap.finish()


# Dovecot.

def check_dovecot():
    if not dovecot.is_there():
        tap.skip("LMTP to Dovecot", "no peer; run: make peers")
        return
    with dovecot.Dovecot() as server:
        talk_to_dovecot(server.port, server.home)


def talk_to_dovecot(port, home):
    where = f"127.0.0.1:{port}"
    lines = b"Subject: x\n\n.dot\nFrom y\n" + b"x" * 70000 + b"\nend"
    env = {"SENDER": "a@b.example", "USER": "user",
           "RECIPIENT": "nobody-here@c.example"}
    done = run("mail.lmtp", "-d", where, "-u", user=1000, message=lines,
               env=env)
    tap.equal("Dovecot takes a message", (done.returncode, done.stderr),
              (0, b""))
    [file] = (home / "Maildir/new").iterdir()
    stored = file.read_bytes().replace(b"\r\n", b"\n")
    tap.case("with every line as it was",
             "" if stored.endswith(lines + b"\n") else stored[-200:])
    tap.case("and its sender",
             "" if b"Return-Path: <a@b.example>" in stored else stored[:300])
    done = run("mail.lmtp", "-d", where, "-r", user=1000, env=env)
    tap.equal("Dovecot refuses a recipient for good", done.returncode, 69)
    tap.case("and its words are the error",
             "" if done.stderr.startswith(
                 b"mail.lmtp: LMTP server error: 550 5.1.1") else done.stderr)
    done = run("mail.lmtp", "-d", where, "user", "user@local", user=1000,
               env=env)
    tap.equal("Dovecot takes several recipients", done.returncode, 0)


def main():
    if not can_unshare():
        tap.skip("delivery programs", "needs root, and mounts of its own")
        return tap.finish()
    check_root()
    check_usage()
    check_mda()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        own = folder / "own"
        own.mkdir()
        os.chown(own, USER, USER)
        check_maildir(own)
        machine.adopt(tap, enter_namespace(folder))
    check_dovecot()
    return tap.finish()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        LIBEXEC = Path(sys.argv[2])
        sys.exit(inside())
    sys.exit(main())
