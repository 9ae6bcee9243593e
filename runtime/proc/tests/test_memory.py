#!/usr/bin/env python3
"""Processes of the running daemon that get memory only now and then, one
kind at a time: clients are put off with 4xx, nobody ends, and what was taken
is delivered once all have memory again."""

import re
import smtplib
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
from daemon import Daemon, free_port, hash_of, kind_of  # noqa: E402
from tap import BIN, Tap, is_sanitized  # noqa: E402

LIBRARY = BIN.parent / "tests/shortage.so"
KINDS = ("queue", "lookup", "control", "parent", "session", "keys")
# Whose OpenSSL may not find algorithms again for which it had no memory.
SIGNERS = ("session", "keys")
RATES = (200, 20, 2)  # of so many requests one fails
CLIENTS = 4
CONNECTIONS = 4  # of each client
LOGIN, PASSWORD = "joe", "secret"

CONFIG = """
pki a cert "{{dir}}/a.pem"
pki a key "{{dir}}/a.key"
table logins {{{{ {login} = "{hash}" }}}}
table aliases file:{{dir}}/aliases
table people file:{{dir}}/people
listen on 127.0.0.1 port {port} tls pki a auth-optional <logins>
action "local" maildir "{{dir}}/Maildir" alias <aliases>
match from any mail-from <people> for any action "local"
match from any for domain "example.org" action "local"
"""


class Short(Daemon):
    """A daemon with the library."""

    folder = None  # with a file for each kind

    def start(self):
        self.folder = self.dir / "shortage"
        self.folder.mkdir()
        for kind in KINDS:
            self.set(kind, 0)
        self.variables = {"LD_PRELOAD": str(LIBRARY),
                          "SHORTAGE": str(self.folder)}
        super().start()

    def set(self, kind, rate):
        """In place: it is mapped."""
        path = self.folder / kind
        with path.open("r+b" if path.exists() else "wb") as file:
            file.write(rate.to_bytes(4, sys.byteorder))
        path.chmod(0o644)


class Traffic:
    """Numbers of messages that were taken, and what came of the others."""

    def __init__(self, port):
        self.port = port
        self.lock = threading.Lock()
        self.next = 0
        self.taken = set()
        self.codes = set()

    def send(self, client):
        with self.lock:
            self.next += 1
            number = self.next
        client.sendmail("sender@client.example", "user@example.org",
                        f"X-Number: {number}\r\n\r\ny\r\n")
        with self.lock:
            self.taken.add(number)

    def talk(self, is_secure):
        """One connection with two messages."""
        with smtplib.SMTP("127.0.0.1", self.port, "client.example",
                          timeout=5) as client:
            client.ehlo()
            if is_secure:
                client.starttls()
                client.ehlo()
                client.login(LOGIN, PASSWORD)
            for _ in range(2):
                self.send(client)

    def try_talk(self, is_secure):
        """The code of what was refused; None: nothing was, or the
        connection broke."""
        try:
            self.talk(is_secure)
        except smtplib.SMTPRecipientsRefused as error:
            [(code, _)] = error.recipients.values()
            return code
        except smtplib.SMTPResponseException as error:
            return error.smtp_code
        except (OSError, smtplib.SMTPException):
            pass
        return None

    def work(self, with_tls):
        for index in range(CONNECTIONS):
            code = self.try_talk(with_tls and index % 2 == 1)
            if code is not None:
                self.codes.add(code)

    def run(self, with_tls=True):
        """The codes of this run."""
        self.codes = set()
        threads = [threading.Thread(target=self.work, args=[with_tls])
                   for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.codes


def check_kind(tap, daemon, traffic, kind):
    wrong = set()
    for rate in RATES:
        daemon.set(kind, rate)
        wrong |= {code for code in traffic.run() if not 400 <= code < 500}
        daemon.set(kind, 0)
    tap.equal(f"{kind} without memory refuses nothing for good", wrong, set())
    before = len(traffic.taken)
    traffic.run(with_tls=kind not in SIGNERS)
    tap.equal("and with memory nothing", len(traffic.taken) - before,
              CLIENTS * CONNECTIONS * 2)


def numbers(daemon):
    return [int(re.search(rb"^X-Number: (\d+)", message, re.M)[1])
            for message in daemon.messages()]


def check(tap, daemon, traffic):
    pids = [daemon.process.pid, *daemon.children()]
    # OpenSSL makes much when it first needs it, and does not try again.
    traffic.run()
    for kind in KINDS:
        check_kind(tap, daemon, traffic, kind)
    tap.equal("no process has ended",
              [pid for pid in pids if kind_of(pid) == "gone"], [])
    tap.equal("the daemon ends well", daemon.stop(), 0)
    # What was put off is tried at once.
    daemon.run(["-b", daemon.dir / "blob"])
    daemon.wait(lambda: traffic.taken <= set(numbers(daemon)))
    delivered = numbers(daemon)
    tap.equal("all that was taken arrived",
              sorted(traffic.taken - set(delivered)), [])
    tap.equal("once", len(delivered), len(set(delivered)))


def main():
    tap = Tap()
    if is_sanitized():
        tap.skip("memory", "sanitizers have an allocator of their own")
        return tap.finish()
    port = free_port()
    daemon = Short(CONFIG.format(port=port, login=LOGIN,
                                 hash=hash_of(PASSWORD)))
    daemon.certificate("a", "mail.example.org")
    daemon.write("aliases", f"user: {daemon.user}\n")
    daemon.write("people", "somebody@example.com\n")
    with daemon:
        check(tap, daemon, Traffic(port))
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
