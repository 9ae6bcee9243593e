#!/usr/bin/python3
"""newaliases: where it takes the aliases from, on a machine of its own, since
only root may."""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
import machine  # noqa: E402
from daemon import free_port  # noqa: E402
from machine import LIBEXEC, SBIN, give  # noqa: E402
from tap import Tap, can_unshare, environment  # noqa: E402

ETC = Path("/usr/local/etc")
RULES = ('action "local" mbox alias <{name}>\n'
         'match from any for local action "local"\n')
CONFIG = "table aliases {table}\n" + RULES.format(name="aliases")

tap = Tap()


def newaliases(*words):
    """Exit status and all that it prints."""
    done = subprocess.run([LIBEXEC / "newaliases", *words], text=True,
                          env=environment(), timeout=60, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def check(name, config, wanted, *words):
    for path in ETC.glob("*.db"):
        path.unlink()
    path = give(ETC / "other.conf", config, "root")
    tap.equal(name, newaliases("-f", path, *words), (0, wanted))
    made = [path.name for path in ETC.glob("*.db")]
    tap.equal(f"{name}: it is made", made,
              [Path(wanted.split(": ")[0]).name + ".db"])


def check_running():
    """The daemon takes what was made."""
    config = CONFIG.format(table=f"db:{ETC}/mine.db")
    config += f"listen on 127.0.0.1 port {free_port()}\n"
    with machine.Daemon(config) as daemon:
        newaliases("-f", daemon.conf)
        tap.case("a running daemon is told", "" if daemon.wait(
            lambda: 'Table "aliases" successfully updated'
            in daemon.log_text()) else daemon.log_text())


def inside():
    machine.install()
    (LIBEXEC / "newaliases").symlink_to(SBIN / "smtpctl")
    give(ETC / "mine", "a: b\nc: d, e\n", "root")
    give(ETC / "less", "a: b\n", "root")
    mine = f"{ETC}/mine: 2 aliases\n"
    check("a file", CONFIG.format(table=f"file:{ETC}/mine"), mine)
    check_running()
    check("a database", CONFIG.format(table=f"db:{ETC}/mine.db"), mine)
    check("-O goes before", CONFIG.format(table=f"file:{ETC}/mine"),
          f"{ETC}/less: 1 aliases\n", f"-OAliasFile={ETC}/less")
    give(ETC / "other.conf", "nonsense\n", "root")
    status, text = newaliases("-f", ETC / "other.conf")
    tap.case("a config that does not compile", "" if status == 1 and
             "newaliases: no ruleset: the config does not compile" in text
             else text)
    status, text = newaliases("-f", ETC / "nowhere.conf")
    tap.case("a config that is not there", "" if status == 1 and
             "nowhere.conf" in text else text)
    return tap.finish()


def main():
    if not can_unshare():
        tap.skip("newaliases", "needs root, and mounts of its own")
        return tap.finish()
    machine.adopt(tap, machine.enter(__file__))
    return tap.finish()


if __name__ == "__main__":
    sys.exit(inside() if sys.argv[1:] == ["--inside"] else main())
