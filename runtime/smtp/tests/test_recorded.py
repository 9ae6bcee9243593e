#!/usr/bin/python3
"""Sessions recorded on OpenSMTPD 7.8 (oracle/dev), repeated on the running
daemon, those of its socket with sendmail: as root, with users, tables and
addresses of the recording. Codes and texts must be the same but for what
fixtures/smtp/recorded.tsv names: a set, an id ("*": it does not start) and a
reason. Each set has a network, an /etc and homes of its own. Root only; the
sets lie beside the project."""

import base64
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
from daemon import Client, dead_letter_kept, hash_of  # noqa: E402
from tap import BIN, ROOT, SHARED, Tap, can_unshare, environment  # noqa: E402

DEV = SHARED / "oracle" / "dev"
DIFFERENCES = ROOT / "fixtures" / "smtp" / "recorded.tsv"
NETWORKS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",
            "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
USERS = ("_smtpd:x:2990:2990::/var/empty:/usr/sbin/nologin\n"
         "_smtpq:x:2991:2991::/var/empty:/usr/sbin/nologin\n")
GROUPS = "_smtpd:x:2990:\n_smtpq:x:2991:\n"
PASSWORD = "secret"  # of every user that was made for the recording
CERTIFICATE = {"cert": '"/etc/ssl/o.crt"', "key": '"/etc/ssl/o.key"'}
WAIT = 10  # seconds for the daemon or one reply


def run(*command, **kwargs):
    return subprocess.run(command, capture_output=True, check=False,
                          timeout=60, **kwargs)


# Before the daemon's own world is entered: a folder for each mount.

def shadow(users):
    hashed = hash_of(PASSWORD)
    return "".join(
        f"{line.split(':')[0]}:"
        f"{hashed if ':/home/' in line else '*'}:19000:0:99999:7:::\n"
        for line in users.splitlines())


def config_of(folder, version):
    for name in (f"modern-{version}.conf", "smtpd.conf"):
        if (folder / name).exists():
            return folder / name
    return None


def make_etc(folder, etc):
    if (folder / "etc").is_dir():
        shutil.copytree(folder / "etc", etc, dirs_exist_ok=True)
    users = (folder / "etc/passwd").read_text()
    if "_smtpd:" not in users:
        users += USERS.splitlines(True)[0]
    users += USERS.splitlines(True)[1]
    (etc / "passwd").write_text(users)
    (etc / "shadow").write_text(shadow(users))
    (etc / "group").write_text(Path("/etc/group").read_text() + GROUPS)
    (etc / "ssl").mkdir(exist_ok=True)
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
        "1", "-subj", "/CN=oracle.example.net", "-keyout", etc / "ssl/o.key",
        "-out", etc / "ssl/o.crt")
    (etc / "ssl/o.key").chmod(0o600)
    return users


def make_homes(folder, home, users):
    if (folder / "home").is_dir():
        shutil.copytree(folder / "home", home, dirs_exist_ok=True)
    for line in users.splitlines():
        _, _, uid, gid, _, place, _ = line.split(":")
        if not place.startswith("/home/"):
            continue
        place = home / place[len("/home/"):]
        place.mkdir(parents=True, exist_ok=True)
        for path in (place, *place.iterdir()):
            os.chown(path, int(uid), int(gid))


def compile_set(folder, etc, blob):
    text = config_of(folder, "7.8").read_text()
    (etc / "smtpd.conf").write_text(re.sub(
        r'\s(cert|key)\s+("[^"]*"|\S+)',
        lambda m: f" {m[1]} {CERTIFICATE[m[1]]}", text))
    return run(BIN / "smtpd-compile", "--target=7.8", "-Wno-insecure-file",
               "-Wno-missing-file", f"--root={etc.parent}", "-o", blob,
               etc / "smtpd.conf", env=environment())


# In it.

def mount(source, target):
    Path(target).mkdir(parents=True, exist_ok=True)
    return run("mount", "--bind", source, target).returncode == 0


def enter(scratch):
    run("ip", "link", "set", "lo", "up")
    for network in NETWORKS:
        run("ip", "route", "add", "local", network, "dev", "lo")
    run("ip", "-6", "route", "add", "local", "2001:db8::/32", "dev", "lo")
    Path("/proc/sys/net/ipv6/ip_nonlocal_bind").write_text("1")
    layers = f"lowerdir={scratch / 'etc'}:/etc"
    done = run("mount", "-t", "overlay", "overlay", "-o", layers, "/etc")
    for name, target in (("home", "/home"), ("run", "/run"),
                         ("empty", "/var/empty"),
                         ("spool", "/var/spool")):
        (scratch / name).mkdir(exist_ok=True)
        (scratch / name).chmod(0o755)
        if not mount(scratch / name, target):
            return f"cannot mount {target}"
    return done.stderr.decode()


def smtp(envelope):
    """Replies by recipient, and to AUTH."""
    src = envelope.get("src", "127.0.0.1")
    dst = envelope.get("dst", "::1" if ":" in src else "127.0.0.1")
    family = socket.AF_INET6 if ":" in src else socket.AF_INET
    rcpts = envelope["rcpt"]
    rcpts = [rcpts] if isinstance(rcpts, str) else rcpts
    context = ssl._create_unverified_context()
    hello = f"EHLO {envelope.get('helo', 'client.example.com')}"
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(WAIT)
        sock.bind((src, 0))
        sock.connect((dst, envelope.get("port", 465 if envelope.get(
            "tls") == "smtps" else 25)))
        if envelope.get("tls") == "smtps":
            sock = context.wrap_socket(sock)
        client = Client(sock)
        client.ask(hello)
        if envelope.get("tls") == "starttls":
            if client.ask("STARTTLS").startswith("220"):
                client.sock = context.wrap_socket(client.sock)
                client.ask(hello)
        if "auth" in envelope:
            login, password = envelope["auth"]
            client.ask("AUTH PLAIN " + base64.b64encode(
                f"\0{login}\0{password}".encode()).decode())
        client.ask("MAIL FROM:<%s>"
                   % envelope.get("from", "sender@example.com"))
        return {rcpt: client.ask(f"RCPT TO:<{rcpt}>") for rcpt in rcpts}


def submit(envelope):
    """What sendmail says, by recipient."""
    rcpts = envelope["rcpt"]
    rcpts = [rcpts] if isinstance(rcpts, str) else rcpts
    user = envelope.get("as_user", "root")
    done = run(BIN / "sendmail", "-f",
               envelope.get("from", "alice@example.com"), "--", *rcpts,
               input=b"Subject: x\n\ny\n", user=user,
               env=environment({"HOME": "/var/empty"}))
    lines = done.stderr.decode().splitlines()
    return {rcpt: lines[0] if lines else "" for rcpt in rcpts}


def wait_for(port):
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        try:
            socket.create_connection(port, 1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


def first_port(envelopes):
    one = next(e for e in envelopes if not e.get("socket"))
    src = one.get("src", "127.0.0.1")
    return (one.get("dst", "::1" if ":" in src else "127.0.0.1"),
            one.get("port", 465 if one.get("tls") == "smtps" else 25))


def inside(folder, scratch):
    error = enter(scratch)
    envelopes = json.loads((folder / "envelopes.json").read_text())
    replies = []
    with open(scratch / "log", "wb") as log:
        daemon = subprocess.Popen(
            [BIN / "smtpd", "-d", "-P", "mda", "-P", "mta", "-b",
             scratch / "blob"],
            env=environment(), stdin=subprocess.DEVNULL, stdout=log,
            stderr=log)
    try:
        if error or not wait_for(first_port(envelopes)):
            print(json.dumps({"error": error +
                              (scratch / "log").read_text()[-800:]}))
            return 0
        with dead_letter_kept():
            for envelope in envelopes:
                ask_for = submit if envelope.get("socket") else smtp
                replies += [[envelope["id"], rcpt, text]
                            for rcpt, text in ask_for(envelope).items()]
    finally:
        daemon.terminate()
        daemon.wait(timeout=WAIT)
    print(json.dumps(replies))
    return 0


# The sets.

def ask(folder, scratch):
    for name in ("etc", "home"):
        (scratch / name).mkdir()
    scratch.chmod(0o755)
    users = make_etc(folder, scratch / "etc")
    make_homes(folder, scratch / "home", users)
    done = compile_set(folder, scratch / "etc", scratch / "blob")
    if done.returncode != 0:
        return {"error": done.stderr.decode()}
    (scratch / "blob").chmod(0o600)
    done = subprocess.run(
        ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
         "--mount-proc", sys.executable, __file__, folder, scratch],
        capture_output=True, check=False, timeout=200)
    if done.returncode != 0:
        return {"error": done.stderr.decode()}
    return json.loads(done.stdout)


class Recorded:
    def __init__(self, tap):
        self.tap = tap
        rows = [line.split("\t") for line in
                DIFFERENCES.read_text().splitlines()
                if line and not line.startswith("#")]
        self.excused = {(row[0], row[1]): row[2] for row in rows}
        self.unused = set(self.excused)
        self.count = 0

    def check_set(self, folder):
        with tempfile.TemporaryDirectory() as scratch:
            replies = ask(folder, Path(scratch))
        if isinstance(replies, dict):
            row = folder.name, "*"
            self.tap.case(f"{folder.name} runs",
                          "" if row in self.excused else replies["error"])
            self.unused.discard(row)
            return
        seen = {(ident, rcpt): text for ident, rcpt, text in replies}
        wrong, count = [], 0
        for record in json.loads(
                (folder / "decisions-7.8.json").read_text()):
            key = record["id"], record["rcpt"]
            count += 1
            if seen.get(key, "nothing").rstrip() == record["text"]:
                continue
            row = folder.name, record["id"]
            if row in self.excused:
                self.unused.discard(row)
                continue
            wrong.append(f"{key}: {seen.get(key)!r}, not "
                         f"{record['text']!r}")
        self.count += count
        self.tap.case(f"{folder.name}: {count} replies as of 7.8",
                      "\n".join(wrong))


def main():
    tap = Tap()
    if not DEV.is_dir() or not can_unshare():
        tap.skip("recorded sessions",
                 "needs root, mounts of its own, and ../shared")
        return tap.finish()
    recorded = Recorded(tap)
    for folder in sorted(DEV.iterdir()):
        if (folder / "decisions-7.8.json").exists():
            recorded.check_set(folder)
    tap.equal(f"{DIFFERENCES.name} names nothing unknown", recorded.unused,
              set())
    tap.case(f"{recorded.count} replies",
             "" if recorded.count > 1300 else "too few")
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main() if len(sys.argv) != 3 else
             inside(Path(sys.argv[1]), Path(sys.argv[2])))
