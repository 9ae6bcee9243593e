#!/usr/bin/python3
"""The transcripts of fixtures/smtp that need no TLS against a real
OpenSMTPD 6.8 (make peers) with the same config: replies are the same, but
for the cases that fixtures/smtp/differences.tsv names with a reason. (With
OpenSSL 3 the peer's own handshakes fail: "missing private key". Sessions with
TLS and AUTH are compared with recordings, see test_recorded.py.) Root only;
the peer has a network and files of its own."""

import json
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
import peer  # noqa: E402
from daemon import HOST, Client  # noqa: E402
from tap import ROOT, Tap  # noqa: E402
import transcripts  # noqa: E402
from test_transcripts import FILES, VALUES  # noqa: E402

DIFFERENCES = ROOT / "fixtures" / "smtp" / "differences.tsv"
PIPELINING = "250-PIPELINING\r\n"  # we alone offer it
WAIT = 10  # seconds for the peer to start, or for one reply
SKIPPED = {"engine", "socket", "verify", "tls", "tls-require", "smtps",
           "auth", "auth-require", "received-auth", "masquerade", "local"}

CONFIG = """
table aliases {{ "user" = "nobody", "other" = "nobody", \\
    "moved" = "error:551 gone away", "badlist" = "[", \\
    "tempfail" = "error:451 Temporary failure", \\
    "loop" = "loop@example.org" }}
smtp max-message-size {size}
smtp limit max-rcpt {rcpts}
smtp limit max-mails {mails}
listen on 127.0.0.2 port 25 hostname {host} {options}
action "local" maildir "/tmp/Maildir" alias <aliases>
match from any for domain {{ "example.org", "{host}" }} action "local"
"""


def limits(case):
    return (case.number("size", 36700160), case.number("rcpts", 1000),
            case.number("mails", 100),
            " ".join({"no-dsn", "mask-src"} & set(case.words)))


def groups():
    """Cases by the daemon that they need."""
    found = {}
    for path in FILES:
        for case in transcripts.read(path):
            if not SKIPPED & set(case.words):
                found.setdefault(limits(case), []).append(case)
    return found


# In the peer's world.

def connect():
    end = time.monotonic() + WAIT
    while True:
        try:
            return socket.create_connection(("127.0.0.2", 25), WAIT,
                                            ("127.0.0.1", 0))
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def wait_for_end():
    """Children go after the parent; the port must be free again."""
    try:
        for _ in range(WAIT * 20):
            socket.create_connection(("127.0.0.2", 25), WAIT).close()
            time.sleep(0.05)
    except OSError:
        pass


def run_case(case):
    case.steps = [step for step in case.steps
                  if step[0] != "M" and step[1] != PIPELINING]
    client = Client(connect(), greeted=False)
    client.sock.settimeout(2)
    try:
        client.reply()
        return transcripts.Run(client, VALUES).run(case, lambda _: "")
    except OSError as error:
        return f"{type(error).__name__}: {error}"
    finally:
        client.close()


def inside(scratch):
    if not peer.enter(scratch):
        print(json.dumps("no overlay can be mounted here"))
        return 0
    results = {}
    for key, cases in groups().items():
        size, rcpts, mails, options = key
        (scratch / "opensmtpd/etc/test.conf").write_text(CONFIG.format(
            size=size, rcpts=rcpts, mails=mails, options=options, host=HOST))
        with open(scratch / "log", "wb") as log:
            daemon = subprocess.Popen(
                peer.command("smtpd", "-d", "-f", "/etc/test.conf"),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            connect().close()
            for case in cases:
                results[case.id] = run_case(case)
        except OSError:
            print(json.dumps((scratch / "log").read_text()[-800:]))
            return 0
        finally:
            daemon.kill()
            daemon.wait(timeout=WAIT)
            wait_for_end()
    print(json.dumps(results))
    return 0


def ask(scratch):
    peer.prepare(scratch, HOST, f"127.0.0.1 localhost\n127.0.0.2 {HOST}\n")
    return peer.ask(__file__, scratch, timeout=280)


def main():
    tap = Tap()
    if not peer.is_there("opensmtpd"):
        tap.skip("transcripts on 6.8", peer.MISSING)
        return tap.finish()
    reasons = dict(line.split("\t") for line in
                   DIFFERENCES.read_text().splitlines()
                   if line and not line.startswith("#"))
    with tempfile.TemporaryDirectory() as scratch:
        results = ask(Path(scratch))
    if isinstance(results, str):
        tap.case("the peer runs", results)
        return tap.finish()
    for name, problem in results.items():
        if name in reasons:
            reasons.pop(name)
            tap.case(f"{name} differs",
                     "" if problem else f"not: see {DIFFERENCES.name}")
        else:
            tap.case(name, problem)
    tap.equal(f"{DIFFERENCES.name} names nothing unknown", reasons, {})
    return tap.finish()


if __name__ == "__main__":
    sys.exit(inside(Path(sys.argv[2])) if "--peer" in sys.argv else main())
