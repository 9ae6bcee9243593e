#!/usr/bin/env python3
"""Mail from the programs that people send it with: swaks, curl, msmtp,
Python's smtplib and Postfix's smtp-source, with and without TLS and
passwords. Each message must arrive as it was. What is not installed is
skipped."""

import shutil
import smtplib
import ssl
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
# pylint: disable=wrong-import-position
import peer  # noqa: E402
from daemon import HOST, Daemon, free_port, hash_of  # noqa: E402
from tap import ROOT, Tap, environment  # noqa: E402

TIMEOUT = 30
SENDER = "sender@client.example"
RCPT = "user@example.org"
LOGIN, PASSWORD = "joe", "of joe's"
SOURCE = 40  # messages of smtp-source

# Mail comes in on "tls" and "smtps" only from who has logged in.
CONFIG = """
pki a cert "{{dir}}/a.pem"
pki a key "{{dir}}/a.key"
table logins {{{{ {login} = "{hash}" }}}}
table aliases {{{{ "user" = "{{user}}" }}}}
listen on 127.0.0.1 port {plain} hostname {host}
listen on 127.0.0.1 port {tls} hostname {host} tls-require pki a \\
    auth <logins>
listen on 127.0.0.1 port {smtps} hostname {host} smtps pki a auth <logins>
action "local" maildir "{{dir}}/Maildir" alias <aliases>
match from any for domain "example.org" action "local"
match auth from any for any action "local"
"""

MSMTP = """
account default
host 127.0.0.1
port {port}
from {sender}
domain client.example
timeout {timeout}
{more}
"""

MSMTP_TLS = """
tls on
tls_trust_file {ca}
tls_host_override {host}
"""

tap = Tap()


class World:
    """The daemon, its ports, and messages to send."""

    def __init__(self, daemon, ports):
        self.daemon, self.ports = daemon, ports
        self.ca = daemon.dir / "a.pem"
        self.count = 0

    def message(self):
        """One that cannot be mistaken for another, and that is not sent
        without care: lines with dots, without an end, and long ones."""
        self.count += 1
        return (f"From: <{SENDER}>\nTo: <{RCPT}>\nDate: Tue, 24 Nov 2026 "
                f"12:00:00 +0000\nMessage-ID: <{self.count}@client.example>\n"
                f"Subject: number {self.count}\n\n.\n..two\n"
                f"{'x' * 900}\n\nthe last of {self.count}\n")

    def arrived(self, text):
        """Why a message did not arrive as it was sent."""
        def found():
            return [message for message in self.daemon.messages()
                    if message.endswith(text.encode())]
        if self.daemon.wait(found):
            return "" if len(found()) == 1 else "it came twice"
        return f"it did not arrive\n{self.daemon.log_text()[-2000:]}"

    def check(self, name, send, *args):
        """send returns why it could not."""
        text = self.message()
        problem = send(self, text, *args)
        tap.case(name, problem or self.arrived(text))


def run(world, text, *command):
    """Why a program failed."""
    try:
        done = subprocess.run(
            [str(word) for word in command], input=text.encode(),
            env=environment({"HOME": str(world.daemon.dir)}),
            capture_output=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return f"{command[0]}: no end after {TIMEOUT} seconds"
    return "" if done.returncode == 0 else (
        f"{command[0]}: {done.returncode}\n"
        f"{(done.stdout + done.stderr).decode(errors='replace')}")


def swaks(world, text, port, *more):
    """It ends the text with a line of its own."""
    return run(world, text[:-1], "swaks", "--server", "127.0.0.1", "--port",
               world.ports[port], "--ehlo", "client.example", "--from",
               SENDER, "--to", RCPT, "--data", "-", *more)


def curl(world, text, port, *more):
    scheme = "smtps" if port == "smtps" else "smtp"
    where = f"{HOST}:{world.ports[port]}"
    return run(world, text.replace("\n", "\r\n"), "curl", "--silent",
               "--show-error", "--max-time", TIMEOUT, "--resolve",
               f"{where}:127.0.0.1", "--cacert", world.ca, "--mail-from",
               SENDER, "--mail-rcpt", RCPT, "--upload-file", "-", *more,
               f"{scheme}://{where}/client.example")


def msmtp(world, text, port, *more):
    settings = list(more)
    if port != "plain":
        settings.append(MSMTP_TLS.format(ca=world.ca, host=HOST))
        settings.append(f"tls_starttls {'on' if port == 'tls' else 'off'}")
    config = world.daemon.dir / "msmtprc"
    config.write_text(MSMTP.format(
        port=world.ports[port], sender=SENDER, timeout=TIMEOUT,
        more="\n".join(settings)))
    config.chmod(0o600)
    return run(world, text, "msmtp", "-C", config, RCPT)


def python(world, text, port, method=None):
    """smtplib; the method of AUTH, where not None."""
    context = ssl.create_default_context(cafile=world.ca)
    # The name is the certificate's, the address is not.
    context.check_hostname = False
    kind = smtplib.SMTP_SSL if port == "smtps" else smtplib.SMTP
    options = {"context": context} if port == "smtps" else {}
    try:
        with kind("127.0.0.1", world.ports[port], "client.example",
                  timeout=TIMEOUT, **options) as client:
            if port == "tls":
                client.starttls(context=context)
            client.ehlo()
            client.user, client.password = LOGIN, PASSWORD
            if method is not None:
                client.auth(method, getattr(
                    client, f"auth_{method.lower()}"))
            client.sendmail(SENDER, RCPT, text, ["BODY=8BITMIME"])
    except (OSError, smtplib.SMTPException) as error:
        return repr(error)
    return ""


def swaks_auth(method):
    return ["--auth", method, "--auth-user", LOGIN, "--auth-password",
            PASSWORD]


def curl_auth(method):
    return ["--user", f"{LOGIN}:{PASSWORD}", "--login-options",
            f"AUTH={method}"]


def msmtp_auth(method):
    return [f"auth {method.lower()}", f"user {LOGIN}",
            f'password "{PASSWORD}"']


# How each sends, logs in with a method, and is told to use TLS on a port.
CLIENTS = {
    "swaks": (swaks, swaks_auth, {
        "tls": ["--tls", "--tls-verify", "--tls-ca-path", "{ca}"],
        "smtps": ["--tls-on-connect"]}),
    "curl": (curl, curl_auth, {"tls": ["--ssl-reqd"]}),
    "msmtp": (msmtp, msmtp_auth, {}),
    "smtplib": (python, lambda method: [method], {}),
}


def swaks_has_tls():
    return shutil.which("swaks") is not None and subprocess.run(
        ["perl", "-MNet::SSLeay", "-e", "1"], stderr=subprocess.DEVNULL,
        check=False).returncode == 0


def check_clients(world):
    for name, (send, auth, more) in CLIENTS.items():
        if name != "smtplib" and shutil.which(name) is None:
            tap.skip(name, "it is not installed")
            continue
        world.check(f"{name} sends", send, "plain")
        if name == "swaks" and not swaks_has_tls():
            tap.skip("swaks with TLS", "it needs Net::SSLeay")
            continue
        for port in ("tls", "smtps"):
            options = [word.format(ca=world.ca)
                       for word in more.get(port, [])]
            for method in ("PLAIN", "LOGIN"):
                world.check(f"{name} sends by {port}, AUTH {method}", send,
                            port, *options, *auth(method))


def check_wrong_password(world):
    if not swaks_has_tls():
        tap.skip("a wrong password", "there is no swaks with Net::SSLeay")
        return
    problem = swaks(world, world.message(), "tls", "--tls", "--auth",
                    "PLAIN", "--auth-user", LOGIN, "--auth-password", "x")
    tap.case("a wrong password is refused", "" if "535" in problem
             else problem or "it is not")


def source(world, *more):
    """What goes wrong with smtp-source, and how many of its messages are
    delivered."""
    before = len(world.daemon.delivered())
    problem = run(
        world, "", ROOT / "tools/peer-run", "postfix", "smtp-source", "-s",
        "8", "-m", SOURCE, "-l", "3000", "-f", SENDER, "-t", RCPT, *more,
        f"127.0.0.1:{world.ports['plain']}")
    world.daemon.wait(
        lambda: len(world.daemon.delivered()) - before >= SOURCE)
    return problem, len(world.daemon.delivered()) - before


def check_source(world):
    """Many sessions at once, of one message each or of many."""
    if not peer.is_there("postfix"):
        tap.skip("smtp-source", peer.MISSING)
        return
    for more in ("-c", "-d"):
        tap.equal(f"smtp-source {more}", source(world, more), ("", SOURCE))


def main():
    ports = {name: free_port() for name in ("plain", "tls", "smtps")}
    daemon = Daemon(CONFIG.format(host=HOST, login=LOGIN,
                                  hash=hash_of(PASSWORD), **ports))
    daemon.certificate("a", HOST)
    with daemon:
        world = World(daemon, ports)
        check_clients(world)
        check_wrong_password(world)
        check_source(world)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
