"""A daemon of its own for a test: smtpd in the foreground, as an ordinary
user, with config, spool and Maildir in a folder that goes with it. Root
becomes "nobody" for that, since the daemon of an ordinary user is tested.
Used by scripts in the tests folders of boxes."""

import contextlib
import errno
import os
import pwd
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] /
                       "compiler" / "tests"))
# pylint: disable=wrong-import-position
from tap import BIN, environment, ignore_leaks  # noqa: E402

ignore_leaks()

START = 15  # seconds to wait for the daemon, or for its end
HOST = "mail.example.org"
PROXY_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
PORTS = (10000, 32768)  # below Linux's of connections

given = set()


def free_port(address="127.0.0.1"):
    """A port that nobody listens on, another at each call. It is none of
    those that the system gives to connections, of which tests make many;
    another program could take it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    while True:
        port = random.randrange(*PORTS)
        with socket.socket(family) as probe:
            try:
                probe.bind((address, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                continue
        if port not in given:
            given.add(port)
            return port


def proxy_header(version, family, body):
    """version: with the command in its lower half."""
    return (PROXY_SIGNATURE + bytes([version, family]) +
            len(body).to_bytes(2, "big") + body)


def hash_of(password):
    """As in a table of credentials, or in shadow(5)."""
    return subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"], input=password, text=True,
        capture_output=True, check=True).stdout.strip()


def make_certificate(folder, name, host, *options):
    """NAME.key and NAME.pem, which is self-signed."""
    paths = (folder / f"{name}.key", folder / f"{name}.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
         "2", "-subj", f"/CN={host}", "-addext",
         f"subjectAltName=DNS:{host}", "-keyout", paths[0], "-out", paths[1],
         *options], check=True, capture_output=True)
    for path in paths:
        path.chmod(0o600)
    return paths


def kind_of(pid):
    """Of a process of the daemon; "" for the parent and its deliveries,
    "gone" for none."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return "gone"
    return words[words.index(b"-x") + 1].decode() if b"-x" in words else ""


def is_running(pid):
    """There, and not only waiting to be reaped."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


@contextlib.contextmanager
def dead_letter_kept():
    """What sendmail cannot send goes to a file in the home of whoever runs
    it."""
    path = Path(pwd.getpwuid(os.geteuid()).pw_dir) / "dead.letter"
    before = path.read_bytes() if path.exists() else None
    yield
    if before is not None:
        path.write_bytes(before)
    elif path.exists():
        path.unlink()


def limit_descriptors(daemon, pid, highest):
    """As the daemon's user: root of a container may not. -1: no limit."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    subprocess.run(
        ["prlimit", f"--pid={pid}",
         f"--nofile={hard if highest < 0 else highest + 1}:"],
        timeout=30, check=True, **daemon.become())


class Running:
    """A process of the daemon's parent, and its log. control: the program
    smtpctl, and options that lead it to this daemon."""

    def __init__(self, log, *control):
        self.log = log
        self.control = control
        self.process = None

    def launch(self, command, **kwargs):
        """Returns when it takes mail."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                **kwargs)
        if not self.wait(lambda: "starting" in self.log_text()):
            raise RuntimeError(f"no start: {self.log_text()}")

    def wait(self, condition):
        """Whether it comes true in time, while the daemon lives."""
        end = time.monotonic() + START
        while time.monotonic() < end:
            if condition():
                return True
            if self.process.poll() is not None:
                return condition()
            time.sleep(0.02)
        return condition()

    def log_text(self):
        return self.log.read_text(errors="replace")

    def connect(self, port, address="127.0.0.1", source=None):
        """A socket; listeners come up shortly after the start."""
        end = time.monotonic() + START
        while True:
            try:
                return socket.create_connection((address, port), START,
                                                source_address=source)
            except ConnectionRefusedError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.02)

    def ctl(self, *words):
        """The exit status of smtpctl, and all that it prints."""
        done = subprocess.run(
            [*self.control, *words], env=environment(), capture_output=True,
            text=True, timeout=30, check=False)
        return done.returncode, done.stdout + done.stderr

    def children(self):
        """Ids of the processes below the parent."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}"
                    "/children")
        return [int(pid) for pid in path.read_text().split()]

    def stop(self):
        """The exit status; the process is killed if it does not end."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(START)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait(START)


class Daemon(Running):
    """with Daemon(config) as daemon: {dir} and {user} in the config are
    those of the test, {libexec} the helpers'. helpers: files that are copied
    to be helpers, too, by their names, in a build tree of the test's own."""

    variables = {}  # of its environment

    def __init__(self, config, *options, blob=True, target="native",
                 helpers=None):
        self.user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(
            os.geteuid()).pw_name
        self.dir = Path(tempfile.mkdtemp(prefix="smtpd-test-"))
        self.spool = self.dir / "spool"
        self.bin = self.copy_tree(helpers) if helpers else BIN
        super().__init__(self.dir / "log", self.bin / "smtpctl",
                         f"--spool={self.spool}")
        self.maildir = self.dir / "Maildir"
        self.options = options
        self.blob = blob
        self.target = target  # of the blob
        self.config = config

    def write(self, name, text, mode=0o644):
        """A file of the test, readable for the daemon."""
        path = self.dir / name
        path.write_text(text)
        path.chmod(mode)
        if os.geteuid() == 0:
            shutil.chown(path, self.user)
        return path

    def copy_tree(self, helpers):
        """Its folder of programs."""
        tree = self.dir / "build"
        shutil.copytree(BIN.parent / "libexec", tree / "libexec")
        (tree / "bin").mkdir()
        for name in ("smtpd", "smtpd-compile", "smtpctl"):
            shutil.copy(BIN / name, tree / "bin")
        for name, path in helpers.items():
            (tree / "libexec" / name).parent.mkdir(exist_ok=True)
            shutil.copy(path, tree / "libexec" / name)
        return tree / "bin"

    def certificate(self, name, host, *options):
        """A key and a self-signed certificate."""
        for path in make_certificate(self.dir, name, host, *options):
            if os.geteuid() == 0:
                shutil.chown(path, self.user)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make_ruleset(self):
        """Of the config as it is now, and the options that name it."""
        config = self.write("smtpd.conf", self.config.format(
            dir=self.dir, user=self.user, libexec=self.bin.parent / "libexec"))
        if not self.blob:
            return ["-f", config]
        blob = self.dir / "blob"
        done = subprocess.run(
            [self.bin / "smtpd-compile", f"--target={self.target}", "-W",
             "no-insecure-file", "-o", blob, config],
            env=environment(), capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode())
        blob.chmod(0o644)
        return ["-b", blob]

    def start(self):
        self.dir.chmod(0o755)
        ruleset = self.make_ruleset()
        if os.geteuid() == 0:
            shutil.chown(self.dir, self.user)
        self.run(ruleset)

    def become(self):
        """What has subprocess run a program as the daemon's user."""
        if os.geteuid() != 0:
            return {}
        account = pwd.getpwnam(self.user)
        return {"user": account.pw_uid, "group": account.pw_gid,
                "extra_groups": []}

    def run(self, ruleset):
        self.launch([self.bin / "smtpd", "-d", f"--spool={self.spool}",
                     *ruleset, *self.options],
                    env=environment({"HOME": str(self.dir),
                                     **self.variables}),
                    cwd=self.dir, **self.become())

    def delivered(self):
        """Files of the Maildir."""
        new = self.maildir / "new"
        return sorted(new.iterdir()) if new.is_dir() else []

    def messages(self):
        """What was delivered, as bytes."""
        return [path.read_bytes() for path in self.delivered()]

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


class Client:
    """A connection that reads whole replies."""

    def __init__(self, sock, greeted=True):
        self.sock = sock
        self.input = b""
        if greeted:
            self.greeting = self.reply()

    def line(self):
        """With its end; "" when the server has closed."""
        while b"\n" not in self.input:
            data = self.sock.recv(65536)
            if not data:
                return ""
            self.input += data
        line, _, self.input = self.input.partition(b"\n")
        return (line + b"\n").decode("latin-1")

    def reply(self):
        lines = [self.line()]
        while len(lines[-1]) > 3 and lines[-1][3] == "-":
            lines.append(self.line())
        return "".join(lines)

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes)
                          else data.encode("latin-1"))

    def ask(self, *commands):
        """The reply to the last of the lines."""
        for command in commands:
            self.send(command + "\r\n")
            answer = self.reply()
        return answer

    def is_closed(self):
        try:
            return self.input == b"" and self.sock.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.sock.close()
