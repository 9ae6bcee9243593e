#!/usr/bin/env python3
"""Hostile and huge configs: each gets an answer or a clear error, within
seconds, a bounded memory and a small stack, and twice the rules take about
twice the time. Under sanitizers the sizes are smaller and memory is theirs."""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from tap import COMPILE, Tap, environment  # noqa: E402

SANITIZED = "ASAN_OPTIONS" in os.environ
SCALE = 20 if SANITIZED else 1
SECONDS = 60 if SANITIZED else 20
STACK = 256 << 10
MEMORY = 2560 << 20  # bytes of address space
GROWTH = 4  # times the time for twice the input, at most

ACTION = b'action "x" mbox\n'
RULE = b"match for any reject\n"
TABLE_RULE = b"match mail-from <t> for any reject\n"
WORD = b"x" * 1_000_000


def repeated(format_string, count):
    return b"".join(format_string % i for i in range(count // SCALE))


def modern_rules(count):
    return ACTION + repeated(
        b'match from any for domain "h%d.example.com" action "x"\n', count)


def legacy_rules(count):
    return repeated(b'accept from any for domain "h%d.example.com"'
                    b" deliver to mbox\n", count)


def varied_rules(count):
    """A third of the rules, each with a table and an action of its own."""
    return b"".join(
        b'table t%d { "d%d.example" }\naction a%d relay host "smtp://h%d"\n'
        b'match from src "192.0.2.1" mail-from regex "^a%d" for domain <t%d>'
        b" action a%d\n" % ((i,) * 7) for i in range(count // 3 // SCALE))


def filter_chain(count):
    filters = repeated(b"filter f%d phase connect match fcrdns junk\n", count)
    names = repeated(b"f%d,", count).rstrip(b",")
    return filters + b"filter all chain {" + names + b"}\n" + RULE


def repeated_options(count):
    return b"match " + b"helo x " * (count // SCALE) + b"for any reject\n"


def idle_options(count):
    """Each of them is reported."""
    return b"listen on lo" + b" received-auth" * (count // SCALE) + b"\n" + RULE


def repeated_tables(count):
    """One table for all actions, and a URL at its end that none may use."""
    urls = repeated(b"a%d.example,", count // 10)
    return (b"table t {" + urls + b'"smtps://l@a.example" }\n' +
            repeated(b"action a%d relay host <t>\n", count) + RULE)


def unknown_actions(count):
    return repeated(b'match for any action "a%d"\n', count)


def syntax_errors(count):
    return repeated(b"mtach for any reject %d\n", count)


def duplicates(count):
    return RULE + b"table t { a }\n" * (count // SCALE)


def allowed(count):
    return RULE + repeated(b"# smtpd-compile: allow unknown-pki, unknown-ca\n"
                           b'action "a%d" relay pki p\n', count)


def redefinitions(count):
    return RULE + repeated(b'm = "%d"\n', count)


def macro_chain(count):
    """Each macro is the one before, written once."""
    chain = "".join(f"m{i + 1} = $m{i}\n" for i in range(count))
    return (f'm0 = "192.0.2.1"\n{chain}match from src $m{count} for any reject\n'
            .encode())


def macro_bomb():
    return (b'm = "' + b"x " * 4_000 + b'"\ntable t { ' + b"$m " * 50_000 +
            b"}\n" + RULE)


# Name, exit status, ids of the diagnostics, config.
SINGLE = [
    ("a table of 100 MB", 0, "", lambda: b"table t {" + repeated(
        b'"user%d@example.com",', 4_200_000) + b"z}\n" + TABLE_RULE),
    ("comments of 100 MB", 0, "",
     lambda: (b"#" * 99 + b"\n") * (1_000_000 // SCALE) + RULE),
    ("a million modern rules", 0, "", lambda: modern_rules(1_000_000)),
    ("a million legacy rules", 0, "", lambda: legacy_rules(1_000_000)),
    ("a million errors", 1, "syntax-error",
     lambda: syntax_errors(1_000_000)),
    ("a word of 1 MB", 1, "string-too-long", lambda: WORD + b"\n" + RULE),
    ("a string of 1 MB", 1, "string-too-long",
     lambda: b'table t "' + WORD + b'"\n' + RULE),
    ("a line of 1 MB", 0, "",
     lambda: b"table t { a" + b" a" * 500_000 + b" }\n" + TABLE_RULE),
    ("a line of 1 MB with an error at its end", 1, "syntax-error",
     lambda: b"table t { a" + b", a" * 330_000 + b", }\n" + RULE),
    ("a line of 1 MB full of errors", 1, "invalid-character",
     lambda: b"match auth { " + b"/x " * 330_000 + b"} reject\n"),
    ("5 million continuation lines", 0, "",
     lambda: b"match for any " + b"\\\n" * 5_000_000 + b"reject\n"),
    ("10,000 nested braces", 1, "syntax-error",
     lambda: b"table t " + b"{" * 10_000 + b"}" * 10_000 + b"\n" + RULE),
    ("a chain of 100,000 macros", 0, "", lambda: macro_chain(100_000)),
    ("a million strings across lines", 1, "syntax-error",
     lambda: b'"\n' * 1_000_001),
]

# Two gigabytes even without sanitizers.
BOMB = ("a bomb of macros", 1, "input-too-large", macro_bomb)

# Compared with twice as many.
GROWING = [(modern_rules, 200_000), (legacy_rules, 200_000),
           (varied_rules, 200_000), (filter_chain, 50_000),
           (repeated_options, 50_000), (idle_options, 50_000),
           (repeated_tables, 50_000), (unknown_actions, 50_000),
           (syntax_errors, 50_000), (duplicates, 50_000), (allowed, 50_000),
           (redefinitions, 50_000)]


def limit():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not SANITIZED:
        resource.setrlimit(resource.RLIMIT_STACK, (STACK, STACK))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def compile_limited(path, folder):
    """Exit status, None when out of time, and the ids that were reported,
    joined, each once."""
    try:
        done = subprocess.run(
            [COMPILE, "-n", path], cwd=folder, env=environment(),
            stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS,
            preexec_fn=limit, check=False)
    except subprocess.TimeoutExpired:
        return None, f"no answer within {SECONDS} s"
    ids = [line.rpartition("[")[2].rstrip("]")
           for line in done.stderr.decode().splitlines()
           if ": error: " in line or ": warning: " in line]
    return done.returncode, ",".join(dict.fromkeys(ids))


def used_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def seconds_for(make, count, folder):
    """Of the processor, so that a busy machine does not matter."""
    (folder / "growth").write_bytes(make(count))
    start = used_seconds()
    compile_limited("growth", folder)
    return used_seconds() - start


def test_single(tap, folder, what, status, ids, make):
    (folder / "single").write_bytes(make())
    tap.equal(what, compile_limited("single", folder), (status, ids))


def test_growth(tap, folder, make, count):
    small, large = (seconds_for(make, n, folder) for n in (count, 2 * count))
    name = make.__name__.replace("_", " ")
    tap.case(f"time grows linearly: {name}", "" if large < GROWTH * small
             else f"{small:.2f} s for {count}, {large:.2f} s for twice that")


def write_chain(folder):
    """Each of 10,000 files includes the next."""
    for i in range(10_000):
        (folder / f"c{i}").write_text(f'include "c{i + 1}"\n')
    (folder / "c10000").write_bytes(RULE)


def write_bomb(folder):
    """Ten files, each included ten times by the one before: 10^9."""
    for i in range(9):
        (folder / f"b{i}").write_text(f'include "b{i + 1}"\n' * 10)
    (folder / "b9").write_bytes(RULE)


def test_inclusions(tap, folder):
    write_chain(folder)
    tap.equal("10,000 nested inclusions",
              compile_limited("c0", folder), (0, ""))
    write_bomb(folder)
    tap.equal("a bomb of inclusions",
              compile_limited("b0", folder), (1, "include-error"))
    (folder / "self").write_text('include "self"\n' * 1000)
    tap.equal("a file that includes itself",
              compile_limited("self", folder), (1, "include-error"))


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case in SINGLE:
            test_single(tap, folder, *case)
        if not SANITIZED:
            test_single(tap, folder, *BOMB)
        test_inclusions(tap, folder)
        for growing in [] if SANITIZED else GROWING:
            test_growth(tap, folder, *growing)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
