"""TAB in the shells: what reqctl offers, and that bash and zsh take it."""

import os
import pathlib
import pty
import re
import select
import time

import pytest

from programs import DEADLINE, TimedOut

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def offered(sqlite_daemon):
    """What is offered for the words, as {candidate: help}."""

    def ask(*words):
        result = sqlite_daemon.workplace.run_reqctl("__complete", "--socket", sqlite_daemon.socket, *words)
        assert result.returncode == 0 and result.stderr == ""
        return dict(line.split("\t", 1) for line in result.stdout.splitlines())

    return ask


def test_commands_are_offered_but_those_that_come_later(offered, sqlite_daemon):
    listed = sqlite_daemon.ctl("help").stdout.split("\nCommands:\n")[1].split("\n\n")[0]
    assert set(offered("")) == {line.split()[0] for line in listed.splitlines()}
    assert list(offered("pa")) == ["pause"]
    assert "pause" in offered("help", "")


def test_options_are_offered_by_their_command(offered):
    assert {"--follow", "--paused", "--url", "--concurrency", "--json"} <= set(offered("submit", "--"))
    assert set(offered("pause", "--")) == set(offered("--")) == {
        "--socket", "--json", "--no-color", "--help", "--version"
    }
    assert set(offered("retry", "x", "--")) >= {"--reason", "--status"}


def test_values_are_offered_where_there_is_a_choice(offered):
    assert set(offered("submit", "--parse", "")) == {"json", "text"}
    assert "POST" in offered("submit", "--collection", "a.b", "--method", "P")
    assert list(offered("retry", "x", "--reason", "http")) == ["http_status"]
    assert set(offered("wait", "x", "--for", "")) == {"done", "paused"}
    assert offered("submit", "--filter", "") == {}
    assert offered("submit", "-n", "") == {} and "--paused" in offered("submit", "-n", "5", "--pa")
    assert "--paused" in offered("submit", "-n5", "--pa") and "--paused" in offered("submit", "-h", "--pa")


def test_names_of_jobs_and_settings_are_offered(offered, sqlite_daemon):
    for name in ("apples", "pears"):
        sqlite_daemon.ctl("submit", name, "--collection", f"test.{name}", "--paused")
    assert offered("pause", "") == {"apples": "paused", "pears": "paused"}
    assert offered("show", "pe") == {"pears": "paused"}
    assert set(offered("set", "")) > {"apples", "pears", "concurrency=", "rate="}
    assert list(offered("set", "pears", "conc")) == ["concurrency="]
    assert offered("pause", "pears", "") == {}


def test_nothing_is_said_where_the_daemon_is_away(workplace):
    result = workplace.run_reqctl("__complete", "--socket", workplace.path / "none", "pause", "")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


class Shell:
    """An interactive shell on a terminal of its own."""

    def __init__(self, arguments, env, setup):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.execvpe(arguments[0], arguments, env)
        self.seen = ""
        self.type(setup + "\recho RE''ADY\r")
        self.read_until("READY")

    def type(self, keys):
        os.write(self.master, keys.encode())

    def read_until(self, text):
        end = time.monotonic() + DEADLINE
        while not re.search(text, self.seen):
            if time.monotonic() > end:
                raise TimedOut(f"never seen: {text}; only {self.seen[-2000:]!r}")
            if select.select([self.master], [], [], 0.1)[0]:
                self.seen += os.read(self.master, 65536).decode(errors="replace")

    def completed(self, line):
        """The line after TAB: it is turned into an argument of echo, so that the shell itself tells."""
        self.seen = ""
        self.type(f"{line}\t\x01echo '<\x05>'\r")
        self.read_until(r"\n<[^'\r\n]*>")
        return re.search(r"\n<([^'\r\n]*)>", self.seen).group(1)

    def end(self):
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self.master)


@pytest.fixture(params=["bash", "zsh"])
def shell(request, sqlite_daemon):
    env = {
        **sqlite_daemon.env, "REQD_SOCKET": str(sqlite_daemon.socket), "TERM": "dumb", "PS1": "$ ", "LC_ALL": "C.UTF-8",
        "PATH": f"{sqlite_daemon.workplace.build}/ctl:{os.environ['PATH']}",
    }
    if request.param == "bash":
        setup = f"bind 'set bell-style none'; . /usr/share/bash-completion/bash_completion; . {ROOT}/completion/reqctl.bash"
        shell = Shell(["bash", "--norc", "--noprofile", "-i"], env, setup)
    else:
        setup = f"unsetopt beep; bindkey -e; fpath=({ROOT}/completion $fpath); autoload -Uz compinit; compinit -u -D"
        shell = Shell(["zsh", "-f", "-i"], env, setup)
    yield shell
    shell.end()


def test_a_shell_completes_commands_jobs_and_settings(shell, sqlite_daemon):
    sqlite_daemon.ctl("submit", "apples", "--collection", "test.apples", "--paused")
    for typed, whole in (
        ("reqctl pau", "reqctl pause"),
        ("reqctl submit --foll", "reqctl submit --follow"),
        ("reqctl pause app", "reqctl pause apples"),
        ("reqctl submit --method OPT", "reqctl submit --method OPTIONS"),
    ):
        assert shell.completed(typed).rstrip() == whole  # zsh takes the blank back when the cursor moves
    assert shell.completed("reqctl set apples conc") == "reqctl set apples concurrency="


def test_a_shell_completes_files_where_reqctl_knows_nothing(shell, sqlite_daemon):
    path = sqlite_daemon.workplace.path
    (path / "pears.json").write_text("{}")
    assert shell.completed(f"reqctl submit {path}/pea").rstrip() == f"reqctl submit {path}/pears.json"
