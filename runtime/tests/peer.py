"""A real OpenSMTPD 6.8 (make peers) for a test that runs as root: with a
network and processes of its own, and with files that lie above the peer's,
which stay as they are. Where the other peers are, too."""

import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] /
                       "compiler" / "tests"))
# pylint: disable=wrong-import-position
from tap import ROOT, can_unshare  # noqa: E402

PEERS = (ROOT / os.environ.get("PEERS", "build/peers")).resolve()
MISSING = "needs root, mounts of its own, and make peers"


def is_there(name):
    """And can be run."""
    return can_unshare() and (PEERS / name / "usr").is_dir()


def prepare(scratch, hostname, hosts):
    """The folder of what is to lie above the peer's files."""
    for name in ("upper", "work", "opensmtpd"):
        (scratch / name).mkdir()
    scratch.chmod(0o755)
    upper = scratch / "upper"
    for name in ("etc", "var/run", "var/mail", "var/spool/smtpd", "run",
                 "tmp"):
        (upper / name).mkdir(parents=True)
    (upper / "var/spool/smtpd").chmod(0o711)
    (upper / "etc/mailname").write_text(hostname + "\n")
    (upper / "etc/hosts").write_text(hosts)
    return upper


def ask(script, scratch, timeout):
    """Runs the script again with --peer and the folder. What it prints as
    JSON; a text says why it does not."""
    done = subprocess.run(
        ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
         "--mount-proc", sys.executable, script, "--peer", scratch],
        capture_output=True, check=False, timeout=timeout)
    if done.returncode != 0:
        return done.stderr.decode()
    return json.loads(done.stdout)


def enter(scratch):
    """For such a run: puts the peer together, in scratch / "opensmtpd".
    False: no overlay can be mounted here."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    layers = (f"lowerdir={PEERS / 'opensmtpd'},upperdir={scratch / 'upper'},"
              f"workdir={scratch / 'work'}")
    os.environ["PEERS"] = str(scratch)
    return subprocess.run(
        ["mount", "-t", "overlay", "overlay", "-o", layers,
         scratch / "opensmtpd"], capture_output=True, check=False
    ).returncode == 0


def command(*words):
    """What runs a program of the peer."""
    return [ROOT / "tools/peer-run", "opensmtpd", *words]
