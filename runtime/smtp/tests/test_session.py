#!/usr/bin/python3
"""Connections to the running daemon that a transcript cannot hold: clients
that stop, leave, send nothing or everything at once, handshakes that never
end, proxies, names in certificates, and the holes that mail servers had."""

import os
import re
import socket
import ssl
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
from daemon import (HOST, Client, Daemon, free_port,  # noqa: E402
                    proxy_header)
from tap import Tap, is_sanitized  # noqa: E402

IDLE = 200  # connections that do nothing

CONFIG = """
pki a cert "{{dir}}/a.pem"
pki a key "{{dir}}/a.key"
pki b cert "{{dir}}/b.pem"
pki b key "{{dir}}/b.key"
table aliases {{{{ "user" = "{{user}}" }}}}
table names {{{{ "127.0.0.3" = "named.example.org" }}}}
listen on 127.0.0.1 port {plain} hostname {host}
listen on 127.0.0.1 port {tls} hostname {host} tls pki a pki b
listen on 127.0.0.1 port {smtps} hostname {host} smtps pki a
listen on 127.0.0.1 port {proxy} hostname {host} proxy-v2
listen on 127.0.0.3 port {named} hostname {host} hostnames <names>
{more}
action "local" maildir "{{dir}}/Maildir" alias <aliases>
match from any for domain "example.org" action "local"
"""


def has_ipv6():
    try:
        return free_port("::1") != 0
    except OSError:
        return False


class World:
    """The daemon and its ports."""

    def __init__(self):
        self.ports = {name: free_port() for name in
                      ("plain", "tls", "smtps", "proxy", "named")}
        more = ""
        if has_ipv6():
            self.ports["six"] = free_port("::1")
            more = f"listen on ::1 port {self.ports['six']} hostname {HOST}"
        self.daemon = Daemon(CONFIG.format(host=HOST, more=more,
                                           **self.ports))
        for name in "ab":
            self.daemon.certificate(name, f"{name}.example.org")

    def client(self, name="plain", greeted=True, address="127.0.0.1"):
        return Client(self.daemon.connect(self.ports[name], address),
                      greeted)

    def works(self):
        """Whether another client is served at once."""
        client = self.client()
        client.sock.settimeout(3)
        try:
            return "250" in client.ask("HELO x")
        except OSError:
            return False
        finally:
            client.close()

    def pids(self):
        return self.daemon.children()


def sends_mail(client, body="Subject: x\r\n\r\ny\r\n", end=".\r\n"):
    client.ask("EHLO client.example", "MAIL FROM:<a@b.example>",
               "RCPT TO:<user@example.org>", "DATA")
    client.send(body + end)
    return client.reply()


def test_stops(tap, world):
    stalled = [world.client() for _ in range(3)]
    stalled[0].send("EHL")
    stalled[1].ask("EHLO x", "MAIL FROM:<a@b.example>")
    stalled[2].ask("EHLO x", "MAIL FROM:<a@b.example>",
                   "RCPT TO:<user@example.org>", "DATA")
    stalled[2].send("Subject: x\r\n")
    tap.case("clients that stop hold nobody up",
             "" if world.works() else "they do")
    for client in stalled:
        client.close()


def test_handshakes(tap, world):
    """CVE-2013-2125: a handshake that stops must not stop the others."""
    hanging = []
    for _ in range(20):
        client = world.client("tls")
        client.ask("EHLO x", "STARTTLS")
        client.send(b"\x16\x03\x01\x02\x00\x01")
        hanging.append(client)
        hanging.append(world.client("smtps", greeted=False))
    tap.case("handshakes that stop hold nobody up",
             "" if world.works() else "they do")
    client = world.client("tls")
    client.ask("EHLO x", "STARTTLS")
    context = ssl._create_unverified_context()
    client.sock = context.wrap_socket(client.sock)
    tap.case("nor another handshake",
             "" if "250" in client.ask("EHLO x") else "it fails")
    for one in (*hanging, client):
        one.close()


def test_names_in_certificates(tap, world):
    def name_for(asked):
        client = world.client("tls")
        client.ask("EHLO x", "STARTTLS")
        context = ssl._create_unverified_context()
        sock = context.wrap_socket(client.sock, server_hostname=asked)
        found = re.search(rb"([ab])\.example\.org",
                          sock.getpeercert(binary_form=True))
        sock.close()
        return found[1].decode()
    tap.equal("the first certificate is for those who ask for none",
              name_for(None), "a")
    tap.equal("a name chooses", name_for("b.example.org"), "b")
    tap.equal("an unknown name does not", name_for("c.example.org"), "a")


def test_starttls_injection(tap, world):
    client = world.client("tls")
    client.ask("EHLO x")
    client.send("STARTTLS\r\nMAIL FROM:<evil@b.example>\r\n")
    tap.equal("commands behind STARTTLS", client.reply(),
              "500 5.5.1 Invalid command: Pipelining not supported\r\n")
    tap.case("end the session", "" if client.is_closed() else "open")
    client.close()


def test_garbage(tap, world):
    for name, data in (("bytes", os.urandom(65536)),
                       ("a handshake in the clear", b"\x16\x03\x01" * 999),
                       ("line feeds", b"\n" * 5000),
                       ("NULs", b"\0" * 3000)):
        client = world.client()
        try:
            client.send(data)
            client.send(b"\r\nQUIT\r\n")
            client.sock.shutdown(socket.SHUT_WR)
            while client.line():
                pass
        except OSError:
            pass
        client.close()
        tap.case(f"{name} do no harm", "" if world.works() else "they do")


def test_leaving(tap, world):
    """CVE-2020-35680 and others: leaving at every moment."""
    steps = ["EHLO x\r\n", "MAIL FROM:<a@b.example>\r\n",
             "RCPT TO:<user@example.org>\r\n", "DATA\r\n",
             "Subject: left\r\n\r\nx\r\n", ".\r\n"]
    for count in range(len(steps) + 1):
        client = world.client()
        client.send("".join(steps[:count]))
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               b"\1\0\0\0\0\0\0\0")
        client.close()
    tap.case("leaving at every step does no harm",
             "" if world.works() else "it does")


def test_order_after_refused_data(tap, world):
    """2016-10: state after a refused message, in every order."""
    problems = []
    for again in ("MAIL FROM:<a@b.example>", "RSET", "DATA",
                  "RCPT TO:<user@example.org>", "NOOP"):
        client = world.client()
        answer = sends_mail(client, "no field\r\n")
        follow = client.ask(again)
        client.ask("RSET")
        client.ask("MAIL FROM:<a@b.example>", "RCPT TO:<user@example.org>",
                   "DATA")
        client.send("Subject: again\r\n\r\nx\r\n.\r\n")
        last = client.reply()
        if not (answer.startswith("550") and last.startswith("250")):
            problems.append(f"{again}: {answer!r} {follow!r} {last!r}")
        client.close()
    tap.case("a message after a refused one", "\n".join(problems))


def test_one_packet(tap, world):
    """2016-10: the last line and the dot in one packet."""
    client = world.client()
    client.ask("EHLO x", "MAIL FROM:<a@b.example>",
               "RCPT TO:<user@example.org>", "DATA")
    client.send("Subject: one\r\n\r\n" + "x" * 900 + "\r\n.\r\n")
    answer = client.reply()
    tap.case("body and dot at once",
             "" if answer.startswith("250 2.0.0 ") else answer)
    client.close()


def test_smuggling(tap, world):
    inner = ("MAIL FROM:<evil@b.example>\r\nRCPT TO:<user@example.org>\r\n"
             "DATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n")
    before = len(world.daemon.messages())
    count = 0
    for dot in ("\n.\n", "\n.\r\n", "\r\n.\n", "\r\n.\r", "\r.\r\n",
                "\r.\r", "\r\n.\r\r\n", "\r\n\0.\r\n", "\r\n.\0\r\n"):
        for pause in (False, True):
            client = world.client()
            client.ask("EHLO x", "MAIL FROM:<a@b.example>",
                       "RCPT TO:<user@example.org>", "DATA")
            head, tail = "Subject: outer\r\n\r\ntext" + dot, inner
            if pause:
                client.send(head)
                time.sleep(0.02)
                client.send(tail)
            else:
                client.send(head + tail)
            answer = client.reply()
            count += answer.startswith("250")
            client.send("QUIT\r\n")
            left = client.line()
            if not left.startswith("221"):
                tap.case(f"{dot!r}, paused {pause}", left or "closed")
            client.close()
    tap.case(f"the {count} that were taken are delivered",
             "" if count and world.daemon.wait(
                 lambda: len(world.daemon.messages()) >= before + count)
             else "they are not")
    smuggled = [text for text in world.daemon.messages()
                if b"Subject: smuggled" in text.split(b"\n\n")[0]]
    tap.equal("no message within a message", smuggled, [])


def test_proxy(tap, world):
    v4 = proxy_header(0x21, 0x11, socket.inet_aton("192.0.2.9") +
                      socket.inet_aton("192.0.2.1") + b"\1\2\0\x19")
    long = proxy_header(0x21, 0x11, v4[16:] + bytes(65519 - 12))
    v6 = proxy_header(0x21, 0x21,
                      socket.inet_pton(socket.AF_INET6, "2001:db8::9") +
                      bytes(16) + b"\1\2\0\x19tlv")
    for name, header, peer in (("IPv4", v4, "[192.0.2.9]"),
                               ("IPv6", v6, "[2001:db8::9]"),
                               ("one with much to add", long, "[192.0.2.9]"),
                               ("local", proxy_header(0x21, 0x31, bytes(216)),
                                "[local]"),
                               ("itself", proxy_header(0x20, 0, b""),
                                "[127.0.0.1]")):
        client = world.client("proxy", greeted=False)
        for at in range(0, len(header), max(1, len(header) // 50)):
            client.send(header[at:at + max(1, len(header) // 50)])
        client.reply()
        answer = client.ask("HELO x")
        tap.case(f"a proxy speaks for {name}",
                 "" if peer in answer else answer)
        client.close()
    client = world.client("proxy", greeted=False)
    client.send(v4 + b"HELO x\r\nQUIT\r\n")
    client.reply()
    tap.case("header and commands at once",
             "" if "[192.0.2.9]" in client.reply() else "no")
    client.close()
    client = world.client("proxy", greeted=False)
    client.send("EHLO client.example\r\n")
    tap.case("without header there is no reply",
             "" if client.is_closed() else "there is")
    client.close()
    tap.case("and a line in the log", "" if world.daemon.wait(
        lambda: "protocol error (invalid signature)" in
        world.daemon.log_text()) else world.daemon.log_text()[-500:])


def test_hostnames(tap, world):
    client = world.client("named", address="127.0.0.3")
    tap.equal("the name is the address's", client.greeting,
              "220 named.example.org ESMTP smtpd\r\n")
    client.close()


def test_local_listeners(tap, world):
    """Date and Message-ID are added on 127.0.0.1 and ::1."""
    for name, address in (("plain", "127.0.0.1"), ("six", "::1")):
        if name not in world.ports:
            tap.skip(address, "it is not there")
            continue
        client = world.client(name, address=address)
        subject = f"Subject: to {address}\r\n"
        answer = sends_mail(client, subject + "\r\nx\r\n")
        client.close()
        header = f"{subject.strip()}\nDate: ".encode()
        tap.case(f"{address} completes messages", "" if world.daemon.wait(
            lambda: any(header in text and b"\nMessage-ID: <" in text
                        for text in world.daemon.messages())) else answer)


def stats(world, key):
    """A counter; 0: it was never counted."""
    found = re.search(rf"^{re.escape(key)}=(\d+)$",
                      world.daemon.ctl("show", "stats")[1], re.M)
    return int(found[1]) if found else 0


def test_counters(tap, world):
    """Sessions with TLS from the beginning, and those with STARTTLS."""
    client, context = world.client("tls"), ssl._create_unverified_context()
    client.ask("EHLO x", "STARTTLS")
    client.sock = context.wrap_socket(client.sock)
    client.ask("EHLO x")
    other = world.client("smtps", greeted=False)
    other.sock = context.wrap_socket(other.sock)
    other.reply()
    for key, one in (("smtp.tls", client), ("smtp.smtps", other)):
        tap.case(f"{key} counts what is there", "" if world.daemon.wait(
            lambda k=key: stats(world, k) == 1) else stats(world, key))
        one.close()
        tap.case("and no longer what is not", "" if world.daemon.wait(
            lambda k=key: stats(world, k) == 0) else stats(world, key))


def test_log_injection(tap, world):
    client = world.client()
    client.send("EHLO x\r\nMAIL FROM:<a@b> X\x1b[2J\rforged\x01\r\n")
    client.reply()
    client.reply()
    client.close()
    log = world.daemon.log_text()
    raw = [line for line in log.splitlines()
           if any(c < " " or c == "\x7f" for c in line)]
    tap.equal("no control character reaches the log", raw, [])


def test_slow_reader(tap, world):
    """One that asks much and reads nothing is not served any further."""
    client = world.client()
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.sock.setblocking(False)
    sent = 0
    try:
        for _ in range(4000):
            sent += client.sock.send(b"HELP\r\n" * 1000)
    except BlockingIOError:
        pass
    tap.case("input stops when output does",
             "" if sent < 24000000 else f"{sent} bytes were taken")
    tap.case("and others go on", "" if world.works() else "they do not")
    client.close()


def memory(pid):
    """Private bytes of a process."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(kb) for kb in
               re.findall(r"Private_\w+:\s+(\d+) kB", text)) * 1024


def test_idle(tap, world):
    """DESIGN.md 8 asks for 8 KiB a connection; sanitizers need more."""
    may_look = os.geteuid() == 0
    before = sum(map(memory, world.pids())) if may_look else 0
    clients = [world.client() for _ in range(IDLE)]
    tap.case(f"{IDLE} idle connections", "" if world.works() else "no room")
    if not may_look:
        tap.skip("what they take", "only root sees it")
    elif not is_sanitized():
        each = (sum(map(memory, world.pids())) - before) // IDLE
        tap.case("take at most 8 KiB each", f"{each}" * (each > 8192))
    for client in clients:
        client.close()
    world.daemon.wait(lambda: world.daemon.log_text().count(
        "disconnected") >= IDLE)
    if may_look:
        tap.case("and leave no descriptor behind", "" if world.daemon.wait(
            lambda: all(len(os.listdir(f"/proc/{pid}/fd")) < 60
                        for pid in world.pids())) else "they do")


TESTS = [test_stops, test_handshakes, test_names_in_certificates,
         test_starttls_injection, test_garbage, test_leaving,
         test_order_after_refused_data, test_one_packet, test_smuggling,
         test_proxy, test_hostnames, test_local_listeners, test_counters,
         test_log_injection, test_slow_reader, test_idle]


def main():
    tap, world = Tap(), World()
    with world.daemon as daemon:
        pids = world.pids()
        for test in TESTS:
            test(tap, world)
        tap.equal("no process was replaced", world.pids(), pids)
        tap.equal("ends in order", daemon.stop(), 0)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
