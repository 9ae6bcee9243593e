#!/usr/bin/env python3
"""Processes of the running daemon that may open nothing more, one at a time:
clients are put off with 4xx or wait, nobody spins, nobody ends, nothing is
lost, and all goes on when there are descriptors again."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
from daemon import (Client, Daemon, free_port, kind_of,  # noqa: E402
                    limit_descriptors)
from tap import Tap, environment  # noqa: E402

CONFIG = """
table aliases file:{{dir}}/aliases
listen on 127.0.0.1 port {port}
action "local" maildir "{{dir}}/Maildir" alias <aliases>
match from any for domain "example.org" action "local"
"""
CONNECTIONS = 40
BUSY = 0.3  # seconds of processor time in a second that would be spinning


class World:
    def __init__(self, daemon, port):
        self.daemon, self.port = daemon, port
        self.sent = 0

    @contextlib.contextmanager
    def short(self, pids, spare=0):
        """Meanwhile they may open so many descriptors more."""
        try:
            for pid in pids:
                used = {int(path.name)
                        for path in Path(f"/proc/{pid}/fd").iterdir()}
                free = [number for number in range(max(used) + 2 + spare)
                        if number not in used]
                limit_descriptors(self.daemon, pid, free[spare] - 1)
            yield
        finally:
            for pid in pids:
                limit_descriptors(self.daemon, pid, -1)

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
            lambda: self.daemon.ctl("show", "queue")[1] == "")

    def stats(self):
        return self.daemon.ctl("show", "stats")[1]


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
    with world.short(pids, spare=2):
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
    with world.short(pids):
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
    with world.short(world.pids(kind)):
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


def check_delivery(tap, world, kind, sign):
    """What cannot be delivered now is delivered then; sign: what the log
    says meanwhile."""
    client = world.client()
    world.settle()
    world.daemon.ctl("pause", "mda")
    reply = world.send(client)
    client.close()
    log = len(world.daemon.log_text())
    with world.short(world.pids(kind)):
        world.daemon.ctl("resume", "mda")
        tap.case(f"a delivery without descriptors of {kind} is put off",
                 "" if world.daemon.wait(
                     lambda: sign in world.daemon.log_text()[log:]) else
                 world.daemon.log_text()[log:])
        waiting = world.sent - len(world.daemon.delivered())
    tap.equal("and not made", (reply[:3], waiting), ("250", 1))
    world.daemon.ctl("schedule", "all")
    tap.case("and done later", "" if world.all_arrived() else
             world.daemon.log_text()[-2000:])


def check_lookup(tap, world):
    client = world.client()
    world.settle()
    with world.short(world.pids("lookup")):
        tap.case("a table cannot be read again", "" if world.daemon.ctl(
            "update", "table", "aliases")[0] else "it can")
        reply = world.send(client)
        tap.equal("a user who cannot be looked up is a 4xx", reply[0], "4")
        world.client().close()
    tap.equal("and later the table can", world.daemon.ctl(
        "update", "table", "aliases")[0], 0)
    reply = world.send(client)
    tap.case("and the user", "" if reply.startswith("250") else reply)
    client.close()


def check_control(tap, world):
    pids = world.pids("control")
    with world.short(pids):
        waiting = subprocess.Popen(
            [*world.daemon.control, "show", "status"], env=environment(),
            stdout=subprocess.PIPE)
        idles(tap, "control", pids)
    output = waiting.communicate(timeout=20)[0]
    tap.case("smtpctl is answered later",
             "" if b"SMTP running" in output else output)


def check_reload(tap, world):
    """With every number of descriptors it is taken or refused."""
    daemon, problems, refused = world.daemon, [], 0
    for spare in (0, 1, 2, 3, 4, 5, 6, 8, 16, 32):
        with world.short(world.pids("parent"), spare):
            status, said = daemon.ctl("reload")
        refused += status != 0
        if status != 0 and "descriptors" not in said and \
                "open files" not in said:
            problems.append(f"{spare}: {said}")
    tap.equal("a reload without descriptors is refused",
              (problems, refused > 0), ([], True))
    status, said = daemon.ctl("reload")
    tap.case("and later it is taken", "" if status == 0 else said)


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
        check_delivery(tap, world, "queue", "Too many open files")
        check_delivery(tap, world, "parent", "result=TempFail")
        check_lookup(tap, world)
        check_control(tap, world)
        check_reload(tap, world)
        tap.equal("no process has ended",
                  [pid for pid in pids if kind_of(pid) == "gone"], [])
        tap.case("all that was taken arrived",
                 "" if world.all_arrived() else daemon.log_text()[-2000:])
        tap.equal("once", len(daemon.delivered()), world.sent)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
