#!/usr/bin/python3
"""The transcripts of fixtures/smtp against the running daemon: over the
network, through TLS, with a queue and deliveries behind it. Cases whose
listener has the word "engine" need a world that only the engine's test
makes."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
from daemon import HOST, Client, Daemon, free_port, hash_of  # noqa: E402
from tap import ROOT, Tap  # noqa: E402
import transcripts  # noqa: E402

FILES = sorted((ROOT / "fixtures" / "smtp").glob("*.txt"))
SKIPPED = {"engine", "socket", "verify"}
OPTIONS = {"tls": "tls", "tls-require": "tls-require", "smtps": "smtps",
           "no-dsn": "no-dsn", "mask-src": "mask-src",
           "received-auth": "received-auth", "auth": "auth <creds>",
           "auth-require": "auth <creds>"}

CONFIG = """
pki a cert "{{dir}}/a.pem"
pki a key "{{dir}}/a.key"
table creds {{{{ "alice" = "{hash}", "broken" = "x" }}}}
table who {{{{ "alice" = "@" }}}}
table aliases {{{{ "user" = "{{user}}", "other" = "{{user}}",
    "moved" = "error:551 gone away", "badlist" = "[",
    "tempfail" = "error:451 Temporary failure",
    "loop" = "loop@example.org" }}}}
smtp max-message-size {size}
smtp limit max-rcpt {rcpts}
smtp limit max-mails {mails}
{listeners}
action "local" maildir "{{dir}}/Maildir" alias <aliases>
match from any for domain {{{{ "example.org", "mail.example.org" }}}} \\
    action "local"
"""

VALUES = {
    "{host}": re.escape(HOST), "{peer}": re.escape("[127.0.0.1]"),
    "{rdns}": r"[a-z0-9.<>-]+", "{msgid}": "[0-9a-f]{8}",
    "{unique}": "[0-9a-f]{16}",
    "{date}": r"\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4} \(\w+\)",
    "{tls}": r"TLSv1\.3:TLS_\w+:\d+",
}


# What delivery puts in front.
DELIVERED = re.compile(r"\A(Return-Path: .*\n)?Delivered-To: .*\n")


def listen(words, port):
    """The line of the config, and the address that it is on: 127.0.0.1 is
    a local listener, which completes messages."""
    address = "127.0.0.1" if "local" in words else "127.0.0.2"
    options = [OPTIONS[word] for word in words if word in OPTIONS]
    if "auth-require" not in words and "auth" in words:
        options[options.index("auth <creds>")] = "auth-optional <creds>"
    if "masquerade" in words:
        options.append("senders <who> masquerade")
    if {"tls", "tls-require", "smtps"} & set(words):
        options.append("pki a")
    return address, (f"listen on {address} port {port} hostname {HOST} "
                     + " ".join(options))


class Group:
    """Cases with the same limits: they share a daemon."""

    def __init__(self, size, rcpts, mails):
        self.limits = {"size": size, "rcpts": rcpts, "mails": mails}
        self.cases = []
        self.listeners = {}  # words to (address, port)
        self.seen = set()  # files of messages

    def add(self, case):
        self.cases.append(case)

    def config(self):
        lines = []
        for case in self.cases:
            words = tuple(case.words)
            if words not in self.listeners:
                port = free_port("127.0.0.2")
                address, line = listen(words, port)
                self.listeners[words] = (address, port)
                lines.append(line)
        return CONFIG.format(hash=hash_of("secret"), **self.limits,
                             listeners="\n".join(lines))

    def check_message(self, daemon, wanted):
        """Among what was delivered since the last look."""
        seen = []

        def is_there():
            for path in daemon.delivered():
                if path.name in self.seen:
                    continue
                self.seen.add(path.name)
                text = path.read_bytes().decode("latin-1")
                seen.append(DELIVERED.sub("", text))
                if re.fullmatch(wanted, seen[-1], re.S):
                    return True
            return False
        if daemon.wait(is_there):
            return ""
        return f"not delivered: {wanted[:500]!r}, but {seen[-3:]!r:.2000}"

    def run_case(self, daemon, case):
        address, port = self.listeners[tuple(case.words)]
        sock = daemon.connect(port, address, ("127.0.0.1", 0))
        client = Client(sock, greeted=False)
        run = transcripts.Run(client, VALUES)
        try:
            if "smtps" in case.words:
                run.begin_tls()
            greeting = client.reply()
            if greeting != f"220 {HOST} ESMTP smtpd\r\n":
                return f"greeting: {greeting!r}"
            return run.run(case, lambda text: self.check_message(
                daemon, text))
        except OSError as error:
            return f"{type(error).__name__}: {error}"
        finally:
            client.close()

    def run(self, tap):
        daemon = Daemon(self.config())
        daemon.certificate("a", HOST)
        with daemon:
            for case in self.cases:
                tap.case(case.id, self.run_case(daemon, case))
            log = daemon.log_text()
            tap.case("no password in the log",
                     log if "c2VjcmV0" in log else "")
            tap.equal("ends in order", daemon.stop(), 0)


def main():
    tap, groups = Tap(), {}
    for path in FILES:
        for case in transcripts.read(path):
            limits = (case.number("size", 36700160),
                      case.number("rcpts", 1000), case.number("mails", 100))
            if not SKIPPED & set(case.words):
                groups.setdefault(limits, Group(*limits)).add(case)
    for group in groups.values():
        group.run(tap)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
