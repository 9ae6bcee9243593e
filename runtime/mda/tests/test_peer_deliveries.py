#!/usr/bin/python3
"""Deliveries on a real OpenSMTPD 6.8 (make peers) and on ours, with the same
config: what a command is given, what becomes of its ends, what log and queue
say of it, and what mailboxes and the targets of aliases and of a .forward
have in the end. Root only; each has a machine of its own."""

import json
import os
import re
import shutil
import smtplib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
import machine  # noqa: E402
import peer  # noqa: E402
from daemon import free_port  # noqa: E402
from machine import USERS, give  # noqa: E402
from tap import Tap  # noqa: E402

WAIT = 20  # seconds for the daemon to start, or for all deliveries

CONFIG = """
listen on 127.0.0.1 port {port} hostname mail.example
action "command" mda "sh ~/%{{rcpt.user}}"
action "plain" mda "cat >~/plain-%{{sender:uppercase}}-%{{user.username}}"
action "path" maildir "~/%{{dest.domain[0:3]}}/%{{rcpt.user:strip}}"
action "owned" maildir userbase {{ "vjoe" = "{joe}:{joe}:/home/joe" }} \\
    alias {{ "pipe" = "|cat" }}
action "mbox" mbox
action "targets" maildir alias {{ "filed" = "/var/tmp/filed", \\
    "piped" = "|cat >/var/tmp/piped; env >/var/tmp/piped-env" }}
match from any for domain "command.example" action "command"
match from any for domain "mbox.example" action "mbox"
match from any for domain "targets.example" action "targets"
match from any for domain "owned.example" action "owned"
match from any for domain "plain.example" action "plain"
match from any for domain "path.example" action "path"
"""

# Each is the script that delivers to joe+NAME.
SCRIPTS = {
    "good": "cat >~/stdin; env >~/env; pwd >~/pwd; umask >~/umask; id >~/id",
    "silent": "exit 0",
    "no-user": "cat >/dev/null; echo no such box; exit 67",
    "usage": "cat >/dev/null; exit 64",
    "later": "cat >/dev/null; echo come back >&2; exit 75",
    "system": "cat >/dev/null; exit 71",
    "one": "cat >/dev/null; echo first; printf 'and last'; exit 1",
    "two": "cat >/dev/null; exit 2",
    "quotes": "cat >/dev/null; printf 'say \"no\" \\\\ \\t\\001\\n'; exit 1",
    "quotes-later": "cat >/dev/null; "
                    "printf 'say \"no\" \\\\ \\t\\001 \\303\\251\\n'; exit 75",
    "long": "cat >/dev/null; head -c 500 /dev/zero | tr '\\0' x; exit 1",
    "empty-line": "cat >/dev/null; echo said; echo; exit 1",
    "killed": "cat >/dev/null; kill -9 $$",
    "hangs-up": "exec <&-; exit 3",
}
RCPTS = [f"joe+{name}@command.example" for name in SCRIPTS] + [
    "joe@plain.example", "joe+tag@path.example", "joe+loop@path.example",
    "root@path.example", "pipe@owned.example", "vjoe@owned.example",
    "joe@mbox.example", "ann@targets.example", "filed@targets.example",
    "piped@targets.example"]
FORWARD = """\\ann, /home/ann/filed, \
"|cat >~/piped; env >~/piped-env; echo %{rcpt} '%{sender}' >~/formats"
"""

# With the reason, and what ours is where the peer's is known.
DIFFERENCES = {
    "variables": (
        "7.6 added one",
        lambda names: sorted(names + ["ORIGINAL_RECIPIENT"])),
    "log of joe+empty-line@command.example": (
        "an empty line is no error text",
        lambda line: line.replace('("")', '("said")')),
    "log of root@path.example": (
        "the text is that of 7.8",
        lambda line: line.replace(": not allowed", ": MDA not allowed")),
}
# A message that no pipe holds whole.
LINES = "".join(f"line {n} of many\n"
                for n in range(5000))
TEXT = ("Subject: x\nDelivered-To: another@host.example\n"
        "delivered-to: JOE+loop@path.example\n\n.dot\n"
        "From a\nFrom b\n\nFrom c\n>From d\n\n\nFrom e\n" + LINES)


def send(port):
    with smtplib.SMTP("127.0.0.1", port, "client.example",
                      timeout=WAIT) as client:
        for rcpt in RCPTS:
            client.ehlo()
            client.mail("a.B@sender.example")
            client.rcpt(rcpt)
            code, said = client.data(TEXT.replace("\n", "\r\n"))
            assert code == 250, said


LINE = re.compile(r"mda delivery evpid=(\w+) (from=.*) delay=\w+ (result=.*)")


def log_lines(log):
    """The first line of each recipient, without what differs."""
    found = {}
    for line in log.splitlines():
        if seen := LINE.search(line):
            rcpt = re.search(r"rcpt=<(.*?)>", seen[2])[1]
            found.setdefault(rcpt, (seen[1], f"{seen[2]} {seen[3]}"))
    return found


def normal_file(text):
    """Without the fields that no two messages have in common."""
    text = re.sub(r"(?m)^(Received|Date|Message-ID): .*\n([ \t].*\n)*",
                  r"\1\n", text)
    return re.sub(r"(?m)^(From a.B@sender.example) .*", r"\1", text)


def normal_environment(path):
    """Without what the shell adds; that of 6.8 with what 7.6 has in
    addition, with our names for the daemon's user and its home, and with
    the path of this system."""
    found = dict(line.split("=", 1) for line in path.read_text().splitlines())
    for name in ("PWD", "OLDPWD", "_", "SHLVL"):
        found.pop(name, None)
    found.setdefault("ORIGINAL_RECIPIENT",
                     f"{found['LOCAL']}@{found['DOMAIN']}")
    if found["PATH"] == "/bin:/usr/bin":
        found["PATH"] = "/usr/bin:/bin"
    if found["USER"] == found["LOGNAME"] == "opensmtpd":
        found.update(USER="_smtpd", LOGNAME="_smtpd", HOME="/home/_smtpd")
    return found


# What deliveries leave, below /.
LEFT = ["var/mail/joe", "var/tmp/filed", "var/tmp/piped",
        "var/tmp/piped-env", "home/ann/filed", "home/ann/piped",
        "home/ann/piped-env", "home/ann/formats"]


def collect_left(root, daemon):
    """Contents, mode, and whose they are."""
    owners = {daemon: "the daemon", USERS["joe"]: "joe", USERS["ann"]: "ann"}
    result = {}
    for name in LEFT:
        path = root / name
        if not path.exists():
            result[name] = "not there"
            continue
        text = normal_environment(path) if name.endswith("env") else \
            normal_file(path.read_text())
        result[name] = [text, oct(path.stat().st_mode),
                        owners.get(path.stat().st_uid, path.stat().st_uid)]
    result["Maildir of ann"] = len(list(
        (root / "home/ann/Maildir/new").iterdir()))
    return result


def collect(home, log, errors):
    """All that is compared, of a machine on which all was delivered."""
    lines = log_lines(log)
    result = {f"log of {rcpt}": line.replace("=opensmtpd ", "=_smtpd ")
              for rcpt, (_, line) in lines.items()}
    # What failed for good the peer replaces by a bounce.
    for rcpt, (evpid, line) in lines.items():
        if "result=TempFail" in line:
            result[f"error of {rcpt}"] = errors.get(evpid, "")
    for name in ("pwd", "umask", "id"):
        result[name] = (home / name).read_text()
    result["environment"] = normal_environment(home / "env")
    result["variables"] = sorted(
        line.split("=")[0] for line in (home / "env").read_text().splitlines())
    result["stdin"] = normal_file((home / "stdin").read_text())
    result["files"] = sorted(
        str(path.relative_to(home)) for path in home.glob("**/*")
        if not path.name.startswith("joe+") and path.parent.name != "new")
    return result


def wait_for_errors(log, show):
    """Those in the queue, where what fails for now is written back."""
    failed = {evpid for evpid, line in log_lines(log.read_text()).values()
              if "result=TempFail" in line}
    end = time.monotonic() + WAIT
    while True:
        rows = [line.split("|") for line in show().splitlines()]
        errors = {row[0]: row[13] for row in rows
                  if len(row) == 14 and row[13]}
        if failed <= errors.keys():
            return errors
        if time.monotonic() > end:
            raise TimeoutError(f"{failed - errors.keys()} without an error")
        time.sleep(0.1)


def wait_for(log):
    end = time.monotonic() + WAIT
    while len(log_lines(log.read_text())) < len(RCPTS):
        if time.monotonic() > end:
            raise TimeoutError(log.read_text()[-2000:])
        time.sleep(0.1)


def write_scripts(homes):
    for name, script in SCRIPTS.items():
        give(homes / f"joe/joe+{name}", script + "\n", "joe")
    give(homes / "ann/.forward", FORWARD, "ann")


# The peer.

def number_of(root, name):
    """That of the peer's user."""
    return int(re.search(rf"(?m)^{name}:[^:]*:(\d+):",
                         (root / "etc/passwd").read_text())[1])


def inside_peer(scratch):
    if not peer.enter(scratch):
        print(json.dumps("no overlay can be mounted here"))
        return 0
    root = scratch / "opensmtpd"
    home = root / "home/joe"
    for name in ("joe", "ann"):
        (root / "home" / name).mkdir(parents=True)
        os.chown(root / "home" / name, USERS[name], USERS[name])
    os.chown(root / "var/mail", 0, machine.MAIL_GROUP)
    (root / "var/mail").chmod(0o2775)
    write_scripts(root / "home")
    (root / "etc/test.conf").write_text(CONFIG.format(
        port=2525, joe=USERS["joe"]))
    log = scratch / "log"
    with open(log, "wb") as out:
        daemon = subprocess.Popen(
            peer.command("smtpd", "-d", "-f", "/etc/test.conf"),
            stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        connect(2525)
        send(2525)
        wait_for(log)
        group = re.search(r"(?m)^opensmtpq:x:(\d+):",
                          (root / "etc/group").read_text())[1]
        errors = wait_for_errors(log, lambda: subprocess.run(
            ["setpriv", f"--regid={group}", "--clear-groups",
             *peer.command("smtpctl", "show", "queue")],
            stdout=subprocess.PIPE, text=True, check=True).stdout)
        print(json.dumps({**collect(home, log.read_text(), errors),
                          **collect_left(root, number_of(root, "opensmtpd"))}))
    finally:
        daemon.kill()
        daemon.wait(timeout=WAIT)
    return 0


def connect(port):
    end = time.monotonic() + WAIT
    while True:
        try:
            smtplib.SMTP("127.0.0.1", port, timeout=WAIT).quit()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def ask_peer(scratch):
    upper = peer.prepare(scratch, "mail.example",
                         "127.0.0.1 localhost mail.example\n")
    for name, line in [("passwd", "{0}:x:{1}:{1}::/home/{0}:/bin/sh\n"),
                       ("group", "{0}:x:{1}:\n")]:
        text = (peer.PEERS / "opensmtpd/etc" / name).read_text()
        for user in ("joe", "ann"):
            text += line.format(user, USERS[user])
        (upper / "etc" / name).write_text(text)
    for name in ("tmp", "var/tmp"):
        (upper / name).mkdir(exist_ok=True)
        (upper / name).chmod(0o1777)
    (upper / "usr/bin").mkdir(parents=True)
    for name in ("cat", "env", "head", "id", "tr"):
        shutil.copy(shutil.which(name), upper / "usr/bin" / name)
    return peer.ask(__file__, scratch, timeout=120)


# Ours.

def inside():
    machine.install()
    Path("/var/tmp").mkdir()
    Path("/var/tmp").chmod(0o1777)
    home = Path("/home/joe")
    write_scripts(home.parent)
    port = free_port()
    with machine.Daemon(CONFIG.format(port=port, joe=USERS["joe"])) as daemon:
        connect(port)
        send(port)
        wait_for(daemon.log)
        errors = wait_for_errors(
            daemon.log, lambda: daemon.ctl("show", "queue")[1])
        print(json.dumps({**collect(home, daemon.log_text(), errors),
                          **collect_left(Path("/"),
                                         machine.DAEMON["_smtpd"])}))
    return 0


def compare(tap, theirs, ours):
    for what in sorted(theirs.keys() | ours.keys()):
        seen = ours.get(what)
        if what in DIFFERENCES:
            tap.case(f"{what} differs: {DIFFERENCES[what][0]}",
                     "" if seen == DIFFERENCES[what][1](theirs[what])
                     else f"{theirs[what]!r}, ours {seen!r}")
        else:
            tap.equal(what, seen, theirs.get(what))


def main():
    tap = Tap()
    if not peer.is_there("opensmtpd"):
        tap.skip("deliveries on 6.8", peer.MISSING)
        return tap.finish()
    with tempfile.TemporaryDirectory() as scratch:
        theirs = ask_peer(Path(scratch))
    if isinstance(theirs, str):
        tap.case("the peer runs", theirs)
        return tap.finish()
    done = machine.enter(__file__)
    if done.returncode != 0:
        tap.case("ours runs", done.stdout.decode())
        return tap.finish()
    compare(tap, theirs, json.loads(done.stdout))
    return tap.finish()


if __name__ == "__main__":
    if sys.argv[1:] == ["--inside"]:
        sys.exit(inside())
    sys.exit(inside_peer(Path(sys.argv[2])) if "--peer" in sys.argv
             else main())
