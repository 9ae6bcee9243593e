"""A real Dovecot that takes mail by LMTP for the account "user", from make
peers. Root only."""

import os
import shutil
import socket
import subprocess
import tempfile
import time

from daemon import free_port
from peer import PEERS
from tap import ROOT

START = 20  # seconds

CONF = """
protocols = lmtp
base_dir = /run/dovecot-test
log_path = /dev/stderr
mail_location = maildir:~/Maildir
ssl = no
auth_username_format = %n
first_valid_uid = 100
lda_mailbox_autocreate = yes
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
  unix_listener lmtp {{
    mode = 0666
  }}
}}
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = passwd
}}
"""


def is_there():
    return (PEERS / "dovecot/usr").is_dir()


class Dovecot:
    """with Dovecot() as server: listens on its port, delivers to the
    Maildir in its home."""

    def __init__(self, port=None):
        self.root = PEERS / "dovecot"
        self.home = self.root / "home/user"
        self.port = port or free_port()
        self.process = None

    def __enter__(self):
        (self.root / "etc/dovecot/test.conf").write_text(
            CONF.format(port=self.port))
        shutil.rmtree(self.home / "Maildir", ignore_errors=True)
        with tempfile.TemporaryFile() as log:
            self.process = subprocess.Popen(
                [ROOT / "tools/peer-run", "dovecot", "/usr/sbin/dovecot",
                 "-F", "-c", "/etc/dovecot/test.conf"], stdout=log,
                stderr=log, env={**os.environ, "PEERS": str(PEERS)})
            if self.is_listening():
                return self
            self.__exit__()
            log.seek(0)
            raise RuntimeError(f"no start: {log.read().decode()}")

    def is_listening(self):
        end = time.monotonic() + START
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except OSError:
                time.sleep(0.1)
        return False

    def messages(self):
        new = self.home / "Maildir/new"
        return [path.read_bytes() for path in new.iterdir()] \
            if new.is_dir() else []

    def __exit__(self, *_):
        self.process.kill()  # and all of its namespace
        self.process.wait(START)
