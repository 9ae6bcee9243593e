#!/usr/bin/env python3
"""The workflow of docs/golden.md in real repositories: its examples do what
they say, and a history is shown by meaning, with a version in it that does
not compile."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from tap import BIN, ROOT, Tap, environment  # noqa: E402
from test_manual import test_examples  # noqa: E402

PAGE = ROOT / "docs/golden.md"
TEXTCONV = re.compile(r"textconv '(.*)'$", re.M)
WHO = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com",
       "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com"}

BEFORE = """\
table lan { "192.0.2.0/24" }
action "out" relay
match from src <lan> for any action "out"
"""
BROKEN = BEFORE.replace("table lan", "table land")
AFTER = BEFORE.replace('{ "', '{ "198.51.100.0/24", "')


class Repository:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.git("init", "-q", "-b", "main")
        self.git("config", "diff.smtpd.textconv",
                 TEXTCONV.search(PAGE.read_text())[1])
        self.commit(".gitattributes", "*.conf diff=smtpd\n")

    def git(self, *args):
        env = environment({**WHO, "PATH": f"{BIN}:/usr/bin:/bin",
                           "HOME": str(self.folder)})
        return subprocess.run(
            ["git", *args], cwd=self.folder, env=env, text=True,
            capture_output=True, timeout=30, check=True).stdout

    def commit(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        self.git("add", name)
        self.git("commit", "-q", "-m", name)

    def changed(self, *revisions):
        """Lines that a diff takes away or adds."""
        text = self.git("diff", *revisions).partition("\n@@")[2]
        return re.findall(r"^[-+].*", text, re.M)


def main():
    tap = Tap()
    test_examples(tap, PAGE)
    with tempfile.TemporaryDirectory() as folder:
        repository = Repository(folder)
        for text in (BEFORE, BEFORE.replace(" for any", " \\\n\tfor any"),
                     AFTER, BROKEN, AFTER):
            repository.commit("etc/mail.conf", text)
        tap.equal("a commit of form alone", repository.changed(
            "HEAD~4", "HEAD~3"), [])
        tap.equal("a commit of meaning", repository.changed(
            "HEAD~3", "HEAD~2"), ['+    - "198.51.100.0/24"'])
        tap.case("a version that does not compile is shown as it is",
                 "" if '+table land { "192.0.2.0/24" }' in
                 repository.changed("HEAD~2", "HEAD~1") else "it is not")
        tap.equal("and the whole history is readable",
                  repository.git("log", "-p").count("\ncommit "), 5)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
