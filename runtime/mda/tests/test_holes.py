#!/usr/bin/python3
"""What has been a hole in OpenSMTPD or could be one in deliveries, queue and
control, tried on the installed daemon. Root only, on a machine of its own;
those of SMTP are tried in runtime/smtp, those of .forward files and of the
offline folder in test_deliveries.py."""

import os
import re
import shutil
import signal
import smtplib
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
import machine  # noqa: E402
from daemon import free_port  # noqa: E402
from machine import DAEMON, USERS, give  # noqa: E402
from tap import ROOT, Tap, can_unshare  # noqa: E402

CONFIG = """
table aliases file:/usr/local/etc/aliases
listen on 127.0.0.1 port {port} hostname mail.example
listen on socket
action "local" maildir alias <aliases>
action "command" mda "sh ~/run '%{{sender}}' '%{{rcpt}}' '%{{dest.user}}'"
action "lmtp" lmtp "127.0.0.1:{lmtp}"
match from any for domain "local.example" action "local"
match from any for domain "command.example" action "command"
match from any for domain "lmtp.example" action "lmtp"
"""
QUEUE = Path("/var/spool/smtpd/queue")
FORWARD = Path("/home/joe/.forward")
MESSAGES = ROOT / "runtime/proc/message.h"

tap = Tap()


class World:
    def __init__(self):
        self.port = free_port()
        self.lmtp = free_port()
        self.daemon = None

    def send(self, rcpt, sender="a@b.example", options=()):
        """The code of RCPT, or of what comes behind it."""
        with smtplib.SMTP("127.0.0.1", self.port, "client.example",
                          timeout=20) as client:
            client.ehlo()
            client.mail(sender, options)
            code, said = client.rcpt(rcpt)
            if code == 250:
                code, said = client.data(b"Subject: x\r\n\r\nbody\r\n")
            return code, said.decode()

    def result(self, rcpt):
        """That of the first delivery."""
        line = re.compile(rf"to=<{re.escape(rcpt)}> .* result=(\w+) (.*)")
        self.daemon.wait(lambda: line.search(self.daemon.log_text()))
        found = line.search(self.daemon.log_text())
        return found.groups() if found else (None, self.daemon.log_text())

    def lives(self, what):
        """The daemon does, and delivers; ann is never attacked."""
        before = inbox("ann")
        try:
            said = self.send("ann@local.example")
        except smtplib.SMTPDataError:
            # Its number is that of a strange thing in the queue.
            said = self.send("ann@local.example")
        tap.case(f"the daemon lives after {what}", "" if self.daemon.wait(
            lambda: inbox("ann") == before + 1) else f"{said}\n"
            f"{self.daemon.log_text()[-2000:]}")


def inbox(name):
    folder = Path("/home", name, "Maildir/new")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def queued():
    return {path.name: path for path in QUEUE.glob("*/*/*")
            if len(path.name) == 16}


# Deliveries.

def check_stopped(world):
    """waitpid tells of a child that stopped: neither of the worker nor of
    its command may anybody be taken aback."""
    give("/home/joe/run", "cat >/dev/null; echo $$ >~/pid; kill -STOP $$;"
         "touch ~/went-on\n", "joe")
    world.send("joe@command.example")
    pid = Path("/home/joe/pid")
    world.daemon.wait(lambda: pid.exists() and pid.read_text().strip())
    command = int(pid.read_text())
    worker = int(Path(f"/proc/{command}/stat").read_text().rpartition(
        ")")[2].split()[1])
    os.kill(worker, signal.SIGSTOP)
    world.lives("a stopped delivery")
    for stopped in (worker, command):
        os.kill(stopped, signal.SIGCONT)
    tap.equal("and that ends when it goes on",
              (world.result("joe@command.example")[0],
               Path("/home/joe/went-on").exists()), ("Ok", True))


def check_shell(world):
    """No character of an address means anything to a shell."""
    give("/home/eve/run", "cat >/dev/null; printf '%s\\n' \"$@\" >>~/args\n",
         "eve")
    Path("/home/eve/home").mkdir()
    os.chown("/home/eve/home", USERS["eve"], USERS["eve"])
    taken = 0
    for user in ["`touch${IFS}/tmp/hole`", "$(touch${IFS}/tmp/hole)",
                 ";touch${IFS}/tmp/hole;", "|touch${IFS}/tmp/hole",
                 "'touch'", "a&touch${IFS}/tmp/hole", "{a,b}", "a'b",
                 "*", "~eve"]:
        try:
            taken += world.send("eve@command.example",
                                f"{user}@s.example")[0] == 250
            taken += world.send(f"eve+{user}@command.example")[0] == 250
        except smtplib.SMTPException:
            pass
    tap.case("some strange addresses are taken",
             "" if taken > 5 else f"{taken}")
    world.daemon.wait(lambda: not queued())
    tap.equal("all of them are delivered", queued(), {})
    tap.equal("and no shell has seen one", [
        str(path) for path in (Path("/tmp/hole"), Path("/home/eve/hole"))
        if path.exists()], [])
    args = Path("/home/eve/args").read_text()
    tap.equal("what a command gets of them has no such character",
              re.findall(r"[!#$%&'*/?^`{|}~;]", args), [])


def check_formats(world):
    """Forwards are expanded like commands: what does not fit or makes no
    sense fails, and nothing else is run instead."""
    for name, target in [
            ("%{mda} outside of a wrapper", "|/bin/echo %{mda} >~/hole"),
            ("a format beyond all limits",
             "|touch ~/hole; true " + "%{rcpt}" * 100),
            ("an endless token",
             "|touch ~/hole; true %{" + "a" * 300 + "}"),
            ("one without end", "|touch ~/hole; true %{user")]:
        give(FORWARD, target + "\n", "joe")
        log = len(world.daemon.log_text())
        code, _ = world.send("joe@local.example")
        world.daemon.wait(
            lambda: "result=" in world.daemon.log_text()[log:])
        said = world.daemon.log_text()[log:]
        tap.case(f"{name} fails", "" if code == 250 and
                 "result=PermFail stat=Error (" in said else
                 f"{code} {said}")
        tap.case(f"and nothing is run ({name})",
                 "it is" if Path("/home/joe/hole").exists() else "")
    FORWARD.unlink()
    give("/root/.forward", "|touch /tmp/hole\n", "root")
    code, said = world.send("root@local.example")
    tap.equal("a pipe in root's .forward is refused", code, 451)
    give("/root/.forward", "/tmp/hole\n", "root")
    code, said = world.send("root@local.example")
    tap.equal("so is a file", code, 451)
    give("/root/.forward", "\xff\xfe, \xff\n", "root")
    tap.equal("and bytes of no alphabet", world.send(
        "root@local.example")[0], 424)
    Path("/root/.forward").unlink()
    tap.case("none of it was done",
             "it was" if Path("/tmp/hole").exists() else "")
    world.lives("strange formats")


def check_long_command(world):
    """A command that would be cut is not run at all."""
    for size in (1100, 1990, 2047, 2100):
        give(FORWARD, "|touch ~/hole; true ".ljust(size, "x") + "\n", "joe")
        log = len(world.daemon.log_text())
        code, _ = world.send("joe@local.example")
        if code == 250:
            world.daemon.wait(
                lambda: "result=" in world.daemon.log_text()[log:])
        said = world.daemon.log_text()[log:]
        tap.case(f"a command of {size} bytes is refused",
                 "" if code == 424 or "result=PermFail" in said
                 else f"{code} {said}")
    tap.case("and not run in part",
             "it is" if Path("/home/joe/hole").exists() else "")
    FORWARD.unlink()


def lie(listener, replies, heard):
    """An LMTP server for one session, that answers as it likes."""
    client, _ = listener.accept()
    with client:
        client.settimeout(5)
        for reply in replies:
            client.sendall(reply)
            try:
                heard.append(client.recv(65536))
            except OSError:
                return


REPLIES = {
    "more keys": b"553-\n type: mda\nmda-exec: touch /tmp/hole\n553",
    "more keys, after a good beginning":
        b"553-x\r\n553-dispatcher: command\r\n553\rmda-exec: a\r\n",
    "a NUL": b"553 a\0b\r\n",
    "a line without end": b"4" * 100000,
    "lines without end": b"450-x\r\n" * 5000,
    "escapes": b"553 \x1b]0;x\x07\x9b31m\r\n",
    "no text": b"553\r\n",
    "bytes of no alphabet": b"\xff\xff\xff\xff\r\n",
}


def check_lmtp(world):
    """The last word of a server gets into envelope and log."""
    world.daemon.ctl("remove", "all")
    world.daemon.wait(lambda: not queued())
    for name, reply in REPLIES.items():
        log, heard = len(world.daemon.log_text()), []
        with socket.create_server(("127.0.0.1", world.lmtp)) as listener:
            listener.settimeout(20)
            server = threading.Thread(target=lie, args=(
                listener, [b"220 hi\r\n", reply], heard))
            server.start()
            world.send("joe@lmtp.example")
            world.daemon.wait(
                lambda: "result=" in world.daemon.log_text()[log:])
            server.join()
        tap.equal(f"{name}: is said to our client",
                  [line.split()[0] for line in heard[:1]], [b"LHLO"])
        world.daemon.ctl("pause", "mda")
        time.sleep(0.2)
        lines = world.daemon.log_text()[log:].splitlines()
        known = re.compile(
            r"[0-9a-f]{16} (mda|smtp) |info: mda (paused|resumed)")
        tap.equal(f"{name}: no line of the log is made by a server",
                  [line for line in lines if not known.match(line) or
                   re.search(r"[^\t -~]", line)], [])
        [(evpid, path)] = queued().items()
        text = path.read_text(encoding="latin-1")
        tap.equal(f"{name}: nor one of the envelope", [
            re.findall(r"(?m)^(type|dispatcher|mda-exec): *(.*)$", text),
            re.findall(r"[^\t\n -~]", text)],
            [[("dispatcher", "lmtp"), ("type", "mda")], []])
        tap.equal("it can be listed and removed", (
            world.daemon.ctl("show", "queue", evpid[:8])[1].count("|"),
            world.daemon.ctl("remove", evpid)[0]), (13, 0))
        world.daemon.ctl("resume", "mda")
    world.lives("answers of a hostile server")


# Queue.

ENVELOPE = """version: 3
dispatcher: local
type: mda
smtpname: mail.example
helo: x
hostname: localhost
sockaddr: {sockaddr}
sender: a@b.example
rcpt: joe@local.example
dest: joe@local.example
ctime: {now}
last-try: 0
last-bounce: 0
ttl: 0
retry: 0
dsn-notify: 0
mda-user: joe
{more}"""


def lay(msgid, text, owner=DAEMON["_smtpq"]):
    """An envelope into the queue, as if it had been there."""
    folder = QUEUE / msgid[:2] / msgid
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "message").write_text(f"Subject: {msgid}\n\nbody\n")
    (folder / f"{msgid}00000001").write_bytes(text.encode("latin-1"))
    for path in (folder.parent, folder, *folder.iterdir()):
        os.chown(path, owner, owner)
        path.chmod(0o700 if path.is_dir() else 0o600)


def deep(path, depth):
    """A folder in a folder in a folder, too deep for a path."""
    before = os.open(path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=before)
        after = os.open("d", os.O_RDONLY, dir_fd=before)
        os.fchown(after, DAEMON["_smtpq"], DAEMON["_smtpq"])
        os.close(before)
        before = after
    os.close(before)


def lay_strange_things():
    now = int(time.time())
    lay("0a000001", ENVELOPE.format(sockaddr="[fe80::1%lo0]", now=now,
                                    more=""))
    lay("0a000002", ENVELOPE.format(
        sockaddr="local", now=now,
        more="dsn-envid: " + "+2Bx" * 25 + "\n"))
    for number, more in enumerate([
            "mda-exec: touch /tmp/hole\n" * 2, "\xff: 1\n", "\xff\xff",
            "mda-exec: " + "x" * 20000 + "\n", "errorline: a\0b\n",
            "mda-user: root\n"]):
        lay(f"0b00000{number}",
            ENVELOPE.format(sockaddr="local", now=now, more=more))
    for name in ("zz", "ab/short", "ab/ab00000g", "a\xff", "0c/0c000001"):
        (QUEUE / name).mkdir(parents=True, exist_ok=True)
    (QUEUE / "0c/0c000001/0c00000100000001").symlink_to("/etc/shadow")
    os.mkfifo(QUEUE / "0c/0c000001/0c00000100000002")
    for name in ("0d", "0e"):
        if (QUEUE / name).is_dir():  # empty, of a message that has gone
            (QUEUE / name).rmdir()
    os.mkfifo(QUEUE / "0d")
    (QUEUE / "0e").symlink_to("/etc")
    deep("/var/spool/smtpd/purge", 3000)
    deep(QUEUE / "zz", 300)
    (Path("/var/spool/smtpd/purge") / "a\xff\n").symlink_to("/etc/shadow")
    for path in QUEUE.rglob("*"):
        os.chown(path, DAEMON["_smtpq"], DAEMON["_smtpq"],
                 follow_symlinks=False)


def check_queue(world):
    """Names and texts of others in the spool, at a start."""
    mail = world.send("joe@local.example",
                      options=["ENVID=" + "+2Bx" * 25, "RET=HDRS"])
    tap.equal("a long ENVID is taken", mail[0], 250)
    world.daemon.wait(lambda: not queued())
    world.daemon.stop()
    before = inbox("joe")
    lay_strange_things()
    shadow = Path("/etc/shadow").read_text()
    with machine.Daemon(config(world)) as world.daemon:
        tap.case("envelopes that were trouble are delivered",
                 "" if world.daemon.wait(lambda: inbox("joe") == before + 2)
                 else world.daemon.log_text())
        world.lives("strange things in the spool")
        tap.case("what was thrown away is deleted", "" if world.daemon.wait(
            lambda: not list(Path("/var/spool/smtpd/purge").iterdir()))
                 else "it is not")
        tap.equal("nothing foreign is done or lost",
                  (Path("/tmp/hole").exists(), Path("/etc/shadow").read_text(),
                   (QUEUE / "zz").is_dir()), (False, shadow, True))
        tap.equal("what is bad stays", len([
            name for name in queued() if name.startswith("0b")]), 6)
        world.daemon.ctl("remove", "all")
    for name in ("0d", "0e"):
        (QUEUE / name).unlink()  # in the way of messages with such a number
    world.daemon = machine.Daemon(config(world))
    world.daemon.__enter__()


# Control, and the programs that have a group.

def type_of(name):
    names = re.findall(r"\bM\((\w+), ", MESSAGES.read_text())
    return names.index(name)


def check_descriptors(world):
    """Who sends descriptors along with good requests fills no table."""
    pids = world.daemon.children()

    def count():
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)

    before = count()
    request = struct.pack("=4I", type_of("CTL_STATUS"), 1, 4, 0)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client, \
            open("/dev/null", encoding="ascii") as null:
        client.settimeout(10)
        client.connect("/var/run/smtpd.sock")
        answers = 0
        for _ in range(2000):
            socket.send_fds(client, [request], [null.fileno()])
            answers += len(client.recv(100)) > 0
        tap.equal("requests with descriptors are answered", answers, 2000)
        tap.case("and none is kept", "" if count() <= before + 1
                 else f"{before} before, {count()}")
    world.lives("many descriptors")


def check_group(_world):
    """smtpctl has a group that nobody may borrow."""
    program = Path("/var/run/box/smtpctl")
    program.parent.mkdir()
    shutil.copy(machine.SBIN / "smtpctl", program)
    os.chown(program, 0, DAEMON["_smtpq"])
    program.chmod(0o2755)
    for name in ("sendmail", "makemap", "newaliases", "mailq"):
        (program.parent / name).symlink_to("smtpctl")
    offline = Path("/var/spool/smtpd/offline")
    tap.equal("the folder is the group's", (
        offline.stat().st_gid, offline.stat().st_mode & 0o777),
        (DAEMON["_smtpq"], 0o770))
    secret = offline / "secret"
    secret.write_text("root: all\n")
    os.chown(secret, 0, DAEMON["_smtpq"])
    secret.chmod(0o640)
    give("/home/eve/source", "a: b\n", "eve")
    tricks = Path("/home/eve/tricks")
    tricks.mkdir()
    for name in ("makemap", "sh", "newaliases", "smtpctl"):
        (tricks / name).write_text("#!/bin/sh\n>/home/eve/hole\n")
        (tricks / name).chmod(0o755)
    hostile = {"PATH": str(tricks), "IFS": "/", "LD_PRELOAD": "/x.so",
               "LD_LIBRARY_PATH": str(tricks), "HOME": "/home/eve"}
    for command in [
            ["makemap", "-o", offline / "db", "/home/eve/source"],
            ["makemap", "-o", "/home/eve/db", secret],
            ["makemap", "-C", secret, "-o", "/home/eve/db", secret],
            ["makemap", "-U", secret],
            ["newaliases"],
            ["newaliases", f"-OAliasFile={secret}"],
            ["sendmail", "-bi"],
            ["sendmail", "-bi", f"-OAliasFile={secret}"],
            ["smtpctl", "--spool=/var/spool/smtpd", "show", "queue"],
            ["mailq"]]:
        done = subprocess.run(
            [program.parent / command[0], *command[1:]], env=hostile,
            user=USERS["eve"], group=USERS["eve"], extra_groups=[],
            cwd="/home/eve", capture_output=True, text=True, timeout=20,
            check=False)
        said = done.stdout + done.stderr
        name = " ".join(Path(word).name for word in map(str, command))
        tap.case(f"{name} is refused", "" if done.returncode != 0 and
                 "all" not in said else f"{done.returncode}: {said}")
    tap.equal("nothing is made or run",
              [path.name for path in offline.iterdir()] +
              [path.name for path in Path("/home/eve").glob("*hole*")] +
              [path.name for path in Path("/home/eve").glob("*db*")],
              ["secret"])
    secret.unlink()


def check_bytes(world):
    """0xff is a byte, and no end."""
    Path("/usr/local/etc/aliases").write_bytes(
        b"\xff: ann\n\xff\xff\xffb: \xff, ann\nlast: ann\n")
    world.daemon.ctl("update", "table", "aliases")
    world.lives("an alias file of no alphabet")
    code, _ = world.send("last@local.example")
    give("/usr/local/etc/aliases", "last: ann\n", "root")
    world.daemon.ctl("update", "table", "aliases")
    tap.equal("lines behind it are read", (
        code, world.send("last@local.example")[0]), (250, 250))


def config(world):
    return CONFIG.format(port=world.port, lmtp=world.lmtp)


def inside():
    machine.install()
    give("/usr/local/etc/aliases", "one: joe\n", "root")
    world = World()
    world.daemon = machine.Daemon(config(world))
    world.daemon.__enter__()
    try:
        for check in (check_stopped, check_shell, check_formats,
                      check_long_command, check_lmtp, check_queue,
                      check_descriptors, check_group, check_bytes):
            check(world)
    finally:
        status = world.daemon.stop()
    tap.equal("the daemon ends in order", status, 0)
    if tap.failed:
        print("#", world.daemon.log_text()[-3000:].replace("\n", "\n# "))
    return tap.finish()


def main():
    if not can_unshare():
        tap.skip("holes", "needs root, and mounts of its own")
        return tap.finish()
    machine.adopt(tap, machine.enter(__file__))
    return tap.finish()


if __name__ == "__main__":
    sys.exit(inside() if sys.argv[1:] == ["--inside"] else main())
