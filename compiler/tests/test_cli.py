#!/usr/bin/env python3
"""The command line of smtpd-compile: options and their order, exit
statuses, what goes to which stream in which form, and that nothing but the
arguments and the files decides."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from tap import COMPILE, ROOT, Tap, compile_config, environment  # noqa: E402

GOOD = b"action a relay\nmatch for any action a\n"
LEGACY = b"accept for any relay\n"
# Misspelt, which has a fix.
BAD = b"action a relay\nmatchh for any action a\n"
WARNED = b"m = one\nm = two\nlisten on lo tag $m\n" + GOOD
CHECK = re.compile(r"^[a-z]+(-[a-z]+)+ +(error|warning|advice) +\S.*[^.]$")
ESCAPE = b"\x1b["

# Name, arguments, standard input, exit status, pattern in standard error.
STATUSES = (
    ("a good config", "-n -", GOOD, 0, "^$"),
    ("a bad config", "-n -", BAD, 1, "unknown|no statement"),
    ("a config with a warning", "-n -", WARNED, 0, "macro-redefined"),
    ("no mode", "-", GOOD, 2, "-n"),
    ("no config", "-n", GOOD, 2, "CONFIG"),
    ("two configs", "-n - -", GOOD, 2, "CONFIG"),
    ("an option after the operand", "-n - -q", GOOD, 2, "CONFIG"),
    ("an operand after --", "-n -- -", GOOD, 0, "^$"),
    ("an unknown option", "-n --nope -", GOOD, 2, "nope"),
    ("-n with --fix", "-n --fix -", GOOD, 2, "no two"),
    ("--diff without --fix", "-n --diff -", GOOD, 2, "--fix"),
    ("--fix of standard input", "--fix -", BAD, 2, "file"),
    ("an unknown format", "-n --format=xml -", GOOD, 2, "sarif"),
    ("an unknown dialect", "-n --dialect=old -", GOOD, 2, "legacy"),
    ("a version that never was", "-n --target=6.5 -", GOOD, 2, "6.4|6.6"),
    ("a target of the other language", "-n --target=6.0.3 -", GOOD, 2,
     "modern"),
    ("a target of the other language, legacy", "-n --target=7.8 -", LEGACY,
     2, "legacy"),
    ("a patch level", "-n --target=6.6.4 -", GOOD, 0, "^$"),
    ("the dialect wins over content",
     "-n --dialect=modern --target=7.8 -", LEGACY, 1, "legacy"),
    ("a legacy config", "-n -", LEGACY, 0, "^$"),
    ("an unknown check after -W", "-n -W no-macro-redefine -", GOOD, 2,
     "macro-redefined"),
    ("a check that cannot be off", "-n -W no-syntax-error -", GOOD, 2,
     "syntax-error"),
    ("an unknown check to explain", "--explain macro-redefine", b"", 2,
     "macro-redefined"),
    ("a macro without value", "-n -D m -", GOOD, 2, "name=value"),
    ("a macro without name", "-n -D =v -", GOOD, 2, "name=value"),
    ("a file that is not there", "-n /nonexistent/x.conf", b"", 3,
     "/nonexistent/x.conf: No such file"),
    ("a directory", "-n /", b"", 3, "directory"),
    ("a device", "-n /dev/null", b"", 3, "/dev/null"),
    ("a root that is not there", "-n --root=/nonexistent -", GOOD, 3,
     "/nonexistent"),
    ("--help", "--help", b"", 0, "^$"),
    ("--version", "--version", b"", 0, "^$"),
    ("--list-checks", "--list-checks", b"", 0, "^$"),
    ("no argument", "", b"", 2, "usage"),
)

# Name, arguments, a config with a warning for macro-redefined, what stays.
POLICIES = (
    ("a warning is one", [], 0, "warning"),
    ("no-ID switches off", ["-W", "no-macro-redefined"], 0, ""),
    ("ID switches on again",
     ["-W", "no-macro-redefined", "-W", "macro-redefined"], 0, "warning"),
    ("error=ID raises", ["-W", "error=macro-redefined"], 1, "error"),
    ("error=all raises", ["-W", "error=all"], 1, "error"),
    ("error=all brings nothing back",
     ["-W", "no-macro-redefined", "-W", "error=all"], 0, ""),
    ("error= of another check", ["-W", "error=nul-byte"], 0, "warning"),
    ("advice adds to it", ["-W", "advice"], 0, "warning"),
)

# Name, a comment before, a comment after, a comment behind; what stays.
ALLOWANCES = (
    ("on the line before", "# smtpd-compile: allow macro-redefined", "", ""),
    ("on the line", "", "# smtpd-compile: allow macro-redefined", ""),
    ("with others and commas",
     "# smtpd-compile: allow nul-byte, macro-redefined", "", ""),
    ("with a reason", "", "# smtpd-compile: allow macro-redefined -- why",
     ""),
    ("two lines before", "# smtpd-compile: allow macro-redefined\n", "",
     "macro-redefined"),
    ("of another check", "# smtpd-compile: allow nul-byte", "",
     "macro-redefined"),
    ("of no check", "# smtpd-compile: allow nul-bite", "",
     "unknown-check macro-redefined"),
    ("in prose", "# one could allow macro-redefined", "", "macro-redefined"),
)


def diagnostics(*args, text=b""):
    done = compile_config("-n", "--format=json", *args, "-", stdin=text)
    return done.returncode, list(map(json.loads, done.stdout.splitlines()))


def test_statuses(tap, _):
    for name, args, text, status, pattern in STATUSES:
        done = compile_config(*args.split(), stdin=text)
        said = done.stderr.decode()
        good = done.returncode == status and re.search(pattern, said)
        tap.case(f"status {status}: {name}",
                 "" if good else f"status {done.returncode}\n{said}")


def test_unreadable(tap, folder):
    path = folder / "secret.conf"
    path.write_bytes(GOOD)
    path.chmod(0)
    if os.access(path, os.R_OK):
        tap.skip("status 3: no permission", "this user may read all")
        return
    done = compile_config("-n", path)
    tap.equal("status 3: no permission", done.returncode, 3)


def test_full_device(tap, _):
    for name, args in (("--list-checks", ["--list-checks"]),
                       ("--explain", ["--explain", "no-rules"]),
                       ("--help", ["--help"]), ("--version", ["--version"]),
                       ("json", ["-n", "--format=json", "-"]),
                       ("sarif", ["-n", "--format=sarif", "-"])):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [COMPILE, *args], input=BAD, stdout=full,
                stderr=subprocess.PIPE, env=environment(), check=False)
        tap.equal(f"status 3: no room for {name}",
                  (done.returncode, b"No space left" in done.stderr),
                  (3, True))


def test_quiet(tap, _):
    for form in ("text", "json", "github"):
        done = compile_config("-n", "-q", f"--format={form}", "-", stdin=BAD)
        tap.equal(f"-q prints nothing as {form}",
                  (done.returncode, done.stdout, done.stderr), (1, b"", b""))


def test_formats(tap, _):
    text = BAD + b"m = $nope\n"
    done = compile_config("-n", "-", stdin=text)
    tap.equal("text goes to standard error", done.stdout, b"")
    done = compile_config("-n", "--format=json", "-", stdin=text)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    tap.equal("json is one object a line",
              [(line["line"], line["severity"], line["id"])
               for line in lines],
              [(2, "error", "syntax-error"), (3, "error", "undefined-macro")])
    tap.equal("json goes to standard output", done.stderr, b"")
    done = compile_config("-n", "--format=github", "-", stdin=text)
    annotation = re.compile(rb"::error file=-,line=\d,.*title=[a-z-]+::.+")
    tap.equal("github is one annotation a line",
              [bool(annotation.fullmatch(line))
               for line in done.stdout.splitlines()], [True, True])
    for form in ("text", "json", "github"):
        done = compile_config("-n", f"--format={form}", "-", stdin=GOOD)
        tap.equal(f"a clean config is silent as {form}",
                  (done.returncode, done.stdout + done.stderr), (0, b""))


def test_sarif(tap, folder):
    for name, text, status in (("good", GOOD, 0), ("bad", BAD, 1)):
        log = folder / f"{name}.sarif"
        done = compile_config("-n", "--format=sarif", "-", stdin=text)
        log.write_bytes(done.stdout)
        checked = subprocess.run(
            [ROOT / "tools/check-sarif", log], capture_output=True,
            check=False)
        if checked.returncode == 2:
            tap.skip(f"sarif of a {name} config", "no python3-jsonschema")
            continue
        tap.case(f"sarif of a {name} config is valid",
                 checked.stderr.decode())
        tap.equal(f"sarif of a {name} config: status",
                  done.returncode, status)


def test_policies(tap, _):
    for name, args, status, severity in POLICIES:
        seen, found = diagnostics(*args, text=WARNED)
        tap.equal(f"-W: {name}",
                  (seen, "".join(d["severity"] for d in found)),
                  (status, severity))


def test_allowances(tap, _):
    for name, before, behind, left in ALLOWANCES:
        text = f"m = one\n{before}\nm = two {behind}\n"\
            "listen on lo tag $m\n".encode() + GOOD
        _, found = diagnostics(text=text)
        tap.equal(f"allow {name}", " ".join(d["id"] for d in found), left)
    _, found = diagnostics(text=b"# smtpd-compile: allow syntax-error\n" +
                           BAD.split(b"\n", 1)[1] + GOOD)
    tap.equal("allow of a fixed check does nothing",
              [d["id"] for d in found], ["syntax-error"])


def test_explain(tap, _):
    listing = compile_config("--list-checks").stdout.decode().splitlines()
    tap.equal("--list-checks has one check a line",
              [line for line in listing if not CHECK.match(line)], [])
    silent = []
    for name in (line.split()[0] for line in listing):
        done = compile_config("--explain", name)
        if done.returncode or not done.stdout.decode().startswith(name):
            silent.append(name)
    tap.equal("--explain knows each of them", silent, [])


def test_defines(tap, _):
    def used(value, *args):
        text = b"action a relay\nmatch for domain $m action a\n"
        status, found = diagnostics(*args, text=value + text)
        return status, [d["id"] for d in found]

    tap.equal("without -D", used(b""), (1, ["undefined-macro"]))
    tap.equal("-D defines", used(b"", "-D", "m=x.example"), (0, []))
    tap.equal("-D wins over the file, silently",
              used(b'm = "<nope>"\n', "-D", "m=x.example"), (0, []))
    tap.equal("-D holds several tokens",
              used(b"", "-D", "m={ a, b } helo c"), (0, []))
    tap.equal("-D splits at the last =",
              compile_config("-n", "-D", "a=b=c", "-", stdin=GOOD).returncode,
              2)
    done = compile_config("-n", "-D", "domain_name=x", "-",
                          stdin=b"table t $domain_nmae\n" + GOOD)
    tap.case("a note points at the command line",
             "" if b"command line" in done.stderr else done.stderr.decode())


def test_stdin_is_read_as_a_file(tap, folder):
    path = folder / "x.conf"
    for name, text in (("good", GOOD), ("bad", BAD), ("empty", b"")):
        path.write_bytes(text)
        by_name = compile_config("-n", path.name, cwd=folder)
        piped = compile_config("-n", "-", stdin=text)
        tap.equal(f"standard input is as good as a file: {name}",
                  (piped.returncode, piped.stderr.replace(b"-:", b"x.conf:")
                   .replace(b"- has", b"x.conf has")),
                  (by_name.returncode, by_name.stderr))


def test_fix(tap, folder):
    main, part = folder / "main.conf", folder / "part.conf"
    texts = {main: b"include \"part.conf\"\n" + BAD,
             part: b"queeu compression\r\n"}
    for path, text in texts.items():
        path.write_bytes(text)
    diff = compile_config("--fix", "--diff", "main.conf", cwd=folder)
    tap.equal("--diff writes nothing",
              [path.read_bytes() for path in texts], list(texts.values()))
    done = compile_config("--fix", "main.conf", cwd=folder)
    tap.equal("--fix mends all files", (main.read_bytes(), part.read_bytes()),
              (b"include \"part.conf\"\n" + GOOD, b"queue compression\n"))
    tap.equal("--fix says how many", done.returncode, 0)
    tap.equal("what is mended is clean",
              compile_config("-n", "main.conf", cwd=folder).stderr, b"")
    fixed = {path: path.read_bytes() for path in texts}
    compile_config("--fix", "main.conf", cwd=folder)
    tap.equal("--fix again changes nothing",
              {path: path.read_bytes() for path in texts}, fixed)
    if shutil.which("patch") is None:
        tap.skip("--diff is what --fix does", "no patch")
        return
    for path, text in texts.items():
        path.write_bytes(text)
    subprocess.run(["patch", "--binary", "-s", "-p1"], cwd=folder,
                   input=diff.stdout, check=True)
    tap.equal("--diff is what --fix does",
              {path: path.read_bytes() for path in texts}, fixed)


def on_terminal(env):
    """Standard error of a bad config where it is a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([COMPILE, "-n", "-"], stdin=subprocess.PIPE,
                          stderr=theirs, env=environment(env)) as process:
        os.close(theirs)
        process.stdin.write(BAD)
        process.stdin.close()
        said = b""
        try:
            while chunk := os.read(ours, 4096):
                said += chunk
        except OSError:
            pass  # Linux: the other side was closed
        os.close(ours)
    return said


def test_color(tap, _):
    for name, env, colored in (
            ("a terminal has colour", {"TERM": "xterm"}, True),
            ("NO_COLOR", {"TERM": "xterm", "NO_COLOR": "1"}, False),
            ("an empty NO_COLOR is none", {"TERM": "xterm", "NO_COLOR": ""},
             True),
            ("a dumb terminal", {"TERM": "dumb"}, False)):
        said = on_terminal(env)
        tap.equal(name, (ESCAPE in said, b"syntax-error" in said),
                  (colored, True))
    done = compile_config("-n", "-", stdin=BAD, env={"TERM": "xterm"})
    tap.equal("a pipe has no colour", ESCAPE in done.stderr, False)


def test_root(tap, folder):
    """Each config needs a table of the file that it includes; of text that
    is no config an error would quote a line."""
    root, outside = folder / "root", folder / "outside.conf"
    (root / "etc").mkdir(parents=True)
    (root / "etc/in.conf").write_bytes(b"table t { a }\n")
    outside.write_bytes(b"table t { a }\n")
    (root / "link.conf").symlink_to(outside)
    (root / "up.conf").symlink_to("../outside.conf")
    (root / "inner.conf").symlink_to("/etc/in.conf")
    uses = b"action a relay\nmatch for domain <t> action a\n"
    for path, status in (("/etc/in.conf", 0), ("etc/in.conf", 0),
                         ("inner.conf", 0), (str(outside), 1),
                         ("link.conf", 1),
                         ("up.conf", 1), ("../outside.conf", 1),
                         ("../../../../../../etc/passwd", 1),
                         ("/etc/passwd", 1), ("/proc/self/environ", 1)):
        done = compile_config(
            "-n", f"--root={root}", "-",
            stdin=f'include "{path}"\n'.encode() + uses)
        said = done.stderr.decode()
        read = "root:" in said or "PATH=" in said
        tap.equal(f"--root: include {path}".replace(str(folder), "."),
                  (done.returncode, read), (status, False))


def test_only_arguments_decide(tap, folder):
    path = folder / "x.conf"
    path.write_bytes(BAD + b"m = \xe2\x80\x9cx\xe2\x80\x9d\ninclude nope\n")
    here = compile_config("-n", path, cwd=folder).stderr
    for cwd in ("/", ROOT):
        tap.equal(f"the same in {Path(cwd).name or 'the root'}",
                  compile_config("-n", path, cwd=cwd).stderr, here)
    for env in ({"LC_ALL": "C.UTF-8"}, {"LANG": "de_DE.UTF-8",
                "LANGUAGE": "de"}, {"TZ": "Asia/Tokyo"}, {"COLUMNS": "20"},
                {"POSIXLY_CORRECT": "1"}):
        name = ", ".join(f"{k}={v}" for k, v in env.items())
        tap.equal(f"the same with {name}",
                  compile_config("-n", path, env=env).stderr, here)


def main():
    tap = Tap()
    for name, test in globals().copy().items():
        if name.startswith("test_"):
            with tempfile.TemporaryDirectory() as folder:
                test(tap, Path(folder))
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
