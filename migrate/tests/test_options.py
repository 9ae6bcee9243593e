#!/usr/bin/env python3
"""smtpd-migrate as a program: what it writes where, its exit status, what
it reports in which format, and that no report shows a secret. The page is
looked at in headless Chromium, if there is one."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]
                       / "compiler/tests"))
from tap import BIN, Tap, environment  # noqa: E402

MAIN = """\
# The main file.
include "tables.conf"
listen on lo
queue encryption key 0123456789abcdef0123456789abcdef
accept for local alias <aliases> deliver to mbox  # here
accept for any relay via "tls+auth://isp@mail.example.org" auth <secrets>
accept from any sender <who> for domain example.net deliver to mda "/bin/x"
"""
TABLES = """\
# Tables.
table aliases { root = joe }
table secrets { isp = "joe:hush-hush" }
table who "mysql://joe:hush-hush@db.example/mail"
"""
SECRETS = ("0123456789abcdef0123456789abcdef", "hush-hush")
TWICE = """\
include "lo.conf"
include "lo.conf"
accept for any relay
"""
WIDE = """\
table lan { 10.0.0.0/8 }
pki h certificate "/h.crt" key "/h.key"
listen on lo tls pki h auth-optional
accept from source <lan> for any relay
"""


def migrate(folder, *args, stdin=b""):
    return subprocess.run(
        [BIN / "smtpd-migrate", "-Wno-missing-file", *args], cwd=folder,
        input=stdin, capture_output=True, env=environment(), timeout=30,
        check=False)


def write_files(folder):
    (folder / "smtpd.conf").write_text(MAIN)
    (folder / "tables.conf").write_text(TABLES)
    (folder / "smtpd.conf").chmod(0o640)


def check_in_place(tap, folder):
    write_files(folder)
    done = migrate(folder, "--in-place", "smtpd.conf")
    tap.equal("in place: status", done.returncode, 0)
    tap.equal("in place: the old files are kept",
              [(folder / f"{name}.6.0.3").read_text()
               for name in ("smtpd.conf", "tables.conf")], [MAIN, TABLES])
    text = (folder / "smtpd.conf").read_text()
    tap.equal("in place: inclusions keep their names",
              'include "tables.conf"' in text and "match from" in text, True)
    tap.equal("in place: the mode is kept",
              (folder / "smtpd.conf").stat().st_mode & 0o777, 0o640)
    again = migrate(folder, "--in-place", "--from=7.8", "smtpd.conf")
    tap.equal("in place: what is converted stays as it is",
              (again.returncode, (folder / "smtpd.conf").read_text()),
              (0, text))
    write_files(folder)
    done = migrate(folder, "--in-place", "smtpd.conf")
    tap.equal("in place: no old file is overwritten",
              (done.returncode, (folder / "smtpd.conf").read_text()),
              (3, MAIN))
    (folder / "smtpd.conf.6.0.3").unlink()
    done = migrate(folder, "--in-place", "smtpd.conf")
    tap.equal("in place: all old files are kept, or none",
              (done.returncode, (folder / "smtpd.conf.6.0.3").exists()),
              (3, False))


def check_twice(tap, folder):
    (folder / "smtpd.conf").write_text(TWICE)
    (folder / "lo.conf").write_text("# It.\nlisten on lo\n")
    done = migrate(folder, "--in-place", "smtpd.conf")
    tap.equal("in place: a file that is included twice is kept once",
              (done.returncode, (folder / "lo.conf.6.0.3").exists()),
              (1, True))


def check_out(tap, folder):
    write_files(folder)
    done = migrate(folder, "-o", "new.conf", "smtpd.conf")
    tap.equal("-o: status", done.returncode, 0)
    tap.equal("-o: the originals are as they were",
              [(folder / "smtpd.conf").read_text(),
               (folder / "tables.conf").read_text()], [MAIN, TABLES])
    text = (folder / "new.conf").read_text()
    tap.equal("-o: inclusions are beside theirs",
              'include "tables.conf.7.8"' in text and
              (folder / "tables.conf.7.8").exists(), True)
    done = subprocess.run(
        [BIN / "smtpd-compile", "-n", "--target=7.8", "new.conf"],
        cwd=folder, capture_output=True, timeout=30, check=False)
    tap.equal("-o: the result compiles", done.returncode, 0)


STATUSES = (
    ("the same", (), "accept for any relay\n", 0),
    ("cannot be said", (), "bounce-warn\naccept for any relay\n", 1),
    ("an unknown option", ("--nonsense",), "accept for any relay\n", 2),
    ("a report of no known kind", ("--report=x.pdf",),
     "accept for any relay\n", 2),
    ("a legacy target", ("--target=6.0.3",), "accept for any relay\n", 2),
    ("errors", (), "accept for\n", 3),
    ("a later version", ("--from=7.8", "--target=6.8"),
     "match for any reject\n", 3),
    ("a modern file, converted already", (),
     "listen on socket no-dsn\nmatch for any reject\n", 0),
    ("the idiomatic style", ("--style=idiomatic",), WIDE, 1),
)


def check_statuses(tap, folder):
    for name, args, text, wanted in STATUSES:
        done = migrate(folder, "-q", *args, "-", stdin=text.encode())
        tap.equal(f"status {wanted}: {name}", done.returncode, wanted)


def check_style(tap, folder):
    report = folder / "wide.txt"
    done = migrate(folder, "--style=idiomatic", f"--report={report}", "-",
                   stdin=WIDE.encode())
    tap.equal("idiomatic: as people write it",
              b"\nmatch from src <lan> for any action" in done.stdout, True)
    text = report.read_text()
    tap.equal("idiomatic: the widening has a witness",
              "widened-source (1)" in text and
              re.search(r"src=10\.\S+ tls auth=user", text) is not None,
              True)


# Reports.

def check_reports(tap, folder):
    write_files(folder)
    for kind in ("txt", "md", "json", "html"):
        done = migrate(folder, f"--report=report.{kind}", "-o", "new.conf",
                       "smtpd.conf")
        text = (folder / f"report.{kind}").read_text()
        tap.equal(f"{kind}: status", done.returncode, 0)
        tap.equal(f"{kind}: no secret is shown",
                  [s for s in SECRETS if s in text], [])
    done = migrate(folder, "--explain", "smtpd.conf")
    tap.equal("--explain: no secret is shown",
              [s for s in SECRETS if s in done.stdout.decode()], [])
    tap.equal("--explain: old, new, why",
              re.search(rb"  - accept for local .*\n  \+ action .*\n.*\n"
                        rb"  \+ match from local", done.stdout) is not None,
              True)


def check_markdown(tap, folder):
    rows = [line for line in (folder / "report.md").read_text().splitlines()
            if line.startswith("|")]
    tap.equal("md: a note's bar ends no cell",
              [row for row in rows
               if len(re.findall(r"(?<!\\)\|", row)) != 4], [])
    tap.equal("md: a note has a bar", any("\\|" in row for row in rows), True)


def check_json(tap, folder):
    report = json.loads((folder / "report.json").read_text())
    tap.equal("json: the result", (report["from"], report["target"],
                                   report["result"]), ("6.0.3", "7.8", "same"))
    tap.equal("json: counts are those of the notes",
              sum(report["counts"].values()), len(report["notes"]))
    lines = (folder / "new.conf").read_text().splitlines()
    wrong = [item for statement in report["statements"]
             if statement["file"] == "smtpd.conf"
             for item in statement["new"]
             if "redacted" not in item["text"] and
             not lines[item["line"] - 1].startswith(item["text"][:7])]
    tap.equal("json: lines are those of the result", wrong, [])


class Page(HTMLParser):
    """Ids and links of a page, and what it would load."""

    def __init__(self):
        super().__init__()
        self.ids, self.links, self.loads = set(), set(), []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids.add(attrs.get("id"))
        if tag == "a":
            self.links.add(attrs["href"])
        if tag in ("script", "link", "img") or "src" in attrs:
            self.loads.append(tag)


def check_html(tap, folder):
    page = Page()
    page.feed((folder / "report.html").read_text())
    tap.equal("html: nothing is loaded", page.loads, [])
    tap.equal("html: every line that is linked exists",
              [link for link in page.links
               if not link.startswith("#") or link[1:] not in page.ids], [])
    tap.equal("html: lines are linked", len(page.links) > 6, True)


def find_chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return shutil.which(name)
    return None


def run_chromium(chromium, folder, *args):
    return subprocess.run(
        [chromium, "--headless=new", "--no-sandbox", "--disable-gpu",
         "--disable-dev-shm-usage", f"--user-data-dir={folder}/profile",
         "--window-size=1200,1400", *args,
         (folder / "report.html").as_uri()],
        capture_output=True, timeout=120, check=False,
        env={"PATH": os.defpath, "HOME": str(folder)})


def check_chromium(tap, folder):
    chromium = find_chromium()
    if chromium is None:
        tap.skip("html: in a browser", "there is no Chromium")
        return
    done = run_chromium(chromium, folder, "--dump-dom")
    text = re.sub(r"<[^>]+>", "", done.stdout.decode(errors="replace"))
    tap.equal("html: a browser shows old and new",
              all(part in text for part in
                  ("deliver to mbox", "match from local for local",
                   "the same: every envelope")), True)
    picture = folder / "page.png"
    run_chromium(chromium, folder, f"--screenshot={picture}")
    size = picture.stat().st_size if picture.exists() else 0
    tap.equal("html: a browser draws it", size > 20000, True)


def main():
    tap = Tap()
    for check in (check_in_place, check_twice, check_out, check_statuses,
                  check_style):
        with tempfile.TemporaryDirectory() as folder:
            check(tap, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        for check in (check_reports, check_markdown, check_json, check_html,
                      check_chromium):
            check(tap, Path(folder))
    return tap.finish()


if __name__ == "__main__":
    raise SystemExit(main())
