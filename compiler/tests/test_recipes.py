#!/usr/bin/env python3
"""The recipes in docs/ci as far as a machine without network can run them:
the jobs' own commands, the hook in a repository, the editors' patterns on
real output. What needs a program that is not there is skipped."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

sys.dont_write_bytecode = True
from tap import BIN, ROOT, Tap, diagnose, environment  # noqa: E402

CI = ROOT / "docs/ci"
GOOD = "match for any reject\n"
BAD = "table list { a }\nmatch from src <lits> for any reject\n"
WARNED = "m = a\nm = b\nlisten on lo tag $m\n" + GOOD
ANNOTATION = re.compile(r"^::(error|warning|notice) file=\S+,line=\d+")
TOOLS = re.compile(r"^(smtpd-compile|jq) ")


def run(command, folder, extra=None):
    env = environment({"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(folder),
                       **(extra or {})})
    return subprocess.run(
        command, cwd=folder, env=env, shell=isinstance(command, str),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
        check=False)


def commands(steps):
    """Those that run our program, as they stand in the recipe."""
    return [step for step in steps if TOOLS.match(step)]


def config_folder(name, text):
    folder = Path(name)
    (folder / "smtpd.conf").write_text(text)
    return folder


def test_github(tap):
    job = yaml.safe_load((CI / "github.yml").read_text())["jobs"]["lint"]
    steps = commands(step["run"] for step in job["steps"] if "run" in step)
    tap.equal("github: two commands", len(steps), 2)
    for text, status in ((GOOD, 0), (BAD, 1)):
        with tempfile.TemporaryDirectory() as name:
            folder = config_folder(name, text)
            annotate, write = (run(step, folder) for step in steps)
            lines = annotate.stdout.splitlines()
            tap.equal(f"github: exit statuses for {status}",
                      (annotate.returncode, write.returncode),
                      (status, status))
            tap.equal(f"github: annotations for {status}",
                      [bool(ANNOTATION.match(line)) for line in lines],
                      [True] * status)
            sarif = run([str(ROOT / "tools/check-sarif"), "smtpd.sarif"],
                        folder)
            tap.equal(f"github: SARIF for {status}",
                      (sarif.returncode, sarif.stdout), (0, ""))


def test_gitlab(tap):
    job = yaml.safe_load((CI / "gitlab.yml").read_text())["smtpd.conf"]
    steps = commands(job["script"])
    tap.equal("gitlab: three commands", len(steps), 3)
    if not shutil.which("jq"):
        tap.skip("gitlab: code quality", "no jq")
        return
    for text, status, severities in (
            (GOOD, 0, []), (BAD, 1, ["major"]), (WARNED, 0, ["minor"])):
        with tempfile.TemporaryDirectory() as name:
            folder = config_folder(name, text)
            done = [run(step, folder).returncode for step in steps]
            quality = json.loads((folder / "quality.json").read_text())
            tap.equal(f"gitlab: exit statuses, {severities}", done,
                      [0, 0, status])
            tap.equal(f"gitlab: findings, {severities}",
                      [(entry["severity"], entry["location"]["path"])
                       for entry in quality],
                      [(severity, "smtpd.conf") for severity in severities])


def git(folder, *args):
    return run(["git", "-c", "user.name=t", "-c", "user.email=t@example.com",
                "-c", "init.defaultBranch=main", *args], folder)


def commit(folder, text, name="smtpd.conf"):
    (folder / name).write_text(text)
    git(folder, "add", name)
    return git(folder, "commit", "-qm", "x")


def test_hook(tap):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        git(folder, "init", "-q")
        shutil.copy(CI / "pre-commit", folder / ".git/hooks/pre-commit")
        tap.equal("hook: a good config is committed",
                  commit(folder, GOOD).returncode, 0)
        refused = commit(folder, BAD)
        tap.equal("hook: a bad one is not", refused.returncode, 1)
        tap.case("hook: and says why", "" if refused.stderr.startswith(
            "smtpd.conf:2:17: error: ") else refused.stderr)
        (folder / "smtpd.conf").write_text(GOOD)
        tap.equal("hook: what is staged counts",
                  git(folder, "commit", "-qm", "x").returncode, 1)
        tap.equal("hook: a good one is committed again",
                  commit(folder, GOOD + "# more\n").returncode, 0)
        tap.equal("hook: other files do not matter",
                  commit(folder, BAD, "notes.txt").returncode, 0)
        git(folder, "config", "smtpd-compile.options",
            "-W error=macro-redefined")
        tap.equal("hook: options come from the repository",
                  commit(folder, WARNED, "b-smtpd.conf").returncode, 1)


def test_pre_commit(tap):
    hook, = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    entry = ROOT / hook["entry"]
    tap.case("pre-commit: the entry is a program",
             "" if os.access(entry, os.X_OK) else str(entry))
    names = {"etc/smtpd.conf": True, "mail-smtpd.conf": True,
             "smtpd.conf.orig": False}
    tap.equal("pre-commit: which files",
              {name: bool(re.search(hook["files"], name)) for name in names},
              names)
    with tempfile.TemporaryDirectory() as name:
        folder = config_folder(name, GOOD)
        (folder / "b.conf").write_text(BAD)
        for files, status in ((["smtpd.conf"], 0),
                              (["b.conf", "smtpd.conf"], 1)):
            tap.equal(f"pre-commit: {files}",
                      run([str(entry), *files], folder).returncode, status)


def quickfix(folder):
    """What Vim makes of our output; None without such a Vim."""
    vim = shutil.which("vim")
    if not vim or not {"+quickfix", "+eval"} <= set(
            run([vim, "--version"], folder).stdout.split()):
        return None
    run([vim, "-es", "-N", "-u", "NONE", "-i", "NONE", "smtpd.conf",
         "-c", "command -nargs=1 CompilerSet set <args>",
         "-c", f"source {CI}/smtpd-compile.vim", "-c", "silent make!",
         "-c", "let list = map(getqflist(), '[v:val.type, bufname("
         "v:val.bufnr), v:val.lnum, v:val.col, v:val.text]')",
         "-c", "call writefile([json_encode(list)], 'list.json')",
         "-c", "qall!"], folder, {"TERM": "dumb"})
    return json.loads((folder / "list.json").read_text())


def places(folder):
    """Kind, line and column of each diagnostic and note, in order."""
    for diag in diagnose("smtpd.conf", cwd=folder)[1]:
        yield diag["severity"], diag["line"], diag["column"]
        for note in diag["notes"]:
            yield "note", note["line"], note["column"]


def test_vim(tap, folder):
    seen = quickfix(folder)
    if seen is None:
        tap.skip("vim: the quickfix list", "no vim with +quickfix and +eval")
        return
    tap.equal("vim: the quickfix list", [tuple(row[:4]) for row in seen],
              [(kind[0].upper(), "smtpd.conf", line, column)
               for kind, line, column in places(folder)])
    tap.case("vim: texts end with the check", "" if all(
        row[0] == "N" or row[4].endswith("]") for row in seen) else seen)


def emacs_pattern():
    text = (CI / "smtpd-compile.el").read_text()
    pattern = re.search(r'^   "(\^.*)"$', text, re.M)[1]
    for emacs, python in (("\\\\(", "("), ("\\\\)", ")"), ("\\\\|", "|")):
        pattern = pattern.replace(emacs, python)
    return re.compile(pattern)


def test_emacs(tap, folder):
    pattern = emacs_pattern()
    output = run("smtpd-compile -n smtpd.conf", folder).stderr
    seen = []
    for match in filter(None, map(pattern.match, output.splitlines())):
        kind = "warning" if match[4] else "note" if match[5] else "error"
        seen.append((kind, int(match[2]), int(match[3])))
    tap.equal("emacs: places", seen, list(places(folder)))


def main():
    tap = Tap()
    test_github(tap)
    test_gitlab(tap)
    test_hook(tap)
    test_pre_commit(tap)
    with tempfile.TemporaryDirectory() as name:
        folder = config_folder(name, WARNED + BAD)
        test_vim(tap, folder)
        test_emacs(tap, folder)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
