"""A machine of its own for a test that runs as root: users, /usr/local, /var
and /home of the test's, in a namespace in which the daemon is installed as
on a host. Nothing of it is seen outside, and all processes end with it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "compiler" / "tests"))
# pylint: disable=wrong-import-position
from daemon import Running, hash_of  # noqa: E402
from tap import environment  # noqa: E402

BUILD = ROOT / os.environ.get("BUILD", "build")
MAIL_GROUP = 8
DAEMON = {"_smtpd": 23001, "_smtpq": 23002}
USERS = {"joe": 23101, "ann": 23102, "eve": 23103}
PASSWORD = "of a system user"
SBIN = Path("/usr/local/sbin")
BIN = Path("/usr/local/bin")
LIBEXEC = Path("/usr/local/libexec/smtpd")

MOUNTS = """
set -e
for folder in /usr/local /var /home; do
	mount -t tmpfs -o mode=755 tmpfs $folder
done
mkdir /usr/local/etc
cp /etc/passwd /etc/group /etc/shadow /usr/local/etc
cat >>/usr/local/etc/passwd <<-'EOF'
%s
EOF
cat >>/usr/local/etc/group <<-'EOF'
%s
EOF
cat >>/usr/local/etc/shadow <<-'EOF'
%s
EOF
mount --bind /usr/local/etc/passwd /etc/passwd
mount --bind /usr/local/etc/shadow /etc/shadow
mount --bind /usr/local/etc/group /etc/group
exec "$@"
"""


def enter(script):
    """Runs the script again on such a machine, with --inside; returns the
    finished process."""
    names = {**DAEMON, **USERS}
    passwd = [f"{name}:x:{number}:{number}::/home/{name}:/bin/sh"
              for name, number in names.items()]
    group = [f"{name}:x:{number}:" for name, number in names.items()]
    hashed = hash_of(PASSWORD)
    shadow = [f"{name}:{hashed}:20000::::::" for name in USERS]
    return subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child",
         "--mount-proc", "sh", "-c",
         MOUNTS % ("\n".join(passwd), "\n".join(group), "\n".join(shadow)),
         "sh",
         sys.executable, script, "--inside"],
        stdout=subprocess.PIPE, timeout=250, check=False)


def adopt(tap, done):
    """Reports the cases of the run inside as those of this one."""
    lines = done.stdout.decode(errors="replace").splitlines()
    for line in lines:
        if line.startswith(("ok ", "not ok ")):
            _, _, name = line.partition(" - ")
            tap.case(name, "inside" if line.startswith("not") else "")
        elif line.startswith("#"):
            print(line)
    if not any(line.startswith("1..") for line in lines):
        tap.case("the run on a machine of its own",
                 f"no end, status {done.returncode}")


def install():
    """Inside: programs, folders and homes, as packages would have them."""
    for folder, names in [
            (SBIN, ["smtpd", "smtpctl"]), (BIN, ["smtpd-compile"]),
            (LIBEXEC, [path.name for path in (BUILD / "libexec").iterdir()])]:
        folder.mkdir(parents=True, exist_ok=True)
        source = BUILD / ("libexec" if folder == LIBEXEC else "bin")
        for name in names:
            if (source / name).exists():
                shutil.copy(source / name, folder / name)
    os.chown(LIBEXEC / "lockspool", 0, MAIL_GROUP)
    (LIBEXEC / "lockspool").chmod(0o2755)
    for folder in ["empty", "spool", "mail", "run"]:
        Path("/var", folder).mkdir()
    os.chown("/var/mail", 0, MAIL_GROUP)
    Path("/var/mail").chmod(0o2775)
    for name, number in USERS.items():
        home = Path("/home", name)
        home.mkdir(mode=0o755)
        os.chown(home, number, number)


def give(path, text, name, mode=0o644):
    """A file of a user."""
    path = Path(path)
    path.unlink(missing_ok=True)
    path.write_text(text)
    os.chown(path, USERS.get(name, 0), USERS.get(name, 0))
    path.chmod(mode)
    return path


class Daemon(Running):
    """with Daemon(config) as daemon: the installed smtpd, as root."""

    def __init__(self, config):
        super().__init__(Path("/var/run/test.log"), SBIN / "smtpctl")
        self.conf = Path("/usr/local/etc/smtpd.conf")
        self.conf.write_text(config)

    def __enter__(self):
        self.log.write_text("")
        self.launch([SBIN / "smtpd", "-d", "-f", self.conf],
                    env=environment())
        return self

    def __exit__(self, *_):
        self.stop()
