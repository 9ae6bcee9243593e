#!/usr/bin/env python3
"""Mail through the whole daemon, run by root, to users: every method, and
.forward files that are not what they should be."""

import os
import re
import smtplib
import ssl
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
import dovecot  # noqa: E402
import machine  # noqa: E402
from daemon import free_port, make_certificate  # noqa: E402
from machine import BUILD, USERS, give  # noqa: E402
from tap import Tap, can_unshare  # noqa: E402

CONFIG = """
table aliases file:/usr/local/etc/aliases
table domains {{ "info@virtual.example" = vjoe, \\
    "@catch.example" = "ann@maildir.example" }}
table owners {{ vjoe = "{joe}:{joe}:/home/joe/virtual" }}
mda wrapper "copy" "tee ~/wrapped | %{{mda}}"

pki mail.example cert "/usr/local/etc/mail.pem"
pki mail.example key "/usr/local/etc/mail.key"
listen on 127.0.0.1 port {port} hostname mail.example tls \\
    pki mail.example auth-optional

action "maildir" maildir junk alias <aliases>
action "wrapped" maildir wrapper "copy"
action "mbox" mbox
action "command" mda "cat >~/got; env >~/env; sh ~/run"
action "as" mda "cat >/dev/null; id >/home/eve/id-of-%{{user.username}}" \\
    user eve
action "lmtp" lmtp "{lmtp}" rcpt-to
action "dovecot" lmtp "127.0.0.1:{dovecot}" rcpt-to \\
    virtual {{ "@dovecot.example" = ann }}
action "forward" forward-only
action "expand" expand-only alias <aliases>
action "virtual" maildir virtual <domains> userbase <owners>

match from any for domain "maildir.example" action "maildir"
match from any for domain "wrapped.example" action "wrapped"
match from any for domain "mbox.example" action "mbox"
match from any for domain "command.example" action "command"
match from any for domain "as.example" action "as"
match from any for domain "lmtp.example" action "lmtp"
match from any for domain "dovecot.example" action "dovecot"
match auth from any for domain "login.example" action "maildir"
match from any for domain "forward.example" action "forward"
match from any for domain "expand.example" action "expand"
match from any for domain {{ "virtual.example", "catch.example" }} \\
    action "virtual"
"""

ALIASES = """
list: joe, ann, /home/eve/never
many: :include:/usr/local/etc/list
piped: "|cat >/var/run/piped"
bad: joe, ~/not/a/target
gone: error:550 no longer here
"""

tap = Tap()


class World:
    def __init__(self, port):
        self.port = port
        self.dovecot = free_port()
        self.daemon = None

    def send(self, rcpt, text="Subject: x\n\nbody\n", sender="a@b.example"):
        """The code and text that RCPT TO got, or those of the dot."""
        with smtplib.SMTP("127.0.0.1", self.port, "client.example",
                          timeout=20) as client:
            client.ehlo()
            client.mail(sender)
            code, said = client.rcpt(rcpt)
            if code != 250:
                return code, said.decode()
            code, said = client.data(text.replace("\n", "\r\n"))
            return code, said.decode()

    def outcome(self, rcpt):
        """What the log says of the only delivery to a recipient, when it
        says so: result, stat."""
        line = re.compile(
            rf"mda delivery .* to=<{re.escape(rcpt)}> .* "
            r'result="?(\w+)"? stat=(.*)')
        self.daemon.wait(lambda: line.search(self.daemon.log_text()))
        found = line.search(self.daemon.log_text())
        return found.groups() if found else (None, self.daemon.log_text())

    def expect(self, rcpt, result="Ok", stat="Delivered", **kwargs):
        code, said = self.send(rcpt, **kwargs)
        if code != 250:
            tap.case(f"{rcpt} is taken", f"{code} {said}")
            return
        tap.equal(f"delivery to {rcpt}", self.outcome(rcpt), (result, stat))

    def refuse(self, name, rcpt, code, text):
        tap.equal(name, self.send(rcpt), (code, text))


def inbox(name):
    folder = Path("/home", name, "Maildir/new")
    return sorted(folder.iterdir()) if folder.is_dir() else []


def check_methods(world):
    world.expect("joe@maildir.example")
    [file] = inbox("joe")
    tap.equal("the file is the user's",
              (file.stat().st_uid, file.stat().st_mode & 0o777),
              (USERS["joe"], 0o600))
    world.expect("joe+spam@maildir.example",
                 text="X-Spam: yes\nSubject: x\n\nbody\n")
    tap.equal("spam lies in its folder",
              len(list(Path("/home/joe/Maildir/.Junk/new").iterdir())), 1)
    world.expect("joe@wrapped.example")
    tap.case("the wrapper saw it",
             "" if "\n\nbody\n" in Path("/home/joe/wrapped").read_text()
             else "it did not")
    world.expect("joe@mbox.example")
    box = Path("/var/mail/joe")
    tap.equal("the mailbox is the user's",
              (box.stat().st_uid, box.stat().st_mode & 0o777),
              (USERS["joe"], 0o600))
    world.expect("joe@as.example")
    tap.case("a command runs as another user", "" if Path(
        "/home/eve/id-of-joe").read_text().startswith(
            f"uid={USERS['eve']}(eve) gid={USERS['eve']}(eve) "
            f"groups={USERS['eve']}(eve)") else "it does not")
    world.expect("info@virtual.example")
    tap.equal("a virtual user has a Maildir of its own", len(list(Path(
        "/home/joe/virtual/Maildir/new").iterdir())), 1)


def check_root(world):
    world.expect("root@mbox.example")
    tap.equal("root has a mailbox", Path("/var/mail/root").stat().st_uid, 0)
    world.expect("root@maildir.example", "PermFail",
                 "Error (permission denied: MDA not allowed to deliver to: "
                 "root)")


def check_commands(world):
    for status, name, result, stat in [
            (0, "joe", "Ok", "Delivered"),
            (75, "ann", "TempFail",
             "Error (temporary failure: exited abnormally)"),
            (67, "eve", "PermFail",
             "Error (user unknown: exited abnormally)")]:
        give(f"/home/{name}/run", f"exit {status}", name)
        world.expect(f"{name}@command.example", result, stat)
    got = Path("/home/joe/got").read_text()
    tap.equal("the message has its head", got.split("\n")[:2], [
        "Return-Path: <a@b.example>",
        "Delivered-To: joe@command.example"])


def check_aliases(world):
    before = len(inbox("ann"))
    world.refuse("an unknown user is refused", "many@forward.example", 550,
                 "Invalid recipient: <many@forward.example>")
    world.refuse("expand-only without alias is refused",
                 "joe@expand.example", 524, "5.2.4 Mailing list expansion "
                 "problem: <joe@expand.example>")
    world.refuse("an alias with a bad target fails for now",
                 "bad@maildir.example", 424,
                 "4.2.4 Mailing list expansion problem: "
                 "<bad@maildir.example>")
    world.refuse("an alias can refuse", "gone@maildir.example", 550,
                 "no longer here: <gone@maildir.example>")
    tap.equal("a list is taken", world.send("many@maildir.example")[0], 250)
    world.daemon.wait(lambda: len(inbox("ann")) > before)
    tap.equal("and goes to its members", len(inbox("ann")), before + 1)


FORWARD = Path("/home/joe/.forward")


def list_problem(digit):
    return (f"{digit}.2.4 Mailing list expansion problem: "
            "<joe@forward.example>")


def check_forward(world):
    before = len(inbox("ann"))
    give(FORWARD, "# comment\nann@maildir.example,\n"
         "\"|cat >/home/joe/piped\", /home/joe/filed\n", "joe")
    code, said = world.send("joe@maildir.example")
    tap.equal("a .forward is heeded", (code, said[:5]), (250, "2.0.0"))
    world.daemon.wait(lambda: Path("/home/joe/filed").exists() and
                      Path("/home/joe/piped").exists() and
                      len(inbox("ann")) > before)
    for name in ["piped", "filed"]:
        path = Path("/home/joe", name)
        tap.equal(f"what it says of {name} is done as the user",
                  path.exists() and path.stat().st_uid, USERS["joe"])
    tap.equal("and mail goes on", len(inbox("ann")), before + 1)
    give(FORWARD, "\\joe\n", "joe")
    before = len(inbox("joe"))
    world.send("joe@maildir.example")
    world.daemon.wait(lambda: len(inbox("joe")) > before)
    tap.equal("a .forward may name its own user", len(inbox("joe")),
              before + 1)


def hostile_file(mode, owner="joe", size=30):
    return lambda: give(FORWARD, "eve@maildir.example\n".ljust(size, "#"),
                        owner, mode)


def hostile_link():
    FORWARD.symlink_to("/home/ann/secret")


def hostile_hard_link():
    give("/home/ann/secret", "ann\n", "ann", 0o600)
    os.link("/home/ann/secret", FORWARD)


HOSTILE = [
    ("a symbolic link", hostile_link, 524),
    ("a hard link to a file of another", hostile_hard_link, 524),
    ("a FIFO", lambda: os.mkfifo(FORWARD, 0o644), 524),
    ("a folder", lambda: FORWARD.mkdir(0o755), 524),
    ("a file of another", hostile_file(0o644, "ann"), 524),
    ("a file that its group may write", hostile_file(0o664), 524),
    ("a file that everybody may write", hostile_file(0o646), 524),
    ("4,096 bytes", hostile_file(0o644, size=4096), 424),
    ("no targets", lambda: give(FORWARD, "~/nothing\n", "joe"), 424),
    ("no file", lambda: None, 424),
]


def check_hostile(world):
    for name, make, code in HOSTILE:
        if FORWARD.is_dir() and not FORWARD.is_symlink():
            FORWARD.rmdir()
        FORWARD.unlink(missing_ok=True)
        make()
        world.refuse(f"a .forward that is {name}", "joe@forward.example",
                     code, list_problem(code // 100))
    hostile_file(0o644)()
    home = FORWARD.parent
    for name, mode, code in [("sticky", 0o1755, 424),
                             ("open to its group", 0o775, 524)]:
        home.chmod(mode)
        world.refuse(f"a home that is {name}", "joe@forward.example", code,
                     list_problem(code // 100))
    home.chmod(0o755)
    FORWARD.unlink()


def check_login(world):
    """A system user's password is that of the system."""
    with smtplib.SMTP("127.0.0.1", world.port, "client.example",
                      timeout=20) as client:
        client.starttls(context=ssl._create_unverified_context())
        try:
            code = client.login("joe", "wrong")[0]
        except smtplib.SMTPAuthenticationError as error:
            code = error.smtp_code
        tap.equal("a wrong password is refused", code, 535)
        before = len(inbox("joe"))
        client.login("joe", machine.PASSWORD)
        client.sendmail("joe@login.example", "joe@login.example",
                        "Subject: x\n\ntext\n")
    world.daemon.wait(lambda: len(inbox("joe")) > before)
    tap.equal("who has logged in may send", len(inbox("joe")), before + 1)


def check_dovecot(world):
    if not dovecot.is_there():
        tap.skip("LMTP to Dovecot", "no peer; run: make peers")
        return
    with dovecot.Dovecot(world.dovecot) as server:
        world.expect("user@dovecot.example", text="Subject: x\n\n.dot\n")
        tap.equal("Dovecot has it as it was sent", [
            text.replace(b"\r", b"").partition(b"\n\n")[2]
            for text in server.messages()], [b".dot\n"])
        code, _ = world.send("nobody-here@dovecot.example")
        result, stat = world.outcome("nobody-here@dovecot.example")
        tap.case("what Dovecot refuses has failed for good", "" if (
            code, result) == (250, "PermFail") and "LMTP server error: 550" in
                 stat else f"{code} {result} {stat}")


def check_update(world):
    """A table's file is read again when it is asked for, and only then."""
    give("/usr/local/etc/aliases", "fresh: ann\n", "root")
    world.refuse("a new alias is not there yet", "fresh@maildir.example", 550,
                 "Invalid recipient: <fresh@maildir.example>")
    tap.equal("smtpctl update table aliases",
              world.daemon.ctl("update", "table", "aliases")[0], 0)
    tap.equal("and then it is", world.send("fresh@maildir.example")[0], 250)
    give("/usr/local/etc/aliases", "fresh: ann\nother\n", "root")
    tap.case("a file that is damaged is refused",
             "" if world.daemon.ctl("update", "table", "aliases")[0]
             else "it is not")
    tap.equal("and the old content stays",
              world.send("fresh@maildir.example")[0], 250)
    give("/usr/local/etc/aliases", ALIASES, "root")


def offline_mail():
    return sum(b"Subject: offline" in path.read_bytes()
               for path in inbox("ann"))


def check_offline(port):
    """Mail that was left while the daemon was away, and what else lies
    there."""
    folder = Path("/var/spool/smtpd/offline")
    group = folder.stat().st_gid
    mine = [folder / "1", folder / "2", folder / "3"]
    for path in mine:
        path.write_text("-f|joe@maildir.example|--|ann@maildir.example\n"
                        "Subject: offline\n\nbody\n")
        os.chown(path, USERS["joe"], group)
    os.link(mine[1], folder / "hard")
    os.chown(mine[2], USERS["joe"], USERS["joe"])
    (folder / "soft").symlink_to("/etc/shadow")
    os.mkfifo(folder / "fifo")
    world = World(port)
    with machine.Daemon(machine_config(world)) as world.daemon:
        world.daemon.wait(lambda: not mine[0].exists() and offline_mail())
        tap.equal("offline mail is delivered once", offline_mail(), 1)
        tap.equal("and nothing else is touched",
                  sorted(path.name for path in folder.iterdir()),
                  ["2", "3", "fifo", "hard", "soft"])


def machine_config(world):
    return CONFIG.format(port=world.port, joe=USERS["joe"],
                         dovecot=world.dovecot,
                         lmtp=f"127.0.0.1:{free_port()}")


def inside():
    machine.install()
    give("/usr/local/etc/aliases", ALIASES, "root")
    give("/usr/local/etc/list", "# people\nann\njoe\n", "root")
    make_certificate(Path("/usr/local/etc"), "mail", "mail.example")
    world = World(free_port())
    config = machine_config(world)
    with machine.Daemon(config) as world.daemon:
        world.daemon.connect(world.port).close()
        check_methods(world)
        check_root(world)
        check_commands(world)
        world.expect("joe@lmtp.example", "TempFail", lmtp_error(config))
        check_login(world)
        check_dovecot(world)
        check_aliases(world)
        check_forward(world)
        check_hostile(world)
        check_update(world)
        tap.equal("the daemon lives", world.daemon.process.poll(), None)
    tap.equal("and ends in order", world.daemon.process.returncode, 0)
    if tap.failed:
        for line in world.daemon.log_text().splitlines()[-60:]:
            print(f"# {line}")
    check_offline(world.port)
    return tap.finish()


def lmtp_error(config):
    where = re.search(r'lmtp "(.*?)"', config)[1]
    return ('Error (temporary failure: "mail.lmtp: '
            f'{where}: Connection refused")')


def main():
    if not can_unshare():
        tap.skip("deliveries", "needs root, and mounts of its own")
        return tap.finish()
    if not (BUILD / "bin/smtpd").exists():
        tap.case("deliveries", f"there is no {BUILD}/bin/smtpd")
        return tap.finish()
    machine.adopt(tap, machine.enter(__file__))
    return tap.finish()


if __name__ == "__main__":
    sys.exit(inside() if sys.argv[1:] == ["--inside"] else main())
