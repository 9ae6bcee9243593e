#!/usr/bin/env python3
"""Nothing that was answered with 250 is lost: messages are sent by several
clients while processes of the daemon are killed one after the other, each
time at another moment, and the daemon is started again. Now and then it is
stopped in order instead. At the end every message that was taken must lie in
the Maildir, whole, and more than once only if it was under way in a crash.

    crash.py [--messages N] [--kills N] [--seed N]

make check-crash runs it; make check a short form, test_crash.py."""

import argparse
import hashlib
import os
import random
import signal
import socket
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
from daemon import Client, Daemon, free_port, is_running, kind_of  # noqa: E402
from tap import Tap  # noqa: E402

CLIENTS = 8
PATIENCE = 60  # seconds for the queue to be emptied at the end
# Deliveries that may be under way when a process dies: the limit for a
# user, and those that were done but not noted.
UNDER_WAY = 2 * 7
# Seconds for which a delivery can go on when the daemon is gone.
OUTLIVES = 2
ORDERLY = "stopped in order"

CONFIG = """
listen on 127.0.0.1 port {port}
table users {{{{ "{{user}}" = "{uid}:{gid}:{{dir}}" }}}}
action "local" maildir "{{dir}}/Maildir" userbase <users>
match from any for any action "local"
"""


def make_message(number, rand):
    """Its bytes; the header says what the body must be."""
    body = "".join(
        rand.choice("abcdefghij \r\n") for _ in range(rand.randint(1, 8000)))
    body = body.replace("\r", "").replace("\n", "\r\n") + "\r\n"
    digest = hashlib.sha256(
        body.replace("\r\n", "\n").encode()).hexdigest()
    return (f"X-Number: {number}\r\nX-Digest: {digest}\r\n\r\n"
            f"{body}").encode()


class Traffic:
    """Clients that send until enough was taken; numbers of what was."""

    def __init__(self, port, user, wanted, seed):
        self.port, self.user, self.wanted = port, user, wanted
        self.seed = seed
        self.lock = threading.Lock()
        self.taken = set()
        self.next = 0
        self.threads = [threading.Thread(target=self.work, args=(i,),
                                         daemon=True)
                        for i in range(CLIENTS)]

    def is_over(self):
        return len(self.taken) >= self.wanted

    def start(self):
        for thread in self.threads:
            thread.start()

    def join(self):
        for thread in self.threads:
            thread.join()

    def work(self, index):
        rand = random.Random(self.seed * 1000 + index)
        while not self.is_over():
            try:
                self.talk(rand)
            except (OSError, IndexError):
                time.sleep(0.01)

    def talk(self, rand):
        """One connection, until it breaks or some messages are through."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as sock:
            client = Client(sock)
            client.ask("EHLO client.example")
            for _ in range(rand.randint(1, 20)):
                if self.is_over():
                    return
                self.send(client, rand)

    def send(self, client, rand):
        with self.lock:
            number = self.next
            self.next += 1
        data = make_message(number, rand)
        client.ask("MAIL FROM:<sender@client.example>")
        client.ask(f"RCPT TO:<{self.user}@server.example>")
        if not client.ask("DATA").startswith("354"):
            raise OSError("no 354")
        client.send(data + b".\r\n")
        if client.reply().startswith("250"):
            with self.lock:
                self.taken.add(number)


class Victim(Daemon):
    """A daemon that is killed in parts and started again."""

    crashes = ()  # when they were

    def end_one(self, rand):
        """The name of the process that was killed."""
        victims = [self.process.pid, *self.children()]
        # Each of them once, and the orderly end once.
        pid = rand.choice([*victims, 0])
        if pid == 0:
            status = self.stop()
            if status != 0:
                raise RuntimeError(f"status {status}: {self.log_text()}")
            name = ORDERLY
        else:
            name = self.kill(pid)
        if name == "gone":
            return name
        if name != ORDERLY:
            self.crashes += (time.time(),)
        if name == "delivery":
            return name
        self.wait_gone(victims)
        self.start_again()
        return name

    def kill(self, pid):
        name = kind_of(pid)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return "gone"
        return name or ("parent" if pid == self.process.pid else "delivery")

    def wait_gone(self, pids):
        """The end of one is the end of all."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            self.process.poll()
            if not any(map(is_running, pids)):
                return
            time.sleep(0.01)
        raise RuntimeError(f"still there: {pids}\n{self.log_text()[-2000:]}")

    def start_again(self):
        self.log.unlink()
        self.log.touch()
        self.run(["-b", self.dir / "blob"])

    def show_queue(self):
        """What is left, and what was said of it."""
        files = sorted(str(path) for path in self.spool.glob("queue/*/*/*"))
        return "\n".join(files) + "\n" + self.ctl("show", "queue")[1] + \
            self.log_text()[-3000:]

    def queued(self):
        """Files in the queue."""
        return sum(len(files) for _, _, files in
                   os.walk(self.spool / "queue"))


def read_delivered(daemon):
    """Numbers to when they were delivered; texts of what is not whole."""
    times, broken = {}, []
    for path in daemon.delivered():
        head, _, body = path.read_bytes().partition(b"\n\n")
        fields = dict(line.split(b": ", 1) for line in head.split(b"\n")
                      if line.startswith(b"X-"))
        number = int(fields.get(b"X-Number", b"-1"))
        if hashlib.sha256(body).hexdigest().encode() != \
                fields.get(b"X-Digest"):
            broken.append(f"{number}: {len(body)} bytes")
        times.setdefault(number, []).append(path.stat().st_mtime)
    return times, broken


def is_excused(daemon, times):
    """Whether a crash came between deliveries of a message."""
    return any(min(times) - OUTLIVES <= crash <= max(times)
               for crash in daemon.crashes)


def crash(tap, messages, kills, seed):
    rand = random.Random(seed)
    port = free_port()
    uid, gid = (65534, 65534) if os.geteuid() == 0 else \
        (os.geteuid(), os.getegid())
    with Victim(CONFIG.format(port=port, uid=uid, gid=gid)) as daemon:
        traffic = Traffic(port, daemon.user, messages, seed)
        traffic.start()
        killed = {}
        for _ in range(kills):
            time.sleep(rand.uniform(0.05, 0.6))
            if traffic.is_over():
                break
            name = daemon.end_one(rand)
            killed[name] = killed.get(name, 0) + 1
        killed.pop("gone", None)
        traffic.join()
        end = time.monotonic() + PATIENCE
        while daemon.queued() > 0 and time.monotonic() < end:
            time.sleep(0.1)
        tap.case("the queue is empty in the end",
                 "" if daemon.queued() == 0 else daemon.show_queue())
        tap.equal("the daemon ends well", daemon.stop(), 0)
        judge(tap, daemon, traffic, killed)


def judge(tap, daemon, traffic, killed):
    delivered, broken = read_delivered(daemon)
    crashes = len(daemon.crashes)
    missing = sorted(traffic.taken - delivered.keys())
    again = sum(len(times) - 1 for times in delivered.values())
    tap.equal("every message that was taken arrived", missing, [])
    tap.equal("every message is whole", broken, [])
    tap.equal("only crashes deliver twice",
              [number for number, times in delivered.items()
               if len(times) > 1 and not is_excused(daemon, times)], [])
    tap.case("and only what was under way",
             "" if again <= crashes * UNDER_WAY else
             f"{again} too many after {crashes} crashes")
    tap.case("processes were killed", "" if crashes else "none")
    print(f"# {len(traffic.taken)} of {traffic.next} messages taken, "
          f"{crashes} crashes ({killed}), {again} delivered again, "
          f"seed {traffic.seed}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    tap = Tap()
    crash(tap, args.messages, args.kills, args.seed)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
