"""The daemon keeps answering whatever its clients do to it, and whatever it runs out of."""

import contextlib
import os
import resource

import pytest
from programs import Daemon, wait_until
from wire import Wire

NOBODY = 65534


@contextlib.contextmanager
def as_nobody():
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def descriptors(daemon):
    return [int(name) for name in os.listdir(f"/proc/{daemon.process.pid}/fd")]


@contextlib.contextmanager
def short_of_descriptors(daemon):
    """No descriptor beyond those that the daemon has now; it may still use again what it closes."""
    pid = daemon.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (max(descriptors(daemon)) + 1, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def open_to_all(daemon):
    daemon.workplace.runtime.chmod(0o755)
    daemon.socket.chmod(0o666)


def log_of(daemon):
    return daemon.log.read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_without_descriptors_clients_are_told_and_root_still_comes_in(workplace, sqlite_uri):
    daemon = Daemon(workplace, sqlite_uri, config="MaxClients=1000\n")
    open_to_all(daemon)
    with contextlib.ExitStack() as stack:
        stack.enter_context(short_of_descriptors(daemon))
        replies = []
        with as_nobody():
            for _ in range(100):
                replies.append(stack.enter_context(Wire(daemon)).call("org.reqd.GetStatus"))
        errors = [reply["error"] for reply in replies if reply and "error" in reply]
        assert len(errors) > 50 and set(errors) == {"org.reqd.Busy"}
        for _ in range(5):
            assert daemon.ctl("status").returncode == 0
    assert log_of(daemon).count("cannot take in clients: Too many open files") == 1
    with as_nobody(), Wire(daemon) as wire:
        wait_until(lambda: "parameters" in (wire.call("org.reqd.GetStatus") or {}), "others come in again")


def test_no_document_fails_for_want_of_descriptors(daemon, api):
    n = 2000
    daemon.insert_urls(daemon.collection(), api, n, "delay=100")
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", 20)
    daemon.wait_status("samples", lambda s: s["documents"]["ok"] > 100, "it is under way")
    with short_of_descriptors(daemon):
        done = daemon.status("samples")["documents"]["ok"]
        daemon.ctl("set", "samples", "concurrency=300")
        daemon.wait_status("samples", lambda s: s["pace"]["limited_by"] == "memory", "status says that means are short")
        daemon.wait_status("samples", lambda s: s["documents"]["ok"] > done + 500, "it goes on with what it has")
    assert daemon.wait("samples").returncode == 0
    documents = daemon.status("samples")["documents"]
    assert documents["ok"] == n and documents["failed"] == 0
    assert {document["reqd"]["attempts"] for document in daemon.documents(daemon.collection())} == {1}


def test_thousands_of_clients_are_turned_away_and_others_are_not_held_up(workplace, sqlite_uri):
    """All of them are idle: what comes in stays, and the rest are told so and gone."""
    daemon = Daemon(workplace, sqlite_uri, config="MaxClients=10\n")
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(Wire(daemon)) for _ in range(3000)]
        inside = wires[:26]
        assert all("error" not in wire.call("org.reqd.GetStatus") for wire in inside[:3] + inside[-3:])
        for wire in wires[26:]:
            (reply,) = wire.replies()
            assert reply["error"] == "org.reqd.Busy"
    wait_until(lambda: daemon.ctl("status", check=False).returncode == 0, "there is room again")
    assert daemon.json("status")["daemon"]["clients"] == 1


def test_no_secret_leaves_the_daemon(workplace, sqlite_uri, api):
    """A password of the store's URI: not in status, configuration, log, errors, outcomes, or a core file."""
    secret = "s3cr3t-that-nobody-sees"
    daemon = Daemon(workplace, f"mongodb://somebody:{secret}@127.0.0.1:1/test?serverSelectionTimeoutMS=300")
    said = [daemon.ctl(*words, check=False) for words in (
        ["status"], ["--json", "status"], ["--json", "config"], ["config"], ["doctor"],
        ["submit", "--collection", "test.samples", "--url", api.url],
    )]
    texts = [result.stdout + result.stderr for result in said] + [log_of(daemon)]
    assert "somebody" in "".join(texts) or "127.0.0.1:1" in "".join(texts), "the store is shown"
    assert not [text for text in texts if secret in text]
    limits = open(f"/proc/{daemon.process.pid}/limits").read()
    assert any(line.split()[:6] == ["Max", "core", "file", "size", "0", "0"] for line in limits.splitlines())
