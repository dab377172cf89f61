"""A client that leaves while the store hangs: what it had open there is let go of without holding up anybody."""

import pytest

from programs import wait_until
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
