#!/usr/bin/python3
"""The processes of the daemon as a whole: their start, a ruleset that
changes under them, their end, and clients of the control socket that mean
harm."""

import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
from daemon import (Client, Daemon, free_port, kind_of,  # noqa: E402
                    limit_descriptors)
from tap import BIN, Tap, environment, is_sanitized  # noqa: E402

PORT = free_port()
CONFIG = f"""
listen on 127.0.0.1 port {PORT}
action "local" maildir "{{dir}}/Maildir"
match from any for domain "example.org" rcpt-to "{{user}}@example.org" \\
    action "local"
"""
KINDS = ("queue", "lookup", "keys", "control", "session")


def send(daemon, port=PORT):
    """The replies to RCPT and to the dot."""
    client = Client(daemon.connect(port))
    client.ask("HELO x.example.org", "MAIL FROM:<a@example.com>")
    rcpt = client.ask(f"RCPT TO:<{daemon.user}@example.org>")
    client.ask("DATA")
    done = client.ask("Subject: x\r\n\r\nbody\r\n.")
    client.close()
    return rcpt, done


def is_listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except ConnectionRefusedError:
        return False
    except ConnectionResetError:
        pass  # closed in this moment
    return True


# Start.

def mapped(pid, end):
    """Where the first mapping of a name begins."""
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        if line.endswith(end):
            return line.partition("-")[0]
    return None


def test_start(tap):
    with Daemon(CONFIG, blob=False) as daemon:
        pids = daemon.children()
        tap.equal("each kind of process is there",
                  sorted({kind_of(pid) for pid in pids}), sorted(KINDS))
        rcpt, done = send(daemon)
        tap.case("a text config is compiled and used",
                 "" if done.startswith("250 ") else rcpt + done)
        tap.case("what was taken is delivered", "" if daemon.wait(
            daemon.delivered) else daemon.log_text())
        if os.geteuid() == 0:
            pids.append(daemon.process.pid)
            for what in ("/smtpd", "[stack]", "[heap]", "libc.so.6"):
                if what == "[heap]" and is_sanitized():
                    tap.skip(what, "sanitizers have a heap of their own")
                    continue
                places = [mapped(pid, what) for pid in pids]
                tap.case(f"each process has its own place of {what}",
                         "" if None not in places and
                         len(set(places)) == len(pids) else places)
        else:
            tap.skip("address spaces", "only root sees them")
        for field, value in (("Seccomp", "2"), ("NoNewPrivs", "1")):
            if field == "Seccomp" and is_sanitized():
                tap.skip(field, "sanitizers need more calls")
                continue
            wrong = [kind_of(pid) for pid in daemon.children()
                     if f"{field}:\t{value}" not in
                     Path(f"/proc/{pid}/status").read_text()]
            tap.equal(f"each child has {field} {value}", wrong, [])


def test_refusals(tap):
    rules = 'action "a" maildir\nmatch from any for local action "a"\n'
    cases = (
        ("filter", 'filter "f" phase connect match fcrdns disconnect '
         '"550 no"\nlisten on 127.0.0.1 port 1 filter "f"\n',
         "filter-not-supported"),
        ("a table program that is not there", 'table t postgres:/etc/p.conf\n'
         "match mail-from <t> from any for any reject\n",
         "table-postgres cannot be run: "),
        ("no such address", "listen on nowhere.invalid\n",
         "no such address, interface or host"),
        ("a mistake", "listen on nowhere port\n", "error:"),
    )
    daemons = [(name, Daemon(config + rules, blob=False), wanted)
               for name, config, wanted in cases]
    # Where a listener with a filter refused everyone.
    daemons.append(("a filter of 6.4", Daemon(
        'listen on 127.0.0.1 port 1 filter "f"\n' + rules, target="6.4"),
        "filter-not-supported"))
    for name, daemon, wanted in daemons:
        try:
            with daemon:
                tap.case(f"refuses {name}", "it started")
        except RuntimeError as error:
            tap.case(f"refuses {name}",
                     "" if wanted in str(error) else error)
        tap.equal(f"exit status for {name}", daemon.process.returncode, 1)


def test_no_compiler(tap):
    daemon = Daemon(CONFIG, blob=False, helpers={"x": "/bin/true"})
    (daemon.bin / "smtpd-compile").unlink()
    wanted = f"cannot run {daemon.bin}/smtpd-compile: install it"
    try:
        with daemon:
            tap.case("a compiler that is missing", "it started")
    except RuntimeError as error:
        tap.case("a compiler that is missing",
                 "" if wanted in str(error) else error)


def test_options(tap):
    for options, wanted in (
            (("-b", "x", "-f", "y"), "-b and -f exclude each other: y"),
            (("-b", "x", "-D", "a=b"), "-D is for a config, -b has none: a=b"),
            (("-P", "x"), "-P: not smtp, mta or mda: x")):
        done = subprocess.run(
            [BIN / "smtpd", "-n", *options], env=environment(),
            capture_output=True, text=True, timeout=30, check=False)
        tap.equal(f"refuses {' '.join(options)}",
                  (done.returncode, done.stderr), (1, f"smtpd: {wanted}\n"))


def test_untrusted(tap):
    """Files that others can write to are not taken from."""
    daemon = Daemon(CONFIG, blob=False)
    with daemon:
        config = daemon.dir / "smtpd.conf"
        config.chmod(0o666)
        status, text = daemon.ctl("reload")
        tap.case("a config that all can write to is not reloaded",
                 "" if status == 1 else text)
        config.chmod(0o644)
        tap.equal("and one that they cannot is",
                  daemon.ctl("reload")[0], 0)


# Reload.

def rewrite(daemon, text):
    daemon.write("smtpd.conf", text.format(dir=daemon.dir, user=daemon.user))


def test_reload(tap):
    other = free_port()
    with Daemon(CONFIG, blob=False) as daemon:
        client = Client(daemon.connect(PORT))
        client.ask("HELO x.example.org", "MAIL FROM:<a@example.com>")
        rewrite(daemon, CONFIG.replace("example.org\" rcpt", "x.test\" rcpt")
                .replace(f"port {PORT}", f"port {other}"))
        tap.equal("smtpctl reload", daemon.ctl("reload"),
                  (0, "command succeeded\n"))
        tap.case("the new listener is there",
                 "" if is_listening(other) else daemon.log_text())
        tap.case("the old one is not", "it is" if is_listening(PORT) else "")
        rcpt = client.ask(f"RCPT TO:<{daemon.user}@example.org>")
        tap.case("a session ends on the ruleset that it began with",
                 "" if rcpt.startswith("250 ") else rcpt)
        client.close()
        rcpt, _ = send(daemon, other)
        tap.case("a new session has the new one",
                 "" if rcpt.startswith("550 ") else rcpt)
        rewrite(daemon, CONFIG + "nonsense\n")
        status, text = daemon.ctl("reload")
        tap.case("a config that does not compile is refused",
                 "" if status == 1 and "does not compile" in text else text)
        tap.case("and the old ruleset stays", "" if send(
            daemon, other)[0].startswith("550 ") else daemon.log_text())
        rewrite(daemon, CONFIG)
        daemon.process.send_signal(signal.SIGHUP)
        tap.case("SIGHUP reloads", "" if daemon.wait(
            lambda: is_listening(PORT)) else daemon.log_text())
        rcpt, done = send(daemon)
        tap.case("mail comes in again",
                 "" if done.startswith("250 ") else rcpt + done)


def test_reload_queue(tap):
    """Mail that waits keeps its action."""
    with Daemon(CONFIG, "-P", "mda", blob=False) as daemon:
        send(daemon)
        rewrite(daemon, CONFIG.replace('"local"', '"other"'))
        status, text = daemon.ctl("reload")
        tap.case("a ruleset without an action that mail waits for is refused",
                 "" if status == 1 and "local" in text else (status, text))
        tap.case("the daemon goes on as before", "" if send(
            daemon)[1].startswith("250 ") else daemon.log_text())
        tap.equal("--force takes it",
                  daemon.ctl("reload", "--force")[0], 0)
        tap.equal("and the mail is still there", len(
            daemon.ctl("show", "queue")[1].splitlines()), 2)


def test_reload_refused(tap):
    """By lookup, which comes after the queue, and by keys, the first."""
    with Daemon(CONFIG, blob=False) as daemon:
        table = daemon.write("table", "a@b\n", 0o000)
        rewrite(daemon, CONFIG + f"table t file:{table}\n"
                "match mail-from <t> for any reject\n")
        for _ in range(3):
            status, text = daemon.ctl("reload")
        tap.case("a table that cannot be read is refused",
                 "" if status == 1 and "lookup: table" in text else text)
        rewrite(daemon, f'pki a cert "{table}"\npki a key "{table}"\n'
                + CONFIG.replace(f"port {PORT}", f"port {PORT} tls pki a"))
        status, text = daemon.ctl("reload")
        tap.case("so is a key",
                 "" if status == 1 and "keys: " in text else text)
        for words in ('ciphers "nonsense"', 'protocols "tlsv1.4"'):
            rewrite(daemon, f'pki a cert "{table}"\npki a key "{table}"\n'
                    + CONFIG.replace(f"port {PORT}",
                                     f"port {PORT} tls pki a {words}"))
            status, text = daemon.ctl("reload")
            tap.case(f"so are {words}", "" if status == 1 and
                     f"with {words}" in text else text)
        done = send(daemon)[1]
        tap.case("mail comes in and out as before",
                 "" if done.startswith("250 ") and daemon.wait(
                     daemon.delivered) else done + daemon.log_text())
        rewrite(daemon, CONFIG)
        tap.equal("and a good one is taken", daemon.ctl("reload")[0], 0)


def test_reload_half(tap):
    """One session process refuses what the other has taken already: it may
    open a few descriptors more, and no more."""
    if os.geteuid() != 0:
        tap.skip("half a reload", "only root sees descriptors of a daemon")
        return
    ports = [free_port() for _ in range(20)]
    tls = "".join(f"listen on 127.0.0.1 port {port} tls pki a\n"
                  for port in ports)
    pki = 'pki a cert "{dir}/a.pem"\npki a key "{dir}/a.key"\n'
    old = CONFIG.replace(f"port {PORT}", f"port {PORT} tls pki a")
    daemon = Daemon(pki + old)
    daemon.certificate("a", "a.example.org")
    with daemon:
        sessions = [pid for pid in daemon.children()
                    if kind_of(pid) == "session"]
        limit_descriptors(daemon, sessions[-1], 7 + max(
            int(path.name) for path in
            Path(f"/proc/{sessions[-1]}/fd").iterdir()))
        daemon.config = pki + tls + old
        daemon.make_ruleset()
        for _ in range(2):
            status, text = daemon.ctl("reload")
        tap.case("a reload that one session process refuses is refused",
                 "" if status == 1 and "session: no memory" in text else
                 (status, text))
        tap.case("no new listener stays", "" if daemon.wait(
            lambda: not any(map(is_listening, ports))) else "one does")
        seen = set()
        for _ in range(40):
            client = Client(daemon.connect(PORT))
            client.ask("EHLO x.example.org", "STARTTLS")
            client.sock = ssl._create_unverified_context().wrap_socket(
                client.sock)
            seen.add(client.ask("EHLO x.example.org")[:3])
            client.close()
        tap.equal("and the old ones speak TLS as before", seen, {"250"})
        done = send(daemon)[1]
        tap.case("mail comes in and out as before",
                 "" if done.startswith("250 ") and daemon.wait(
                     daemon.delivered) else done + daemon.log_text())
        limit_descriptors(daemon, sessions[-1], -1)
        tap.equal("it is taken when there is room",
                  daemon.ctl("reload")[0], 0)
        tap.equal("no process was replaced", [
            pid for pid in daemon.children() if kind_of(pid) == "session"],
            sessions)


def descriptors(pids):
    return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)


def test_reload_often(tap):
    if os.geteuid() != 0:
        tap.skip("descriptors", "only root sees them")
        return
    with Daemon(CONFIG) as daemon:
        pids = [daemon.process.pid] + [
            pid for pid in daemon.children() if kind_of(pid) not in
            ("keys", "session")]
        daemon.ctl("reload")
        before = descriptors(pids)
        for _ in range(5):
            status, text = daemon.ctl("reload")
            if status != 0:
                break
        tap.case("reloads again and again", "" if status == 0 else text)
        # Old keys processes stay for a minute, each with a channel. The
        # last smtpctl may not have been seen to go yet.
        tap.case("without a leak of descriptors", "" if daemon.wait(
            lambda: descriptors(pids) - before <= 5)
                 else f"{descriptors(pids) - before} more")


# End.

def test_end(tap):
    with Daemon(CONFIG) as daemon:
        pids = daemon.children()
        pid_file = daemon.spool / "smtpd.pid"
        tap.equal("the file of the process id", int(pid_file.read_text()),
                  daemon.process.pid)
        tap.equal("smtpctl stop", daemon.ctl("stop")[0], 0)
        tap.equal("exit status", daemon.process.wait(10), 0)
        tap.case("Exiting is logged", "" if daemon.log_text().endswith(
            "Exiting\n") else daemon.log_text())
        left = [path.name for path in (pid_file, daemon.spool / "smtpd.sock")
                if path.exists()]
        tap.equal("nothing is left", left, [])
        tap.equal("no process either",
                  [pid for pid in pids if Path(f"/proc/{pid}").exists()], [])


def worker_of(daemon):
    """The first delivery that runs."""
    found = []
    daemon.wait(lambda: found.extend(
        pid for pid in daemon.children() if not kind_of(pid)) or found)
    return found[0]


def test_end_beside_deliveries(tap):
    """Deliveries that run are waited for, so that none is repeated; those
    that wait for their turn are neither lost nor begun."""
    config = CONFIG.replace(
        'maildir "{dir}/Maildir"',
        'mda "cat >/dev/null; sleep 1; echo >>{dir}/box"')
    box = None
    with Daemon(config) as daemon:
        box = daemon.dir / "box"
        wanted = 20  # of which 7 run
        for _ in range(wanted):
            send(daemon)
        worker_of(daemon)
        daemon.process.send_signal(signal.SIGTERM)
        tap.case("no connection is taken while it ends", "" if daemon.wait(
            lambda: not is_greeted(PORT)) else "it is")
        tap.equal("an end beside deliveries", daemon.process.wait(15), 0)
        begun = len(box.read_text().splitlines())
        tap.case("those that ran are over, others wait",
                 "" if 0 < begun < wanted else f"{begun} ran")
        daemon.run(["-b", daemon.dir / "blob"])
        daemon.wait(lambda: daemon.ctl("show", "queue") == (0, ""))
        tap.equal("each is delivered once",
                  len(box.read_text().splitlines()), wanted)


def is_greeted(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as client:
            client.settimeout(0.2)
            return client.recv(100) != b""
    except OSError:
        return False


def test_end_is_bounded(tap):
    config = CONFIG.replace('maildir "{dir}/Maildir"', 'mda "sleep 30"')
    for signals, least, most in ((1, 4, 9), (2, 0, 3)):
        with Daemon(config) as daemon:
            send(daemon)
            worker = worker_of(daemon)
            start = time.monotonic()
            for _ in range(signals):
                daemon.process.send_signal(signal.SIGTERM)
                time.sleep(0.2)
            status = daemon.process.wait(15)
            spent = time.monotonic() - start
            os.kill(worker, signal.SIGKILL)
            tap.equal(f"exit status after {signals} signals", status, 0)
            tap.case("a delivery that does not end is not waited for long",
                     "" if least <= spent <= most else f"{spent} seconds")
            tap.equal("and is said",
                      "may be repeated" in daemon.log_text(), signals == 1)


def test_kills(tap):
    """When one is killed all end, and nothing is lost."""
    for kind in KINDS + ("parent",):
        daemon = Daemon(CONFIG, "-P", "mda")
        with daemon:
            pids = daemon.children()
            done = send(daemon)[1]
            victim = daemon.process.pid if kind == "parent" else next(
                pid for pid in pids if kind_of(pid) == kind)
            os.kill(victim, signal.SIGKILL)
            status = daemon.process.wait(10)
            end = time.monotonic() + 10
            while time.monotonic() < end and any(
                    Path(f"/proc/{pid}").exists() for pid in pids):
                time.sleep(0.05)
            left = [kind_of(pid) for pid in pids
                    if Path(f"/proc/{pid}").exists()]
            tap.equal(f"the death of {kind} ends all", left, [])
            if kind != "parent":
                tap.equal(f"with an exit status ({kind})", status, 1)
                tap.case(f"and says so ({kind})", "" if
                         f"warn: lost child: {kind} terminated; signal 9"
                         in daemon.log_text() else daemon.log_text())
            daemon.log.unlink()
            daemon.options = ()
            daemon.run(["-b", daemon.dir / "blob"])
            tap.case(f"what was taken is delivered after a start ({kind})",
                     "" if done.startswith("250 ") and daemon.wait(
                         daemon.delivered) else daemon.log_text())


# The control socket.

def control_connect(daemon):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.settimeout(10)
    client.connect(str(daemon.spool / "smtpd.sock"))
    return client


def message(number, fields, kind):
    return b"".join(part.to_bytes(4, sys.byteorder) for part in
                    (kind, number, len(fields))) + fields


def is_dropped(client):
    try:
        return client.recv(100) == b""
    except ConnectionResetError:
        return True


def test_kill_beside_delivery(tap):
    """The parent learns at once that the queue and a delivery are gone."""
    config = CONFIG.replace('maildir "{dir}/Maildir"', 'mda "sleep 30"')
    with Daemon(config) as daemon:
        queue = next(pid for pid in daemon.children()
                     if kind_of(pid) == "queue")
        send(daemon)
        worker = worker_of(daemon)
        daemon.process.send_signal(signal.SIGSTOP)
        for pid in (queue, worker):
            os.kill(pid, signal.SIGKILL)
        daemon.process.send_signal(signal.SIGCONT)
        tap.equal("a lost queue beside a delivery",
                  daemon.process.wait(30), 1)


def test_control(tap):
    rng = random.Random(7)
    with Daemon(CONFIG) as daemon:
        hostile = [b"x", bytes(11), bytes(12), b"\xff" * 16,
                   message(1, b"", 4000), message(0x80000001, b"\0" * 5, 9)]
        hostile += [rng.randbytes(rng.randrange(1, 400)) for _ in range(40)]
        wrong = 0
        for data in hostile:
            client = control_connect(daemon)
            client.send(data)
            wrong += not is_dropped(client)
            client.close()
        tap.equal("who sends what is no message is dropped", wrong, 0)
        client = control_connect(daemon)
        with open("/dev/null", encoding="ascii") as null:
            socket.send_fds(client, [b"x"], [null.fileno()] * 200)
        tap.case("who sends descriptors too",
                 "" if is_dropped(client) else "it is not")
        client.close()
        many = [control_connect(daemon) for _ in range(40)]
        for client in many[32:]:
            if not is_dropped(client):
                tap.case("a user has 32 connections", "and more")
                break
        else:
            tap.case("a user has 32 connections")
        for client in many:
            client.close()
        # Once the daemon has seen that they are gone.
        running = (0, "MDA running\nMTA running\nSMTP running\n")
        tap.case("and smtpctl works as before", "" if daemon.wait(
            lambda: daemon.ctl("show", "status") == running)
                 else daemon.ctl("show", "status"))


def main():
    tap = Tap()
    for test in (test_start, test_refusals, test_no_compiler, test_options,
                 test_untrusted, test_reload, test_reload_queue,
                 test_reload_refused, test_reload_half, test_reload_often,
                 test_end, test_end_beside_deliveries, test_end_is_bounded,
                 test_kills, test_kill_beside_delivery, test_control):
        test(tap)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
