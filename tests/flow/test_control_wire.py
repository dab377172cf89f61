"""The control socket under clients that are slow, wrong, many, or gone."""

import contextlib
import fcntl
import json
import os
import socket
import stat
import struct
import subprocess
import termios

import pytest
from programs import ENVIRONMENT, Daemon, wait_until
from wire import Wire, frame

MIB = 1024 * 1024
PRIVILEGED_MORE = 16  # clients of root, and of the daemon's own user, beyond MaxClients
STATUS = frame("org.reqd.GetStatus")


def clients(daemon):
    """How many the daemon counts, the one that asks not among them."""
    return daemon.json("status")["daemon"]["clients"] - 1


def import_of(size, collection="test.samples"):
    """An Import whose lines have about that many bytes."""
    line = json.dumps({"text": "x" * 1000}) + "\n"
    return frame("org.reqd.Import", {"collection": collection, "lines": line * (size // len(line))})


def nested(levels):
    return b'{"method": "org.reqd.Submit", "parameters": {"job": ' + b'{"a":' * levels + b"1" + b"}" * levels + b"}}\0"


@contextlib.contextmanager
def effective_user(uid):
    """What the kernel tells the daemon about who connects."""
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


def test_several_calls_in_one_write_are_answered_in_their_order(sqlite_daemon):
    with Wire(sqlite_daemon) as wire:
        names = ["GetStatus", "Nothing", "GetConfig", "GetStatus"]
        wire.send(b"".join(frame(f"org.reqd.{name}") for name in names))
        replies = [wire.reply() for _ in names]
    assert ["jobs" in r["parameters"] for r in replies] == [True, False, False, True]
    assert replies[1]["error"] == "org.varlink.service.MethodNotFound" and "settings" in replies[2]["parameters"]


def unread(wire):
    """Bytes that the daemon has not taken yet."""
    return struct.unpack("i", fcntl.ioctl(wire.socket, termios.TIOCOUTQ, b"\0" * 4))[0]


def test_a_call_may_come_in_single_bytes(sqlite_daemon):
    with Wire(sqlite_daemon) as wire:
        for i in range(len(STATUS)):
            wire.send(STATUS[i:i + 1])
            wait_until(lambda: unread(wire) == 0, "the byte is taken", every=0.001)
        assert wire.reply()["parameters"]["jobs"] == []


@pytest.mark.parametrize("sent", [b"", STATUS[:-1], STATUS[:20], import_of(2 * MIB)[:-1], STATUS + STATUS[:5]])
def test_half_a_call_and_gone(sqlite_daemon, sent):
    with Wire(sqlite_daemon) as wire:
        wire.send(sent)
    wait_until(lambda: clients(sqlite_daemon) == 0, "its connection is forgotten")


def test_a_watcher_that_is_gone_is_forgotten_though_nothing_happens(sqlite_daemon):
    sqlite_daemon.ctl("submit", "--collection", "test.samples", "--paused")
    sqlite_daemon.wait_status("samples", lambda s: s["documents"]["total"] == 0, "it is counted, and says no more")
    with Wire(sqlite_daemon) as wire:
        assert wire.call("org.reqd.Watch", {"interval": 3600, "until": "never"}, more=True)["continues"]
    wait_until(lambda: clients(sqlite_daemon) == 0, "its connection is forgotten")


GARBAGE = [
    b"\0", b"\n\0", b"hello\0", b"[]\0", b"1\0", b"{}\0", b'{"method": null}\0', b'{"method": 5}\0',
    b'{"method": "org.reqd.GetStatus"} x\0', b'{"method": "org.reqd.GetStatus", "method": "b"}\0',
    b'{"method": "org.reqd.GetStatus", "parameters": []}\0', b'{"method": "org.reqd.GetStatus", "more": 1}\0',
    b'{"method": "\xff\xfe"}\0', b'{"method": "\\ud800"}\0', b"\xff" * 100 + b"\0", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\0",
    nested(100), nested(20000),
]


@pytest.mark.parametrize("sent", GARBAGE)
def test_garbage_is_answered_once_and_hung_up_on(sqlite_daemon, sent):
    with Wire(sqlite_daemon) as wire:
        wire.send(sent + STATUS)
        (reply,) = wire.replies()
    assert reply["error"] == "org.reqd.InvalidInput" and set(reply["parameters"]) == {"where", "message", "hint"}
    assert sqlite_daemon.json("status")["jobs"] == []


@pytest.mark.parametrize("sent", [
    frame("org.reqd.Submit", {"job": {"collection": "x" * MIB}}),
    b"x" * (MIB + 2),
    b'{"method": "org.reqd.GetStatus", "parameters": {' + b" " * 3 * MIB,
    b'{"parameters": {"x": "' + b" " * 256 + b'"}, "method": "org.reqd.Import", "x": "' + b"x" * MIB,
    import_of(25 * MIB),
])
def test_a_call_that_is_too_large_is_refused_and_hung_up_on(sqlite_daemon, sent):
    with Wire(sqlite_daemon) as wire:
        wire.send(sent)
        (reply,) = wire.replies()
    assert reply["error"] == "org.reqd.InvalidInput" and "too large" in reply["parameters"]["message"]
    assert sqlite_daemon.documents("test.samples") == []


def test_an_import_may_be_larger(sqlite_daemon):
    with Wire(sqlite_daemon) as wire:
        wire.send(import_of(5 * MIB) + STATUS)
        inserted = wire.reply()["parameters"]["inserted"]
        assert inserted > 5000 and wire.reply()["parameters"]["jobs"] == []
    assert len(sqlite_daemon.documents("test.samples")) == inserted


def test_a_oneway_call_is_done_and_not_answered(sqlite_daemon):
    submit = frame("org.reqd.Submit", {"job": {"collection": "test.samples"}, "paused": True}, oneway=True)
    with Wire(sqlite_daemon) as wire:
        wire.send(submit + frame("org.reqd.NoSuchMethod", oneway=True) + frame("org.reqd.GetJob"))
        assert wire.reply()["parameters"]["name"] == "samples"
        wire.end_sending()
        assert wire.reply() is None


@pytest.mark.parametrize("sent, answers", [
    (STATUS, 1),
    (STATUS * 5, 5),
    (STATUS * 2 + b'{"method": ', 2),
    (frame("org.reqd.Submit", {"job": {"collection": "test.a"}, "paused": True}) + STATUS, 2),
    (import_of(2 * MIB), 1),
    (frame("org.reqd.Export", {"collection": "test.full"}, more=True), 5),
    (frame("org.reqd.Watch", {"job": "full", "interval": 0.05}, more=True), 2),
])
def test_who_only_stops_sending_gets_all_answers(sqlite_daemon, api, sent, answers):
    """As of: printf '...' | nc -U"""
    sqlite_daemon.insert_urls("test.full", api, 4500, "delay=100")
    sqlite_daemon.ctl("submit", "--collection", "test.full", "--limit", "100")
    with Wire(sqlite_daemon) as wire:
        replies = wire.send(sent).end_sending().replies()
    assert len(replies) >= answers and not any("error" in reply for reply in replies)
    assert "continues" not in replies[-1]


def test_who_is_gone_in_the_middle_of_a_submit_may_ask_again(daemon):
    job = {"job": {"collection": daemon.collection()}, "paused": True}
    with Wire(daemon) as wire:
        wire.send(frame("org.reqd.Submit", job))
    (first,) = wait_until(lambda: daemon.json("status")["jobs"], "the job is there all the same")
    with Wire(daemon) as wire:
        again = wire.call("org.reqd.Submit", job)["parameters"]
    assert again["created"] is False and again["job"]["id"] == first["id"]
    assert len(daemon.json("status")["jobs"]) == 1


def test_many_that_ask_for_one_job_at_once_get_one_job(sqlite_daemon):
    submit = frame("org.reqd.Submit", {"job": {"collection": "test.samples"}, "paused": True})
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(Wire(sqlite_daemon)).send(submit) for _ in range(8)]
        replies = [wire.reply() for wire in wires]
        while any("error" in reply for reply in replies):
            assert {reply["error"] for reply in replies if "error" in reply} == {"org.reqd.Conflict"}
            replies = [wire.send(submit).reply() if "error" in reply else reply for wire, reply in zip(wires, replies)]
    assert len({reply["parameters"]["job"]["id"] for reply in replies}) == 1
    assert sum(reply["parameters"]["created"] for reply in replies) == 1


def test_who_never_reads_holds_nobody_up(sqlite_daemon):
    """More is told than the kernel's buffer and ours take; the others do not notice, and the last word arrives."""
    sqlite_daemon.insert("test.full", [{"_id": i, "text": "x" * 2000} for i in range(6000)])
    sqlite_daemon.ctl("submit", "--collection", "test.full", "--paused")
    with Wire(sqlite_daemon) as watcher, Wire(sqlite_daemon) as exporter, Wire(sqlite_daemon) as other:
        watcher.send(frame("org.reqd.Watch", {"until": "never", "interval": 0.05}, more=True))
        exporter.send(frame("org.reqd.Export", {"collection": "test.full"}, more=True) + STATUS * 10000)
        for n in range(1, 601):
            reply = other.call("org.reqd.Set", {"settings": {"concurrency": str(n)}})
            assert reply["parameters"]["job"]["pace"]["concurrency"]["set"] == n
        assert other.call("org.reqd.GetStatus")["parameters"]["daemon"]["clients"] == 3

        replies = 1
        while watcher.reply()["parameters"]["job"]["pace"]["concurrency"]["set"] != 600:
            replies += 1
        assert replies < 600, "whoever reads late is told less often"
        exported = 0
        while "lines" in (reply := exporter.reply())["parameters"]:
            exported += reply["parameters"]["lines"].count("\n")
        assert exported == 6000 and reply["parameters"]["jobs"]


def connect(daemon, n, stack):
    return [stack.enter_context(Wire(daemon)) for _ in range(n)]


def assert_busy(wire):
    (reply,) = wire.replies()
    assert reply["error"] == "org.reqd.Busy" and "MaxClients" in reply["parameters"]["hint"]


def test_clients_beyond_the_limit_are_told_so(workplace, sqlite_uri):
    daemon = Daemon(workplace, sqlite_uri, config="MaxClients=2\n")
    with contextlib.ExitStack() as stack:
        wires = connect(daemon, 2 + PRIVILEGED_MORE, stack)
        assert all("error" not in wire.call("org.reqd.GetStatus") for wire in wires)
        assert_busy(stack.enter_context(Wire(daemon)).send(STATUS))
        assert daemon.ctl("status", check=False).returncode == 1
        wires[0].socket.close()
        wait_until(lambda: daemon.ctl("status", check=False).returncode == 0, "there is room again")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_root_gets_in_where_others_no_longer_do(workplace, sqlite_uri):
    daemon = Daemon(workplace, sqlite_uri, config="MaxClients=2\n")
    workplace.runtime.chmod(0o755)
    daemon.socket.chmod(0o666)
    with contextlib.ExitStack() as stack:
        with effective_user(65534):
            wires = connect(daemon, 3, stack)
        assert all("error" not in wire.call("org.reqd.GetStatus") for wire in wires[:2])
        assert_busy(wires[2])
        assert "error" not in stack.enter_context(Wire(daemon)).call("org.reqd.GetStatus")


def test_only_the_owner_and_the_group_may_connect(sqlite_daemon):
    mode = sqlite_daemon.socket.stat().st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660
    assert sqlite_daemon.stop() == 0 and not sqlite_daemon.socket.exists()


def start_beside(workplace, path, store):
    """A daemon that is expected not to come up: its exit code and what it says."""
    result = subprocess.run(
        [workplace.build / "daemon/reqd", "--config", "/dev/null", "--store", store, "--socket", path],
        capture_output=True, text=True, timeout=60, env=ENVIRONMENT,
    )
    return result.returncode, result.stderr


def test_a_second_daemon_does_not_take_the_socket_away(sqlite_daemon, workplace):
    code, said = start_beside(workplace, sqlite_daemon.socket, f"sqlite:{workplace.path}/other.db")
    assert code == 2 and f"{sqlite_daemon.socket}: another reqd listens there" in said
    assert sqlite_daemon.json("status")["daemon"]["pid"] == sqlite_daemon.process.pid


def test_what_is_no_socket_is_left_alone(workplace):
    path = workplace.runtime / "letter"
    path.write_text("do not touch")
    code, said = start_beside(workplace, path, f"sqlite:{workplace.path}/reqd.db")
    assert code == 2 and "is no socket" in said and path.read_text() == "do not touch"


@pytest.mark.parametrize("length", [108, 300])
def test_a_path_that_no_socket_can_have(workplace, length):
    path = f"{workplace.runtime}/" + "x" * (length - len(str(workplace.runtime)) - 1)
    code, said = start_beside(workplace, path, f"sqlite:{workplace.path}/reqd.db")
    assert code == 2 and "too long" in said


def test_a_dead_socket_is_replaced(workplace, sqlite_uri):
    daemon = Daemon(workplace, sqlite_uri, start=False)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(daemon.socket))
    daemon.start()
    daemon.kill()
    assert daemon.socket.exists()
    daemon.start()
    assert daemon.json("status")["jobs"] == []
