#!/usr/bin/env python3
"""Spools go both ways: what OpenSMTPD 7.8 left is picked up, with local mail
delivered and mail to be relayed kept as it is; what 6.0 left is listed and
not touched; what we keep is listed by
Debian's smtpctl, where make peers unpacked it and root may enter it."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
import peer  # noqa: E402
from daemon import Client, Daemon, free_port  # noqa: E402
from tap import ROOT, Tap  # noqa: E402

PRISTINE = ROOT / "fixtures/queue/pristine/queue"
USERS = ["alice", "bob", "carol", "dave", "vu1", "vmail", "user"]

# The actions of fixtures/queue/pristine/smtpd.conf, with other methods.
PICK_UP = """
listen on 127.0.0.1 port {port}
queue ttl {ttl}
table users {{{{ {users} }}}}
{actions}
match from any for any action r11
"""

KEEP = """
listen on 127.0.0.1 port {port}
action "out" relay
action "local" maildir "{{dir}}/Maildir"
match from any for domain "local.example" action "local"
match from any for any action "out"
"""


def account():
    return (65534, 65534) if os.geteuid() == 0 else \
        (os.geteuid(), os.getegid())


def envelopes(queue):
    """Names to fields of what lies in a queue folder."""
    found = {}
    for path in queue.glob("??/????????/????????????????"):
        text = path.read_text(encoding="latin-1")
        found[path.name] = dict(
            line.split(": ", 1) for line in text.splitlines())
    return found


class Spooled(Daemon):
    """A daemon that finds a queue when it starts."""

    queue = None

    def start(self):
        if self.queue is not None:
            self.spool.mkdir(mode=0o711)
            shutil.copytree(self.queue, self.spool / "queue")
            for path in [self.spool, *self.spool.rglob("*")]:
                path.chmod(0o700 if path.is_dir() else 0o600)
                if os.geteuid() == 0:
                    shutil.chown(path, *account())
            self.spool.chmod(0o711)
        super().start()


def pick_up_config():
    uid, gid = account()
    users = ", ".join(
        f'"{name}" = "{uid}:{gid}:{{dir}}"' for name in USERS)
    local = {"r11", "r13", "r18", "r19", "r21"}
    actions = "\n".join(
        f'action r{n} maildir "{{dir}}/Maildir" userbase <users>'
        if f"r{n}" in local else f"action r{n} relay"
        for n in range(1, 23))
    # The samples are from one day, whenever that was.
    ttl = f"{int(time.time() / 86400)}d"
    return PICK_UP.format(port=free_port(), users=users, ttl=ttl,
                          actions=actions)


def check_pick_up(tap):
    before = envelopes(PRISTINE)
    local = {name for name, fields in before.items()
             if fields["type"] == "mda" and "mda-exec" not in fields and
             fields["dispatcher"] in ("r11", "r13", "r18", "r19", "r21")}
    relayed = {name for name, fields in before.items()
               if fields["type"] == "mta"}
    daemon = Spooled(pick_up_config())
    daemon.queue = PRISTINE
    with daemon:
        daemon.wait(lambda: len(daemon.messages()) >= len(local))
        daemon.wait(lambda: not local & envelopes(
            daemon.spool / "queue").keys())
        after = envelopes(daemon.spool / "queue")
        tap.case("there is mail of both kinds",
                 "" if local and relayed else f"{local} {relayed}")
        tap.equal("local mail of OpenSMTPD 7.8 is delivered",
                  len(daemon.messages()), len(local))
        tap.equal("and gone from the queue", local & after.keys(), set())
        tap.equal("mail to be relayed is kept as it is",
                  {name: after.get(name) for name in relayed},
                  {name: before[name] for name in relayed})
        tap.equal("no envelope is called invalid",
                  [line for line in daemon.log_text().splitlines()
                   if "invalid" in line], [])


# As 6.0.3 writes it.
OLD = """version: 2
tag: local
type: mda
smtpname: mx.example
helo: localhost
hostname: localhost
sockaddr: local
sender: a@b.example
rcpt: c@d.example
dest: c@d.example
ctime: 1700000000
last-try: 0
last-bounce: 0
expire: 345600
retry: 2
dsn-notify: 0
mda-buffer: ~/Maildir
mda-method: maildir
mda-user: joe
mda-usertable: <getpwnam>
"""


def check_old(tap):
    with tempfile.TemporaryDirectory() as folder:
        lies = Path(folder) / "ab/ab12cd34"
        lies.mkdir(parents=True)
        (lies / "ab12cd3400000001").write_text(OLD)
        (lies / "message").write_text("Subject: old\n\nold\n")
        daemon = Spooled(KEEP.format(port=free_port()))
        daemon.queue = folder
        with daemon:
            daemon.wait(lambda: "version mismatch" in daemon.log_text())
            tap.equal("an envelope of 6.0 is listed as what it is",
                      ours(daemon, "show", "queue"), [
                          "ab12cd3400000001|local|mda||a@b.example|"
                          "c@d.example|c@d.example|1700000000|1700345600|0|2|"
                          "invalid||Envelope of OpenSMTPD 6.0 or before: "
                          "kept, but not understood yet"])
            tap.equal("nobody can schedule it",
                      ours(daemon, "schedule", "all"),
                      ["0 envelope scheduled"])
            daemon.stop()
            tap.equal("and it stays as it was",
                      [path.read_text() for path in
                       sorted(daemon.spool.glob("queue/ab/ab12cd34/*"))],
                      [OLD, "Subject: old\n\nold\n"])


def smtpctl(spool, *args):
    """Debian's, with a spool of ours in its chroot; it wants the group that
    its set-group-id bit would give."""
    root = peer.PEERS / "opensmtpd"
    target = root / "var/spool/smtpd"
    target.mkdir(parents=True, exist_ok=True)
    group = next(line.split(":")[2] for line in
                 (root / "etc/group").read_text().splitlines()
                 if line.startswith("opensmtpq:"))
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c",
         'mount --bind "$1" "$2" && shift 2 && exec "$@"', "sh", spool,
         target, "setpriv", f"--regid={group}", "--clear-groups",
         *peer.command("smtpctl", *args)],
        capture_output=True, text=True, timeout=30, check=False)


def ours(daemon, *args):
    """Our smtpctl: the lines that it prints."""
    return daemon.ctl(*args)[1].splitlines()


def expected_line(name, fields):
    family = "local" if fields["sockaddr"] == "local" else "inet4"
    return "|".join([
        name, family, fields["type"], "", fields["sender"], fields["rcpt"],
        fields["dest"], fields["ctime"], fields["ctime"],
        fields["last-try"], fields["retry"], "offline", "", ""])


def check_our_list(tap, daemon, kept):
    listed = ours(daemon, "show", "queue")
    tap.equal("smtpctl lists them, in order",
              [line.split("|")[0] for line in listed], sorted(kept))
    line = listed[0].split("|")
    tap.equal("with 14 fields", len(line), 14)
    tap.equal("that say what the envelope says",
              line[4:8], [kept[line[0]][key] for key in
                          ("sender", "rcpt", "dest", "ctime")])
    name = min(kept)
    text = next((daemon.spool / "queue").glob(f"*/*/{name}")).read_text()
    tap.equal("smtpctl shows an envelope as it is",
              ours(daemon, "show", "envelope", name), text.splitlines())
    tap.case("smtpctl shows a message",
             "" if "Subject: kept" in ours(daemon, "show", "message",
                                           name[:8]) else "no subject")


def check_read_by_peer(tap):
    port = free_port()
    with Daemon(KEEP.format(port=port), "-P", "mda") as daemon:
        client = Client(daemon.connect(port))
        client.ask("EHLO client.example")
        for sender in ("a@b.example", ""):
            client.ask(f"MAIL FROM:<{sender}> RET=HDRS ENVID=some+2Bid",
                       "RCPT TO:<x@remote.example> NOTIFY=FAILURE,DELAY "
                       "ORCPT=rfc822;y@remote.example",
                       f"RCPT TO:<{daemon.user}@local.example>", "DATA")
            client.ask("Subject: kept\r\n\r\ntext\r\n.")
        client.close()
        kept = envelopes(daemon.spool / "queue")
        tap.equal("four envelopes are kept", len(kept), 4)
        check_our_list(tap, daemon, kept)
        daemon.stop()
        tap.equal("smtpctl lists them without a daemon",
                  ours(daemon, "show", "queue"),
                  [expected_line(*item) for item in sorted(kept.items())])
        if not peer.is_there("opensmtpd"):
            tap.skip("OpenSMTPD lists what we keep", peer.MISSING)
            return
        done = smtpctl(daemon.spool, "show", "queue")
        tap.equal("OpenSMTPD lists what we keep",
                  sorted(done.stdout.splitlines()) or done.stderr,
                  sorted(expected_line(*item) for item in kept.items()))


def main():
    tap = Tap()
    check_pick_up(tap)
    check_old(tap)
    check_read_by_peer(tap)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
