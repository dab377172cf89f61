"""Who leaves while the store hangs, a client or the daemon itself: nobody waits for what the store does not answer."""

import pytest

from programs import wait_until
from sqlite_trouble import locked
from trouble import Proxied, ask_all_the_while
from wire import Wire, frame


@pytest.fixture
def proxied(workplace, mongo_server):
    there = Proxied(workplace, mongo_server, store_config="Lease=2s\n")
    yield there
    there.end()


def test_an_export_that_is_left_while_the_lease_has_run_out(proxied):
    daemon = proxied.daemon
    proxied.samples.insert_many([{"_id": i, "text": "x" * 2000} for i in range(4000)])
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--paused")
    with Wire(daemon) as wire:
        wire.send(frame("org.reqd.Export", {"collection": daemon.collection()}, more=True))
        assert wire.receive()
        with proxied.proxy.rule("**", "swallow"):
            wait_until(lambda: not daemon.json("status")["daemon"]["store"]["available"], "the store is missed")
            wait_until(lambda: lease_has_run_out(proxied), "its lease has run out")
            wire.close()
            ask_all_the_while(daemon, 20)
    wait_until(lambda: daemon.json("status")["daemon"]["store"]["available"], "the store is back")


def lease_has_run_out(proxied):
    held = proxied.client[proxied.daemon.database].reqd_jobs.find_one({"_id": "lease"})
    now = proxied.client.admin.command("hello")["localTime"]
    return (now - held["renewed"]).total_seconds() * 1000 > held["length"]


def test_the_daemon_leaves_a_read_that_hangs(proxied):
    """After the half minute that requests have, and the quarter that calls of the store have."""
    daemon = proxied.daemon
    proxied.samples.insert_many([{"_id": i} for i in range(2000)])
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--paused")
    with proxied.proxy.rule("find", "swallow", when=lambda find: find["find"] == "samples") as hangs:
        with Wire(daemon) as wire:
            wire.send(frame("org.reqd.Verify", {"job": "samples"}, more=True))
            wait_until(lambda: hangs.hits, "the store is asked")
            assert daemon.stop() == 0, "within a minute: the read itself has five"
    assert "has not ended within 15 s, and is given up" in daemon.log.read_text()


def test_a_client_that_waits_for_the_store_is_answered_before_the_end(sqlite_daemon, api, workplace):
    """Its change is the last thing that is stored, and then the daemon is gone."""
    daemon = sqlite_daemon
    daemon.insert_urls(daemon.collection(), api, 10)
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--paused")
    with Wire(daemon) as wire:
        with locked(workplace):
            wire.send(frame("org.reqd.Set", {"job": "samples", "settings": {"concurrency": "7"}}))
            daemon.process.terminate()
            wait_until(lambda: "ending: " in daemon.log.read_text(), "it drains")
        reply = wire.reply()
        assert reply and reply["parameters"]["job"]["pace"]["concurrency"]["set"] == 7
    assert daemon.process.wait(timeout=20) == 0
