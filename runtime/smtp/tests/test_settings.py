#!/usr/bin/python3
"""Settings whose effect only a running daemon shows, and which no transcript,
recording or delivery of the other tests would miss."""

import base64
import hashlib
import os
import pwd
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
from daemon import Client, Daemon, free_port, hash_of  # noqa: E402
from tap import BIN, Tap, environment  # noqa: E402

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


# TLS.

TLS = """
pki a cert "{{dir}}/a.pem"
pki a key "{{dir}}/a.key"
pki b cert "{{dir}}/b.pem"
pki b key "{{dir}}/b.key"
pki b dhe auto
pki c cert "{{dir}}/b.pem"
pki c key "{{dir}}/b.key"
pki c dhe legacy
ca ours cert "{{dir}}/ca.pem"
smtp ciphers "ECDHE-RSA-CHACHA20-POLY1305:DHE+AESGCM"
listen on 127.0.0.1 port {starttls} tls-require verify pki a ca ours
listen on 127.0.0.1 port {smtps} smtps verify pki a ca ours
listen on 127.0.0.1 port {system} smtps verify pki a
listen on 127.0.0.1 port {global} smtps pki a
listen on 127.0.0.1 port {own} smtps pki a \\
    ciphers "ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256"
listen on 127.0.0.1 port {old} smtps pki a protocols "tlsv1.2"
listen on 127.0.0.1 port {new} smtps pki a protocols "tlsv1.3"
listen on 127.0.0.1 port {auto} smtps pki b
listen on 127.0.0.1 port {legacy} smtps pki c
action "local" maildir "{{dir}}/Maildir"
match tls from any for domain "example.org" action "local"
match !tls from any for domain "clear.example.org" action "local"
"""


def make_certificates(daemon):
    """For two listeners, of a CA, one that it signed and one that it did
    not."""
    daemon.certificate("a", "a.example.org")
    daemon.certificate("b", "b.example.org", "-newkey", "rsa:3072")
    daemon.certificate("ca", "our CA")
    daemon.certificate("client", "client.example", "-CA",
                       daemon.dir / "ca.pem", "-CAkey",
                       daemon.dir / "ca.key")
    daemon.certificate("stranger", "client.example")


class Speaker:
    """TLS to one of the listeners, one connection a call."""

    def __init__(self, daemon, ports):
        self.daemon = daemon
        self.ports = ports

    def context(self, certificate=None):
        context = ssl._create_unverified_context()
        if certificate:
            context.load_cert_chain(self.daemon.dir / f"{certificate}.pem",
                                    self.daemon.dir / f"{certificate}.key")
        return context

    def greets(self, name, context):
        """Whether the server greets, and in what it speaks. A client of
        1.3 hears of a certificate's refusal only behind the handshake."""
        client = Client(self.daemon.connect(self.ports[name]), False)
        try:
            if name == "starttls":
                client.reply()
                client.ask("EHLO client.example", "STARTTLS")
            client.sock = context.wrap_socket(client.sock)
            answer = client.ask("NOOP") if name == "starttls" else \
                client.reply()
            return answer[:3] in ("220", "250") and client.sock.cipher()[0]
        except OSError:
            return False
        finally:
            client.close()

    def only(self, name, ciphers, version=ssl.TLSVersion.TLSv1_2):
        context = self.context()
        context.minimum_version = context.maximum_version = version
        if ciphers:
            context.set_ciphers(ciphers)
        return self.greets(name, context)


def test_verify(tap, speaker):
    """Only who has a certificate of the CA gets in."""
    for name in ("starttls", "smtps"):
        for who, wanted in ((None, False), ("stranger", False),
                            ("client", True)):
            seen = speaker.greets(name, speaker.context(who))
            tap.equal(f"verify, {name}, certificate: {who}", bool(seen),
                      wanted)
    tap.equal("verify without ca: those of the system", speaker.greets(
        "system", speaker.context("client")), False)
    daemon = speaker.daemon
    tap.case("what came is logged", "" if re.search(
        'smtp cert-check result="verified" fingerprint="SHA256:[0-9a-f]{64}"',
        daemon.log_text()) else daemon.log_text())
    client = Client(daemon.connect(speaker.ports["smtps"]), False)
    client.sock = speaker.context("client").wrap_socket(client.sock)
    client.reply()
    client.ask("EHLO client.example", "MAIL FROM:<a@b.example>",
               f"RCPT TO:<{daemon.user}@example.org>", "DATA",
               "Subject: x\r\n\r\nbody\r\n.")
    client.close()
    daemon.wait(daemon.delivered)
    text = b"".join(daemon.messages())
    tap.case("and told to the recipient",
             "" if re.search(rb"\(TLSv1\.3:\w+:\d+:YES\)", text) else text)


def test_match_tls(tap, speaker):
    user = speaker.daemon.user
    client = Client(speaker.daemon.connect(speaker.ports["global"]), False)
    client.sock = speaker.context().wrap_socket(client.sock)
    client.reply()
    client.ask("EHLO client.example", "MAIL FROM:<a@b.example>")
    seen = [client.ask(f"RCPT TO:<{user}@{domain}>")[:3]
            for domain in ("example.org", "clear.example.org")]
    client.close()
    tap.equal("match tls, !tls", seen, ["250", "550"])


def test_ciphers(tap, speaker):
    chacha, aes = ("ECDHE-RSA-CHACHA20-POLY1305",
                   "ECDHE-RSA-AES128-GCM-SHA256")
    tap.equal("smtp ciphers", (speaker.only("global", chacha),
                               speaker.only("global", aes)), (chacha, False))
    tap.equal("ciphers of a listener", (
        speaker.only("own", chacha), speaker.only("own", aes)),
        (False, aes))
    newest = ssl.TLSVersion.TLSv1_3
    tap.equal("those of TLS 1.3", (
        speaker.only("global", None, newest),
        speaker.only("own", None, newest)),
        ("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"))
    tap.equal("protocols of a listener", [
        bool(speaker.only(name, None, version)) for name in ("old", "new")
        for version in (ssl.TLSVersion.TLSv1_2, newest)],
        [True, False, False, True])


def test_dhe(tap, speaker):
    """Without dhe there is none; auto is as strong as the certificate."""
    def bits(name):
        done = subprocess.run(
            ["openssl", "s_client", "-tls1_2", "-cipher",
             "DHE-RSA-AES256-GCM-SHA384", "-connect",
             f"127.0.0.1:{speaker.ports[name]}"], input="QUIT\n",
            capture_output=True, text=True, timeout=30, check=False)
        found = re.search(r"Temp Key: DH, (\d+) bits", done.stdout)
        return found and int(found[1])
    tap.equal("dhe none, auto, legacy",
              [bits(name) for name in ("global", "auto", "legacy")],
              [None, 3072, 2048])


def test_tls(tap):
    ports = {name: free_port() for name in (
        "starttls", "smtps", "system", "global", "own", "old", "new", "auto",
        "legacy")}
    daemon = Daemon(TLS.format(**ports))
    make_certificates(daemon)
    with daemon:
        speaker = Speaker(daemon, ports)
        for test in (test_verify, test_match_tls, test_ciphers, test_dhe):
            test(tap, speaker)


# Listeners: where, and who may send what.

LISTENERS = """
pki a cert "{{dir}}/a.pem"
pki a key "{{dir}}/a.key"
smtp sub-addr-delim "-"
table creds {{{{ "alice" = "alice:{hash}", "bob" = "{hash}" }}}}
table who {{{{ "alice" = "alice, @example.net, list@*.example.com" }}}}
table aliases {{{{ "postmaster" = "{{user}}" }}}}
listen on socket tag "Socket" mask-src no-dsn
listen on lo inet4 port {interface} tag "lo"
listen on localhost inet4 port {host} tag "host"
listen on 127.0.0.1 port {senders} smtps pki a auth-optional <creds> \\
    senders <who>
action "local" maildir "{{dir}}/Maildir" alias <aliases>
match tag "socket" from socket for domain "socket.example" action "local"
match tag "lo" from any for domain "lo.example" action "local"
match tag "host" from any for domain "host.example" action "local"
match !tag regex "o" from any for domain "example.org" action "local"
"""


def test_places(tap, daemon, ports):
    for port, rcpt, wanted in (
            ("interface", "lo.example", True), ("host", "host.example", True),
            ("interface", "host.example", False),
            ("interface", "example.org", False)):
        done = send(daemon, ports[port], f"postmaster@{rcpt}")
        tap.equal(f"listen on a name: {port}, mail for {rcpt}",
                  done.startswith("250 "), wanted)


def test_senders(tap, daemon, ports):
    def reply(user, sender):
        client = Client(daemon.connect(ports["senders"]), False)
        client.sock = ssl._create_unverified_context().wrap_socket(
            client.sock)
        client.reply()
        client.ask("EHLO client.example")
        if user:
            login = base64.b64encode(f"\0{user}\0secret".encode()).decode()
            tap.equal(f"{user} logs in for {sender}", client.ask(
                f"AUTH PLAIN {login}")[:3], "235")
        try:
            return client.ask(f"MAIL FROM:<{sender}>")
        finally:
            client.close()
    for user, sender, wanted in (
            ("alice", "alice@anywhere.example", "250 2.0.0 Ok\r\n"),
            ("alice", "ALICE-tag@anywhere.example", "250 2.0.0 Ok\r\n"),
            ("alice", "eve@example.net", "250 2.0.0 Ok\r\n"),
            ("alice", "list@a.example.com", "250 2.0.0 Ok\r\n"),
            ("alice", "bob@a.example.com", "530 Sender rejected\r\n"),
            ("alice", "", "530 Sender rejected\r\n"),
            ("bob", "bob@example.net", "530 Sender rejected\r\n"),
            (None, "eve@example.net", "250 2.0.0 Ok\r\n")):
        tap.equal(f"{user} as <{sender}>", reply(user, sender), wanted)


def test_socket(tap, daemon):
    done = subprocess.run(
        [BIN / "sendmail", f"--spool={daemon.spool}", "-v", "-f",
         "a@b.example", "postmaster@socket.example"], text=True,
        input="Subject: by socket\n\nbody\n", capture_output=True,
        env=environment({"HOME": str(daemon.dir)}), timeout=30, check=False,
        cwd=daemon.dir, **daemon.become())
    said = done.stdout + done.stderr
    tap.case("the socket has its tag",
             "" if done.returncode == 0 else said)
    tap.case("and no DSN", "" if "250 HELP" in said and
             "250-DSN" not in said else said)

    def header():
        return next((text for text in daemon.messages()
                     if b"Subject: by socket" in text), b"")
    daemon.wait(header)
    tap.case("and masks who sends", "" if b"Received: \n\tby " in header()
             else header().decode())


def test_delimiter(tap, daemon, ports):
    (daemon.maildir / ".sub").mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(daemon.maildir / ".sub", daemon.user)
    done = send(daemon, ports["host"], f"{daemon.user}-sub@host.example")
    tap.case("sub-addr-delim", "" if done.startswith("250 ") and daemon.wait(
        lambda: list(daemon.maildir.glob(".sub/new/*"))) else done)


def knows_localhost():
    try:
        socket.getaddrinfo("localhost", 25)
    except socket.gaierror:
        return False
    return True


def test_listeners(tap):
    if not knows_localhost():
        tap.skip("listeners", "the machine has no localhost")
        return
    ports = {name: free_port() for name in ("interface", "host", "senders")}
    daemon = Daemon(LISTENERS.format(hash=hash_of("secret"), **ports))
    daemon.certificate("a", "a.example.org")
    with daemon:
        test_places(tap, daemon, ports)
        test_senders(tap, daemon, ports)
        test_socket(tap, daemon)
        test_delimiter(tap, daemon, ports)


# The older language.

LEGACY = """
subaddressing-delimiter "-"
max-message-size 300
limit session max-rcpt 2
expire 2d
table owners {{{{ vjoe = "{uid}:{gid}:{{dir}}" }}}}
table domains {{{{ "a.example", "b.example" }}}}
table people {{{{ "info@v.example" = "vjoe" }}}}
listen on 127.0.0.1 port {tagged} tag T hostname h.example no-dsn mask-source
listen on 127.0.0.1 port {plain}
accept tagged T from any sender "x@y.example" for domain <domains> \\
    recipient ! "stop@a.example" userbase <owners> \\
    deliver to maildir "{{dir}}/Maildir" expire 1h
accept tagged T from any for domain "v.example" virtual <people> \\
    userbase <owners> deliver to mda "cat >{{dir}}/got; env >{{dir}}/env" as vjoe
accept tagged T from any for domain "f.example" userbase <owners> forward-only
accept tagged T from any for domain "n.example" userbase <owners>
accept tagged T from any for domain "bad.example" userbase <owners> \\
    deliver to mda "cat >{{dir}}/%{{{{nothing}}}}"
accept from any for domain "r.example" relay expire 3d
"""


def test_legacy(tap):
    ports = {name: free_port() for name in ("tagged", "plain")}
    account = pwd.getpwuid(os.geteuid() or pwd.getpwnam("nobody").pw_uid)
    with Daemon(LEGACY.format(uid=account.pw_uid, gid=account.pw_gid,
                              **ports), target="6.0") as daemon:
        for rcpt, sender, port, code in (
                ("vjoe@a.example", "x@y.example", "tagged", "250"),
                ("vjoe-tag@b.example", "x@y.example", "tagged", "250"),
                ("vjoe@a.example", "z@y.example", "tagged", "550"),
                ("stop@a.example", "x@y.example", "tagged", "550"),
                ("vjoe@a.example", "x@y.example", "plain", "550"),
                ("info@v.example", "x@y.example", "tagged", "250"),
                ("none@v.example", "x@y.example", "tagged", "550"),
                ("vjoe@f.example", "x@y.example", "tagged", "451"),
                ("vjoe@n.example", "x@y.example", "tagged", "550"),
                ("vjoe@bad.example", "x@y.example", "tagged", "451"),
                ("joe@r.example", "x@y.example", "plain", "250")):
            tap.equal(f"6.0: <{sender}> to <{rcpt}>, {port}",
                      send(daemon, ports[port], rcpt, sender)[:3], code)
        env, got = daemon.dir / "env", daemon.dir / "got"
        tap.case("6.0: Maildir and mda", "" if daemon.wait(
            lambda: len(daemon.delivered()) == 2 and env.exists() and
            env.read_text())
                 else daemon.log_text())
        tap.equal("6.0: mda has PATH alone, and what sh adds", {
            line.split("=")[0] for line in env.read_text().splitlines()}
            - {"PWD", "OLDPWD", "SHLVL", "_"}, {"PATH"})
        tap.equal("6.0: and a From line", re.sub(
            "example .*", "example", got.read_text().split("\n")[0]),
            "From x@y.example")
        [row] = daemon.ctl("show", "queue")[1].splitlines()
        row = row.split("|")
        tap.equal("6.0: expire", int(row[8]) - int(row[7]), 3 * 86400)
        client = Client(daemon.connect(ports["tagged"]))
        client.ask("EHLO x", "MAIL FROM:<x@y.example>")
        tap.equal("6.0: limit session", [
            client.ask(f"RCPT TO:<vjoe@{name}.example>")[:3]
            for name in ("a", "b", "a")], ["250", "250", "451"])
        client.ask("DATA")
        tap.equal("6.0: max-message-size",
                  client.ask("Subject: x\r\n\r\n" + "x" * 400 +
                             "\r\n.")[:3], "554")
        client.close()


# The queue's files.

QUEUE = """
queue {what}
listen on 127.0.0.1 port {port}
action "local" maildir "{{dir}}/Maildir"
match from any for domain "example.org" action "local"
"""


def test_queue(tap):
    for what, begin in (("compression", b"\x1f\x8b"),
                        ('encryption "0123456789abcdef0123456789abcdef"',
                         b"\x01")):
        port = free_port()
        daemon = Daemon(QUEUE.format(what=what, port=port), "-P", "mda")
        with daemon:
            send(daemon, port, f"{daemon.user}@example.org")
            seen = {path.read_bytes()[:len(begin)] for path in
                    daemon.spool.glob("queue/??/????????/*")}
            tap.equal(f"queue {what.split()[0]}", seen, {begin})
            daemon.stop()
            daemon.log.unlink()
            daemon.options = ()
            daemon.run(["-b", daemon.dir / "blob"])
            tap.case("what it holds is delivered", "" if daemon.wait(
                lambda: b"\n\nbody\n" in b"".join(daemon.messages()))
                     else daemon.log_text())


# Limits.

LIMITS = """
mda limit {mda}
scheduler limit {scheduler}
listen on 127.0.0.1 port {port}
action "local" maildir "{{dir}}/Maildir"
match from any for domain "example.org" action "local"
"""


def test_limits(tap):
    """Those that tune what is not there say so."""
    for mda, scheduler, wanted in (
            ("task-hiwat 50 task-lowat 30 max-session 3",
             "max-schedule 10 max-inflight 7", []),
            ("task-hiwat 60 task-release 11", "max-schedule 9", [
                "MDA limit task-hiwat", "MDA limit task-release",
                "SCHEDULER limit max-schedule"])):
        with Daemon(LIMITS.format(mda=mda, scheduler=scheduler,
                                  port=free_port())) as daemon:
            tap.equal(f"what has no effect of {mda}", re.findall(
                r"warn: (.*) has no effect: remove it "
                r"\[limit-without-effect\]", daemon.log_text()), wanted)


def main():
    tap = Tap()
    for test in (test_srs, test_tls, test_listeners, test_legacy,
                 test_queue, test_limits):
        test(tap)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
