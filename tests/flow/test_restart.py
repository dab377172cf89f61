"""The daemon dies and comes back: nothing is lost, nothing is stored twice, repeats stay within the window."""

import signal
import subprocess
import time

import pytest

from programs import Daemon, MongoServer, wait_until


def assert_one_outcome_each(daemon, n):
    documents = daemon.documents(daemon.collection())
    assert len(documents) == n
    for document in documents:
        assert document.get("reqd", {}).get("state") == "ok", document
        assert document["response"]["id"] == str(document["i"])


def test_kill_and_restart_loses_nothing_and_repeats_at_most_the_window(daemon, api):
    n = 3000
    daemon.insert_urls(daemon.collection(), api, n, "delay=30&size=300")
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", "50")

    repeats_allowed = 0
    for goal in (500, 1200, 2000):
        daemon.wait_status("samples", lambda s: s["documents"]["ok"] >= goal, f"{goal} answers")
        window = daemon.status("samples")["window"]["max"]
        repeats_allowed += window
        assert 50 <= window <= 50 + 2000
        daemon.kill()
        daemon.start()

    assert daemon.wait("samples").returncode == 0
    status = daemon.status("samples")
    assert status["state"] == "done" and status["documents"]["ok"] == n and status["documents"]["total"] == n
    assert_one_outcome_each(daemon, n)

    asked = api.ids()
    assert set(asked) == {str(i) for i in range(n)}
    repeats = sum(asked.values()) - n
    assert repeats <= repeats_allowed
    assert max(asked.values()) <= 4


def test_a_stop_drains(daemon, api):
    daemon.insert_urls(daemon.collection(), api, 1000, "delay=100")
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", "100")
    wait_until(lambda: api.in_flight() >= 90, "100 in flight")
    assert daemon.stop() == 0
    counters = api.counters()
    assert counters["in_flight"] == 0 and counters["unanswered"] == 0
    daemon.start()
    assert daemon.wait("samples").returncode == 0
    assert api.ids() == {str(i): 1 for i in range(1000)}, "a drained stop repeats nothing"


def test_a_second_signal_ends_at_once_and_loses_nothing(daemon, api):
    """What is in flight would take an hour, and the daemon's own patience is half a minute."""
    daemon.insert_urls(daemon.collection(), api, 40)
    api.set("delay=3600s")
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", "20", "--timeout", "1h")
    wait_until(lambda: api.in_flight() == 20, "20 in flight")
    daemon.process.terminate()
    wait_until(lambda: "ending: 20 requests in flight" in daemon.log.read_text(), "it drains")
    assert daemon.status("samples")["documents"]["in_flight"] == 20, "and still answers"
    daemon.process.terminate()
    assert daemon.process.wait(timeout=20) == 0
    assert "ended with 20 requests in flight: not everything is stored" in daemon.log.read_text()

    api.set("delay=0")
    daemon.start()
    assert daemon.wait("samples").returncode == 0
    assert_one_outcome_each(daemon, 40)
    assert sorted(api.ids().values()) == [1] * 20 + [2] * 20


def test_retries_go_on_after_a_restart(daemon, api):
    daemon.insert_urls(daemon.collection(), api, 50, "flaky=1")
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--backoff", "5s", "--max-backoff", "5s")
    daemon.wait_status("samples", lambda s: s["documents"]["retrying"] > 25, "many wait for their retry")
    daemon.kill()
    daemon.start()
    assert daemon.wait("samples").returncode == 0
    assert daemon.status("samples")["documents"]["ok"] == 50


def test_a_generation_goes_on_after_a_restart(daemon, api):
    daemon.insert_urls(daemon.collection(), api, 300, "status=404")
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--follow", check=False)
    api.set("delay=50")
    daemon.ctl("set", "samples", "concurrency=5", check=False)
    daemon.ctl("retry", "samples")
    daemon.wait_status("samples", lambda s: s["documents"]["failed"] >= 50, "some were tried again")
    daemon.kill()
    daemon.start()
    daemon.wait("samples")
    status = daemon.status("samples")
    assert status["generation"] == 2 and status["documents"]["failed"] == 300 and status["documents"]["total"] == 300
    assert {d["reqd"]["gen"] for d in daemon.documents(daemon.collection())} == {2}


def test_ended_jobs_are_remembered_and_can_be_deleted(daemon, api):
    daemon.insert_urls(daemon.collection(), api, 20)
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--follow")
    before = daemon.status("samples")
    daemon.kill()
    daemon.start()
    after = daemon.status("samples")
    for key in ("name", "id", "state", "documents", "attempts", "generation", "created", "ended"):
        assert after[key] == before[key], key

    daemon.ctl("delete", "samples")
    assert daemon.ctl("status", "samples", check=False).returncode == 4
    assert len([d for d in daemon.documents(daemon.collection()) if "response" in d]) == 20, "outcomes stay"
    daemon.kill()
    daemon.start()
    assert daemon.ctl("status", "samples", check=False).returncode == 4


def test_mongodb_away_for_a_while(workplace, api, tmp_path):
    # Without this the test server forgets, when it is killed, writes that it had acknowledged with j: true.
    server = MongoServer(tmp_path, "--sync-on-commit")
    if server.outside:
        pytest.fail("this test stops its server: run it without REQD_TEST_MONGODB_URI")
    try:
        daemon = Daemon(workplace, server.fresh_uri())
        daemon.insert_urls(daemon.collection(), api, 2000, "delay=20")
        daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", "20")
        daemon.wait_status("samples", lambda s: s["documents"]["ok"] >= 300, "some answers")
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        status = daemon.wait_status("samples", lambda s: s["pace"]["limited_by"] == "store", "status says store")
        assert status["state"] == "running"
        gone = time.monotonic()

        reply = daemon.json("set", "samples", "concurrency=30")
        assert reply["stored"] is False and reply["warning"] and reply["job"]["pace"]["concurrency"]["set"] == 30
        refused = daemon.ctl("submit", "other", "--collection", daemon.collection("other"), check=False)
        assert refused.returncode == 1 and "store" in refused.stderr

        wait_until(lambda: time.monotonic() - gone > 10, "the store has been away for ten seconds")
        server.start()
        assert daemon.wait("samples").returncode == 0
        assert_one_outcome_each(daemon, 2000)
        assert api.ids() == {str(i): 1 for i in range(2000)}, "nothing was sent twice"
        daemon.kill()
        daemon.start()
        assert daemon.json("show", "samples")["changed"] == {"concurrency": "30"}
    finally:
        server.end()


def test_sqlite_locked_by_somebody_else(sqlite_daemon, api, workplace):
    import sqlite3

    daemon = sqlite_daemon
    daemon.insert_urls(daemon.collection(), api, 2000, "delay=10")
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", "20")
    daemon.wait_status("samples", lambda s: s["documents"]["ok"] >= 300, "some answers")
    other = sqlite3.connect(workplace.path / "reqd.db", timeout=10, isolation_level=None)
    other.execute("begin immediate")
    status = daemon.wait_status("samples", lambda s: s["pace"]["limited_by"] == "store", "status says store")
    assert status["state"] == "running"
    assert not daemon.json("status")["daemon"]["store"]["available"]
    other.execute("rollback")
    other.close()
    assert daemon.wait("samples").returncode == 0
    assert_one_outcome_each(daemon, 2000)
    assert api.ids() == {str(i): 1 for i in range(2000)}


def test_a_second_daemon_on_one_file_is_refused_and_takes_over_after_a_crash(workplace, sqlite_uri, api):
    first = Daemon(workplace, sqlite_uri)
    second = Daemon(workplace, sqlite_uri, start=False)
    arguments = [workplace.build / "daemon/reqd", "--config", second.config]
    refused = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1 and "another reqd" in refused.stderr, "1 and not 2: a manager tries again"

    first.insert_urls("test.samples", api, 500, "delay=20")
    first.ctl("submit", "samples", "--collection", "test.samples", "-n", "10")
    first.wait_status("samples", lambda s: s["documents"]["ok"] >= 50, "some answers")
    first.kill()
    second.start()
    assert second.wait("samples").returncode == 0
    assert second.status("samples")["documents"]["ok"] == 500
