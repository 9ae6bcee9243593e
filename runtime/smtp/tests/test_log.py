#!/usr/bin/python3
"""What the daemon logs of a session: for each, all its lines in order, with
what differs from run to run replaced. Log readers depend on them."""

import base64
import re
import socket
import ssl
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
from daemon import (HOST, PROXY_SIGNATURE, Client, Daemon,  # noqa: E402
                    free_port, hash_of, proxy_header)
from tap import Tap  # noqa: E402

V4 = socket.inet_aton("192.0.2.9") + bytes(4) + b"\1\2\0\x19"

CONFIG = """
pki a cert "{{dir}}/a.pem"
pki a key "{{dir}}/a.key"
table creds {{{{ "alice" = "{hash}", "a b" = "{hash}", "broken" = "x" }}}}
table who {{{{ "alice" = "alice@example.net, @b.example, c@*.d.example" }}}}
table aliases {{{{ "user" = "{{user}}", "two" = "{{user}}, user" }}}}
listen on 127.0.0.1 port {plain} hostname {host}
listen on 127.0.0.1 port {tls} hostname {host} tls pki a \\
    auth-optional <creds> senders <who>
listen on 127.0.0.1 port {proxy} hostname {host} proxy-v2
action "local" maildir "{{dir}}/Maildir" alias <aliases>
match from any for domain "example.org" action "local"
"""

MASKS = (
    (r"^[0-9a-f]{16} ", "SID "), (r"^proxy [0-9a-f]{16} ", "proxy SID "),
    (r"msgid=[0-9a-f]{8} ", "msgid=M "), (r"size=\d+ ", "size=N "),
    (r"evpid=[0-9a-f]{16} ", "evpid=E "), (r"host=[a-z0-9.<>-]+", "host=H"),
    (r"ciphers=TLSv1\.[23]:[A-Z0-9_-]+:\d+$", "ciphers=C"),
)
CONNECTED = "SID smtp connected address=127.0.0.1 host=H"
TLS = "SID smtp tls ciphers=C"
QUIT = "SID smtp disconnected reason=quit"
RESET = ('SID smtp disconnected reason="io-error: Connection reset by '
         'peer"')
LEFT = "SID smtp disconnected reason=disconnect"


def failed(command, reply):
    return f'SID smtp failed-command command="{command}" result="{reply}"'


def auth(user, password):
    text = f"\0{user}\0{password}".encode()
    return "AUTH PLAIN " + base64.b64encode(text).decode()


class World:
    def __init__(self, tap):
        self.tap = tap
        self.ports = {name: free_port() for name in
                      ("plain", "tls", "proxy")}
        self.daemon = Daemon(CONFIG.format(
            host=HOST, hash=hash_of("secret"), **self.ports))
        self.daemon.certificate("a", HOST)
        self.seen = 0  # bytes of the log that were looked at

    def client(self, name="plain", greeted=True):
        return Client(self.daemon.connect(self.ports[name]), greeted)

    def secure(self):
        client = self.client("tls")
        client.ask("EHLO x", "STARTTLS")
        context = ssl._create_unverified_context()
        client.sock = context.wrap_socket(client.sock)
        client.ask("EHLO x")
        return client

    def lines(self):
        """Those of sessions since the last look, up to the end of one."""
        text = self.daemon.log_text()[self.seen:]
        lines = [line for line in text.splitlines()
                 if re.match(r"[0-9a-f]{16} smtp |proxy ", line)]
        for pattern, mask in MASKS:
            lines = [re.sub(pattern, mask, line) for line in lines]
        return lines

    def check(self, name, *wanted):
        self.daemon.wait(lambda: any(
            " disconnected " in line or " event=closed " in line
            for line in self.lines()))
        self.tap.equal(name, self.lines(), list(wanted))
        self.seen = len(self.daemon.log_text())


def reset(client):
    """Leaves at once."""
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                           struct.pack("ii", 1, 0))
    client.close()


def test_ends(world):
    client = world.client()
    client.ask("QUIT")
    world.check("QUIT", CONNECTED, QUIT)
    client.close()
    world.client().close()
    world.check("one that leaves", CONNECTED, LEFT)
    reset(world.client())
    world.check("one that breaks off", CONNECTED, RESET)


def test_commands(world):
    client = world.client()
    client.ask("HELO x", 'FOO "\x1b\xff\\"', "MAIL FROM:<a@b.example>",
               "RCPT TO:<no@example.org>", "QUIT")
    client.close()
    world.check("refused commands", CONNECTED, failed(
        r'FOO \"\033\377\\\"',
        "500 5.5.1 Invalid command: Command unrecognized"), failed(
            "RCPT TO:<no@example.org>",
            "550 Invalid recipient: <no@example.org>"), QUIT)
    client = world.client()
    client.ask("NOOP " + "x" * 3000)
    world.check("a long line", CONNECTED, "SID smtp bad-input "
                'result="500 5.0.0 Command line too long"', QUIT)
    client.close()


def test_messages(world):
    client = world.client()
    client.ask("EHLO x", "MAIL FROM:<a@b.example>",
               "RCPT TO:<user@example.org>", "RCPT TO:<two@example.org>",
               "DATA", "Subject: x\r\n\r\ny\r\n.", "MAIL FROM:<>",
               "RCPT TO:<user@example.org>", "DATA", "none\r\n.", "QUIT")
    client.close()
    world.check(
        "messages", CONNECTED,
        "SID smtp message msgid=M size=N nrcpt=2 proto=ESMTP",
        "SID smtp envelope evpid=E from=<a@b.example> to=<user@example.org>",
        "SID smtp envelope evpid=E from=<a@b.example> to=<two@example.org>",
        failed("DATA", "550 5.7.1 Delivery not authorized, message refused: "
                       "Message is not RFC 2822 compliant"), QUIT)
    client = world.client()
    client.ask("HELO x", "MAIL FROM:<>", "RCPT TO:<user@example.org>",
               "DATA", "Subject: x\r\n.", "QUIT")
    client.close()
    world.check("the null sender", CONNECTED,
                "SID smtp message msgid=M size=N nrcpt=1 proto=SMTP",
                "SID smtp envelope evpid=E from=<> to=<user@example.org>",
                QUIT)


def test_auth(world):
    client = world.secure()
    client.ask(auth("alice", "wrong"), auth("broken", "x"), "AUTH PLAIN *",
               "AUTH LOGIN *", "AUTH LOGIN", "YWxpY2U=", "*", "AUTH X y",
               auth("a b", "secret"), "QUIT")
    client.close()
    syntax = "501 5.5.2 Syntax error: Syntax error"
    world.check(
        "AUTH", CONNECTED, TLS,
        "SID smtp authentication user=alice result=permfail",
        failed("AUTH PLAIN (...)", "535 Authentication failed"),
        "SID smtp authentication user=broken result=tempfail",
        failed("AUTH PLAIN (...)", "421 4.3.0 Temporary failure"),
        failed("AUTH PLAIN (...)", syntax),
        failed("AUTH LOGIN (username)", syntax),
        failed("AUTH LOGIN (password)", syntax),
        failed("AUTH X (...)", "504 5.7.4 Security features not supported: "
                               r"AUTH method \"X\" not supported"),
        r"SID smtp authentication user=a\040b result=ok", QUIT)


def test_senders(world):
    refused = ("other@example.net", "c@d.example", "")
    client = world.secure()
    client.ask(auth("alice", "secret"))
    for sender in ("alice@example.net", "Alice+x@EXAMPLE.net",
                   "any@b.example", "c@x.d.example", *refused):
        answer = client.ask(f"MAIL FROM:<{sender}>")
        client.ask("RSET")
        world.tap.equal(f"<{sender}> as a sender", answer,
                        "530 Sender rejected\r\n" if sender in refused
                        else "250 2.0.0 Ok\r\n")
    client.ask("QUIT")
    client.close()
    world.check("is logged where refused", CONNECTED, TLS,
                "SID smtp authentication user=alice result=ok",
                *(failed(f"MAIL FROM:<{sender}>", "530 Sender rejected")
                  for sender in refused), QUIT)


def test_tls(world):
    client = world.client("tls")
    client.ask("EHLO x", "STARTTLS\r\nNOOP")
    world.check("commands behind STARTTLS", CONNECTED, "SID smtp bad-input "
                'result="500 5.5.1 Invalid command: Pipelining not '
                'supported"', QUIT)
    client.close()
    client = world.client("tls")
    client.ask("EHLO x", "STARTTLS")
    client.send("EHLO x\r\n")
    world.check("no handshake", CONNECTED, "SID smtp disconnected reason="
                '"io-error: error:0A00010B:SSL routines::wrong version '
                'number"')
    client.close()
    for _ in range(8):  # all processes that serve sessions
        reset(world.client())
        world.check("the next does not inherit it", CONNECTED, RESET)


def test_proxy(world):
    accepted = "SID smtp event=proxy address=127.0.0.1"
    client = world.client("proxy", greeted=False)
    client.send(proxy_header(0x21, 0x11, V4) + b"QUIT\r\n")
    client.reply()
    client.reply()
    world.check("a proxy", accepted,
                "SID smtp connected address=192.0.2.9 host=H", QUIT)
    client.close()
    for data, reason in (
            (b"EHLO x", "protocol error (invalid signature)"),
            (proxy_header(0x11, 0x11, V4),
             "protocol error (invalid version)"),
            (proxy_header(0x22, 0x11, V4), "protocol error (unknown command)"),
            (proxy_header(0x21, 0x12, V4),
             "protocol error (unsupported address family)"),
            (proxy_header(0x21, 0x11, b""),
             "protocol error (address info too short)"),
            (proxy_header(0x21, 0x11, b"")[:-2] + b"\xff\xf0",
             "protocol error (header too long)"),
            (proxy_header(0x21, 0, b""), "address translation (UNSPEC family "
                                         "not supported for PROXYing)"),
            (PROXY_SIGNATURE, "disconnected")):
        client = world.client("proxy", greeted=False)
        client.send(data)
        if data == PROXY_SIGNATURE:
            client.sock.shutdown(socket.SHUT_WR)
        world.check(reason, accepted, "proxy SID event=closed "
                    f'address=127.0.0.1 reason="{reason}"')
        client.close()
    client = world.client("proxy", greeted=False)
    client.send(PROXY_SIGNATURE)
    world.daemon.wait(lambda: world.lines() == [accepted])
    reset(client)
    world.check("one that breaks off", accepted, "proxy SID event=closed "
                "address=127.0.0.1 reason="
                '"IO error (Connection reset by peer)"')


def test_gone_before_accept(world):
    """A socket whose client has left does not know any more who that was:
    it must not pass for the local one."""
    world.tap.equal("smtp is paused", world.daemon.ctl("pause", "smtp")[0], 0)
    client = world.client(greeted=False)
    client.send("EHLO x\r\n")
    reset(client)
    world.daemon.ctl("resume", "smtp")
    world.check("one that left early", CONNECTED, RESET)


def main():
    tap = Tap()
    world = World(tap)
    with world.daemon as daemon:
        for test in (test_ends, test_commands, test_messages, test_auth,
                     test_senders, test_tls, test_proxy,
                     test_gone_before_accept):
            test(world)
        tap.equal("ends in order", daemon.stop(), 0)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
