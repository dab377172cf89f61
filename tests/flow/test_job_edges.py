"""A job at its edges: commands that meet at a bad moment, and a store that says no."""

import sqlite3

from programs import Daemon, wait_until
from sqlite_trouble import locked, no_to
from wire import Wire, frame


def submit(daemon, *options, name="samples"):
    return daemon.ctl("submit", name, "--collection", daemon.collection(), *options, check=False)


def paused_by_store(status):
    return status["state"] == "paused" and (status["reason"] or "").startswith("store refuses")


def test_a_stop_starts_nothing_more_at_a_rate(sqlite_daemon, api):
    daemon = sqlite_daemon
    daemon.insert_urls(daemon.collection(), api, 2000, "delay=1000")
    submit(daemon, "--rate", "100/s")
    wait_until(lambda: api.in_flight() >= 20, "requests in flight")
    daemon.process.terminate()
    wait_until(lambda: "ending: " in daemon.log.read_text(), "the daemon drains")
    begun = api.counters()["requests"]
    assert daemon.process.wait(timeout=20) == 0
    assert api.counters()["requests"] - begun <= 5, "those that were sent before the daemon drained"


def test_an_end_at_once_while_a_change_is_being_stored(sqlite_daemon, api, workplace):
    daemon = sqlite_daemon
    daemon.insert_urls(daemon.collection(), api, 100, "delay=5000")
    submit(daemon)
    wait_until(lambda: api.in_flight() == 100, "all in flight")
    with locked(workplace), Wire(daemon) as wire:
        wire.send(frame("org.reqd.Set", {"job": "samples", "settings": {"rate": "5/s"}}))
        daemon.wait_status("samples", lambda s: s["pace"]["rate"]["set"] == 5, "the change holds")
        daemon.process.terminate()
        wait_until(lambda: "ending: " in daemon.log.read_text(), "the daemon drains")
        daemon.process.terminate()
        assert daemon.process.wait(timeout=20) == 0


def test_a_follower_is_told_of_a_pause_that_the_store_refuses_to_keep(sqlite_daemon, api, workplace):
    daemon = sqlite_daemon
    daemon.insert_urls(daemon.collection(), api, 50, "delay=20")
    submit(daemon, "--paused")
    with no_to(workplace, "insert", "outcomes"), no_to(workplace, "update", "jobs"):
        assert daemon.ctl("resume", "samples").returncode == 0
        assert daemon.ctl("wait", "samples", "--timeout", "20s", check=False).returncode == 1
        assert paused_by_store(daemon.status("samples"))
    daemon.ctl("resume", "samples")
    assert daemon.wait("samples").returncode == 0
    assert api.ids() == {str(i): 1 for i in range(50)}, "the answers were kept"


def test_answers_that_are_refused_while_the_job_is_paused_are_told(sqlite_daemon, api, workplace):
    daemon = sqlite_daemon
    daemon.insert_urls(daemon.collection(), api, 20, "delay=500")
    submit(daemon)
    wait_until(lambda: api.in_flight() == 20, "all in flight")
    daemon.ctl("pause", "samples")
    with no_to(workplace, "insert", "outcomes"):
        daemon.wait_status("samples", paused_by_store, "the refusal")
    daemon.ctl("resume", "samples")
    assert daemon.wait("samples").returncode == 0
    assert api.ids() == {str(i): 1 for i in range(20)}


def test_a_cancelled_job_whose_answers_the_store_refuses_can_be_deleted(sqlite_daemon, api, workplace):
    daemon = sqlite_daemon
    daemon.insert_urls(daemon.collection(), api, 50)
    with no_to(workplace, "insert", "outcomes"):
        submit(daemon)
        daemon.wait_status("samples", paused_by_store, "the refusal")
        daemon.ctl("cancel", "samples")
        daemon.wait("samples")
        wait_until(lambda: daemon.ctl("delete", "samples", check=False).returncode == 0, "it can be deleted", deadline=10)


def test_a_retry_does_not_share_a_field_with_a_job_at_work(sqlite_daemon, api):
    daemon = sqlite_daemon
    daemon.insert_urls(daemon.collection(), api, 10, "status=404")
    submit(daemon, "--follow", name="first")
    submit(daemon, "--paused", name="second")
    refused = daemon.ctl("retry", "first", check=False)
    assert refused.returncode == 1 and "second" in refused.stderr
    daemon.ctl("cancel", "second")
    daemon.ctl("retry", "first")
    daemon.wait("first")
    assert daemon.status("first")["generation"] == 2


def test_a_retry_needs_room_among_the_unfinished_jobs(workplace, sqlite_uri, api):
    daemon = Daemon(workplace, sqlite_uri, config="[Limits]\nMaxJobs=1\n")
    daemon.insert_urls(daemon.collection(), api, 10, "status=404")
    submit(daemon, "--follow", name="first")
    daemon.ctl("submit", "other", "--collection", daemon.collection("other"), "--paused")
    refused = daemon.ctl("retry", "first", check=False)
    assert refused.returncode == 1 and "MaxJobs" in refused.stderr


def test_the_largest_window_is_that_of_all_generations(sqlite_daemon, api):
    daemon = sqlite_daemon
    daemon.insert_urls(daemon.collection(), api, 100, "status=404&delay=20")
    submit(daemon, "--follow", "-n", "50")
    largest = daemon.status("samples")["window"]["max"]
    assert largest >= 50
    daemon.ctl("set", "samples", "concurrency=2", check=False)
    daemon.ctl("retry", "samples", "--status", "500")
    daemon.wait("samples")
    status = daemon.status("samples")
    assert status["generation"] == 2 and status["documents"]["failed"] == 0 and status["window"]["max"] == largest


def test_a_slow_first_answer_holds_up_nobody_once_the_name_is_resolved(sqlite_daemon, api):
    daemon = sqlite_daemon
    url = api.url.replace("127.0.0.1", "localhost")
    daemon.insert(daemon.collection(), [{"_id": i, "url": f"{url}/?id={i}&delay=8000"} for i in range(20)])
    submit(daemon)
    wait_until(lambda: api.counters()["requests"] > 0, "the first request")
    wait_until(lambda: api.in_flight() == 20, "the others follow", deadline=4)


def test_retries_that_wait_do_not_keep_a_stop(sqlite_daemon, api):
    daemon = sqlite_daemon
    daemon.insert_urls(daemon.collection(), api, 50, "flaky=1")
    submit(daemon, "--backoff", "10s", "--max-backoff", "10s")
    daemon.wait_status("samples", lambda s: s["documents"]["retrying"] >= 25, "many wait for their retry")
    assert daemon.stop() == 0
    daemon.start()
    daemon.wait_status("samples", lambda s: s["documents"]["ok"] == 50, "all are answered")


def test_a_limit_is_reached_while_answers_are_under_way(sqlite_daemon, api):
    daemon = sqlite_daemon
    daemon.insert_urls(daemon.collection(), api, 100, "delay=500")
    submit(daemon, "--limit", "30")
    status = daemon.wait_status("samples", lambda s: s["documents"]["in_flight"] == 30, "the limit is under way")
    assert status["state"] == "running" and status["pace"]["limited_by"] == "idle"


def test_jobs_that_cannot_be_read_are_told_and_read_later(sqlite_daemon, workplace):
    daemon = sqlite_daemon
    submit(daemon, "--paused")
    daemon.kill()
    with sqlite3.connect(workplace.path / "reqd.db") as db:
        db.execute("insert into jobs (id, name, record) values ('x', 'x', '{')")
    db.close()
    daemon.process = workplace.start_daemon([workplace.build / "daemon/reqd", "--config", daemon.config], daemon.log, daemon.env)
    wait_until(lambda: daemon.log.read_text().count("listens on") == 2, "it listens")
    refused = daemon.ctl("status", "samples", check=False, timeout=10)
    assert refused.returncode == 1 and "Extended JSON" in refused.stderr
    with sqlite3.connect(workplace.path / "reqd.db") as db:
        db.execute("delete from jobs where id = 'x'")
    db.close()
    wait_until(lambda: daemon.ctl("status", "samples", check=False).returncode == 0, "the jobs are there")


def test_clients_that_hang_up_while_the_daemon_ends(sqlite_daemon):
    daemon = sqlite_daemon
    submit(daemon, "--paused")
    for concurrency in range(1, 9):
        for _ in range(3):
            with Wire(daemon) as wire:
                wire.send(frame("org.reqd.Set", {"job": "samples", "settings": {"concurrency": str(concurrency)}}))
        assert daemon.stop() == 0, daemon.log.read_text()
        daemon.start()
