"""A MongoDB store that says no: to one document, which then is `store_refused`, or to all, which pauses the job."""

import pytest

from programs import wait_until
from trouble import Proxied, assert_nothing_lost

N = 200
VALIDATION = (121, "Document failed validation")
TOO_LARGE = (17419, "Resulting document after update is larger than 16777216")
REFUSALS = {
    "rights are revoked": (13, "Unauthorized", "not authorized"),
    "authentication is revoked": (18, "AuthenticationFailed", "Authentication failed."),
    "the disk is full": (14031, "OutOfDiskSpace", "available disk space is too low"),
    "a writer is forbidden": (20, "IllegalOperation", "the server is in read-only mode"),
}


@pytest.fixture
def proxied(workplace, mongo_server):
    there = Proxied(workplace, mongo_server)
    yield there
    there.end()


def is_answer_of(ids):
    """An operation of a bulk that stores an answer for one of these documents, not what stands in for a refused one."""
    return lambda operation: "response" in operation["u"]["$set"] and operation["q"]["_id"] in ids


def refused_by_store(status):
    return status["state"] == "paused" and (status["reason"] or "").startswith("store refuses: ")


def is_of_samples(command):
    return lambda document: document[command] == "samples"


@pytest.mark.parametrize("command, fault", [("find", "rights are revoked"), *(("update", fault) for fault in REFUSALS)])
def test_a_no_to_all_pauses_the_job_and_loses_nothing(proxied, api, command, fault):
    daemon = proxied.daemon
    with proxied.proxy.rule(command, "error", REFUSALS[fault], when=is_of_samples(command)):
        proxied.submit(api, N, "delay=20")
        status = daemon.wait_status("samples", refused_by_store, "it pauses")
        assert status["reason"] == f"store refuses: {REFUSALS[fault][0]} {REFUSALS[fault][2]}"
        calls = proxied.proxy.commands()
        for _ in range(20):
            assert refused_by_store(daemon.status("samples"))
        assert proxied.proxy.commands() - calls <= 20, "nobody asks again before somebody has mended it"
    daemon.ctl("resume", "samples")
    assert daemon.wait("samples").returncode == 0
    assert_nothing_lost(proxied, api, N)


@pytest.mark.parametrize("refusal", [VALIDATION, TOO_LARGE], ids=["validator", "too large"])
def test_an_answer_that_is_refused_alone_is_stored_without_its_body(proxied, api, refusal):
    daemon = proxied.daemon
    ids = {3, 77, N - 1}
    with proxied.proxy.rule("update", "write_errors", (*refusal, is_answer_of(ids)), when=is_of_samples("update")):
        proxied.submit(api, N, "size=300")
        assert daemon.wait("samples").returncode == 3
    status = daemon.status("samples")
    assert status["documents"]["ok"] == N - len(ids) and status["failures"] == {"store_refused": len(ids)}
    for document in proxied.samples.find():
        assert document["reqd"]["state"] == ("failed" if document["_id"] in ids else "ok")
        if document["_id"] in ids:
            assert document["reqd"]["reason"] == "store_refused" and "response" not in document and "body" not in document["reqd"]
    assert sum(api.ids().values()) == N


def test_a_bulk_that_is_refused_as_a_whole_for_one_document_loses_only_that_one(proxied, api):
    daemon = proxied.daemon
    holds_7 = lambda d: is_of_samples("update")(d) and any(is_answer_of({7})(o) for o in d["updates"])
    with proxied.proxy.rule("update", "error", (10334, "BSONObjectTooLarge", "BSONObj size is invalid"), when=holds_7):
        proxied.submit(api, N, "size=300")
        assert daemon.wait("samples").returncode == 3
    assert daemon.status("samples")["failures"] == {"store_refused": 1}
    assert [d["_id"] for d in proxied.samples.find({"reqd.state": "failed"})] == [7]
    assert len(proxied.reqd_of()) == N and sum(api.ids().values()) == N


def test_a_document_that_takes_not_even_the_refusal_pauses_the_job(proxied, api):
    daemon = proxied.daemon
    with proxied.proxy.rule(
        "update", "write_errors", (*VALIDATION, lambda o: o["q"]["_id"] == 3), when=is_of_samples("update")
    ):
        proxied.submit(api, N)
        status = daemon.wait_status("samples", refused_by_store, "it pauses")
        assert "121" in status["reason"]
    daemon.ctl("resume", "samples")
    assert daemon.wait("samples").returncode in (0, 3)
    assert len(proxied.reqd_of()) == N and sum(api.ids().values()) == N


def test_documents_that_are_deleted_meanwhile_are_gone(proxied, api):
    daemon = proxied.daemon
    proxied.submit(api, N, "delay=300")
    wait_until(lambda: api.in_flight() == 20, "20 in flight")
    deleted = proxied.samples.delete_many({"_id": {"$lt": 60}}).deleted_count
    assert deleted == 60
    assert daemon.wait("samples").returncode == 0
    status = daemon.status("samples")
    assert status["documents"]["gone"] >= 20 and status["documents"]["ok"] + status["documents"]["gone"] <= N
    assert status["documents"]["ok"] == N - 60 == len(proxied.reqd_of(**{"reqd.state": "ok"}))
    assert max(api.ids().values()) == 1


def test_a_lease_that_may_not_be_renewed_holds_the_job_and_status_says_why(workplace, mongo_server, api):
    proxied = Proxied(workplace, mongo_server, store_config="Lease=2s\n")
    daemon = proxied.daemon
    try:
        proxied.submit(api, N)
        with proxied.proxy.rule("update", "error", REFUSALS["rights are revoked"], when=lambda d: "lease" in str(d["updates"])):
            daemon.wait_status("samples", lambda s: s["pace"]["limited_by"] == "store", "nothing starts")
            store = daemon.json("status")["daemon"]["store"]
            assert not store["available"] and store["message"] in ("not authorized", "the lease on its jobs is not ours at present")
        assert daemon.wait("samples").returncode == 0
        assert_nothing_lost(proxied, api, N)
    finally:
        proxied.end()
