"""Transcripts of fixtures/smtp, see transcript.h: reading them, and running
them over a connection."""

import re
import ssl

ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|([rnt0\\]))|\{(\d+)\*([^}]*)\}")
PLACE = re.compile(r"(\{[a-z]+\})")
BYTES = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "\\": "\\"}


class Case:
    def __init__(self, path, name, words):
        self.path, self.name, self.words = path, name, words
        self.steps = []  # (kind, text, line)

    @property
    def id(self):
        return f"{self.path.stem}: {self.name}"

    def number(self, word, fallback):
        """Of the word "size=1000"."""
        for one in self.words:
            if one.startswith(word + "="):
                return int(one.partition("=")[2])
        return fallback


def expand(text, end):
    """Escapes and repetitions, and what the line ends in."""
    line_end = end
    if text.endswith("\\c"):
        text, end = text[:-2], ""

    def one(match):
        if match[1]:
            return chr(int(match[1], 16))
        if match[2]:
            return BYTES[match[2]]
        # The end of a repeated line is that of the line itself.
        return match[4].replace("\\n", line_end) * int(match[3])

    return ESCAPE.sub(one, text) + end


def read(path):
    cases, words = [], []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("listener"):
            words = line.split()[1:]
        elif line.startswith("== "):
            cases.append(Case(path, line[3:], words))
        else:
            kind, text = line[0], line[3:]
            cases[-1].steps.append(
                (kind, expand(text, "\n" if kind == "M" else "\r\n"),
                 number))
    return cases


def pattern(text, values):
    """A regular expression for what may stand in the placeholders."""
    parts = PLACE.split(text)
    return "".join(values[part] if part in values else re.escape(part)
                   for part in parts)


def join(steps, kind):
    """The texts of the first steps, which are of one kind, and the rest."""
    texts = []
    while steps and steps[0][0] == kind:
        texts.append(steps[0][1])
        steps = steps[1:]
    return "".join(texts), steps


class Run:
    """One case over one connection."""

    def __init__(self, client, values):
        self.client = client
        self.values = values
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE

    def begin_tls(self):
        self.client.sock = self.context.wrap_socket(self.client.sock)

    def compare(self, number, seen, wanted):
        if re.fullmatch(pattern(wanted, self.values), seen, re.S):
            return ""
        return f"line {number}: seen {seen!r}, wanted {wanted!r}"

    def read(self, wanted):
        return "".join(self.client.line() for _ in range(wanted.count("\n")))

    def run(self, case, check_message):
        """What went wrong, "" if nothing did."""
        steps = case.steps
        while steps:
            kind, _, number = steps[0]
            if kind == "C":
                text, steps = join(steps, "C")
                self.client.send(text)
                problem = ""
            elif kind == "S":
                text, steps = join(steps, "S")
                problem = self.compare(number, self.read(text), text)
            elif kind == "M":
                text, steps = join(steps, "M")
                problem = check_message(pattern(text, self.values))
            else:
                steps = steps[1:]
                problem = ""
                if kind == "T":
                    self.begin_tls()
                elif not self.client.is_closed():
                    problem = f"line {number}: not closed"
            if problem:
                return problem
        return ""
