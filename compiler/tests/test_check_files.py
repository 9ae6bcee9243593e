#!/usr/bin/env python3
"""The checks of certificates and keys, which are made here and not kept: of
what loads and belongs together nothing is said, and each thing that can be
wrong with a file has its check, at the word that names it."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
from tap import COMPILE, Tap, environment  # noqa: E402

NOBODY = 65534
DAYS = 30  # that the certificate is valid
RULES = 'action "out" relay\nmatch for any action "out"\n'
PKI = 'pki "mail.example.org" cert "/%s" key "/%s"\n'
CA = 'ca "example.org" cert "/%s"\n'
FINDING = re.compile(
    r":(\d+):(\d+): (error|warning): (.*) \[([a-z-]+)\]$", re.M)


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True,
                   env=environment({"OPENSSL_CONF": "/dev/null"}))


def make_files(root):
    """A pair, another key, and files that are neither."""
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-out", root / "key.pem")
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-out", root / "other.pem")
    openssl("req", "-x509", "-new", "-key", root / "key.pem", "-days", str(DAYS),
            "-subj", "/CN=mail.example.org", "-out", root / "cert.pem")
    cert, key = ((root / name).read_bytes()
                 for name in ("cert.pem", "key.pem"))
    openssl("x509", "-in", root / "cert.pem", "-outform", "DER",
            "-out", root / "der.pem")
    openssl("pkey", "-in", root / "key.pem", "-aes128", "-passout",
            "pass:secret", "-out", root / "locked.pem")
    (root / "both.pem").write_bytes(key + cert)
    (root / "cut.pem").write_bytes(cert[:len(cert) // 2])
    (root / "empty.pem").write_bytes(b"")
    (root / "loose.pem").write_bytes(key)
    (root / "shared.pem").write_bytes(cert)
    (root / "folder").mkdir()
    for path in root.glob("*.pem"):
        path.chmod(0o600)
    (root / "cert.pem").chmod(0o755)
    (root / "key.pem").chmod(0o740)
    (root / "loose.pem").chmod(0o644)
    (root / "shared.pem").chmod(0o775)


def run(root, text, *args, user=None, env=None):
    """What is declared here is not used, and that is not the subject."""
    done = subprocess.run(
        [COMPILE, "-n", "-W", "no-unused-name", *args, f"--root={root}", "-"],
        input=(text + RULES).encode(), capture_output=True, check=False,
        env=environment(env), timeout=10, user=user)
    said = done.stderr.decode()
    return done.returncode, said, FINDING.findall(said)


def findings(found):
    """Line, severity and check of each."""
    return [(int(line), severity, name)
            for line, _, severity, _, name in found]


# What a config says about the files, in the order of its words.
CASES = [
    ("a pair", PKI % ("cert.pem", "key.pem"), []),
    ("a pair in one file", PKI % ("both.pem", "both.pem"), []),
    ("a ca", CA % "cert.pem", []),
    ("a ca without certificate", CA % "key.pem",
     [(1, "error", "bad-certificate")]),
    ("a ca that the group may write", CA % "shared.pem",
     [(1, "error", "insecure-file")]),
    ("exchanged", PKI % ("key.pem", "cert.pem"),
     [(1, "error", "bad-certificate"), (1, "error", "bad-certificate"),
      (1, "error", "insecure-file")]),
    ("DER", PKI % ("der.pem", "key.pem"), [(1, "error", "bad-certificate")]),
    ("a certificate cut short", PKI % ("cut.pem", "key.pem"),
     [(1, "error", "bad-certificate")]),
    ("an empty file", PKI % ("empty.pem", "key.pem"),
     [(1, "error", "bad-certificate")]),
    ("a directory", PKI % ("folder", "key.pem"),
     [(1, "error", "bad-certificate")]),
    ("a key with a pass phrase", PKI % ("cert.pem", "locked.pem"),
     [(1, "error", "bad-certificate")]),
    ("a key that all may read", PKI % ("cert.pem", "loose.pem"),
     [(1, "error", "insecure-file")]),
    ("the key of another certificate", PKI % ("cert.pem", "other.pem"),
     [(1, "error", "key-mismatch")]),
    ("a missing key", PKI % ("cert.pem", "none.pem"),
     [(1, "error", "missing-file")]),
    ("one file twice", PKI % ("cut.pem", "key.pem") +
     PKI.replace("mail", "mx") % ("cut.pem", "key.pem"),
     [(1, "error", "bad-certificate"), (2, "error", "bad-certificate")]),
    ("statements that add up",
     'pki "Mail.example.org" cert "/cert.pem"\n'
     'pki "mail.example.org" key "/other.pem"\n',
     [(2, "error", "key-mismatch")]),
    ("a name that a macro holds", 'f = \'"/cut.pem"\'\n' +
     (PKI % ("x", "key.pem")).replace('"/x"', "$f"),
     [(2, "error", "bad-certificate")]),
]


def check_cases(tap, root):
    for name, text, wanted in CASES:
        status, said, found = run(root, text)
        tap.equal(name, (sorted(findings(found)), status),
                  (sorted(wanted), 1 if wanted else 0))
        if "PRIVATE" in said:
            tap.case(f"{name}: no key is shown", said)


def check_switch(tap, root):
    text = PKI % ("none.pem", "none.key") + CA % "none.pem"
    status, said, _ = run(root, text, "-W", "no-missing-file")
    tap.equal("no-missing-file leaves out what needs the file",
              (status, said), (0, ""))


def check_expiry(tap, root):
    """Days from now, and what is then left of the certificate."""
    warned = [(1, "warning", "certificate-expiry")]
    for days, left, wanted in ((DAYS - 15, "15 days", []),
                               (DAYS - 13, "13 days", warned),
                               (DAYS + 1, "none", warned)):
        now = {"SOURCE_DATE_EPOCH": str(int(time.time()) + days * 86400)}
        for name, text in (("pki", PKI % ("cert.pem", "key.pem")),
                           ("ca", CA % "cert.pem")):
            status, _, found = run(root, text, env=now)
            tap.equal(f"a {name} with {left} left", (findings(found), status),
                      (wanted, 0))


def check_owner(tap, root):
    if os.geteuid() != 0:
        tap.skip("owners", "only root can give files away")
        return
    os.chown(root / "other.pem", NOBODY, -1)
    _, _, found = run(root, PKI % ("cert.pem", "other.pem"))
    tap.equal("a key of another user",
              sorted(name for *_, name in found),
              ["insecure-file", "key-mismatch"])
    os.chown(root / "other.pem", 0, -1)


def check_unreadable(tap, root):
    if os.geteuid() != 0:
        tap.skip("unreadable files", "only root can become another user")
        return
    root.chmod(0o755)
    (root / "key.pem").chmod(0o600)
    try:
        status, _, found = run(root, PKI % ("cert.pem", "key.pem"),
                               user=NOBODY)
    except PermissionError:
        tap.skip("unreadable files", "nobody cannot reach the program")
        return
    tap.equal("a key that this user may not read",
              (findings(found), status), ([(1, "warning", "unreadable-file")],
                                          0))


def main():
    tap = Tap()
    if shutil.which("openssl") is None:
        tap.skip("certificates and keys", "openssl(1) is not installed")
        return tap.finish()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_files(root)
        check_cases(tap, root)
        check_switch(tap, root)
        check_expiry(tap, root)
        check_owner(tap, root)
        check_unreadable(tap, root)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
