"""The daemon is killed at any moment: nothing is lost, nothing has two outcomes, repeats stay within the window."""

import signal
import time

import pytest

from crashes import Series, fresh_random
from programs import wait_until

BURST = 20  # requests that a rate may let go at once


def test_killed_at_random_moments(daemon, api, full):
    kills, n = (200, 100000) if full else (20, 10000)
    random = fresh_random()
    series = Series(daemon, api, n, "delay=20&size=200", "-n", "50")
    series.submit()
    daemon.kill()
    # The last one has a good part of the job before it, however fast or slow it goes.
    for documents in sorted(random.randrange(n * 7 // 10) for _ in range(kills)):
        series.kill_at(documents, random.random() * 0.06)
    series.finish()
    assert len(series.deaths) == kills


# The record is saved when the job has started, when 5,000 documents in a row have their outcome, and at the end.
POINTS = [
    "recording:1", "recorded:1", "begun:1", "sent:100", "answered:100", "handed:100", "written:1", "acknowledged:1",
    "written:3", "acknowledged:3", "recording:1", "recorded:1",
]


def test_killed_at_each_point_of_a_documents_way(daemon, api):
    series = Series(daemon, api, 12000, "delay=5&size=200", "-n", "50")
    daemon.kill()
    series.die_at("submitted:1", lambda: series.submit(check=False))
    for point in POINTS:
        series.die_at(point)
    series.finish()


def test_the_same_submit_after_a_crash_is_the_same_job(daemon, api):
    series = Series(daemon, api, 50, "delay=200", "-n", "5")
    daemon.kill()
    series.die_at("submitted:1", lambda: series.submit(check=False))
    daemon.start()
    assert not daemon.json("submit", "samples", "--collection", series.collection, "-n", "5")["created"]
    assert daemon.wait("samples").returncode == 0
    assert api.ids() == {str(i): 1 for i in range(50)}


def test_killed_between_a_cancel_and_its_answer(daemon, api):
    series = Series(daemon, api, 2000, "delay=50", "-n", "20")
    series.submit()
    daemon.kill()

    def cancel():
        daemon.wait_status("samples", lambda s: s["documents"]["ok"] >= 40, "some answers")
        daemon.ctl("cancel", "samples", check=False)

    series.die_at("changed:1", cancel)
    asked = api.ids()
    daemon.start()
    assert daemon.status("samples")["state"] == "cancelled"
    documents = [d for d in daemon.documents(series.collection) if "reqd" in d]
    assert len(documents) >= 40 and all(d["response"]["id"] == str(d["i"]) for d in documents)
    assert api.ids() == asked, "nothing more is sent"
    daemon.ctl("verify", "samples")


@pytest.mark.parametrize("fault", ["changed:1", "begun:1", "sent:20"])
def test_killed_when_a_retry_begins(daemon, api, fault):
    series = Series(daemon, api, 200, "")
    api.set("status=404")
    series.submit()
    assert daemon.wait("samples").returncode == 3
    api.set("status=200")
    series.count_repeats()
    series.last_life.clear()  # what comes now is no repetition: it was asked for
    daemon.kill()
    series.die_at(fault, lambda: daemon.ctl("retry", "samples", check=False))
    series.finish()
    assert daemon.status("samples")["generation"] == 2
    assert {d["reqd"]["gen"] for d in daemon.documents(series.collection)} == {2}


def test_a_stopped_process_goes_on(sqlite_daemon, api, full):
    daemon = sqlite_daemon
    seconds, rate = 60 if full else 3, 100
    series = Series(daemon, api, 500, "delay=100", "--rate", f"{rate}/s", "--timeout", "1s")
    series.submit()
    daemon.wait_status("samples", lambda s: s["documents"]["ok"] >= 100, "some answers")
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        time.sleep(seconds)  # long enough for every time limit to run out
        requests = api.counters()["requests"]
    finally:
        since = time.monotonic()
        daemon.process.send_signal(signal.SIGCONT)
    wait_until(lambda: api.counters()["requests"] > requests + 20, "it goes on")
    sent = api.counters()["requests"] - requests
    assert sent <= rate * (time.monotonic() - since) + BURST, "what was not sent meanwhile is not made up for"
    assert daemon.wait("samples").returncode == 0
    series.check_outcomes()
    assert max(api.ids().values()) <= 2, "at most what was in flight timed out, and was sent again"
