"""A job with too many failures pauses itself before it burns the rest, says why, and can go on."""

import pytest
from programs import Daemon


def submit(daemon, *options):
    return daemon.ctl("submit", "samples", "--collection", daemon.collection(), *options, check=False)


def insert(daemon, api, n, fails):
    """n documents, of which those fail."""
    daemon.insert(daemon.collection(), [
        {"_id": f"d{i:04}", "url": api.url_of(i, "status=404" if fails(i) else "")} for i in range(n)
    ])


def test_a_number_of_failures_pauses_the_job(daemon, api):
    n, at_once = 1000, 5
    insert(daemon, api, n, lambda i: i % 2)
    result = submit(daemon, "-n", at_once, "--failures", "20", "--follow")
    assert result.returncode == 3, result.stderr

    status = daemon.status("samples")
    assert status["state"] == "paused" and status["reason"] == "too many failures"
    failed = status["documents"]["failed"]
    assert 20 <= failed <= 20 + at_once, "what was in flight ends and is stored"
    assert status["documents"]["in_flight"] == 0 and api.counters()["requests"] <= 2 * 20 + 2 * at_once
    assert status["detail"].endswith("stop.failures is 20")
    assert len(status["examples"]) == 5
    for example in status["examples"]:
        assert example["reason"] == "http_status" and example["status"] == 404 and int(example["id"][1:]) % 2 == 1
    text = daemon.ctl("status", "samples").stdout
    assert "too many failures" in text and status["detail"] in text and f"such as {status['examples'][0]['id']}: http_status 404" in text
    assert "too many failures" in daemon.log.read_text()
    assert daemon.wait("samples").returncode == 3

    # It survives the daemon, and resuming counts from there.
    daemon.kill()  # `wait` has returned: all of it is stored
    daemon.start()
    again = daemon.status("samples")
    assert again["reason"] == "too many failures" and again["detail"] == status["detail"]
    assert again["examples"] == status["examples"]
    daemon.ctl("resume", "samples")
    assert daemon.wait("samples").returncode == 3
    status = daemon.status("samples")
    assert status["state"] == "paused" and failed + 20 <= status["documents"]["failed"] <= failed + 20 + at_once

    daemon.ctl("set", "samples", "failures=none")
    daemon.ctl("resume", "samples")
    assert daemon.wait("samples").returncode == 3
    status = daemon.status("samples")
    assert status["state"] == "done" and status["documents"]["failed"] == n // 2 and status["documents"]["ok"] == n // 2
    assert status["detail"] is None and status["examples"] == []
    assert set(api.ids().values()) == {1}


def test_a_share_of_failures_is_judged_once_a_hundred_have_ended(sqlite_daemon, api):
    daemon = sqlite_daemon
    insert(daemon, api, 600, lambda i: i < 50 or i % 50 == 0)
    submit(daemon, "-n", "1", "--failures", "10%", "--follow")
    status = daemon.status("samples")
    assert status["state"] == "paused" and status["reason"] == "too many failures"
    assert 100 <= status["documents"]["ok"] + status["documents"]["failed"] <= 102

    daemon.ctl("resume", "samples")  # from here on 2% fail
    daemon.wait("samples")
    assert daemon.status("samples")["state"] == "done"


def test_a_live_change_of_the_share_holds_at_once(sqlite_daemon, api):
    daemon = sqlite_daemon
    insert(daemon, api, 400, lambda i: True)
    submit(daemon, "--rate", "200/s")
    daemon.wait_status("samples", lambda s: s["documents"]["failed"] >= 20, "some have failed")
    assert daemon.json("set", "samples", "failures=5")["job"]["state"] in ("running", "paused")
    assert daemon.wait("samples").returncode == 3
    assert daemon.status("samples")["reason"] == "too many failures"
    assert daemon.json("show", "samples")["changed"] == {"failures": "5"}


@pytest.mark.parametrize("value", ["0", "0%", "101%", "-1", "many", "1.5"])
def test_what_is_neither_a_number_nor_a_share_is_refused(sqlite_daemon, value):
    refused = submit(sqlite_daemon, f"--failures={value}")
    assert refused.returncode == 2 and "5%" in refused.stderr


def test_documents_that_no_request_can_be_made_of_count_as_well(sqlite_daemon):
    daemon = sqlite_daemon
    daemon.insert(daemon.collection(), [{"_id": {"$oid": f"{i:024x}"}, "no": i} for i in range(500)])
    assert submit(daemon, "--failures", "10", "--follow").returncode == 3
    status = daemon.status("samples")
    assert status["state"] == "paused" and status["documents"]["failed"] < 500
    assert status["examples"][0]["reason"] == "template" and len(status["examples"][0]["id"]) == 24


def test_an_id_that_is_shown_cannot_write_elsewhere_on_a_terminal(sqlite_daemon, api):
    daemon = sqlite_daemon
    documents = [{"_id": f"{i}\x1b[2J\nok", "url": api.url_of(i, "status=404")} for i in range(10)]
    daemon.insert(daemon.collection(), documents)
    submit(daemon, "--failures", "3", "-n", "1", "--follow")
    assert daemon.status("samples")["examples"][0]["id"] == "0\x1b[2J\nok", "as it is for programs"
    texts = [daemon.ctl(command, "samples").stdout for command in ("status", "errors")]
    assert "such as 0 [2J ok: http_status 404\n" in texts[0]
    assert "\x1b" not in "".join(texts) + daemon.log.read_text()
