#!/usr/bin/env python3
"""Random rules, each taken out in turn: smtpd-diff must find the rest to be
equivalent where the rule was said to be unreachable or redundant. What was
not said must make a difference, but for rules that reject, without which
mail may be refused all the same, and for those in whose place one would do
that is unreachable now."""

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from tap import BIN, TIMEOUT, Tap, diagnose, environment  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "40"))
HEAD = """\
pki a.example cert "/etc/ssl/a.pem"
pki a.example key "/etc/ssl/private/a.key"
listen on 192.0.2.1
listen on 192.0.2.1 port 2525 tls pki a.example auth-optional tag x
action "local" mbox
action "spool" maildir
action "out" relay
"""
OPTIONS = ("--target=7.8", "-W", "no-missing-file")
CLAIMS = {"unreachable-rule", "redundant-rule"}

DOMAINS = ("a.example", "b.example", "*.example", "x.a.example")
FROM = ("", "from any", "from any", "from any", "from local", "!from local",
        "from src 192.0.2.0/25", "from src 192.0.2.0/24", "from auth")
FOR = ("for any", "for any", "for local", "for domain {}", "for domain {}",
       "!for domain {}")
MORE = ("", "", "", "tag x", "!tag x", "mail-from @{}", "!mail-from @{}",
        "helo {}")
VERDICTS = ('action "local"', 'action "local"', 'action "out"',
            'action "spool"', "reject")


def random_word(rng, word):
    if "{}" not in word:
        return word
    chosen = rng.sample(DOMAINS, rng.randint(1, 2))
    at = "@" if "@{}" in word else ""
    entries = ", ".join(f'"{at}{domain}"' for domain in chosen)
    return word.replace(at + "{}", "{ " + entries + " }")


def random_rule(rng):
    words = ("match", *map(rng.choice, (FROM, FOR, MORE, VERDICTS)))
    return " ".join(random_word(rng, word) for word in words if word)


def claims(path):
    """Lines that are said to be of no use."""
    status, found = diagnose(*OPTIONS, "-W", "no-unused-name", path)
    assert status == 0, found
    return {diag["line"]: diag["id"] for diag in found
            if diag["id"] in CLAIMS}


def are_equivalent(a, b):
    done = subprocess.run(
        [BIN / "smtpd-diff", *OPTIONS, a, b], env=environment(),
        capture_output=True, timeout=TIMEOUT, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode == 0


def check(rules, folder):
    """What is wrong with what is said about one config."""
    whole, rest = folder / "whole.conf", folder / "rest.conf"
    whole.write_text(HEAD + "\n".join(rules) + "\n")
    said, problems = claims(whole), []
    for i, rule in enumerate(rules):
        claim = said.get(HEAD.count("\n") + 1 + i)
        rest.write_text(HEAD + "\n".join(rules[:i] + rules[i + 1:]) + "\n")
        is_idle = are_equivalent(whole, rest)
        if claim and not is_idle:
            problems.append(f"{claim}, and it matters: {rule}")
        elif (is_idle and not claim and not rule.endswith("reject")
                and "unreachable-rule" not in said.values()):
            problems.append(f"nothing said, and it is idle: {rule}")
    return len(said), problems


def main():
    tap, rng, count = Tap(), random.Random(4), 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS):
            rules = [random_rule(rng) for _ in range(rng.randint(2, 7))]
            rules.append("match for any reject")
            said, problems = check(rules, Path(folder))
            count += said
            text = "\n".join([*problems, *rules]) if problems else ""
            tap.case(f"random rules {number}", text)
    tap.case("some rules were of no use", "" if count > ROUNDS / 4 else
             f"only {count}")
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
