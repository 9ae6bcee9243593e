#!/usr/bin/python3
"""smtpctl and sendmail against a running daemon, and without one."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
from daemon import (Client, Daemon, dead_letter_kept,  # noqa: E402
                    free_port, proxy_header)
from tap import BIN, Tap, environment  # noqa: E402

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures/queue"
PROXY = free_port()
CONFIG = f"""
listen on 127.0.0.1 port {free_port()}
listen on 127.0.0.1 port {PROXY} proxy-v2
action "local" maildir "{{dir}}/Maildir"
match from any for domain "example.org" rcpt-to "{{user}}@example.org" \\
    action "local"
"""
DONE = (0, "command succeeded\n")
FAILED = (1, "command failed\n")


def run(daemon, program, *words, text="", spool=None):
    """Exit status and all that it prints, as the daemon's user."""
    data = text if isinstance(text, bytes) else text.encode("latin-1")
    done = subprocess.run(
        [BIN / program, f"--spool={spool or daemon.spool}", *words], input=data,
        env=environment({"HOME": str(daemon.dir)}), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=30, check=False, cwd=daemon.dir,
        **daemon.become())
    return done.returncode, done.stdout.decode("latin-1")


def ctl(daemon, *words):
    return run(daemon, "smtpctl", *words)


def queue(daemon):
    """Rows of fields."""
    return [line.split("|") for line in
            ctl(daemon, "show", "queue")[1].splitlines()]


def submit(daemon, text, *options):
    return run(daemon, "sendmail", *options,
               f"{daemon.user}@example.org", text=text)


# smtpctl.

def test_states(tap, daemon):
    tap.equal("status", ctl(daemon, "show", "status"),
              (0, "MDA running\nMTA running\nSMTP running\n"))
    for name in ("mda", "mta", "smtp"):
        tap.equal(f"pause {name}", ctl(daemon, "pause", name), DONE)
        tap.equal(f"pause {name} again", ctl(daemon, "pause", name), FAILED)
    tap.equal("status of what is paused", ctl(daemon, "sh", "statu"),
              (0, "MDA paused\nMTA paused\nSMTP paused\n"))
    tap.equal("paused smtp takes no mail", submit(daemon, "x")[0], 69)
    for name in ("smtp", "mta"):
        tap.equal(f"resume {name}", ctl(daemon, "resume", name), DONE)
    tap.equal("log verbose", ctl(daemon, "log", "verbose"), DONE)
    tap.equal("log brief", ctl(daemon, "log", "brief"), DONE)


# As OpenSMTPD says it, but that of a beginning only what begins so is named.
UNCLEAR = {
    "show sta": "possibilities are:\nshow stats\nshow status\n",
    "remove 12": "possibilities are:\nremove <evpid>\nremove <msgid>\n"
                 "remove all\n",
    "pause": "possibilities are:\npause envelope\npause mda\npause mta\n"
             "pause smtp\n",
    "show queue x y": "possibilities are:\nshow queue <msgid>\n",
    "show mta": "possibilities are:\nshow mta paused\n",
    "monitor x": "invalid command\n",
    "remove all all": "invalid command\n",
}


def test_words(tap, daemon):
    for words, text in UNCLEAR.items():
        tap.equal(f"what '{words}' could mean", ctl(daemon, *words.split()),
                  (255, text))
    status, text = ctl(daemon, "sing")
    tap.case("no such command", "" if status == 255 and text.startswith(
        "possibilities are:\ndiscover\nencrypt\nlog\n") else text)
    status, text = ctl(daemon, "encrypt", "secret")
    tap.case("encrypt", "" if status == 0 and
             re.fullmatch(r"\$y\$\S+\n", text) else text)


LATER = {
    "does not relay yet": (
        ("show", "hosts"), ("show", "hoststats"), ("show", "relays"),
        ("show", "routes"), ("show", "mta", "paused"),
        ("resume", "route", "1"),
        ("pause", "mta", "from", "192.0.2.1", "for", "example.com"),
        ("resume", "mta", "from", "192.0.2.1", "for", "example.com")),
    "does not trace": (
        ("trace", "smtp"), ("untrace", "all"), ("profile", "imsg"),
        ("unprofile", "queue")),
    "does not walk": (("spf", "walk"),),
}


def test_later(tap, daemon):
    """What is not there yet says so."""
    for text, commands in LATER.items():
        for command in commands:
            status, said = ctl(daemon, *command)
            tap.case(" ".join(command), "" if status == 1 and text in said
                     else f"exit status {status}: {said}")


def test_monitor(tap, daemon):
    """A message comes and goes meanwhile, and whom a proxy speaks for."""
    rows, want = [], [2, 2, 1, 1, 1]
    with subprocess.Popen(
            [BIN / "smtpctl", f"--spool={daemon.spool}", "monitor"],
            env=environment(), stdout=subprocess.PIPE, text=True,
            user=daemon.user) as monitor:
        tap.equal("monitor has a header",
                  [monitor.stdout.readline().split()[1] for _ in range(2)],
                  ["client", "conn"])
        rows.append(monitor.stdout.readline().split())
        submit(daemon, "Subject: seen\n\nseen\n")
        client = Client(daemon.connect(PROXY), greeted=False)
        client.send(proxy_header(0x21, 0x11, bytes(range(12))))
        client.reply()
        client.ask("QUIT")
        client.close()
        while len(rows) < 10 and [sum(int(row[i]) for row in rows) for i in
                                  (1, 2, 4, 5, 6)] != want:
            rows.append(monitor.stdout.readline().split())
        monitor.terminate()
    tap.equal("and 13 columns", {len(row) for row in rows}, {13})
    tap.equal("conn, disc, enq, deq and ok count what happened",
              [sum(int(row[i]) for row in rows) for i in (1, 2, 4, 5, 6)],
              want)
    tap.equal("nothing else happened",
              [sum(int(row[i]) for row in rows) for i in range(7, 13)],
              [0] * 6)


def test_queue(tap, daemon):
    """With mda paused."""
    for number in range(3):
        submit(daemon, f"Subject: {number}\n\nbody {number}\n")
    rows = queue(daemon)
    tap.equal("rows and fields", [len(row) for row in rows], [14] * 3)
    tap.equal("in order", rows, sorted(rows))
    evpid = rows[0][0]
    tap.equal("of one message", ctl(daemon, "show", "queue", evpid[:8]),
              (0, "|".join(rows[0]) + "\n"))
    tap.equal("mailq is the same", run(daemon, "mailq")[1].splitlines(),
              ["|".join(row) for row in rows])
    text = ctl(daemon, "show", "envelope", evpid)[1]
    tap.case("an envelope", "" if text.startswith("version: 3\n") else text)
    text = ctl(daemon, "show", "message", evpid[:8])[1]
    tap.case("a message", "" if re.search(r"^Subject: \d$", text, re.M)
             else text)
    status, text = ctl(daemon, "show", "message", "0123456789abcdef")
    tap.case("one that is not there", "" if status == 1 and text else text)
    tap.equal("remove", ctl(daemon, "remove", evpid),
              (0, "1 envelope removed\n"))
    tap.equal("remove it again", ctl(daemon, "remove", evpid),
              (0, "0 envelope removed\n"))
    tap.equal("pause envelopes", ctl(daemon, "pause", "envelope", "all"),
              (0, "2 envelopes paused\n"))
    tap.equal("resume mda", ctl(daemon, "resume", "mda"), DONE)
    tap.equal("they wait", [("suspend" in row[3].split(","), row[11])
                            for row in queue(daemon)],
              [(True, "pending")] * 2)
    tap.equal("resume them", ctl(daemon, "resume", "envelope", "all"),
              (0, "2 envelopes resumed\n"))
    tap.case("they are delivered", "" if daemon.wait(
        lambda: len(daemon.delivered()) == 3) else daemon.log_text())
    tap.case("the queue is empty", "" if daemon.wait(
        lambda: not queue(daemon)) else queue(daemon))
    lines = ctl(daemon, "show", "stats")[1].splitlines()
    values = dict(line.split("=") for line in lines)
    tap.equal("counters in order", lines, sorted(lines))
    tap.equal("deliveries", values.get("scheduler.delivery.ok"), "3")
    tap.equal("what is over has a line still",
              [values.get(name) for name in (
                  "smtp.session", "scheduler.envelope", "mda.running")],
              ["0", "0", "0"])
    tap.equal("what never was has none", values.get("smtp.tls"), None)


def hand_on_one(listener, daemon):
    """One answer of the real daemon, and no other."""
    client, _ = listener.accept()
    with client, socket.socket(socket.AF_UNIX,
                               socket.SOCK_SEQPACKET) as real:
        real.connect(str(daemon.spool / "smtpd.sock"))
        real.send(client.recv(65536))
        client.send(real.recv(65536))


def test_cut_off(tap, daemon):
    """With mda paused."""
    submit(daemon, "Subject: a\n\nb\n")
    folder = daemon.dir / "cut"
    folder.mkdir()
    path = folder / "smtpd.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.settimeout(30)
        listener.bind(str(path))
        path.chmod(0o666)
        listener.listen()
        other = threading.Thread(target=hand_on_one, args=(listener, daemon))
        other.start()
        status, text = run(daemon, "smtpctl", "show", "queue", spool=folder)
        other.join()
    tap.equal("a list that is cut off",
              (status, sorted(len(line.split("|"))
                              for line in text.splitlines())), (1, [1, 14]))
    tap.case("it is said", "" if "smtpctl: the daemon broke off\n" in text
             else text)
    ctl(daemon, "remove", "all")


# sendmail.

def check(tap, daemon, name, text, *options, wanted=(), unwanted=()):
    """Sends, and looks for lines in what is delivered."""
    before = set(daemon.delivered())
    status, said = submit(daemon, text, *options)
    if status != 0:
        tap.case(name, f"exit status {status}: {said}")
        return
    daemon.wait(lambda: set(daemon.delivered()) - before)
    new = list(set(daemon.delivered()) - before)
    seen = new[0].read_text("latin-1") if new else "nothing"
    problems = [f"lacks {line}" for line in wanted
                if not re.search(f"^{line}$", seen, re.M)]
    problems += [f"has {line}" for line in unwanted
                 if re.search(f"^{line}$", seen, re.M)]
    tap.case(name, "\n".join(problems + [seen]) if problems else "")


def test_messages(tap, daemon):
    date = r"Date: \w{3}, [1-3]?\d \w{3} \d{4} [\d:]{8} [+-]\d{4} \(\w+\)"
    check(tap, daemon, "a body alone", "just text\n",
          wanted=["From: .*", date, "", "just text"])
    check(tap, daemon, "a header is kept",
          "From: Me <me@example.com>\nDate: today\nX-Y: z\n\nbody\n",
          wanted=["Return-Path: <me@example.com>",
                  "From: Me <me@example.com>", "Date: today", "X-Y: z"],
          unwanted=[date])
    check(tap, daemon, "CRLF is the same", "Subject: a\r\n\r\nb\r\n",
          wanted=["Subject: a", "b"])
    check(tap, daemon, "dots are text", "Subject: a\n\n.\n..\n.x\nend\n",
          wanted=[r"\.", r"\.\.", r"\.x", "end"])
    check(tap, daemon, "no end of the last line", "Subject: a\n\nend",
          wanted=["end"])
    check(tap, daemon, "what is for others is removed",
          "From x y\nSubject: a\nBcc: q@example.com,\n r@example.com\n"
          "Return-Path: <x@y>\n\nb\n", wanted=["Subject: a"],
          unwanted=["Bcc.*", " r@example.com", "From x y",
                    "Return-Path: <x@y>"])
    check(tap, daemon, "-f", "Subject: a\n\nb\n", "-f", "<f@example.com>",
          wanted=["Return-Path: <f@example.com>",
                  "From: <f@example.com>"])
    check(tap, daemon, "-f and -F", "Subject: a\n\nb\n", "-f", "f@example.com",
          "-F", "Full Name", wanted=["From: Full Name <f@example.com>"])
    check(tap, daemon, "an empty From", "From:\nSubject: a\n\nb\n",
          wanted=[f"Return-Path: <{daemon.user}@.*>"])
    check(tap, daemon, "-F", "Subject: a\n\nb\n", "-F", "Full Name",
          wanted=["From: Full Name <.*>"])
    check(tap, daemon, "the null sender", "Subject: a\n\nb\n", "-f", "",
          wanted=["From: .*<[^>]+>"], unwanted=["Return-Path: <[^>]+>"])
    check(tap, daemon, "long lines are encoded",
          "Subject: a\n\n" + "x" * 2000 + "=\n", wanted=[
              "Content-Transfer-Encoding: quoted-printable",
              "x{70,75}=", "x*=3D"])
    check(tap, daemon, "a shorter one is not",
          "Subject: a\n\n" + "x" * 988 + "\n",
          wanted=["x{988}"], unwanted=["MIME-Version: .*"])
    check(tap, daemon, "nor what says how it is encoded",
          "Content-Transfer-Encoding: 8bit\n\n" + "x" * 989 + "\n",
          wanted=["MIME-Version: 1.0", "Content-Disposition: inline",
                  "Content-Transfer-Encoding: 8bit", "x{989}"],
          unwanted=["Content-Transfer-Encoding: quoted-printable"])
    check(tap, daemon, "a header that folds",
          "To: a@example.com,\n\tb@example.com\n\nb\n",
          wanted=["To: a@example.com,", "\tb@example.com"])


def test_recipients(tap, daemon):
    me = f"{daemon.user}@example.org"
    status, text = run(daemon, "sendmail", "-t",
                       text=f"To: Me <{me}>\nSubject: t\n\nb\n")
    tap.equal("-t", (status, text), (0, ""))
    tap.equal("no recipients", run(daemon, "sendmail", "-t",
                                   text="Subject: t\n\nb\n"),
              (70, "sendmail: no recipients\n"))
    status, text = run(daemon, "sendmail", "nobody@elsewhere.example",
                       text="Subject: refused\n\nb\n")
    tap.case("one that is refused", "" if status == 70 and
             "command failed: 550 " in text else text)
    before = set(daemon.delivered())
    status, text = run(daemon, "sendmail", f"{me[0]} {me[1:]}", text="b\n")
    tap.equal("one with a blank in it", (status, text),
              (70, f"sendmail: {me[0]} {me[1:]}: a blank in an address needs "
                   "quotes\n"))
    tap.equal("is sent to nobody", set(daemon.delivered()), before)
    status, text = run(daemon, "sendmail", "-v", me, text="b\n")
    tap.case("-v", "" if ">>> EHLO localhost\n" in text and
             "<<< 221 " in text else text)
    status, text = run(daemon, "sendmail", "a@b>\r\nDATA", text="b\n")
    tap.case("no command comes out of an address",
             "" if status == 70 else text)


def test_offline(tap):
    daemon = Daemon(CONFIG)
    with daemon:
        daemon.stop()
        tap.equal("no daemon", ctl(daemon, "stop"),
                  (1, "smtpd doesn't seem to be running\n"))
        tap.equal("left offline", submit(daemon, "Subject: off\n\nb\n")[0],
                  75)
        tap.equal("what cannot be left", run(
            daemon, "sendmail", "a|b@example.org", text="b\n")[0], 70)
        files = list((daemon.spool / "offline").iterdir())
        tap.equal("in one file", len(files), 1)
        tap.equal("for its owner alone", files[0].stat().st_mode & 0o777,
                  0o600)
        tap.equal("an empty queue", ctl(daemon, "show", "queue"), (0, ""))


def test_start(tap):
    """Mail from the first moment on: the control process is there before
    the sessions are."""
    daemon, ended, sent = Daemon(CONFIG), threading.Event(), []

    def hammer():
        while not ended.is_set():
            sent.append(submit(daemon, "Subject: early\n\nx\n")[0])

    with daemon:
        daemon.stop()
        others = [threading.Thread(target=hammer) for _ in range(3)]
        for other in others:
            other.start()
        problems = []
        try:
            for _ in range(4):
                daemon.start()
                if not daemon.wait(lambda: sent[-3:] == [0] * 3):
                    problems.append(daemon.log_text())
                daemon.stop()
        finally:
            ended.set()
            for other in others:
                other.join()
    tap.case("mail is taken while it starts", "\n".join(problems))
    tap.equal("or left offline, or told that it ends",
              set(sent) - {0, 69, 70, 75}, set())


def test_spool(tap):
    """What lies in spools of OpenSMTPD, without a daemon."""
    daemon = Daemon(CONFIG)
    shutil.copytree(FIXTURES / "compressed", daemon.spool)
    shutil.copytree(FIXTURES / "encrypted/queue", daemon.spool / "queue",
                    dirs_exist_ok=True)
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", daemon.user, daemon.dir], check=True)
    status, text = ctl(daemon, "show", "envelope", "010d980436eb76cb")
    tap.case("an envelope on the disk",
             "" if status == 0 and text.startswith("version: 2\n") else text)
    status, text = ctl(daemon, "show", "message", "010d9804")
    tap.case("a message on the disk", "" if status == 0 and
             text.startswith("Received: ") else text)
    tap.equal("an encrypted one", ctl(daemon, "show", "message", "208c1072"),
              (1, "smtpctl: cannot show the message: it is encrypted, which "
                  "only a running smtpd can undo\n"))
    tap.equal("one that is not there",
              ctl(daemon, "show", "envelope", "0123456789abcdef"),
              (1, "smtpctl: cannot show the envelope: "
                  "No such file or directory\n"))
    shutil.rmtree(daemon.dir)


def main():
    tap = Tap()
    with Daemon(CONFIG) as daemon:
        test_monitor(tap, daemon)
        test_states(tap, daemon)
        test_later(tap, daemon)
        test_words(tap, daemon)
        test_cut_off(tap, daemon)
        test_queue(tap, daemon)
        test_messages(tap, daemon)
        with dead_letter_kept():
            test_recipients(tap, daemon)
    with dead_letter_kept():
        test_offline(tap)
        test_start(tap)
    test_spool(tap)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
