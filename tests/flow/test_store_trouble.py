"""A MongoDB store in trouble that passes: the daemon waits, says why, answers, and loses nothing."""

import contextlib

import pytest

from programs import wait_until
from trouble import Proxied, assert_nothing_lost, assert_waits_quietly, say_store

N = 400
STEPPED_DOWN = (10107, "NotWritablePrimary", "not primary")
SHUTTING_DOWN = (11600, "InterruptedAtShutdown", "interrupted at shutdown")


@pytest.fixture
def proxied(workplace, mongo_server):
    there = Proxied(workplace, mongo_server)
    yield there
    there.end()


@contextlib.contextmanager
def gone(proxy):
    proxy.gone()
    try:
        yield
    finally:
        proxy.back()


PASSING = {
    "gone: connections are refused": gone,
    "hanging: nothing comes back": lambda proxy: proxy.rule("**", "swallow"),
    "every connection is cut": lambda proxy: proxy.rule("*", "cut"),
    "the primary steps down": lambda proxy: proxy.rule("*", "error", STEPPED_DOWN),
    "the server shuts down": lambda proxy: proxy.rule("*", "error", SHUTTING_DOWN),
    "only bulks fail: no primary": lambda proxy: proxy.rule("update", "error", STEPPED_DOWN, when=is_bulk),
    "only bulks hang": lambda proxy: proxy.rule("update", "swallow", when=is_bulk),
    "bulks are not durable in time": lambda proxy: proxy.rule("update", "concern", (64, "waiting timed out"), when=is_bulk),
    "bulks are not durable: shutting down": lambda proxy: proxy.rule("update", "concern", (91, "shutting down"), when=is_bulk),
}


def is_bulk(document):
    return document["update"] == "samples"


@pytest.mark.parametrize("fault", PASSING)
def test_the_daemon_waits_and_loses_nothing(proxied, api, fault):
    daemon = proxied.daemon
    proxied.submit(api, N)
    daemon.wait_status("samples", lambda s: s["documents"]["ok"] >= 50, "some answers")
    with PASSING[fault](proxied.proxy):
        assert say_store(daemon)
        wait_until(lambda: api.in_flight() == 0, "what was in flight has ended")
        assert_waits_quietly(proxied, daemon)
        assert daemon.status("samples")["pace"]["limited_by"] == "store"
        assert daemon.process.poll() is None
    assert daemon.wait("samples").returncode == 0
    assert_nothing_lost(proxied, api, N)
    assert daemon.log.read_text().count("the store does not answer") == 1, "it was away once, and said so once"


def test_acknowledgements_that_get_lost_are_asked_for_again(proxied, api):
    """The server has done what it was told; nobody heard so."""
    daemon = proxied.daemon
    with proxied.proxy.rule("update", "cut_after", times=6, when=is_bulk) as rule:
        proxied.submit(api, N)
        assert daemon.wait("samples").returncode == 0
        assert rule.hits == 6
    assert_nothing_lost(proxied, api, N)


def test_a_slow_store_fills_the_buffers_and_then_nothing_starts(proxied, api):
    daemon = proxied.daemon
    n = 3500
    with proxied.proxy.rule("update", "swallow", when=is_bulk):
        proxied.submit(api, n, "")
        daemon.wait_status("samples", lambda s: s["window"]["now"] >= 2000, "the buffers are full")
        wait_until(lambda: api.in_flight() == 0, "what was in flight has ended")
        assert daemon.status("samples")["pace"]["limited_by"] == "store"
        requests = api.counters()["requests"]
        assert requests <= 2000 + 20, "2,000 outcomes wait for the store, and what was in flight then"
        assert_waits_quietly(proxied, daemon)
        assert api.counters()["requests"] == requests
    assert daemon.wait("samples").returncode == 0
    assert_nothing_lost(proxied, api, n)


def test_a_slow_store_only_makes_it_slow(proxied, api):
    daemon = proxied.daemon
    with proxied.proxy.rule("*", "delay", 0.1) as rule:
        proxied.submit(api, N)
        assert daemon.wait("samples").returncode == 0
        assert rule.hits > 3
    assert_nothing_lost(proxied, api, N)
    assert "does not answer" not in daemon.log.read_text()


def test_commands_hold_while_the_store_hangs_and_are_stored_later(proxied, api):
    daemon = proxied.daemon
    proxied.submit(api, N, "delay=30")
    daemon.wait_status("samples", lambda s: s["documents"]["ok"] >= 20, "some answers")
    with proxied.proxy.rule("**", "swallow"):
        say_store(daemon)
        for command in (("set", "samples", "concurrency=7"), ("pause", "samples"), ("resume", "samples"), ("pause", "samples")):
            reply = daemon.json(*command)
            assert reply["stored"] is False and reply["warning"]
        refused = daemon.ctl("submit", "other", "--collection", daemon.collection("other"), check=False)
        assert refused.returncode == 1 and "store" in refused.stderr
    wait_until(lambda: daemon.json("status")["daemon"]["store"]["available"], "the store is back")
    daemon.wait("samples", "--for", "paused")
    record = wait_until(lambda: proxied.samples.database.reqd_jobs.find_one({"name": "samples", "state": "paused"}), "it is stored")
    assert record["changed"] == {"concurrency": "7"}
    daemon.ctl("resume", "samples")
    assert daemon.wait("samples").returncode == 0
    assert_nothing_lost(proxied, api, N)


def test_a_daemon_that_starts_while_the_store_is_away_takes_the_lease_when_it_is_back(proxied, workplace, api):
    daemon = proxied.daemon
    proxied.submit(api, N, "", "--paused")
    assert daemon.stop() == 0
    with gone(proxied.proxy):
        daemon.process = workplace.start_daemon([workplace.build / "daemon/reqd", "--config", daemon.config], daemon.log, daemon.env)
        wait_until(lambda: "the store does not answer" in daemon.log.read_text(), "it has asked")
        refused = daemon.ctl("status", "samples", check=False)
        assert refused.returncode == 1 and "store has not given its jobs yet" in refused.stderr
    wait_until(lambda: daemon.ctl("resume", "samples", check=False).returncode == 0, "the jobs are there")
    assert proxied.samples.database.reqd_jobs.find_one({"_id": "lease"})["pid"] == daemon.process.pid
    assert daemon.wait("samples").returncode == 0
    assert_nothing_lost(proxied, api, N)


def test_a_cancelled_job_that_was_killed_before_its_last_answers_were_counted_counts_them(proxied, api):
    daemon = proxied.daemon
    proxied.submit(api, N, "delay=1500")
    wait_until(lambda: api.in_flight() == 20, "20 in flight")
    daemon.ctl("cancel", "samples")
    with proxied.proxy.rule("update", "swallow", when=lambda d: d["update"] == "reqd_jobs" and "samples" in str(d["updates"])):
        wait_until(lambda: len(proxied.reqd_of()) == 20, "the last answers are stored")
        daemon.kill()
    daemon.start()
    status = daemon.wait_status("samples", lambda s: s["documents"]["ok"] == 20, "they are counted")
    assert status["state"] == "cancelled" and status["attempts"] == 20 and status["documents"]["in_flight"] == 0
    wait_until(lambda: "unsettled" not in proxied.samples.database.reqd_jobs.find_one({"name": "samples"}), "and that is stored")
    assert sum(api.ids().values()) == 20, "nothing of a cancelled job is sent again"
    daemon.ctl("delete", "samples")
