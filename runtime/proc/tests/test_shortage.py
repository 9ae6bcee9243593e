#!/usr/bin/env python3
"""Processes of the running daemon that may open nothing more, one at a time:
clients are put off with 4xx or wait, nobody spins, nobody ends, nothing is
lost, and all goes on when there are descriptors again."""

import os
import pwd
import resource
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
from daemon import Client, Daemon, free_port, kind_of  # noqa: E402
from tap import BIN, Tap, environment  # noqa: E402

CONFIG = """
table aliases file:{{dir}}/aliases
listen on 127.0.0.1 port {port}
action "local" maildir "{{dir}}/Maildir" alias <aliases>
match from any for domain "example.org" action "local"
"""
CONNECTIONS = 40
BUSY = 0.3  # seconds of processor time in a second that would be spinning


class Short:
    """with Short(pids, spare): they may open so many descriptors more."""

    def __init__(self, pids, spare=0):
        self.pids, self.spare = pids, spare
        self.before = {}

    def __enter__(self):
        for pid in self.pids:
            self.before[pid] = resource.prlimit(0, resource.RLIMIT_NOFILE)
            used = {int(path.name)
                    for path in Path(f"/proc/{pid}/fd").iterdir()}
            free = [number for number in range(max(used) + 2 + self.spare)
                    if number not in used]
            set_limit(pid, free[self.spare])

    def __exit__(self, *_):
        for pid, limits in self.before.items():
            set_limit(pid, limits[1])


def set_limit(pid, limit):
    """As the daemon's user: for others one would need CAP_SYS_RESOURCE."""
    nobody = pwd.getpwnam("nobody")
    subprocess.run(["prlimit", f"--pid={pid}", f"--nofile={limit}:"],
                   user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[],
                   check=True)


class World:
    def __init__(self, daemon, port):
        self.daemon, self.port = daemon, port
        self.sent = 0

    def pids(self, kind):
        if kind == "parent":
            return [self.daemon.process.pid]
        return [pid for pid in self.daemon.children() if kind_of(pid) == kind]

    def client(self):
        client = Client(self.daemon.connect(self.port))
        client.ask("EHLO client.example")
        return client

    def send(self, client, rcpt="user"):
        """The reply that decides."""
        client.ask("RSET")
        for command in ("MAIL FROM:<a@b.example>",
                        f"RCPT TO:<{rcpt}@example.org>", "DATA"):
            reply = client.ask(command)
            if reply[0] not in "23":
                return reply
        reply = client.ask("Subject: x\r\n\r\ny\r\n.")
        self.sent += reply.startswith("250")
        return reply

    def all_arrived(self):
        return self.daemon.wait(
            lambda: len(self.daemon.delivered()) == self.sent)

    def settle(self):
        """Nothing is under way that would close a descriptor."""
        return self.daemon.wait(
            lambda: self.smtpctl("show", "queue").stdout == "")

    def stats(self):
        return self.smtpctl("show", "stats").stdout

    def smtpctl(self, *words):
        return subprocess.run(
            [BIN / "smtpctl", f"--spool={self.daemon.spool}", *words],
            env=environment(), capture_output=True, text=True, timeout=30,
            check=False)


def spent(pids):
    """Seconds of processor time."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
        ticks += sum(map(int, fields.split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def idles(tap, name, pids):
    before = spent(pids)
    time.sleep(1)
    tap.case(f"{name} does not spin", "" if spent(pids) - before < BUSY
             else f"{spent(pids) - before} seconds in one")


def check_accept(tap, world):
    pids = world.pids("session")
    with Short(pids, spare=2):
        socks = [world.daemon.connect(world.port) for _ in range(CONNECTIONS)]
        idles(tap, "a session process", pids)
    greetings = [Client(sock).greeting[:4] for sock in socks]
    tap.equal("who could not be accepted is so later", greetings,
              ["220 "] * CONNECTIONS)
    for sock in socks:
        sock.close()
    reply = world.send(world.client())
    tap.case("and mail comes in", "" if reply.startswith("250") else reply)


def check_accept_of_nobody(tap, world):
    """Nobody is connected whose leaving could make room."""
    pids = world.pids("session")
    tap.case("all have left", "" if world.daemon.wait(
        lambda: "smtp.session=0\n" in world.stats()) else world.stats())
    with Short(pids):
        sock = world.daemon.connect(world.port)
        idles(tap, "a session process without clients", pids)
    client = Client(sock)
    tap.equal("and the first is accepted later", client.greeting[:4], "220 ")
    client.close()
    warnings = world.daemon.log_text().count("Disabling incoming")
    tap.case("it is said, but not all the time",
             "" if 1 <= warnings <= 20 else f"{warnings} times")


def check_message(tap, world, kind):
    client = world.client()
    world.settle()
    with Short(world.pids(kind)):
        reply = world.send(client)
        tap.equal(f"{kind} without descriptors is a 4xx", reply[0], "4")
        if reply.startswith("421"):
            client.close()
            client = None
    client = client or world.client()
    reply = world.send(client)
    tap.case("and later mail is taken",
             "" if reply.startswith("250") else reply)
    client.close()


def check_delivery(tap, world, kind):
    """What cannot be delivered now is delivered then."""
    client = world.client()
    world.settle()
    world.smtpctl("pause", "mda")
    reply = world.send(client)
    client.close()
    with Short(world.pids(kind)):
        world.smtpctl("resume", "mda")
        time.sleep(0.5)
        waiting = world.sent - len(world.daemon.delivered())
    tap.equal(f"a delivery without descriptors of {kind} is put off",
              (reply[:3], waiting), ("250", 1))
    world.smtpctl("schedule", "all")
    tap.case("and done later", "" if world.all_arrived() else
             world.daemon.log_text()[-2000:])


def check_lookup(tap, world):
    client = world.client()
    world.settle()
    with Short(world.pids("lookup")):
        tap.case("a table cannot be read again", "" if world.smtpctl(
            "update", "table", "aliases").returncode else "it can")
        reply = world.send(client)
        tap.equal("a user who cannot be looked up is a 4xx", reply[0], "4")
        world.client().close()
    tap.equal("and later the table can", world.smtpctl(
        "update", "table", "aliases").returncode, 0)
    reply = world.send(client)
    tap.case("and the user", "" if reply.startswith("250") else reply)
    client.close()


def check_control(tap, world):
    pids = world.pids("control")
    with Short(pids):
        waiting = subprocess.Popen(
            [BIN / "smtpctl", f"--spool={world.daemon.spool}", "show",
             "status"], env=environment(), stdout=subprocess.PIPE)
        idles(tap, "control", pids)
    output = waiting.communicate(timeout=20)[0]
    tap.case("smtpctl is answered later",
             "" if b"SMTP running" in output else output)


def main():
    tap = Tap()
    if os.geteuid() != 0:
        tap.skip("descriptors", "only root sees those of a daemon")
        return tap.finish()
    port = free_port()
    daemon = Daemon(CONFIG.format(port=port))
    daemon.write("aliases", f"user: {daemon.user}\n")
    with daemon:
        world = World(daemon, port)
        pids = [daemon.process.pid, *daemon.children()]
        check_accept(tap, world)
        check_accept_of_nobody(tap, world)
        check_message(tap, world, "session")
        check_message(tap, world, "queue")
        check_message(tap, world, "parent")
        check_delivery(tap, world, "queue")
        check_delivery(tap, world, "parent")
        check_lookup(tap, world)
        check_control(tap, world)
        tap.equal("no process has ended",
                  [pid for pid in pids if kind_of(pid) == "gone"], [])
        tap.case("all that was taken arrived",
                 "" if world.all_arrived() else daemon.log_text()[-2000:])
        tap.equal("once", len(daemon.delivered()), world.sent)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
