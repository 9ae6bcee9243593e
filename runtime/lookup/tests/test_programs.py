#!/usr/bin/env python3
"""Table programs under the whole daemon: what they are used for, and what
happens when they end, talk rubbish or are not there."""

import json
import os
import pwd
import shutil
import signal
import smtplib
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
import machine  # noqa: E402
from daemon import (Client, Daemon, free_port, hash_of,  # noqa: E402
                    is_running, kind_of, limit_descriptors)
from tap import Tap, can_unshare, environment  # noqa: E402

PROGRAM = Path(__file__).resolve().parent / "table-test"
PORT, TLS_PORT, AUTH_PORT = free_port(), free_port(), free_port()
TABLES = f"""
table aliases test:{{dir}}/aliases
table domains proc:/test:{{dir}}/domains
table users test:{{dir}}/users
table "senders" test:{{dir}}/senders
table names sh:{{dir}}/names
table peers test:{{dir}}/peers
table passwords test:{{dir}}/passwords
table logins test:{{dir}}/logins
pki "x" cert "{{dir}}/x.pem"
pki "x" key "{{dir}}/x.key"
listen on 127.0.0.1 port {PORT} hostnames <names>
listen on 127.0.0.1 port {TLS_PORT} tls pki "x" auth <passwords> \\
    senders <"senders">
listen on 127.0.0.1 port {AUTH_PORT} tls pki "x" auth <logins>
action "local" maildir "{{dir}}/Maildir" alias <aliases>
action "virtual" maildir "{{dir}}/virtual" userbase <users>
"""
RULES = """
match from src <peers> for domain <domains> action "local"
match from any for domain "virtual.example" action "virtual"
match auth from any for domain "auth.example" action "local"
match from any for domain regex <domains> action "local"
match from any mail-from <"senders"> for domain "from.example" action "local"
"""
# A program of the shell's: argv[0] is there to be seen.
NAMES = """
while read -r line && [ "$line" != "config|ready" ]; do :; done
echo "register|addrname"
echo "register|ready"
while IFS="|" read -r _ _ _ _ op service id key; do
    case $key in
    127.0.0.1) echo "$op-result|$id|found|named.example" ;;
    *) echo "$op-result|$id|not-found" ;;
    esac
done
"""
OF_LIBC = 3 << 31  # signals 32 and 33, which programs cannot set

tap = Tap()


class World(Daemon):
    """A daemon with table programs, and what these know."""

    def __init__(self, config=TABLES + RULES, **options):
        super().__init__(config, helpers={
            "table-test": PROGRAM, "table-/test": PROGRAM,
            "table-sh": "/bin/sh"}, **options)
        account = pwd.getpwnam(self.user)
        home = f"{account.pw_uid}:{account.pw_gid}:{self.dir}"
        self.data = {
            "aliases": {"alias": {"root": self.user, "list": f"{self.user}, "
                                  "nobody-there", "|": self.user}},
            "domains": {"domain": {"a.example": "x"},
                        "regex": {"b.example": "x"}},
            "users": {"userinfo": {"vjoe": home, "bad": "x"}},
            "senders": {"mailaddrmap": {"ann": "ann@a.example"},
                        "mailaddr": {"ann@from.example": "x"}},
            "peers": {"netaddr": {"127.0.0.1": "x"}},
            "passwords": {"credentials": {"ann": "ann:" + hash_of("secret")}},
            "logins": {"auth": {"ann:Secret:2": "x"}},
        }
        for table in self.data:
            self.know(table)
        self.write("names", NAMES)
        self.certificate("x", "x.example")

    def know(self, table, **more):
        """Writes what a table's program reads."""
        self.write(table, json.dumps({"data": self.data[table], **more}))

    def pids(self, table):
        """Of its processes, those that have ended too."""
        path = self.dir / f"{table}.pid"
        return [int(line.split()[0]) for line in
                path.read_text().splitlines()] if path.exists() else []

    def asked(self, table):
        path = self.dir / f"{table}.asked"
        return path.read_text().splitlines() if path.exists() else []

    def rcpt(self, address, sender="a@b.example", client=None):
        """The reply to RCPT TO."""
        one = client or Client(self.connect(PORT))
        if client is None:
            one.ask("HELO x.example.org")
        one.ask("RSET", f"MAIL FROM:<{sender}>")
        reply = one.ask(f"RCPT TO:<{address}>")
        if client is None:
            one.close()
        return reply.rstrip()

    def login(self, user, password, port=TLS_PORT):
        """The code of AUTH, and a function that gives that of MAIL FROM."""
        with smtplib.SMTP("127.0.0.1", port, "x.example",
                          timeout=20) as client:
            client.starttls(context=ssl._create_unverified_context())
            try:
                code = client.login(user, password)[0]
            except smtplib.SMTPAuthenticationError as error:
                return error.smtp_code, 0
            return code, client.mail("ann@a.example")[0]

    def is_alive(self, table):
        return is_running(self.pids(table)[-1])


def is_code(reply, code):
    return "" if reply.startswith(f"{code} ") else reply or "nothing"


# Uses.

def test_uses(world):
    for name, address, code in (
            ("domain and alias", "root@a.example", 250),
            ("keys in lower case", "ROOT@A.EXAMPLE", 250),
            ("an alias that is not there", "eve@a.example", 550),
            ("a domain that is not there", "root@c.example", 550),
            ("a regular expression's key", "root@b.example", 250),
            ("a user of a table", "vjoe@virtual.example", 250),
            ("no user of a table", "eve@virtual.example", 550),
            ("a user whose value is none", "bad@virtual.example", 451)):
        tap.case(name, is_code(world.rcpt(address), code))
    tap.case("mail addresses", is_code(world.rcpt(
        "root@from.example", "ann@from.example"), 250))
    tap.case("other mail addresses", is_code(world.rcpt(
        "root@from.example", "eve@from.example"), 550))
    client = Client(world.connect(PORT))
    tap.case("the host's name", is_code(client.greeting, "220 named.example"))
    client.close()
    tap.equal("credentials, and a sender of the user's",
              world.login("ann", "secret"), (235, 250))
    tap.equal("a wrong password", world.login("ann", "Secret")[0], 535)
    tap.equal("nobody's password", world.login("eve", "secret")[0], 535)
    tap.equal("a program that checks passwords",
              world.login("ANN", "Secret:2", AUTH_PORT), (235, 250))
    tap.equal("it has the password as it was typed",
              world.login("ann", "secret:2", AUTH_PORT)[0], 535)
    tap.equal("a name with a colon is nobody's",
              world.login("ann:Secret", "2", AUTH_PORT)[0], 535)


def test_delivery(world):
    client = Client(world.connect(PORT))
    client.ask("HELO x.example.org", "MAIL FROM:<a@b.example>",
               "RCPT TO:<vjoe@virtual.example>", "RCPT TO:<root@a.example>",
               "DATA")
    tap.case("mail is taken", is_code(
        client.ask("Subject: x\r\n\r\nbody\r\n."), 250))
    client.close()
    new = world.dir / "virtual" / "new"
    tap.case("and delivered, to the user of a table too", "" if world.wait(
        lambda: world.delivered() and new.is_dir() and any(new.iterdir()))
        else world.log_text())


def table_name(pid):
    """argv[0] and argv[1] of a program that is no script; of a process that
    has ended nothing."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:2]
    except OSError:
        return []


def test_start(world):
    path = str(world.dir / "names").encode()
    tap.equal("argv is the table's name and the config",
              [words for words in map(table_name, world.children())
               if path in words], [[b"names", path]])
    pid = world.pids("aliases")[-1]
    shell = [pid for pid in world.children() if path in table_name(pid)][0]
    files = {link.name: os.readlink(link).split(":")[0] for link in
             Path(f"/proc/{shell}/fd").iterdir()}
    tap.equal("it has nothing open but its socket and standard error",
              [name for name, what in files.items()
               if name not in ("0", "1", "2") and what != str(path.decode())],
              [])
    tap.equal("input and output are one socket", (files["0"], files["1"]),
              ("socket", "socket"))
    status = Path(f"/proc/{shell}/status").read_text()
    tap.equal("no signal is blocked, ignored or waits", [
        line for line in status.splitlines()
        if line.startswith(("SigBlk:", "SigIgn:", "SigPnd:", "ShdPnd:"))
        and int(line.split()[1], 16) & ~OF_LIBC != 0], [])
    status = Path(f"/proc/{pid}/status").read_text()
    tap.case("it runs as the daemon's user", "" if
             f"Uid:\t{pwd.getpwnam(world.user).pw_uid}\t" in status else status)
    asked = [line.split("|") for line in world.asked("aliases")]
    tap.case("requests have the form of the protocol", "" if asked and all(
        words[:2] == ["table", "0.1"] and words[3:6] ==
        ["aliases", "lookup", "alias"] and len(words[6]) == 8
        for words in asked) else asked)


def test_update(world):
    world.data["aliases"]["alias"]["new"] = world.user
    tap.case("before the update", is_code(world.rcpt("new@a.example"), 550))
    world.know("aliases")
    status, said = world.ctl("update", "table", "aliases")
    tap.equal("update", (status, said),
              (0, "command succeeded\n"))
    tap.case("after it", is_code(world.rcpt("new@a.example"), 250))
    tap.case("it is logged", "" if
             'Table "aliases" successfully updated' in world.log_text()
             else world.log_text())
    world.write("aliases", "no JSON")
    status, said = world.ctl("update", "table", "aliases")
    tap.case("an update that fails", "" if status != 0 else said)
    tap.case("why is logged", "" if "warn: table-proc: aliases update failed:"
             in world.log_text() else world.log_text())
    tap.case("what was there stays", is_code(
        world.rcpt("new@a.example"), 250))
    world.know("aliases")


# Misdeeds.

def test_killed(world):
    before = world.pids("aliases")
    os.kill(before[-1], signal.SIGKILL)
    tap.case("one that is killed is started again", "" if world.wait(
        lambda: len(world.pids("aliases")) > len(before)) else
        world.log_text())
    tap.case("and asked again", "" if world.wait(
        lambda: world.rcpt("root@a.example").startswith("250")) else
        world.log_text())
    tap.case("it is logged", "" if
             "warn: table-proc: failed to parse reply" in world.log_text() and
             "has ended: started again in 0.2 s" in world.log_text()
             else world.log_text())


def test_misdeeds(world):
    """Sessions get 4xx, the daemon goes on. Of "twice" the first line is an
    answer; an error is no misdeed."""
    misdeeds = {"exit": 4, "rubbish": 4, "wrong-id": 4, "empty": 4,
                "twice": 5, "long": 4, "error": 4}
    world.know("aliases", misdeeds={f"x{what}": what for what in misdeeds})
    world.ctl("update", "table", "aliases")
    for what, code in misdeeds.items():
        count = len(world.pids("aliases"))
        reply = world.rcpt(f"x{what}@a.example")
        tap.equal(f"{what}: the reply", reply[:1], str(code))
        if what == "error":
            time.sleep(0.5)
            tap.equal("error: it is not started again",
                      len(world.pids("aliases")), count)
        else:
            tap.case(f"{what}: it is started again", "" if world.wait(
                lambda n=count: len(world.pids("aliases")) > n)
                else world.log_text())
        tap.case(f"{what}: then it answers", "" if world.wait(
            lambda: world.rcpt("root@a.example").startswith("250")) else
            world.log_text())
    tap.case("an error is logged", "" if
             "warn: table-proc: aliases lookup failed: no | server" in
             world.log_text() else world.log_text())
    world.know("aliases")
    world.ctl("update", "table", "aliases")


def test_slow(world):
    """One that waits keeps nobody else waiting."""
    world.data["aliases"]["alias"]["slow"] = world.user
    world.know("aliases", misdeeds={"slow": "slow"})
    world.ctl("update", "table", "aliases")
    replies = []
    threads = [threading.Thread(target=lambda: replies.append(
        world.rcpt("slow@a.example"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    world.wait(lambda: any(line.endswith("|slow")
                           for line in world.asked("aliases")))
    tap.case("meanwhile another program answers", is_code(
        world.rcpt("vjoe@virtual.example"), 250))
    tap.case("at once", "" if len(replies) < 3 else "after the slow one")
    for thread in threads:
        thread.join()
    tap.equal("the slow one answers all, one after the other",
              [reply[:3] for reply in replies], ["250"] * 3)
    world.know("aliases")
    world.ctl("update", "table", "aliases")


# Reload.

def test_reload(world):
    old = world.pids("aliases")[-1]
    client = Client(world.connect(PORT))
    client.ask("HELO x.example.org")
    world.config = world.config.replace("table peers test:{dir}/peers",
                                        "table peers {{ 127.0.0.1 }}")
    world.make_ruleset()
    gone = world.pids("peers")[-1]
    status, said = world.ctl("reload")
    tap.equal("reload", (status, said),
              (0, "command succeeded\n"))
    tap.case("starts programs anew", "" if world.pids("aliases")[-1] != old
             else "not")
    tap.case("and ends the old", "" if world.wait(lambda: not is_running(old))
             else world.log_text())
    tap.case("a session that was there goes on", is_code(
        world.rcpt("root@a.example", client=client), 250))
    tap.case("also with one that is of its ruleset alone", "" if
             is_running(gone) else "it has ended")
    client.close()
    tap.case("new sessions take the new one",
             is_code(world.rcpt("root@a.example"), 250))


def test_reload_refused(world):
    """A program that does not register: the old ruleset stays."""
    before = world.pids("aliases")[-1]
    world.know("domains", register=["exit"])
    status, said = world.ctl("reload")
    tap.case("a reload with a program that does not start is refused",
             "" if status != 0 and 'table "domains"' in said +
             world.log_text() else said)
    tap.case("the old programs stay", "" if is_running(before)
             else world.log_text())
    tap.case("and answer", is_code(world.rcpt("root@a.example"), 250))
    pids = world.pids("users")
    tap.case("what was started for it ends", "" if world.wait(
        lambda: sum(map(is_running, pids)) == 1) else world.log_text())
    world.know("domains")


def test_reload_that_waits(world):
    """Until a new program has registered, tables are the old ruleset's."""
    world.write("names", "sleep 2\n" + NAMES)
    replies = []
    reload = threading.Thread(
        target=lambda: replies.append(world.ctl("reload")[0]))
    reload.start()
    path = str(world.dir / "names").encode()
    tap.case("the new program is there, and says nothing", "" if world.wait(
        lambda: sum(path in table_name(pid) for pid in world.children()) == 2)
        else world.log_text())
    before = len(world.asked("aliases"))
    tap.equal("meanwhile an update is answered", world.ctl(
        "update", "table", "aliases"), (0, "command succeeded\n"))
    tap.equal("by the program in use", [
        line.split("|")[4] for line in world.asked("aliases")[before:]],
        ["update"])
    tap.equal("no ruleset has come", replies, [])
    reload.join()
    tap.equal("then it comes", replies, [0])
    world.write("names", NAMES)


def test_reload_of_many(world):
    """Some are told to end before they have been executed, with a signal
    that is theirs and not the daemon's."""
    config = world.config
    world.write("ends", "exit 0\n")
    for number in range(100):
        world.config += (
            f"table ends{number} sh:{{dir}}/ends\n"
            f"match from any mail-from <ends{number}> for any reject\n")
    world.make_ruleset()
    for _ in range(2):
        status, said = world.ctl("reload")
        tap.case("a reload whose many programs end is refused", "" if
                 status != 0 and "ended without registering" in said
                 else said)
        tap.case("of them none is left", "" if world.wait(
            lambda: not any(str(world.dir / "ends").encode() in
                            table_name(pid) for pid in world.children()))
            else "some are")
    tap.case("the daemon goes on", is_code(world.rcpt("root@a.example"), 250))
    world.config = config
    world.make_ruleset()


def test_reload_undone(world):
    """A session process has no room for what the ruleset needs, when lookup
    has it already: the programs are those of the old one again."""
    if os.geteuid() != 0:
        tap.skip("a reload undone", "only root sees descriptors of a daemon")
        return
    session = [pid for pid in world.children()
               if kind_of(pid) == "session"][-1]
    limit_descriptors(world, session, 7 + max(
        int(path.name) for path in Path(f"/proc/{session}/fd").iterdir()))
    config = world.config
    world.config += "".join(
        f'listen on 127.0.0.1 port {port} tls pki "x"\n'
        for port in [free_port() for _ in range(30)])
    world.make_ruleset()
    status, said = world.ctl("reload")
    tap.case("a reload that a session process refuses", "" if status != 0 and
             "session: no memory" in said else said)
    limit_descriptors(world, session, -1)
    tap.case("programs answer", is_code(world.rcpt("root@a.example"), 250))
    pids = world.pids("aliases")
    tap.case("one process of each is left", "" if world.wait(
        lambda: sum(map(is_running, pids)) == 1) else world.log_text())
    os.kill(pids[-1], signal.SIGKILL)
    tap.case("and is started again", "" if world.wait(
        lambda: len(world.pids("aliases")) > len(pids) and
        world.rcpt("root@a.example").startswith("250")) else world.log_text())
    world.config = config
    world.make_ruleset()
    tap.equal("then it can be taken", world.ctl("reload")[0], 0)


def test_end(world):
    pids = [world.pids(table)[-1] for table in world.data]
    tap.equal("the daemon ends", world.stop(), 0)
    tap.equal("and its programs",
              [pid for pid in pids if is_running(pid)], [])


# Starts that fail.

def refused(name, wanted, config=TABLES + RULES, prepare=None, helper=True):
    """A start fails with all the texts of wanted in the log."""
    world = World(config)
    try:
        if prepare:
            prepare(world)
        if not helper:
            (world.dir / "build" / "libexec" / "table-test").unlink()
        try:
            world.start()
            status = 0
        except RuntimeError:
            status = world.process.wait(20)
        log = world.log_text()
        tap.case(name, "" if status == 1 and all(
            text in log for text in wanted) else f"status {status}: {log}")
    finally:
        world.__exit__()


def test_refused():
    refused("a program that is not there",
            ['parent: table "aliases": ', "/libexec/table-test cannot be run: ",
             "No such file or directory: install it", '"test"'], helper=False)
    old = 'parent: lookup: table "aliases": '
    for name, lines, wanted in (
            ("one that ends", ["exit"], "ended without registering a service:"
             " programs for OpenSMTPD 7.5 and before"),
            ("one that says something else", ["hello"],
             'does not register services but says "hello"'),
            ("one with a service of its own", ["register|alais"],
             "registers a service that there is not"),
            ("one without services", ["register|ready"],
             "registers no service")):
        refused(name, [old, "/libexec/table-test ", wanted],
                prepare=lambda world, lines=lines: world.know(
                    "aliases", register=lines))
    refused("one that lacks the service", [
        'table "aliases" may not be used for alias lookups: ',
        "registers domain, regex"], prepare=lambda world: world.write(
            "aliases", json.dumps({"data": world.data["domains"]})))
    refused("a hand-shake that is never over",
            [old, "registers nothing in time"],
            prepare=lambda world: world.know("aliases", register=[]))


# As root.

ROOT_CONFIG = f"""
table names sh:/usr/local/etc/names
listen on 127.0.0.1 port {PORT} hostnames <names>
action "local" maildir
match from any for any action "local"
"""


def inside():
    """On a machine of its own."""
    machine.install()
    shutil.copy("/bin/sh", machine.LIBEXEC / "table-sh")
    machine.give("/usr/local/etc/names", NAMES, "root")
    with machine.Daemon(ROOT_CONFIG) as daemon:
        client = Client(daemon.connect(PORT))
        tap.case("the root daemon's program answers",
                 is_code(client.greeting, "220 named.example"))
        client.close()
        pids = [int(path.parent.name) for path in
                Path("/proc").glob("[0-9]*/cmdline")
                if path.read_bytes().startswith(b"names\0")]
        tap.equal("it is one", len(pids), 1)
        status = Path(f"/proc/{pids[0]}/status").read_text()
        number = machine.DAEMON["_smtpd"]
        ids = "\t".join([str(number)] * 4)
        tap.case("it runs as the daemon's user with nothing of root's",
                 "" if f"Uid:\t{ids}\nGid:\t{ids}\n" in status and
                 f"Groups:\t{number} \n" in status and
                 "CapEff:\t0000000000000000" in status else status)
        tap.equal("its parent is the parent",
                  f"PPid:\t{daemon.process.pid}\n" in status, True)
    test_background(daemon.conf)
    return tap.finish()


def test_background(conf):
    """Neither programs nor processes keep what the starter reads open."""
    try:
        done = subprocess.run(
            [machine.SBIN / "smtpd", "-f", conf], env=environment(),
            capture_output=True, text=True, timeout=20, check=False)
        tap.equal("a start in the background",
                  (done.returncode, done.stdout), (0, ""))
    except subprocess.TimeoutExpired:
        tap.case("a start in the background", "its output has no end")
    os.kill(int(Path("/var/run/smtpd.pid").read_text()), signal.SIGTERM)


def test_as_root():
    if can_unshare():
        machine.adopt(tap, machine.enter(__file__))
    else:
        tap.skip("as root", "needs root, and mounts of its own")


def main():
    with World() as world:
        test_uses(world)
        test_delivery(world)
        test_start(world)
        test_update(world)
        test_killed(world)
        test_misdeeds(world)
        test_slow(world)
        test_reload(world)
        test_reload_refused(world)
        test_reload_that_waits(world)
        test_reload_of_many(world)
        test_reload_undone(world)
        test_end(world)
    test_refused()
    test_as_root()
    return tap.finish()


if __name__ == "__main__":
    sys.exit(inside() if sys.argv[1:] == ["--inside"] else main())
