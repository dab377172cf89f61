"""The README's session prints what the README says."""

import os
import pathlib
import re
import select
import socket
import subprocess
import time

from programs import DEADLINE, free_port, wait_until

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
WILD = "…"  # stands for whatever differs from run to run


def session():
    """(command, expected lines) of the console block."""
    block = re.search(r"```console\n(.*?)```", README.read_text(), re.DOTALL).group(1)
    steps = []
    for line in block.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        else:
            steps[-1][1].append(line)
    return steps


class Shell:
    """A bash that is typed to."""

    def __init__(self, workplace):
        env = dict(os.environ, NO_COLOR="1")
        env.pop("REQD_SOCKET", None)
        self.bash = workplace.start(
            ["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=workplace.path, env=env
        )

    def type(self, text):
        self.bash.stdin.write(text.encode() + b"\n")
        self.bash.stdin.flush()

    def read_until(self, pattern):
        output, end = "", time.monotonic() + DEADLINE
        while not re.search(pattern, output):
            ready, _, _ = select.select([self.bash.stdout], [], [], max(0, end - time.monotonic()))
            assert ready, f"no {pattern!r} in:\n{output}"
            piece = os.read(self.bash.stdout.fileno(), 65536)
            assert piece, f"the shell has ended:\n{output}"
            output += piece.decode()
        return output


def as_pattern(lines):
    return "".join(
        r"\s*" + ".*".join(re.escape(part.strip()) for part in re.sub(r" +", " ", line).split(WILD)) for line in lines
    )


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def run(shell, command):
    shell.type(command)
    shell.type("echo =done=")
    return shell.read_until("=done=").replace("=done=", "")


def test_the_session(workplace):
    os.symlink(workplace.build, workplace.path / "build")
    port, path = str(free_port()), str(workplace.runtime / "reqd.sock")
    programs = {"reqd-testapi": lambda: listens(int(port)), "daemon/reqd": lambda: os.path.exists(path)}
    shell = Shell(workplace)
    try:
        for command, expected in session():
            command = command.replace("8080", port).replace("/tmp/reqd.sock", path)
            expected = [line.replace("8080", port).replace("/tmp/reqd.sock", path) for line in expected]
            output = re.sub(r" +", " ", run(shell, command))
            for program, is_up in programs.items():
                if program in command:
                    wait_until(is_up, f"{program} is up")
            assert re.fullmatch(as_pattern(expected) + r"\s*", output, re.DOTALL), (
                f"$ {command}\nexpected:\n" + "\n".join(expected) + f"\ngot:\n{output}"
            )
    finally:
        shell.type("kill $(jobs -p); wait; exit")
        shell.bash.wait(timeout=DEADLINE)
