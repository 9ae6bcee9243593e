#!/usr/bin/env python3
"""Many connections and many messages: thousands of connections that do
nothing beside hundreds that send, without an error; and memory and
descriptors that stay what they are, however many messages come through.

    load.py [--idle N] [--busy N] [--messages N]

make check-load runs it; make check a short form, test_load.py. TMPDIR on a
file system in memory makes it faster."""

import argparse
import os
import re
import resource
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
from daemon import Client, Daemon, free_port, kind_of  # noqa: E402
from tap import Tap, is_sanitized  # noqa: E402

SENDERS = 20  # at a time, where only messages are counted
A_CONNECTION = 50  # messages
ROUNDS = 10  # samples
WAIT = 120  # seconds for deliveries to catch up
# What a process may grow by from the third sample to the last: the
# allocator's arenas settle slowly, one for each thread.
GROWTH = 1024  # KB

CONFIG = """
listen on 127.0.0.1 port {port}
table users {{{{ "{{user}}" = "{uid}:{gid}:{{dir}}" }}}}
smtp limit max-mails 1000000
action "local" maildir "{{dir}}/Maildir" userbase <users>
match from any for any action "local"
"""


class Load:
    """A daemon, and what was sent to it."""

    def __init__(self):
        self.port = free_port()
        uid, gid = (65534, 65534) if os.geteuid() == 0 else \
            (os.geteuid(), os.getegid())
        self.daemon = Daemon(CONFIG.format(port=self.port, uid=uid, gid=gid))
        self.lock = threading.Lock()
        self.sent = self.delivered = 0
        self.errors = []

    def client(self):
        return Client(self.daemon.connect(self.port))

    def send(self, count):
        """So many messages over one connection."""
        client = self.client()
        client.ask("EHLO client.example")
        for _ in range(count):
            # Pipelined up to DATA, as clients do.
            client.send("MAIL FROM:<sender@client.example>\r\n"
                        f"RCPT TO:<{self.daemon.user}@server.example>\r\n"
                        "DATA\r\n")
            replies = [client.reply()[:3] for _ in range(3)]
            client.send("Subject: load\r\n\r\n" + "some text\r\n" * 80 +
                        ".\r\n")
            replies.append(client.reply()[:3])
            if replies != ["250", "250", "354", "250"]:
                raise OSError(f"replies {replies}")
            with self.lock:
                self.sent += 1
        client.close()

    def try_send(self, counts):
        for count in counts:
            try:
                self.send(count)
            except OSError as error:
                self.errors.append(str(error))

    def send_all(self, senders, count, a_connection):
        """Messages, by so many at a time."""
        share = count // senders
        counts = [min(a_connection, share - done)
                  for done in range(0, share, a_connection)]
        threads = [threading.Thread(target=self.try_send, args=(counts,))
                   for _ in range(senders)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def settle(self):
        """Waits for all deliveries, and removes them."""
        end = time.monotonic() + WAIT
        while self.delivered < self.sent and time.monotonic() < end:
            time.sleep(0.1)
            for path in self.daemon.delivered():
                path.unlink()
                self.delivered += 1
        while any((self.daemon.spool / "queue").glob("*/*/*")) and \
                time.monotonic() < end:
            time.sleep(0.1)

    def sample(self):
        """Ids to kind, KB and descriptors of all processes."""
        found = {}
        for pid in [self.daemon.process.pid, *self.daemon.children()]:
            status = Path(f"/proc/{pid}/status").read_text()
            rss = int(re.search(r"^VmRSS:\s+(\d+)", status, re.M)[1])
            fds = len(os.listdir(f"/proc/{pid}/fd")) \
                if os.geteuid() == 0 else 0
            found[pid] = kind_of(pid) or "parent", rss, fds
        return found


def check_connections(tap, idle, busy):
    files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files[1], files[1]))
    load = Load()
    with load.daemon:
        before = load.sample()
        quiet = [load.client() for _ in range(idle)]
        with_idle = load.sample()
        load.send_all(busy, busy * 5, 5)
        load.settle()
        tap.equal(f"{busy} connections that send beside {idle}",
                  load.errors[:3], [])
        tap.equal("all was delivered", load.delivered, busy * 5)
        replies = {client.ask("NOOP")[:3] for client in quiet}
        tap.equal("those that were idle are served", replies, {"250"})
        for client in quiet:
            client.close()
        load.daemon.wait(lambda: count(load.sample(), 2) <= count(before, 2))
        tap.equal("descriptors are given back",
                  count(load.sample(), 2), count(before, 2))
    print(f"# {(count(with_idle, 1) - count(before, 1)) / idle:.1f} KB an "
          "idle connection")


def count(sample, column):
    return sum(row[column] for row in sample.values())


def check_messages(tap, messages):
    load = Load()
    samples = []
    start = time.monotonic()
    with load.daemon:
        for _ in range(ROUNDS):
            load.send_all(SENDERS, messages // ROUNDS, A_CONNECTION)
            load.settle()
            samples.append(load.sample())
            show(load.sent, samples[-1], time.monotonic() - start)
        tap.equal(f"{messages} messages without an error", load.errors[:3],
                  [])
        tap.equal("all were delivered", load.delivered, messages)
    judge(tap, samples[2], samples[-1])


def show(sent, sample, seconds):
    rows = ", ".join(f"{kind} {rss}/{fds}"
                     for kind, rss, fds in sorted(sample.values()))
    print(f"# {sent} messages, {seconds:.0f} s, KB/descriptors: {rows}")
    sys.stdout.flush()


def judge(tap, before, after):
    tap.equal("the processes are the same", sorted(before), sorted(after))
    for pid, (kind, rss, fds) in sorted(after.items()):
        grown = rss - before[pid][1]
        if is_sanitized():
            tap.skip(f"memory of {kind}", "sanitizers keep what is freed")
        else:
            tap.case(f"memory of {kind} stays", "" if grown <= GROWTH else
                     f"{grown} KB more")
        tap.equal(f"descriptors of {kind} stay", fds, before[pid][2])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--idle", type=int, default=1000)
    parser.add_argument("--busy", type=int, default=200)
    parser.add_argument("--messages", type=int, default=100_000)
    args = parser.parse_args()
    tap = Tap()
    check_connections(tap, args.idle, args.busy)
    check_messages(tap, args.messages)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
