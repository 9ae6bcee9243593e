#!/usr/bin/python3
"""Settings whose effect only a running daemon shows, and which no transcript,
recording or delivery of the other tests would miss."""

import base64
import hashlib
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
from daemon import Client, Daemon, free_port  # noqa: E402
from tap import Tap  # noqa: E402

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def send(daemon, port, rcpt, sender="a@b.example", address="127.0.0.1"):
    """The reply to RCPT, or to the dot."""
    client = Client(daemon.connect(port, address))
    try:
        client.ask("EHLO client.example", f"MAIL FROM:<{sender}>")
        reply = client.ask(f"RCPT TO:<{rcpt}>")
        if not reply.startswith("250"):
            return reply
        client.ask("DATA")
        return client.ask("Subject: x\r\n\r\nbody\r\n.")
    finally:
        client.close()


# SRS.

SRS = """
srs key "secret"
srs key backup "old"
srs ttl 2d
listen on 127.0.0.2 port {port}
table aliases {{{{ "joe" = "{{user}}" }}}}
action "local" maildir "{{dir}}/Maildir" alias <aliases>
match from local for domain "far.example" action "local"
"""


def srs_sign(key, text):
    digest = hashlib.sha1((key + text).encode()).digest()
    mark = base64.b64encode(digest, b"-_").decode()[:4]
    return f"={mark}={text}"


def srs_address(key="secret", age=0, user="joe"):
    day = (int(time.time()) // 86400 - age) % 1024
    return "SRS0" + srs_sign(key, f"{DIGITS[day // 32]}{DIGITS[day % 32]}"
                             f"=far.example={user}@hub.example")


def test_srs(tap):
    """A bounce to an address that we signed goes to whom it stands for, as
    mail of our own: from an address that no rule takes mail from."""
    port = free_port("127.0.0.2")
    with Daemon(SRS.format(port=port)) as daemon:
        def rcpt(address, sender=""):
            client = Client(daemon.connect(port, "127.0.0.2",
                                           ("127.0.0.3", 0)))
            client.ask("EHLO x", f"MAIL FROM:<{sender}>")
            try:
                return client.ask(f"RCPT TO:<{address}>")[:3]
            finally:
                client.close()
        for name, address, code in (
                ("signed today", srs_address(), "250"),
                ("signed two days ago", srs_address(age=2), "250"),
                ("signed three days ago", srs_address(age=3), "550"),
                ("signed with the key before", srs_address("old"), "250"),
                ("signed with another", srs_address("bad"), "550"),
                ("signed for nobody here", srs_address(user="eve"), "550"),
                ("signed by another relay too", "SRS1" + srs_sign(
                    "secret", "last.example=" + srs_address()[4:]), "550"),
                ("not signed", "joe@far.example", "550")):
            tap.equal(f"a bounce to an address {name}", rcpt(address), code)
        tap.equal("mail that is no bounce", rcpt(srs_address(), "a@b.example"),
                  "550")
        tap.equal("what cannot be decoded is logged", daemon.log_text().count(
            "warn: SRS failed to decode: SRS0="), 2)
        done = send(daemon, port, srs_address(), "", "127.0.0.2")
        tap.case("it is delivered", "" if done.startswith("250") and
                 daemon.wait(daemon.delivered) else daemon.log_text())
        header = daemon.messages()[0].decode()
        tap.case("to the user, with the address that was asked for",
                 "" if re.match("Delivered-To: SRS0=.*@hub.example\n",
                                header) else header)


def main():
    tap = Tap()
    for test in (test_srs,):
        test(tap)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
