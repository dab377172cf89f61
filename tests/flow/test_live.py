"""Changing a job while it runs: obeyed within a second, no request in flight is cancelled."""

import threading
import time

from programs import Daemon, wait_until

OBEYED = 1.0  # seconds, the promise; seen by the API's own count


def submit(daemon, api, n, concurrency, delay=100):
    daemon.insert_urls(daemon.collection(), api, n, f"delay={delay}")
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", concurrency)


def test_concurrency_is_changed_up_and_down(sqlite_daemon, api):
    daemon = sqlite_daemon
    submit(daemon, api, 20000, 10)
    wait_until(lambda: api.in_flight() == 10, "10 in flight")
    daemon.ctl("set", "samples", "concurrency=200")
    wait_until(lambda: 190 <= api.in_flight() <= 200, "200 in flight", deadline=OBEYED)
    daemon.ctl("set", "samples", "concurrency=5")
    wait_until(lambda: api.in_flight() <= 5, "5 in flight", deadline=OBEYED)
    assert api.counters()["max_in_flight"] <= 200

    daemon.ctl("cancel", "samples")
    daemon.wait("samples")
    counters = api.counters()
    assert counters["unanswered"] == 0, "a request in flight was cancelled"
    assert counters["max_per_id"] == 1
    status = daemon.status("samples")
    assert status["documents"]["ok"] == counters["requests"]


def test_pause_and_resume(sqlite_daemon, api):
    daemon = sqlite_daemon
    submit(daemon, api, 3000, 50)
    wait_until(lambda: api.in_flight() >= 45, "50 in flight")
    reply = daemon.json("pause", "samples")
    assert reply["job"]["state"] == "paused" and reply["job"]["reason"] == "by user" and reply["stored"]
    wait_until(lambda: api.in_flight() == 0, "nothing in flight", deadline=OBEYED)
    assert daemon.wait("samples", "--for", "paused").returncode == 0
    sent = api.counters()["requests"]
    status = daemon.status("samples")
    assert status["documents"]["ok"] == sent and status["window"]["now"] == 0

    daemon.ctl("resume", "samples")
    wait_until(lambda: api.in_flight() >= 45, "50 in flight again", deadline=OBEYED)
    daemon.ctl("set", "samples", "concurrency=300")
    assert daemon.wait("samples").returncode == 0
    assert api.ids() == {str(i): 1 for i in range(3000)}
    assert api.counters()["unanswered"] == 0


def test_changes_outlive_a_restart(daemon, api):
    submit(daemon, api, 500, 5, delay=50)
    daemon.ctl("set", "samples", "concurrency=7", "rate=1000/s", "timeout=11s", "attempts=3")
    daemon.ctl("pause", "samples")
    daemon.wait("samples", "--for", "paused")
    before = daemon.json("show", "samples")
    daemon.kill()
    daemon.start()
    assert daemon.json("show", "samples") == before
    assert before["changed"] == {"concurrency": "7", "rate": "1000/s", "timeout": "11s", "attempts": "3"}
    assert before["submitted"]["pace"]["concurrency"] == 5 and before["effective"]["pace"]["concurrency"] == 7
    status = daemon.status("samples")
    assert (status["state"], status["reason"]) == ("paused", "by user")
    daemon.ctl("resume")
    assert daemon.wait("samples").returncode == 0
    assert api.ids() == {str(i): 1 for i in range(500)}


def test_relative_changes(sqlite_daemon, api):
    daemon = sqlite_daemon
    submit(daemon, api, 100, 100)
    daemon.ctl("pause")
    for change, concurrency in (("+10%", 110), ("-10", 100), ("+5", 105), ("-50%", 52)):
        daemon.ctl("set", f"concurrency={change}")
        now = daemon.status("samples")["pace"]["concurrency"]["set"]
        assert abs(now - concurrency) <= 1


def test_wrong_settings_change_nothing(sqlite_daemon, api):
    daemon = sqlite_daemon
    submit(daemon, api, 100, 10)
    daemon.ctl("pause")
    before = daemon.json("show", "samples")
    for settings in (["concurrency=0"], ["concurrency=20", "rate=fast"], ["concurency=20"], ["url=http://x/"], ["timeout=-1s"]):
        result = daemon.ctl("set", "samples", *settings, check=False)
        assert result.returncode == 2 and result.stderr.startswith("reqctl: "), settings
    assert daemon.json("show", "samples") == before
