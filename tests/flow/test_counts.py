"""What a job counts when its daemon was killed, and the next one has not met yet all that is stored."""

import collections

import pytest
from programs import Api, wait_until

SLOW = 50  # documents at the front whose answers take very long; the daemon reads no further while so many wait
QUICK = 400  # those behind them, a quarter of which fail


def insert(daemon, api):
    """The slow ones take as long as the API is told to, the others no time."""
    queries = [""] * SLOW + ["delay=0&status=404" if i % 4 == 0 else "delay=0" for i in range(QUICK)]
    daemon.insert(daemon.collection(), [
        {"_id": {"$oid": f"{i:024x}"}, "i": i, "url": api.url_of(i, query)} for i, query in enumerate(queries)
    ])
    api.set("delay=3600s")


def leave_a_gap(daemon, api, *options):
    """The daemon is killed with the quick ones stored behind the slow ones, and reads in small steps from then on."""
    insert(daemon, api)
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", "100", "--timeout", "1h", *options)
    daemon.wait_status("samples", lambda s: s["documents"]["ok"] + s["documents"]["failed"] == QUICK, "the quick ones")
    daemon.ctl("set", "samples", "concurrency=5")
    daemon.kill()
    wait_until(lambda: api.in_flight() == 0, "the far end has noticed")


def leave_it_paused(daemon, api):
    """The same, and the next daemon is killed with the job paused; a third one is there."""
    leave_a_gap(daemon, api)
    daemon.start()
    daemon.ctl("pause", "samples")
    daemon.kill()
    daemon.start()
    assert daemon.wait("samples", "--for", "paused").returncode == 0


def stored(daemon):
    return [d["reqd"] for d in daemon.documents(daemon.collection()) if "reqd" in d]


def assert_exact(daemon):
    """Status, verify and the store say the same."""
    status = daemon.status("samples")
    outcomes = stored(daemon)
    states = collections.Counter(o["state"] for o in outcomes)
    assert len(outcomes) >= QUICK
    assert status["documents"]["ok"] == states["ok"] and status["documents"]["failed"] == states["failed"]
    assert sum(status["failures"].values()) == states["failed"]
    assert status["attempts"] == sum(o["attempts"] for o in outcomes)
    assert status["detail"] is None and status["documents"]["gone"] == 0
    result = daemon.json("verify", "samples")["result"]
    assert result["totals_match"] and result["ok"] == states["ok"] and result["failed"] == states["failed"]


def test_cancelled_at_once_after_a_kill(daemon, api):
    leave_a_gap(daemon, api)
    api.set("delay=100")
    daemon.start()
    daemon.ctl("cancel", "samples")
    assert daemon.wait("samples").returncode == 1
    assert_exact(daemon)
    asked = api.ids()
    assert all(asked[str(i)] == 1 for i in range(SLOW, SLOW + QUICK)), "counting asks for nothing"
    daemon.kill()
    daemon.start()
    assert_exact(daemon)
    daemon.ctl("delete", "samples")


def test_cancelled_and_killed_before_it_was_counted(daemon, api):
    leave_a_gap(daemon, api)
    daemon.start()
    daemon.wait_status("samples", lambda s: s["documents"]["in_flight"] == 5, "it is at work again")
    daemon.ctl("cancel", "samples")
    status = daemon.status("samples")
    assert status["documents"]["ok"] + status["documents"]["failed"] < QUICK, "it has not come by all of them"
    assert "still being counted" in status["detail"]
    assert status["detail"] in daemon.ctl("status", "samples").stdout
    daemon.kill()
    daemon.start()
    assert daemon.wait("samples").returncode == 1
    assert_exact(daemon)
    assert len(stored(daemon)) == QUICK


def test_a_retry_after_such_a_cancel_knows_how_much_was_begun(daemon, api):
    leave_a_gap(daemon, api, "--limit", QUICK + SLOW)
    api.set("delay=100")
    daemon.start()
    daemon.ctl("cancel", "samples")
    daemon.wait("samples")
    begun = len(stored(daemon))
    failed = daemon.status("samples")["documents"]["failed"]
    left = QUICK + SLOW - begun  # that the limit allows yet
    assert 0 < left < failed
    daemon.ctl("retry", "samples")
    daemon.wait("samples")
    status = daemon.status("samples")
    assert (status["state"], status["reason"]) == ("paused", "limit reached")
    assert status["documents"]["failed"] == left and status["generation"] == 2


@pytest.mark.parametrize("when", ["submit", "set"])
def test_a_limit_holds_over_a_kill(daemon, api, workplace, when):
    """Documents that were passed over, as their origin said later, come first after a kill; others were begun instead."""
    other = Api(workplace)
    late, limit = 40, 60
    urls = [api.url_of(i, "retry_after=3000") for i in range(late)] + [other.url_of(i) for i in range(100)]
    daemon.insert(daemon.collection(), [{"_id": i, "url": url} for i, url in enumerate(urls)])
    api.set("status=429")
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", "5", "--limit", limit)
    begun = daemon.wait_status("samples", lambda s: s["documents"]["in_flight"] == 0 and s["documents"]["ok"] and
                               s["documents"]["ok"] + s["documents"]["retrying"] == limit, "the limit is reached")
    assert begun["documents"]["ok"] == len(other.ids()) and begun["documents"]["retrying"] <= 5
    if when == "set":
        daemon.ctl("pause", "samples")
        daemon.ctl("set", "samples", "limit=none")
    daemon.kill()
    api.set("status=200")
    daemon.start()
    if when == "set":
        daemon.ctl("resume", "samples", "--limit", limit)
    assert daemon.wait("samples").returncode == 0
    status = daemon.status("samples")
    assert (status["state"], status["reason"]) == ("paused", "limit reached")
    assert len(stored(daemon)) == limit, "and not a document more"
    assert set(other.ids()) == {str(i) for i in range(len(other.ids()))} and set(other.ids().values()) == {1}
    assert len(other.ids()) == begun["documents"]["ok"]


def test_failures_before_a_kill_count_for_what_stops_a_job(daemon, api):
    """A hundred have failed before the kill, and the record has not been saved since the job began."""
    at_once, limit = 15, 120
    queries = [""] * 10 + ["delay=0&status=404" if i % 4 == 0 else "delay=0" for i in range(QUICK)] + [""] * 80
    daemon.insert(daemon.collection(), [{"_id": i, "url": api.url_of(i, query)} for i, query in enumerate(queries)])
    api.set("delay=3600s")
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", at_once, "--timeout", "1h",
               "--failures", limit)
    daemon.wait_status("samples", lambda s: s["documents"]["ok"] + s["documents"]["failed"] == QUICK, "the quick ones")
    daemon.kill()

    api.set("status=404&delay=0")
    daemon.start()
    assert daemon.wait("samples").returncode == 3
    status = daemon.status("samples")
    assert (status["state"], status["reason"]) == ("paused", "too many failures")
    failed = sum(o["state"] == "failed" for o in stored(daemon))
    assert limit <= failed <= limit + 3 * at_once, "a queue full may be sent before it is known, and what is in flight ends"
    assert status["detail"].startswith(f"{failed} of {len(stored(daemon))} documents failed")

    daemon.kill()
    daemon.start()
    assert daemon.status("samples")["detail"] == status["detail"]
    daemon.ctl("resume", "samples")
    assert daemon.wait("samples").returncode == 3
    assert daemon.status("samples")["state"] == "done", "those from before were seen by whoever resumed it"


def test_a_paused_job_shows_whole_totals_after_a_kill(daemon, api):
    """It reads no further than its queue is long, and that is filled by the slow ones."""
    leave_it_paused(daemon, api)
    status = daemon.status("samples")
    assert status["documents"]["ok"] == QUICK * 3 // 4 and status["failures"] == {"http_status": QUICK // 4}
    assert status["attempts"] == QUICK and status["documents"]["in_flight"] == 0

    api.set("delay=0")
    daemon.ctl("resume", "samples")
    assert daemon.wait("samples").returncode == 3
    assert daemon.status("samples")["documents"]["total"] == QUICK + SLOW
    assert_exact(daemon)


def test_a_job_that_was_paused_after_a_kill_and_cancelled_is_counted_once(daemon, api):
    leave_it_paused(daemon, api)
    daemon.ctl("cancel", "samples")
    daemon.wait("samples")
    assert len(stored(daemon)) == QUICK
    assert_exact(daemon)
