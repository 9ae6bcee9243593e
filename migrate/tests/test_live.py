#!/usr/bin/env python3
"""Sessions that were recorded on 6.0.3, repeated on a real 6.8 (make peers)
that runs our conversion: those without TLS, which that package does not do,
and those of the local socket. Each set has a copy of the peer, with the set's
files laid over it, and a network of its own. Root only. What may differ is
in fixtures/migrate/residues.tsv; see test_decisions.py."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]
                       / "compiler/tests"))
from tap import BIN, ROOT, SHARED, Tap, can_unshare, environment  # noqa: E402
from test_oracle import reply_class  # noqa: E402

DEV = SHARED / "oracle/dev"
RESIDUES = ROOT / "fixtures/migrate/residues.tsv"
PEERS = (ROOT / os.environ.get("PEERS", "build/peers")).resolve()
PEER_RUN = ROOT / "tools/peer-run"
PEER_USERS = ("opensmtpd", "opensmtpq")
# Clients come from there, and none of it is the host's own.
NETWORKS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",
            "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
CERTIFICATE = {b"cert": b'"/etc/ssl/o.crt"', b"key": b'"/etc/ssl/o.key"'}
START = 10  # seconds for the daemon to listen
SESSION = 10  # seconds for one reply


def run(*command, **kwargs):
    return subprocess.run(command, capture_output=True, check=False,
                          timeout=60, **kwargs)


# The copy of the peer.

def make_certificate(folder):
    folder.mkdir(parents=True, exist_ok=True)
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
        "1", "-subj", "/CN=oracle.example.net", "-keyout", folder / "o.key",
        "-out", folder / "o.crt")
    (folder / "o.key").chmod(0o600)


def lay_over(folder, root):
    """The files of a set, and the users of both."""
    for name in ("etc", "home"):
        if (folder / name).is_dir():
            shutil.copytree(folder / name, root / name, dirs_exist_ok=True)
    users = (folder / "etc/passwd").read_text()
    for line in (PEERS / "opensmtpd/etc/passwd").read_text().splitlines():
        if line.split(":")[0] in PEER_USERS:
            users += line + "\n"
    (root / "etc/passwd").write_text(users)
    for line in users.splitlines():
        name, _, uid, gid, _, home, _ = line.split(":")
        place = root / home.lstrip("/")
        if home.startswith("/home/"):
            place.mkdir(parents=True, exist_ok=True)
            for path in (place, *place.iterdir()):
                os.chown(path, int(uid), int(gid))
    # Whatever other tests left there is not seen.
    for name in ("var/run", "var/spool", "var/mail", "run"):
        (root / name).mkdir(parents=True, exist_ok=True)
        os.setxattr(root / name, "trusted.overlay.opaque", b"y")
    make_certificate(root / "etc/ssl")
    # Packages make it so when they are installed, which no peer is.
    smtpctl = root / "usr/sbin/smtpctl"
    smtpctl.parent.mkdir(parents=True)
    shutil.copy(PEERS / "opensmtpd/usr/sbin/smtpctl", smtpctl)
    groups = (PEERS / "opensmtpd/etc/group").read_text().splitlines()
    gid = [line.split(":")[2] for line in groups
           if line.startswith("opensmtpq:")]
    os.chown(smtpctl, 0, int(gid[0]))
    smtpctl.chmod(0o2755)


def convert(folder, out):
    config = folder / "legacy.conf"
    if not config.exists():
        config = folder / "smtpd.conf"
    done = run(BIN / "smtpd-migrate", "-q", "--target=6.8",
               f"--root={folder}", "-Wno-missing-file", config,
               env=environment())
    text = re.sub(rb'\s(cert|key)\s+("[^"]*"|\S+)',
                  lambda m: b" %s %s" % (m[1], CERTIFICATE[m[1]]),
                  done.stdout)
    out.write_bytes(text)
    return done.returncode in (0, 1)


# Sessions.

def read_reply(stream):
    """The code; None where the server has gone."""
    while True:
        line = stream.readline()
        if not line:
            return None
        if line[3:4] != b"-":
            return line[:3].decode()


def say(connection, stream, text):
    connection.sendall(text.encode() + b"\r\n")
    return read_reply(stream)


def smtp(envelope):
    """Code by recipient."""
    src = envelope.get("src", "127.0.0.1")
    dst = envelope.get("dst", "::1" if ":" in src else "127.0.0.1")
    family = socket.AF_INET6 if ":" in src else socket.AF_INET
    rcpts = envelope["rcpt"]
    rcpts = [rcpts] if isinstance(rcpts, str) else rcpts
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(SESSION)
        connection.bind((src, 0))
        connection.connect((dst, envelope.get("port", 25)))
        with connection.makefile("rb") as stream:
            read_reply(stream)
            say(connection, stream,
                f"EHLO {envelope.get('helo', 'client.example.com')}")
            say(connection, stream, "MAIL FROM:<%s>"
                % envelope.get("from", "sender@example.com"))
            return {rcpt: say(connection, stream, f"RCPT TO:<{rcpt}>")
                    for rcpt in rcpts}


def sendmail(envelope):
    rcpt = envelope["rcpt"]
    sender = envelope.get("from", "alice@example.com")
    done = run(PEER_RUN, "opensmtpd", "sendmail", "-f", sender, "--", rcpt,
               input=b"Subject: x\n\nx\n")
    text = (done.stdout + done.stderr).decode(errors="replace")
    for word in text.replace(":", " ").split():
        if done.returncode and len(word) == 3 and word.isdigit():
            return {rcpt: word}
    return {rcpt: "250" if done.returncode == 0 else text}


# One set, in a network and a mount of its own.

def enter(scratch):
    run("ip", "link", "set", "lo", "up")
    for network in NETWORKS:
        run("ip", "route", "add", "local", network, "dev", "lo")
    run("ip", "-6", "route", "add", "local", "2001:db8::/32", "dev", "lo")
    Path("/proc/sys/net/ipv6/ip_nonlocal_bind").write_text("1")
    layers = (f"lowerdir={PEERS / 'opensmtpd'},upperdir={scratch / 'upper'},"
              f"workdir={scratch / 'work'}")
    return run("mount", "-t", "overlay", "overlay", "-o", layers,
               scratch / "opensmtpd").returncode == 0


def wait_for_daemon(daemon, scratch):
    control = scratch / "opensmtpd/var/run/smtpd.sock"
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and daemon.poll() is None:
        if control.exists():
            time.sleep(0.5)
            return True
        time.sleep(0.1)
    return False


def answer(folder, scratch):
    """What the daemon replies: pairs of id and recipient to a code."""
    replies = {}
    with open(scratch / "log", "wb") as log:
        daemon = subprocess.Popen(
            [PEER_RUN, "opensmtpd", "smtpd", "-d", "-f", "/etc/live.conf"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            if not wait_for_daemon(daemon, scratch):
                raise RuntimeError((scratch / "log").read_text()[-400:])
            for envelope in json.loads(
                    (folder / "envelopes.json").read_text()):
                if "tls" in envelope or "auth" in envelope:
                    continue
                codes = (sendmail if envelope.get("socket") else smtp)(
                    envelope)
                for rcpt, code in codes.items():
                    replies[envelope["id"], rcpt] = code
        finally:
            daemon.kill()
            daemon.wait(timeout=START)
    return replies


def inside(folder, scratch):
    if not enter(scratch):
        print(json.dumps({"error": "no overlay can be mounted here"}))
        return 0
    os.environ["PEERS"] = str(scratch)
    try:
        replies = answer(folder, scratch)
    except (OSError, RuntimeError, subprocess.TimeoutExpired) as error:
        print(json.dumps({"error": str(error)}))
        return 0
    print(json.dumps([[*key, code] for key, code in replies.items()]))
    return 0


def ask(folder, scratch):
    for name in ("upper", "work", "opensmtpd"):
        (scratch / name).mkdir()
    scratch.chmod(0o755)
    lay_over(folder, scratch / "upper")
    if not convert(folder, scratch / "upper/etc/live.conf"):
        return {"error": "not converted"}
    done = subprocess.run(
        ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
         "--mount-proc", sys.executable, __file__, folder, scratch],
        capture_output=True, check=False, timeout=200)
    if done.returncode != 0:
        return {"error": done.stderr.decode()}
    return json.loads(done.stdout)


def read_residues():
    rows = [line.split("\t") for line in RESIDUES.read_text().splitlines()
            if line and not line.startswith("#")]
    return {row[0] for row in rows if row[1] == "6.8"}


def check_set(tap, folder, residues):
    with tempfile.TemporaryDirectory() as scratch:
        replies = ask(folder, Path(scratch))
    if isinstance(replies, dict):
        tap.case(f"{folder.name} runs", replies["error"])
        return 0
    codes = {(ident, rcpt): code for ident, rcpt, code in replies}
    wrong, count = [], 0
    for record in json.loads((folder / "decisions-6.0.3.json").read_text()):
        key = record["id"], record["rcpt"]
        if key not in codes or f"{folder.name}:{record['id']}" in residues \
                or not record["rules"]:
            continue
        count += 1
        if (codes[key] or "-")[0] != reply_class(record):
            wrong.append(f"{key}: {codes[key]}, recorded "
                         f"{record['code']} {record.get('text')}")
    tap.case(f"{folder.name}: {count} sessions as on 6.0.3",
             "\n".join(wrong))
    return count


def main():
    tap = Tap()
    if not DEV.is_dir():
        tap.skip("live sessions", "../shared/oracle is not there")
    elif not can_unshare() or not (PEERS / "opensmtpd/usr").is_dir():
        tap.skip("live sessions",
                 "needs root, mounts of its own, and make peers")
    else:
        residues = read_residues()
        total = sum(check_set(tap, path.parent, residues) for path
                    in sorted(DEV.glob("*/decisions-6.0.3.json")))
        tap.case(f"{total} sessions were repeated",
                 "" if total > 500 else "too few")
    return tap.finish()


if __name__ == "__main__":
    raise SystemExit(inside(Path(sys.argv[1]), Path(sys.argv[2]))
                     if len(sys.argv) > 2 else main())
