#!/usr/bin/env python3
"""A disk that is full and folders that cannot be written to: mail is put
off with 4xx as long as it lasts, and what was taken is delivered."""

import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
from daemon import Client, Daemon, free_port  # noqa: E402
from tap import BIN, Tap, can_unshare, environment  # noqa: E402

SIZE = 20_000  # bytes of a message
CONFIG = """
listen on 127.0.0.1 port {port}
action "local" maildir "{{dir}}/Maildir"
match from any for any action "local"
"""


class Small(Daemon):
    """A daemon with a spool of two megabytes."""

    def start(self):
        self.spool.mkdir()
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o",
             "size=2m,mode=711,uid=65534,gid=65534", "spool", self.spool],
            check=True)
        super().start()

    def start_again(self, *options):
        self.stop()
        self.options = options
        self.log.write_text("")
        self.run(["-b", self.dir / "blob"])

    def __exit__(self, *_):
        self.stop()
        subprocess.run(["umount", self.spool], check=False)
        super().__exit__()


def send(client, daemon, number):
    """The last reply."""
    for command in ("MAIL FROM:<a@b.example>",
                    f"RCPT TO:<{daemon.user}@c.example>", "DATA"):
        reply = client.ask(command)
        if reply[0] not in "23":
            client.ask("RSET")
            return reply
    line = "x" * 70 + "\r\n"
    client.send(f"X-Number: {number}\r\n\r\n{line * (SIZE // 72)}.\r\n")
    return client.reply()


def send_some(daemon, port, numbers):
    """Numbers that were taken, and codes of the others."""
    taken, codes = set(), set()
    client = Client(daemon.connect(port))
    client.ask("EHLO client.example")
    for number in numbers:
        reply = send(client, daemon, number)
        if reply.startswith("250"):
            taken.add(number)
            continue
        codes.add(reply[:1])
        if reply.startswith("421") or not reply:
            client.close()
            client = Client(daemon.connect(port))
            client.ask("EHLO client.example")
    client.close()
    return taken, codes


def number_of(message):
    return int(message.split(b"X-Number: ")[1].split(b"\n")[0])


def arrived(daemon):
    return {number_of(message) for message in daemon.messages()
            if len(message) > SIZE - 100}


def check_full_disk(tap):
    port = free_port()
    with Small(CONFIG.format(port=port), "-P", "mda") as daemon:
        taken, codes = send_some(daemon, port, range(200))
        tap.case("some messages find room, others do not",
                 "" if 10 < len(taken) < 150 else f"{len(taken)} taken")
        tap.equal("those are put off", codes, {"4"})
        daemon.start_again()
        daemon.wait(lambda: arrived(daemon) >= taken)
        tap.equal("what was taken is delivered", taken - arrived(daemon),
                  set())
        more, _ = send_some(daemon, port, range(200, 210))
        tap.equal("there is room again", more, set(range(200, 210)))


def check_folders(tap):
    port = free_port()
    with Daemon(CONFIG.format(port=port)) as daemon:
        for name in ("incoming", "temporary", "queue"):
            folder = daemon.spool / name
            folder.chmod(0)
            taken, codes = send_some(daemon, port, [1])
            tap.equal(f"mail is put off without {name}", (taken, codes),
                      (set(), {"4"}))
            folder.chmod(0o700)
        taken, _ = send_some(daemon, port, [2])
        daemon.wait(lambda: 2 in arrived(daemon))
        tap.equal("and taken again", (taken, arrived(daemon)), ({2}, {2}))


def schedule(daemon):
    subprocess.run([BIN / "smtpctl", f"--spool={daemon.spool}", "schedule",
                    "all"], env=environment(), capture_output=True,
                   check=True, timeout=30)


def check_mailbox(tap):
    """Mail that the mailbox has no room for, or does not let in, waits."""
    port = free_port()
    with Daemon(CONFIG.format(port=port)) as daemon:
        send_some(daemon, port, [1])
        daemon.wait(lambda: 1 in arrived(daemon))
        for folder in (daemon.maildir / "new", daemon.maildir):
            folder.chmod(0)
            before = daemon.log_text().count("result=TempFail")
            taken, _ = send_some(daemon, port, [2, 3])
            daemon.wait(lambda: daemon.log_text().count(
                "result=TempFail") >= before + 2)
            folder.chmod(0o700)
            schedule(daemon)
            daemon.wait(lambda: arrived(daemon) >= {2, 3})
            tap.equal(f"mail waits for {folder.name}",
                      (taken, arrived(daemon)), ({2, 3}, {1, 2, 3}))


def check_full_mailbox(tap):
    port = free_port()
    daemon = Daemon(CONFIG.format(port=port))
    daemon.maildir.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o",
                    "size=200k,mode=700,uid=65534,gid=65534", "mailbox",
                    daemon.maildir], check=True)
    try:
        with daemon:
            taken, _ = send_some(daemon, port, range(20))
            daemon.wait(lambda: "result=TempFail" in daemon.log_text())
            time.sleep(1)
            held = arrived(daemon)
            tap.case("some are delivered, others wait", "" if len(
                taken) == 20 and 0 < len(held) < 20 else (taken, held))
            tap.equal("nothing is delivered by halves", {
                len(message) > SIZE - 100 for message in daemon.messages()},
                      {True})
            subprocess.run(["mount", "-o", "remount,size=2m",
                            daemon.maildir], check=True)
            schedule(daemon)
            daemon.wait(lambda: arrived(daemon) >= taken)
            tap.equal("all are delivered when there is room, once", sorted(
                number_of(message) for message in daemon.messages()),
                      sorted(taken))
            daemon.stop()
            subprocess.run(["umount", daemon.maildir], check=True)
    finally:
        subprocess.run(["umount", daemon.maildir], check=False,
                       capture_output=True)


def main():
    tap = Tap()
    check_folders(tap)
    check_mailbox(tap)
    if can_unshare():
        check_full_disk(tap)
        check_full_mailbox(tap)
    else:
        tap.skip("a full disk", "only root can mount a small one, if at all")
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
