"""Who sends much holds up nobody: calls upon calls, calls in one large piece, several of the largest at once."""

import contextlib
import json
import threading

from programs import wait_until
from wire import Wire, frame

STATUS = frame("org.reqd.GetStatus")
LARGE = 3_000_000  # bytes of a document, more than a call may have that is no Import


class Chatterer(threading.Thread):
    """Asks for the status, many times in one write, again and again, and reads every answer."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.wire = Wire(daemon)
        self.enough = threading.Event()
        self.answers = 0

    def run(self):
        while not self.enough.is_set():
            self.wire.send(STATUS * 200)
            for _ in range(200):
                assert "parameters" in self.wire.reply()
                self.answers += 1

    def end(self):
        self.enough.set()
        self.join()
        self.wire.close()


def test_requests_come_to_their_turn_whatever_clients_ask(sqlite_daemon, api):
    daemon = sqlite_daemon
    daemon.insert_urls(daemon.collection(), api, 500)
    chatterers = [Chatterer(daemon) for _ in range(4)]
    for chatterer in chatterers:
        chatterer.start()
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", "10")
    assert daemon.wait("samples").returncode == 0
    for chatterer in chatterers:
        chatterer.end()
        assert chatterer.answers > 0
    assert daemon.status("samples")["documents"]["ok"] == 500


def test_a_full_input_behind_a_call_that_waits_stops_nothing(sqlite_daemon, api):
    """The first call waits for the store, whose answer comes to the loop like the requests' answers."""
    daemon = sqlite_daemon
    lines = "".join(json.dumps({"_id": i}) + "\n" for i in range(2000))
    with Wire(daemon) as wire:
        calls = 1_500_000 // len(STATUS)
        sender = threading.Thread(
            target=wire.send, args=(frame("org.reqd.Import", {"collection": "test.a", "lines": lines}) + STATUS * calls,)
        )
        sender.start()
        assert wire.reply()["parameters"]["inserted"] == 2000
        for _ in range(calls):
            assert "parameters" in wire.reply()
        sender.join()


def test_the_largest_calls_wait_for_each_other(sqlite_daemon):
    """More of them than may be large at once, all begun before any is whole, and one that never will be."""
    daemon = sqlite_daemon
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(Wire(daemon)) for _ in range(6)]
        threads = []
        for i, wire in enumerate(wires):
            line = json.dumps({"_id": i, "text": "x" * LARGE}) + "\n"
            call = frame("org.reqd.Import", {"collection": "test.large", "lines": line})
            threads.append(threading.Thread(target=wire.send, args=(call if i else call[:-10],)))
            threads[-1].start()
        for wire in wires[1:]:
            assert wire.reply()["parameters"]["inserted"] == 1
        for thread in threads:
            thread.join()
    sizes = {d["_id"]: len(d["text"]) for d in daemon.documents("test.large")}
    assert sizes == {i: LARGE for i in range(1, 6)}


def push(wire, call, sent):
    """Sends on as much as is taken at once; returns how much went out in all."""
    with contextlib.suppress(BlockingIOError):
        while sent < len(call):
            sent += wire.socket.send(call[sent : sent + 65536])
    return sent


def test_only_a_few_may_be_large_at_once(sqlite_daemon):
    """Or the memory that half calls take would grow with the clients."""
    call = frame("org.reqd.Import", {"collection": "test.large", "lines": "x" * 10_000_000})[:-10]
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(Wire(sqlite_daemon)) for _ in range(8)]
        for wire in wires:
            wire.socket.setblocking(False)
        sent = [0] * len(wires)

        def four_are_through():
            for i, wire in enumerate(wires):
                sent[i] = push(wire, call, sent[i])
            return sent.count(len(call)) == 4

        wait_until(four_are_through, "four have sent what they wanted")
        assert sorted(sent)[3] < 3_000_000, "the others wait with little"
        assert sqlite_daemon.ctl("status").returncode == 0
