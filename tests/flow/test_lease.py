"""One daemon at a time is at work on a MongoDB store's jobs; another takes over from one that has died."""

import signal
import subprocess

import pymongo
import pytest

from programs import DEADLINE, Daemon, wait_until
from trouble import Proxied

LEASE = "Lease=3s\n"


@pytest.fixture
def mongo_uri(mongo_server):
    return mongo_server.fresh_uri()


def run_reqd(workplace, daemon):
    """Starts reqd where it is expected to end by itself."""
    command = [workplace.build / "daemon/reqd", "--config", daemon.config]
    return subprocess.run(command, capture_output=True, text=True, env=daemon.env, timeout=DEADLINE)


def lease(daemon):
    with pymongo.MongoClient(daemon.store) as client:
        return client[daemon.database].reqd_jobs.find_one({"_id": "lease"})


def has_run_out(daemon):
    with pymongo.MongoClient(daemon.store) as client:
        now = client.admin.command("hello")["localTime"]
        held = client[daemon.database].reqd_jobs.find_one({"_id": "lease"})
    return (now - held["renewed"]).total_seconds() * 1000 > held["length"]


def assert_all_ok(daemon, n):
    documents = daemon.documents(daemon.collection())
    assert len(documents) == n and {d["reqd"]["state"] for d in documents} == {"ok"}


def start_job(daemon, api, n=600):
    daemon.insert_urls(daemon.collection(), api, n, "delay=20")
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", "10")
    daemon.wait_status("samples", lambda s: s["documents"]["ok"] >= 50, "some answers")


def test_a_second_daemon_is_refused_at_once(workplace, mongo_uri):
    first = Daemon(workplace, mongo_uri)
    second = Daemon(workplace, mongo_uri, start=False)
    refused = run_reqd(workplace, second)
    assert refused.returncode == 1
    for told in ("another reqd is at work", f"process {first.process.pid} on ", ", since 20", "end that one first"):
        assert told in refused.stderr
    first.ctl("submit", "samples", "--collection", first.collection(), "--paused")
    assert [job["name"] for job in first.json("status")["jobs"]] == ["samples"], "the first one goes on"


def test_after_a_kill_the_next_daemon_does_not_wait(workplace, mongo_uri, api):
    first = Daemon(workplace, mongo_uri)
    second = Daemon(workplace, mongo_uri, start=False)
    start_job(first, api)
    former = lease(first)
    first.kill()
    assert lease(first) == former, "the dead one has left its lease, which lives on for 30 s"
    second.start()
    assert second.wait("samples").returncode == 0
    assert lease(second)["pid"] == second.process.pid
    assert_all_ok(second, 600)


def test_a_clean_end_releases_the_lease(workplace, mongo_uri):
    daemon = Daemon(workplace, mongo_uri)
    assert lease(daemon)["pid"] == daemon.process.pid
    assert daemon.stop() == 0
    assert lease(daemon) is None


def test_an_owner_elsewhere_is_watched_until_its_lease_runs_out(workplace, mongo_uri):
    daemon = Daemon(workplace, mongo_uri)
    assert daemon.stop() == 0
    with pymongo.MongoClient(mongo_uri) as client:
        jobs = client[daemon.database].reqd_jobs
        elsewhere = {"owner": pymongo.collection.ObjectId(), "host": "far", "boot": "x", "space": "x", "pid": 1, "length": 2000}
        jobs.update_one({"_id": "lease"}, {"$set": elsewhere, "$currentDate": {"renewed": True, "since": True}}, upsert=True)
        daemon.process = workplace.start_daemon(
            [workplace.build / "daemon/reqd", "--config", daemon.config], daemon.log, daemon.env
        )
        wait_until(lambda: "process 1 on far has the lease" in daemon.log.read_text(), "it watches")
        wait_until(lambda: jobs.find_one({"_id": "lease"})["host"] != "far", "it has taken over")
        wait_until(daemon.answers, "it answers")


def test_an_owner_elsewhere_that_renews_is_left_alone(workplace, mongo_uri):
    daemon = Daemon(workplace, mongo_uri, start=False)
    with pymongo.MongoClient(mongo_uri) as client:
        jobs = client[daemon.database].reqd_jobs
        elsewhere = {"owner": pymongo.collection.ObjectId(), "host": "far", "boot": "x", "space": "x", "pid": 1, "length": 60000}

        def renew():
            jobs.update_one({"_id": "lease"}, {"$set": elsewhere, "$currentDate": {"renewed": True}}, upsert=True)

        renew()
        with open(daemon.log, "ab") as log:
            process = workplace.start([workplace.build / "daemon/reqd", "--config", daemon.config], stderr=log, env=daemon.env)
        wait_until(lambda: "process 1 on far has the lease" in daemon.log.read_text(), "it watches")
        refused = daemon.ctl("status", "samples", check=False)
        assert refused.returncode == 1 and "has the lease on the jobs" in refused.stderr
        store = daemon.json("status")["daemon"]["store"]
        assert not store["available"] and "process 1 on far has the lease" in store["message"]
        renew()
        assert process.wait(timeout=DEADLINE) == 1
        assert "another reqd is at work" in daemon.log.read_text()


def test_a_daemon_that_was_stopped_beyond_its_lease_writes_nothing_more(workplace, mongo_uri, api):
    first = Daemon(workplace, mongo_uri, store_config=LEASE)
    second = Daemon(workplace, mongo_uri, store_config=LEASE, start=False)
    start_job(first, api)
    window = first.status("samples")["window"]["max"]
    first.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: has_run_out(first), "its lease has run out")
    second.start()
    assert lease(second)["pid"] == second.process.pid
    second.ctl("set", "samples", "concurrency=5")
    second.wait_status("samples", lambda s: s["documents"]["ok"] >= 200, "the second one is at work")

    first.process.send_signal(signal.SIGCONT)
    assert first.process.wait(timeout=DEADLINE) == 1
    workplace.daemons.remove((first.process, first.log))
    assert "have been taken over by another reqd" in first.log.read_text()
    assert second.wait("samples").returncode == 0
    assert_all_ok(second, 600)
    assert second.json("show", "samples")["changed"] == {"concurrency": "5"}, "the first one has not written its record"
    repeats = sum(api.ids().values()) - 600
    assert repeats <= 10 + window, "what was in flight or not acknowledged when the first one was stopped"


def test_a_late_record_of_a_former_owner_changes_nothing(workplace, mongo_server, api):
    """It was on its way when the lease ran out, and arrives when another daemon has changed the job."""
    proxied = Proxied(workplace, mongo_server, store_config=LEASE)
    first, jobs = proxied.daemon, proxied.client[proxied.daemon.database].reqd_jobs
    second = Daemon(workplace, proxied.server_uri, store_config=LEASE, start=False)
    proxied.submit(api, 3, "delay=1", "--paused")

    def of_lease(update):
        return update["update"] == "reqd_jobs" and update["updates"][0]["q"]["_id"] == "lease"

    def of_job(update):
        return update["update"] == "reqd_jobs" and not of_lease(update)

    with proxied.proxy.rule("update", "delay", when=of_lease), proxied.proxy.rule("update", "delay", when=of_job) as late:
        first.ctl("set", "samples", "concurrency=7")
        assert late.hits
        wait_until(lambda: has_run_out(second), "the lease of the first one has run out")
        second.start()
        second.ctl("set", "samples", "concurrency=5")
    assert first.process.wait(timeout=DEADLINE) == 1
    workplace.daemons.remove((first.process, first.log))
    assert "have been taken over by another reqd" in first.log.read_text()
    assert dict(jobs.find_one({"name": "samples"})["changed"]) == {"concurrency": "5"}
    proxied.end()
