"""A program on a pseudo terminal, as somebody at a keyboard sees it."""

import fcntl
import os
import re
import select
import struct
import termios
import time

from programs import DEADLINE, TimedOut

ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Terminal:
    """Runs reqctl with a terminal as its three streams; `seen` is all that it wrote."""

    def __init__(self, daemon, *arguments, columns=80, env=None, **streams):
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.seen = ""
        self.columns = columns
        plain = {k: v for k, v in daemon.env.items() if k != "NO_COLOR"}
        self.process = daemon.workplace.start(
            [daemon.workplace.build / "ctl/reqctl", "--socket", daemon.socket, *arguments],
            env={**plain, "TERM": "xterm", **(env or {})},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
            **{"stdin": slave, "stdout": slave, "stderr": slave, **streams},
        )
        os.close(slave)

    def read(self):
        """Waits a moment for more; whether there may be yet more."""
        if not select.select([self.master], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the other side is closed
            return False
        self.seen += data.decode()
        return bool(data)

    def read_until(self, condition, what):
        end = time.monotonic() + DEADLINE
        while not condition(self.seen):
            if not self.read() or time.monotonic() > end:
                raise TimedOut(f"never seen: {what}; only {self.seen[-2000:]!r}")

    def type(self, keys):
        os.write(self.master, keys)

    def end(self):
        """Everything up to the end of the program; returns its exit code."""
        while self.read():
            pass
        os.close(self.master)
        return self.process.wait(timeout=DEADLINE)

    def drawn(self):
        """What stood on the line after each redrawing or line end, without colors."""
        return [ESCAPES.sub("", line) for line in re.split(r"[\r\n]+", self.seen)]
