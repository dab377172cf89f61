"""Whatever comes over the socket, the loop's turns stay short: measured in the daemon itself, by tests/turns."""

import contextlib
import json
import os
import re
import resource
import time

from programs import Daemon, wait_until
from wire import Wire, frame

CLIENTS = 3000
STATUS = frame("org.reqd.GetStatus")
DEEP = b'{"method": "org.reqd.Submit", "parameters": {"job": ' + b'{"a":' * 20000 + b"1" + b"}" * 20000 + b"}}\0"
HUGE = b'{"method": "org.reqd.GetStatus", "parameters": {' + b" " * 3 * 1024 * 1024
LINES = (json.dumps({"text": "x" * 1000}) + "\n") * 1000  # as many as reqctl sends at once
IMPORT = frame("org.reqd.Import", {"collection": "test.others", "lines": LINES})
EXPORT = frame("org.reqd.Export", {"collection": "test.others"}, more=True)
JOB = frame("org.reqd.Submit", {"job": {"collection": "test.samples"}})


def launch_measured(daemon, figures):
    """Starts it so that it tells how long its turns were when it ends."""
    daemon.launch(
        LD_PRELOAD=str(daemon.workplace.build / "tests/turns/turns.so"), REQD_TURNS=str(figures),
        ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
    )
    wait_until(daemon.answers, "it answers")


def longest_ms(act, n):
    longest = 0
    for _ in range(n):
        begun = time.monotonic()
        act()
        longest = max(longest, time.monotonic() - begun)
    return longest * 1000


def misbehave(daemon, stack):
    """Garbage, half a frame, a huge one, deep JSON, many calls at once, and clients gone in the middle of work."""
    for data in (b"\xff" * 1000 + b"\0", STATUS[:20], HUGE, DEEP, STATUS * 1000, JOB, IMPORT, EXPORT):
        with Wire(daemon) as wire:
            wire.send(data)
    watcher = stack.enter_context(Wire(daemon))
    watcher.send(frame("org.reqd.Watch", {"until": "never", "interval": 0.05}, more=True))  # and never reads


def test_no_client_makes_a_turn_long(workplace, sqlite_uri, api):
    figures = workplace.path / "turns"
    daemon = Daemon(workplace, sqlite_uri, config=f"MaxClients={CLIENTS + 200}\n", start=False)
    launch_measured(daemon, figures)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    daemon.insert_urls(daemon.collection(), api, 4000, "delay=20&size=1000")
    with contextlib.ExitStack() as stack:
        for _ in range(CLIENTS):
            stack.enter_context(Wire(daemon))
        wire = stack.enter_context(Wire(daemon))
        daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", "50")
        longest = 0
        for _ in range(10):
            misbehave(daemon, stack)
            longest = max(longest, longest_ms(lambda: wire.call("org.reqd.GetStatus"), 20))
        assert len(wire.call("org.reqd.GetStatus")["parameters"]["jobs"]) == 1
        program = longest_ms(lambda: daemon.ctl("status"), 10)
    assert daemon.wait("samples").returncode == 0
    assert daemon.stop() == 0
    told = figures.read_text()
    print(f"{told.strip()}; an answer took {longest:.1f} ms at most, reqctl status {program:.1f} ms with its start")
    cpu_us = int(re.search(r"longest (\d+) us of CPU", told)[1])
    assert cpu_us < 100000, "ten times what it is to be, for a build with sanitizers"
