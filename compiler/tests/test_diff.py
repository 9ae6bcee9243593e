#!/usr/bin/env python3
"""smtpd-diff: configs that mean the same are equivalent, others are told
apart by witnesses, and every witness that can be said in words is asked of
smtpd-explain for both configs, which must meet the rules that were named.
Reads ../shared too, where it is there."""

import json
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

sys.dont_write_bytecode = True
from tap import BIN, SHARED, Tap, environment  # noqa: E402
from test_dump import (BASE, DIFFERENT, LEGACY_BASE,  # noqa: E402
                       LEGACY_SAME, SAME)

PLAIN = ("-q", "-W", "no-missing-file")
CORPUS = SHARED / "corpus"
DEV = SHARED / "oracle/dev"
TIMEOUT = 30  # seconds a call

ACTIONS = 'action "in" mbox\naction "out" relay\n'
REORDERED = """\
match from any for domain "a.example" action "in"
match from any for domain "b.example" action "out"
match from any mail-from "@c.example" for domain "c.example" reject
match from src 192.0.2.0/24 for domain "d.example" action "out"
"""
# What is not a difference of rules, as two texts.
ALIKE = (
    ("rules whose order does not matter", ACTIONS + REORDERED,
     ACTIONS + "".join(reversed(REORDERED.splitlines(True)))),
    ("a list, and a rule for each of its elements",
     ACTIONS + 'match for domain { "a.example", "b.example" } action "in"\n',
     ACTIONS + 'match for domain "a.example" action "in"\n'
     'match for domain "b.example" action "in"\n'),
    ("a rule that others cover", ACTIONS + REORDERED,
     ACTIONS + REORDERED + 'match from any for domain "b.example" reject\n'),
    ("a rule said twice", ACTIONS + REORDERED, ACTIONS + REORDERED * 2),
    ("a negation, and a rule before",
     ACTIONS + 'match from any !mail-from "@a.example" for any action "in"\n',
     ACTIONS + 'match from any mail-from "@a.example" for any reject\n'
     'match from any for any action "in"\n'),
    ("other names of tables and actions",
     'table t { "a.example" }\ntable u { "joe" = "ann" }\n'
     'action "x" mbox alias <u>\nmatch for domain <t> action "x"\n',
     'table v { "a.example" }\ntable w { "joe" = "ann" }\n'
     'action "y" mbox alias <w>\nmatch for domain <v> action "y"\n'),
    ("a table, and its entries where it is used",
     'table t { "192.0.2.0/24" }\n' + ACTIONS +
     'match from src <t> for any action "out"\n',
     ACTIONS + 'match from src "192.0.2.0/24" for any action "out"\n'),
    ("rejecting at the end, and no rule", ACTIONS + REORDERED,
     ACTIONS + REORDERED + "match from any for any reject\n"),
    ("a tag that no listener gives", "listen on lo\n" + ACTIONS + REORDERED,
     "listen on lo\n" + ACTIONS +
     'match tag "X" from any for any action "out"\n' + REORDERED),
    ("legacy and modern", 'listen on 127.0.0.1 port 25\n'
     'accept from any for domain "a.example" relay via smtp://mx.example\n',
     'listen on socket tag "local" no-dsn\n'
     'listen on 127.0.0.1 port 25\n'
     'action "out" relay host smtp+notls://mx.example\n'
     'match from any for domain "a.example" action "out"\n'),
)

# Two texts, the aspect, and what the first witness says.
WITNESSES = (
    ("an entry more", ACTIONS + 'match from any for domain { "a.example" } '
     'action "in"\n', ACTIONS + 'match from any for domain '
     '{ "a.example", "b.example" } action "in"\n', "decision",
     ("rcpt-to=rcpt@b.example",)),
    ("a network", ACTIONS + 'match from src 192.0.2.0/24 for any action "in"\n',
     ACTIONS + 'match from src 198.51.100.0/24 for any action "in"\n',
     "decision", ("src=192.0.2.1",)),
    ("a sender", ACTIONS + 'match from any mail-from "joe@a.example" for any '
     'action "in"\n', ACTIONS + 'match from any mail-from "jim@a.example" '
     'for any action "in"\n', "decision", ("mail-from=joe@a.example",)),
    ("who logs in", ACTIONS + 'match from any auth for any action "out"\n',
     ACTIONS + 'match from any for any action "out"\n', "decision",
     ("src=192.0.2.1",)),
    ("a user that a table names",
     ACTIONS + 'match from any auth { "joe" } for any action "out"\n',
     ACTIONS + 'match from any auth { "ann" } for any action "out"\n',
     "decision", ("tls auth=",)),
    ("a name said in HELO",
     ACTIONS + 'match from any helo "bad.example" for any reject\n'
     'match from any for any action "out"\n',
     ACTIONS + 'match from any for any action "out"\n', "decision",
     ("helo=bad.example",)),
    ("a reverse name", ACTIONS + 'match from rdns "a.example" for any '
     'action "out"\n', ACTIONS + 'match from rdns "b.example" for any '
     'action "out"\n', "decision", ("rdns=a.example",)),
    ("the null sender", ACTIONS + 'match from any for any action "out"\n',
     ACTIONS + 'match from any !mail-from regex "." for any reject\n'
     'match from any for any action "out"\n', None, ()),
    ("the order of two rules", ACTIONS +
     'match from any for domain "a.example" action "in"\n'
     'match from any mail-from "@b.example" for any reject\n',
     ACTIONS + 'match from any mail-from "@b.example" for any reject\n'
     'match from any for domain "a.example" action "in"\n', "decision",
     ("@b.example", "@a.example")),
    ("another host", 'action "out" relay host smtp://a.example\n'
     "match for any action out\n",
     'action "out" relay host smtp://b.example\nmatch for any action out\n',
     "destination", ("rcpt-to=",)),
    ("TLS to the same host", 'action "out" relay host smtp://a.example\n'
     "match for any action out\n",
     'action "out" relay host smtps://a.example:25\n'
     "match for any action out\n", "delivery", ("rcpt-to=",)),
)

RULE = 'action "a" relay\nmatch for any action "a"\n'
DYNAMIC = 'table t db:/nowhere.db\naction "a" relay\n'

# Name, arguments, exit status, what is on standard error.
STATUSES = (
    ("two that are alike", "a a", 0, ""),
    ("two that are not", "a b", 1, ""),
    ("one config only", "a", 2, "A and B are needed"),
    ("three", "a b a", 2, "A and B are needed"),
    ("an unknown format", "--format=xml a b", 2, "none of text, json, yaml"),
    ("an unknown target", "--target-a=5.9 a b", 2, "--target-a: there is no"),
    ("a target of the other language", "--target-b=6.0.3 a b", 2, "6.0.3"),
    ("a file that is not there", "a nothing", 3, "nothing: No such file"),
    ("a file with errors", "a bad", 3, "unknown-table"),
    ("the same with -q", "-q a bad", 3, ""),
    ("help", "--help", 0, ""),
)


def diff(folder, *args):
    return subprocess.run(
        [BIN / "smtpd-diff", *args], cwd=folder, env=environment(),
        capture_output=True, timeout=TIMEOUT, check=False)


def answer(folder, *args):
    """Exit status and the JSON, None where there is none."""
    done = diff(folder, "--format=json", *PLAIN, *args)
    return done.returncode, json.loads(done.stdout) if done.stdout else None


def write(folder, *texts):
    for name, text in zip("ab", texts):
        (Path(folder) / name).write_text(text)


def explained(folder, options, config, words):
    """The rule that an envelope meets."""
    done = subprocess.run(
        [BIN / "smtpd-explain", "--format=json", *PLAIN, *options, config,
         *shlex.split(words)],
        cwd=folder, env=environment(), capture_output=True, timeout=TIMEOUT,
        check=True)
    said = json.loads(done.stdout.splitlines()[0])
    return said["rules"][0], said["decision"]


def unconfirmed(folder, witness, sides):
    """How smtpd-explain disagrees; sides: options and config of each."""
    if witness["notes"]:
        return ""
    for key, (options, config) in zip("ab", sides):
        rule, decision = explained(folder, options, config,
                                   witness["envelope"])
        wanted = witness[key].get("rule")
        if witness[key]["outcome"] == "refused for now":
            wanted = None
        if rule != wanted:
            return (f"{witness['envelope']}: {config} meets rule {rule} "
                    f"({decision}), not {wanted}")
    return ""


def all_unconfirmed(folder, said, sides):
    return "\n".join(filter(None, (unconfirmed(folder, witness, sides)
                                   for witness in said["witnesses"])))


def check_alike(folder, a, b):
    write(folder, a, b)
    status, said = answer(folder, "a", "b")
    if said is None:
        return f"no answer: {status}"
    if said["rules"] != "equivalent":
        return json.dumps(said, indent=1)
    if said["settings"]:
        return ""
    done = diff(folder, *PLAIN, "a", "b")
    seen = status, done.returncode, done.stdout
    return "" if seen == (0, 0, b"equivalent\n") else repr(seen)


def test_alike(tap, folder):
    tap.equal("a config with itself", check_alike(folder, BASE, BASE), "")
    for name, text in SAME:
        tap.case(f"alike: {name}", check_alike(folder, BASE, text))
    for name, text in LEGACY_SAME:
        tap.case(f"alike in legacy: {name}",
                 check_alike(folder, LEGACY_BASE, text))
    for name, a, b in ALIKE:
        tap.case(f"alike: {name}", check_alike(folder, a, b))
    for name, text in DIFFERENT:
        write(folder, BASE, text)
        status, said = answer(folder, "a", "b")
        tap.case(f"different: {name}",
                 "" if status == 1 and not said["equivalent"] else
                 json.dumps(said, indent=1))


def check_witnesses(folder, case):
    a, b, aspect, texts = case
    write(folder, a, b)
    status, said = answer(folder, "a", "b")
    if aspect is None:
        return "" if status == 3 and said["rules"] == "not-decided" and \
            said["questions"] else json.dumps(said, indent=1)
    if status != 1 or said["rules"] != "different":
        return f"{status}: {json.dumps(said, indent=1)}"
    if said["aspect"] != aspect:
        return f"aspect {said['aspect']}"
    first = said["witnesses"][0]["envelope"]
    if not all(text in first for text in texts):
        return first
    return all_unconfirmed(folder, said, (([], "a"), ([], "b")))


def test_witnesses(tap, folder):
    for name, *case in WITNESSES:
        tap.case(f"witness: {name}", check_witnesses(folder, case))


def test_targets(tap, folder):
    write(folder, ACTIONS + "match tls from any for any action out\n")
    status, said = answer(folder, "--target-a=7.8", "a", "a")
    tap.equal("7.8 cannot ask whether TLS is used",
              (status, said["aspect"],
               {w["a"]["outcome"] for w in said["witnesses"]}),
              (1, "decision", {"refused for now"}))
    tap.case("explain agrees on that", all_unconfirmed(
        folder, said, ((["--target=7.8"], "a"), ([], "a"))))
    tap.equal("a target for both", answer(folder, "--target=7.8", "a", "a"
                                          )[0], 0)
    write(folder, ACTIONS + "match for local action in\n")
    status, said = answer(folder, "--target-a=6.8", "--target-b=7.8",
                          "a", "a")
    tap.equal("what is local is a fact of the host", said["aspect"],
              "delivery")
    write(folder, ACTIONS + 'match from any for any mail-from "bob" '
          "action out\n", 'accept from any sender "bob" for any relay\n')
    status, said = answer(folder, "a", "b")
    tap.equal("users without domain matched nobody in 6.0.3",
              [w["envelope"] for w in said["witnesses"]][:1],
              ["src=192.0.2.1 mail-from=bob@example.net "
               "rcpt-to=rcpt@example.com"])


def test_always_failing(tap, folder):
    """What fails for sure is no question that can be left out."""
    rule = 'match from any for any action "out"\n'
    write(folder, ACTIONS + rule,
          ACTIONS + 'match tls from any mail-from "@x.example" for any '
          'action "out"\n' + rule)
    status, said = answer(folder, "--target=7.8", "a", "b")
    tap.equal("a rule that fails before all others",
              (status, said["aspect"]), (1, "decision"))
    write(folder, ACTIONS + 'match tls from any mail-from "@x.example" '
          "for any reject\n", ACTIONS + 'match tls from any mail-from '
          '"@y.example" for any action "in"\n')
    tap.equal("two rules that fail for the same envelopes",
              answer(folder, "--target=7.8", "a", "b")[1]["rules"],
              "equivalent")


def test_tables(tap, folder):
    folder = Path(folder)
    config = ('table t file:/etc/{}\n' + ACTIONS +
              'match from any for domain <t> action "in"\n')
    (folder / "etc").mkdir()
    (folder / "etc/one").write_text("a.example\nb.example\n")
    (folder / "etc/two").write_text("b.example\na.example\n*.c.example\n")
    (folder / "etc/three").write_text("# the same\nb.example\na.example\n")
    write(folder, config.format("one"), config.format("two"))
    status, said = answer(folder, "--root=.", "a", "b")
    tap.equal("an entry of a file below --root is a witness",
              (status, [w["envelope"].split("@")[-1][-10:]
                        for w in said["witnesses"]]), (1, [".c.example"]))
    write(folder, config.format("one"), config.format("three"))
    tap.equal("files with the same entries",
              answer(folder, "--root=.", "a", "b")[0], 0)
    status, said = answer(folder, "a", "b")
    tap.equal("without --root their answers are assumed",
              (status, said["witnesses"][0]["notes"]),
              (1, ["if <t> has it", "if <t> does not have it"]))


def test_dynamic(tap, folder):
    rules = ('match from any for domain <t> action "a"\n'
             "match from any for any reject\n")
    write(folder, DYNAMIC + rules, DYNAMIC.replace("t ", "u ") +
          rules.replace("<t>", "<u>"))
    tap.equal("one source under two names",
              answer(folder, "a", "b")[1]["rules"], "equivalent")
    write(folder, DYNAMIC + rules, DYNAMIC + rules.replace(
        "match", 'match mail-from "@a.example"', 1))
    status, said = answer(folder, "a", "b")
    tap.equal("an answer is assumed, and said",
              (status, said["witnesses"][0]["notes"]),
              (1, ["if <t> has it"]))
    regex = ACTIONS + 'match from any for domain regex "{}" action "in"\n'
    write(folder, regex.format("^qu.ite+x"), regex.format("^qu.it+ex"))
    status, said = answer(folder, "a", "b")
    tap.equal("what cannot be asked is listed",
              (status, said["rules"],
               [(q["of"], q["line"], q["condition"])
                for q in said["questions"]]),
              (3, "not-decided",
               [("a", 3, 'for domain regex "^qu.ite+x"'),
                ("b", 3, 'for domain regex "^qu.it+ex"')]))
    done = diff(folder, "-q", "a", "b")
    tap.case("in text too", "" if done.returncode == 3 and
             b'- a:3: for domain regex "^qu.ite+x"' in done.stdout else
             done.stdout.decode())


def test_settings(tap, folder):
    write(folder, RULE + "listen on lo port 25 tag X\n"
          "listen on lo port 26\n", RULE + "listen on lo port 27\n"
          "listen on lo port 25 tag Y mask-src\nsmtp max-message-size 5M\n")
    status, said = answer(folder, "a", "b")
    tap.equal("listeners are matched by where they listen",
              (status, [(c["path"], c["a"] is None, c["b"] is None)
                        for c in said["settings"]]),
              (1, [("settings.smtp.max-message-size", False, False),
                   ("listener lo port 25.tag", False, False),
                   ("listener lo port 25.mask-src", False, False),
                   ("listener lo port 26", False, True),
                   ("listener lo port 27", True, False)]))
    done = diff(folder, "a", "b")
    tap.equal("settings as text", done.stdout.decode(), """\
--- a, for native
+++ b, for native
rules: every envelope is treated alike

settings:
  settings.smtp.max-message-size: 36700160 -> 5242880
  listener lo port 25.tag: "X" -> "Y"
  listener lo port 25.mask-src: false -> true
  listener lo port 26:
    - address "lo", port 26, tls "none", auth "none"
  listener lo port 27:
    + address "lo", port 27, tls "none", auth "none"
""")
    write(folder, RULE + "smtp limit max-rcpt 5\n", RULE)
    tap.equal("a limit", [c["path"] for c in
                          answer(folder, "a", "b")[1]["settings"]],
              ["settings.smtp.limit.max-rcpt"])


def test_formats(tap, folder):
    write(folder, ACTIONS + REORDERED, ACTIONS)
    (Path(folder) / "b").write_text(ACTIONS + "match for any action out\n")
    said = answer(folder, "a", "b")[1]
    done = diff(folder, "--format=yaml", *PLAIN, "a", "b")
    tap.equal("YAML says what JSON says",
              (done.returncode, yaml.safe_load(done.stdout)), (1, said))
    rules = "".join(f'match from any for domain "d{i}.example" action in\n'
                    for i in range(12))
    write(folder, ACTIONS + rules, ACTIONS + rules.replace("action in",
                                                           "action out"))
    said = answer(folder, "a", "b")[1]
    done = diff(folder, *PLAIN, "a", "b")
    tap.equal("ten witnesses, and that there are more",
              (len(said["witnesses"]), said["complete"],
               b"the first 10 pairs of rules:" in done.stdout),
              (10, False, True))
    write(folder, ACTIONS + "match from any mail-from \"a'$b@x.example\" "
          "for any action in\n", ACTIONS + "match for local action in\n")
    said = answer(folder, "a", "b")[1]
    tap.case("words are quoted for a shell",
             all_unconfirmed(folder, said, (([], "a"), ([], "b"))))


def test_statuses(tap, folder):
    write(folder, RULE, RULE.replace("any", "local"))
    (Path(folder) / "bad").write_text("action a mbox alias <x>\n" + RULE)
    for name, args, status, message in STATUSES:
        done = diff(folder, *args.split())
        said = done.stderr.decode()
        good = done.returncode == status and message in said and \
            bool(message) == bool(said)
        tap.case(f"status {status}: {name}",
                 "" if good else f"{done.returncode}: {said}")
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([BIN / "smtpd-diff", "a", "b"], cwd=folder,
                              env=environment(), stdout=full,
                              stderr=subprocess.PIPE, check=False)
    tap.equal("an answer that is lost is none", done.returncode, 3)


def test_large(tap, folder):
    """Far from what one diagram of all could hold."""
    rules = "".join(
        f'match from any for domain "d{i}.example" action in\n' if i % 3 else
        f'match from src 10.{i % 200}.{i // 200 % 256}.0/24 '
        f'mail-from "u{i}@s{i}.example" for any action out\n'
        for i in range(20000))
    write(folder, ACTIONS + rules, ACTIONS + rules.replace(
        '"d700.example"', '"changed.example"'))
    tap.equal("20,000 rules with themselves",
              answer(folder, "a", "a")[0], 0)
    status, said = answer(folder, "a", "b")
    found = {w["envelope"].split("@")[-1] for w in said["witnesses"]}
    tap.equal("one changed rule among 20,000",
              (status, found - {"d700.example", "changed.example"}),
              (1, set()))


def check_self(path, config):
    """A config against itself, and with every rule said twice."""
    folder = path.parent
    status, said = answer(folder, f"--root={folder}", config, config)
    if said is None:
        return None if status == 3 else f"status {status}"
    return "" if status == 0 else json.dumps(said, indent=1)


def test_corpus(tap):
    paths = sorted(CORPUS.glob("configs/*.conf"))
    if not paths:
        tap.skip("every config is equivalent to itself",
                 f"{CORPUS} is not there")
        return
    results = {path.name: check_self(path, path.name) for path in paths}
    tap.equal("every config is equivalent to itself",
              {name: result for name, result in results.items() if result},
              {})
    compiled = [result for result in results.values() if result is not None]
    tap.case("most of them compile",
             "" if len(compiled) > len(paths) * 2 / 3 else len(compiled))


def check_doubled(folder, path):
    """Rules said twice share nothing in order, so that diagrams decide."""
    done = subprocess.run(
        [BIN / "smtpd-dump", "--format=conf", *PLAIN, path], cwd=folder,
        env=environment(), capture_output=True, timeout=TIMEOUT, check=False)
    text = done.stdout.decode(errors="surrogateescape")
    if done.returncode != 0 or "<redacted" in text:
        return None
    lines = text.splitlines(True)
    rules = [line for line in lines if line.startswith("match ")]
    write(folder, "".join(lines),
          "".join(line for line in lines if line not in rules) +
          "".join(rules[-1:] * 2 + rules if len(rules) == 1 else
                  [line for line in rules for _ in range(2)]))
    status, said = answer(folder, "a", "b")
    return "" if status == 0 else f"{status}: {json.dumps(said, indent=1)}"


def test_doubled(tap, folder):
    results = {path.name: check_doubled(folder, path)
               for path in sorted(CORPUS.glob("configs/*.conf"))}
    if not results:
        tap.skip("rules said twice", f"{CORPUS} is not there")
        return
    tap.equal("rules said twice change nothing",
              {name: result for name, result in results.items() if result},
              {})


# Texts that say the same in other words.

WORDS = re.compile(r"""\\\n|\n|[^\S\n]+|"(?:\\[\S\s]|[^"\\])*"|'(?:\\[\S\s]|[^'\\])*'|"""
                   r"""#.*|(?:\\(?!\n)|[^\s"'#\\])+|.""", re.M)
MACRO = re.compile(r"^([A-Za-z_]\w*)\s*=\s*(\S.*)$")
REFERENCE = re.compile(r"\$([A-Za-z_]\w*)")
LIST = re.compile(r"(?<!!)(?<!! )\b(for|from) (domain|source|src) "
                  r"\{ ?([^{}#]*?) ?\}")
RULE_WORDS = ("match ", "accept ", "reject ")


def statements(text):
    """Words of each line, without comments and line ends that do not count;
    what is in quotes may have some."""
    line = []
    for word in WORDS.findall(text + "\n"):
        if word == "\n":
            yield "".join(line).strip()
            line = []
        elif word[0] != "#":
            line.append(" " if word == "\\\n" else word)


def respaced(text):
    """Other blanks, lines and comments."""
    lines = []
    for line in statements(text):
        words = [word if word.strip() else " \t\\\n  "
                 for word in WORDS.findall(line)]
        lines += ["", "# a comment", "\t" + "".join(words) + " # another"]
    return "\n".join(lines) + "\n"


def inlined(text):
    """Macros where they are used; in quotes they are none."""
    values, lines = {}, []
    for line in statements(text):
        line = "".join(
            word if word[0] in "\"'" else REFERENCE.sub(
                lambda match: values.get(match[1], match[0]), word)
            for word in WORDS.findall(line))
        match = MACRO.match(line)
        if match:
            values[match[1]] = match[2]
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def split(text):
    """A rule for each element of a list."""
    lines = []
    for line in statements(text):
        match = LIST.search(line)
        if not line.startswith(RULE_WORDS) or not match:
            lines.append(line)
            continue
        elements = filter(None, re.split(r"[\s,]+", match[3]))
        lines += [f"{line[:match.start()]}{match[1]} {match[2]} {element}"
                  f"{line[match.end():]}" for element in elements]
    return "\n".join(lines) + "\n"


def swapped(text):
    """Neighbours that do the same exchanged."""
    lines = list(statements(text))
    i = 0
    while i + 1 < len(lines):
        pair = [line.split(" action ")[-1] if line.startswith("match ")
                else None for line in lines[i:i + 2]]
        if pair[0] == pair[1] and pair[0] and " action " in lines[i] and \
                " action " in lines[i + 1]:
            lines[i], lines[i + 1] = lines[i + 1], lines[i]
            i += 1
        i += 1
    return "\n".join(lines) + "\n"


def check_rewritten(folder, path, text, seen):
    Path(folder, "b").write_text(text, errors="surrogateescape")
    status, said = answer(folder, path, "b")
    if said is None:
        done = diff(folder, *PLAIN, path, path)
        return None if done.returncode == 3 else f"status {status}"
    seen.add(path.name)
    return "" if status == 0 else json.dumps(said, indent=1)


def test_rewritten(tap, folder):
    paths = sorted(CORPUS.glob("configs/*.conf"))
    if not paths:
        tap.skip("texts that say the same", f"{CORPUS} is not there")
    for rewrite, least in ((respaced, 100), (inlined, 5), (split, 3),
                           (swapped, 20)):
        seen, results = set(), {}
        for path in paths if paths else ():
            text = path.read_text(errors="surrogateescape")
            plain = "\n".join(statements(text)) + "\n"
            if rewrite(text) != plain:
                results[path.name] = check_rewritten(folder, path,
                                                     rewrite(text), seen)
        tap.equal(f"{rewrite.__name__}: nothing differs", {
            name: result for name, result in results.items() if result}, {})
        tap.case(f"{rewrite.__name__}: of enough configs",
                 "" if len(seen) >= least else len(seen))


def session_class(envelope):
    """What sort of client an envelope of the oracle is."""
    if envelope.get("socket"):
        return "socket"
    if "auth" in envelope:
        return "auth"
    return "local" if envelope.get("src", "127.0.0.1") == "127.0.0.1" else \
        "remote"


def witness_class(words):
    words = dict(word.partition("=")[::2] for word in shlex.split(words))
    return session_class({**words, "socket": "socket" in words})


def check_naive(folder, said):
    """Witnesses are of clients that real daemons treated differently."""
    meta = json.loads((folder / "meta.json").read_text())
    differs = set(meta["naive_differs"]["reply_class"])
    classes = {session_class(e) for e in
               json.loads((folder / "envelopes.json").read_text())
               if e["id"] in differs}
    for witness in said["witnesses"]:
        if witness_class(witness["envelope"]) not in classes:
            return f"{witness['envelope']}: not of {classes}"
    options = [f"--root={folder}"]
    return all_unconfirmed(
        folder, said, ((options, "legacy.conf"),
                       ([*options, "--target=7.8"], "naive.conf")))


def test_migrations(tap):
    folders = sorted(DEV.glob("migrate-*"))
    if not folders:
        tap.skip("migrations", f"{DEV} is not there")
    for folder in folders:
        args = (f"--root={folder}", "--target-b=7.8", "legacy.conf")
        _, said = answer(folder, *args, "modern-7.8.conf")
        tap.case(f"{folder.name}: nothing else is accepted, nor sent "
                 "elsewhere", "" if said["aspect"] in (None, "delivery") and
                 said["rules"] != "not-decided" else
                 json.dumps(said, indent=1))
        status, said = answer(folder, *args, "naive.conf")
        tap.equal(f"{folder.name}: the naive one accepts other mail",
                  (status, said["aspect"]), (1, "decision"))
        tap.case(f"{folder.name}: as real daemons do",
                 check_naive(folder, said))


def test_poolp(tap):
    folder = CORPUS / "pairs/poolp-official"
    if not folder.exists():
        tap.skip("poolp-official", f"{folder} is not there")
        return
    _, said = answer(folder, "--target-b=7.8", "legacy.conf", "new.conf")
    first = said["witnesses"][0]
    tap.equal("who logged in could send in poolp-official",
              ("auth=" in first["envelope"], first["a"]["outcome"],
               first["b"]["outcome"]),
              (True, "relayed", "refused, no rule matches"))


def test_blobs(tap, folder):
    config, blob = Path(folder) / "a.conf", Path(folder) / "a.blob"
    other = Path(folder) / "b.conf"
    config.write_text(ACTIONS + REORDERED)
    other.write_text(ACTIONS + REORDERED.replace("a.example", "e.example"))
    run = {"cwd": folder, "capture_output": True, "text": True,
           "timeout": TIMEOUT, "env": environment()}
    subprocess.run([BIN / "smtpd-compile", "-o", blob, config], check=True,
                   **run)
    for name, against, status in (("its config", config, 0),
                                  ("another config", other, 1)):
        for form in ("text", "json", "yaml"):
            said = subprocess.run([BIN / "smtpd-diff", f"--format={form}",
                                   "a.blob", against], **run)
            tap.equal(f"a blob and {name}, as {form}",
                      (said.returncode, "a.blob" in said.stdout),
                      (status, status == 1 or form != "text"))


def main():
    tap = Tap()
    for test in (test_alike, test_witnesses, test_targets,
                 test_always_failing, test_tables, test_dynamic,
                 test_settings, test_formats, test_statuses, test_large,
                 test_doubled, test_rewritten, test_blobs):
        with tempfile.TemporaryDirectory() as folder:
            test(tap, folder)
    test_corpus(tap)
    test_migrations(tap)
    test_poolp(tap)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
