"""The main job, end to end, on each store: every document gets its answer, exactly once."""

from programs import Daemon


def test_every_document_gets_its_answer(daemon, api):
    daemon.insert_urls(daemon.collection(), api, 1000, "size=200")
    result = daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", "50", "--follow")
    assert "1,000 ok" in result.stdout + result.stderr

    documents = daemon.documents(daemon.collection())
    assert len(documents) == 1000
    for document in documents:
        assert document["response"]["id"] == str(document["i"])
        meta = document["reqd"]
        assert meta["state"] == "ok" and meta["status"] == 200 and meta["gen"] == 1 and meta["attempts"] == 1
        assert meta["job"] == "samples" and 1 <= meta["n"] <= 50
    assert api.ids() == {str(i): 1 for i in range(1000)}

    status = daemon.status("samples")
    assert status["state"] == "done" and status["documents"] == {
        "total": 1000, "pending": 0, "queued": 0, "in_flight": 0, "retrying": 0, "ok": 1000, "failed": 0, "gone": 0
    }
    assert status["attempts"] == 1000 and status["failures"] == {} and status["window"]["now"] == 0
    assert api.counters()["max_in_flight"] <= 50


def test_what_fails_is_stored_with_its_reason(daemon, api):
    daemon.insert(daemon.collection(), [
        {"_id": 1, "url": api.url_of(1)},
        {"_id": 2, "url": api.url_of(2, "status=404&text=nothing%20here")},
        {"_id": 3, "url": api.url_of(3, "body=%7Bnot%20json")},
        {"_id": 4, "url": "ftp://example.com/x"},
        {"_id": 5, "name": "no url"},
        {"_id": 6, "url": "http://10.1.2.3/"},
        {"_id": 7, "url": "http://127.0.0.1:1/"},
        {"_id": 8, "url": api.url_of(8, "size=3000000")},
        {"_id": 9, "url": api.url_of(9, "hang=1")},
        {"_id": 10, "url": api.url_of(10, "hops=9")},
    ])
    result = daemon.ctl(
        "submit", "samples", "--collection", daemon.collection(), "--attempts", "2", "--backoff", "10ms", "--timeout", "500ms",
        "--follow", check=False,
    )
    assert result.returncode == 3

    reasons = {document["_id"]: document["reqd"].get("reason") for document in daemon.documents(daemon.collection())}
    assert reasons == {
        1: None, 2: "http_status", 3: "bad_body", 4: "bad_url", 5: "template", 6: "denied_address", 7: "connect",
        8: "too_large", 9: "timeout", 10: "redirect",
    }
    by_id = {document["_id"]: document for document in daemon.documents(daemon.collection())}
    assert by_id[2]["reqd"]["status"] == 404 and by_id[2]["reqd"]["body"] == "nothing here"
    assert by_id[2]["reqd"]["attempts"] == 1 and "response" not in by_id[2]
    assert by_id[3]["reqd"]["body"] == "{not json"
    assert by_id[4]["reqd"]["attempts"] == 0 and by_id[5]["reqd"]["attempts"] == 0 and "url" in by_id[5]["reqd"]["error"]
    assert by_id[7]["reqd"]["attempts"] == 2 and by_id[9]["reqd"]["attempts"] == 2

    status = daemon.status("samples")
    assert status["state"] == "done" and status["documents"]["ok"] == 1 and status["documents"]["failed"] == 9
    assert sum(status["failures"].values()) == 9


def test_passing_troubles_are_tried_again(daemon, api):
    daemon.insert_urls(daemon.collection(), api, 100, "flaky=2&flaky_status=503")
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--backoff", "20ms", "--follow")
    assert set(api.ids().values()) == {3}
    assert {document["reqd"]["attempts"] for document in daemon.documents(daemon.collection())} == {3}
    status = daemon.status("samples")
    assert status["documents"]["ok"] == 100 and status["attempts"] == 300


def test_retry_takes_the_failed_documents_in_a_new_generation(daemon, api):
    daemon.insert_urls(daemon.collection(), api, 60, "fail=50&status=404")
    assert daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--follow", check=False).returncode == 3
    failed = {d["i"] for d in daemon.documents(daemon.collection()) if d["reqd"]["state"] == "failed"}
    assert 0 < len(failed) < 60

    api.reset()
    daemon.ctl("retry", "samples")
    assert daemon.wait("samples").returncode == 3
    assert set(api.ids()) == {str(i) for i in failed}
    status = daemon.status("samples")
    assert status["generation"] == 2 and status["documents"]["total"] == len(failed)
    assert {d["reqd"]["gen"] for d in daemon.documents(daemon.collection()) if d["i"] in failed} == {2}
    assert {d["reqd"]["gen"] for d in daemon.documents(daemon.collection()) if d["i"] not in failed} == {1}


def test_retry_takes_only_those_that_match(daemon, api):
    daemon.insert(daemon.collection(), [
        {"_id": 1, "url": api.url_of(1, "status=404")},
        {"_id": 2, "url": api.url_of(2, "status=410")},
        {"_id": 3, "url": api.url_of(3, "body=oops")},
    ])
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--follow", check=False)
    api.reset()
    daemon.ctl("retry", "samples", "--status", "410")
    daemon.wait("samples")
    assert set(api.ids()) == {"2"}
    daemon.ctl("retry", "samples", "--reason", "bad_body")
    daemon.wait("samples")
    assert set(api.ids()) == {"2", "3"}


def test_a_new_job_takes_up_what_earlier_ones_left(daemon, api):
    daemon.insert(daemon.collection(), [{"_id": i, "url": api.url_of(i, "status=404" if i % 2 else "")} for i in range(20)])
    daemon.ctl("submit", "first", "--collection", daemon.collection(), "--follow", check=False)
    api.reset()
    daemon.ctl("submit", "second", "--collection", daemon.collection(), "--follow", check=False)
    assert set(api.ids()) == {str(i) for i in range(1, 20, 2)}


def test_a_filter_and_templates(daemon, api):
    daemon.insert(daemon.collection(), [
        {"_id": i, "country": "CN" if i % 3 == 0 else "DE", "who": {"name": f"n & {i}"}} for i in range(30)
    ])
    daemon.ctl(
        "submit", "samples", "--collection", daemon.collection(), "--filter", '{"country": "CN"}',
        "--url", api.url + "/?id={_id}&echo=1", "--query", "name={who.name}", "--header", "X-Name: {who.name}",
        "--method", "POST", "--field", "answer", "--meta", "job", "--follow",
    )
    answered = [d for d in daemon.documents(daemon.collection()) if "job" in d]
    assert {d["_id"] for d in answered} == set(range(0, 30, 3))
    for document in answered:
        answer = document["answer"]
        assert answer["method"] == "POST" and answer["headers"]["x-name"] == f"n & {document['_id']}"
        assert answer["target"].endswith(f"&name=n%20%26%20{document['_id']}")


def test_two_jobs_at_once_have_each_its_own_pace(daemon, api):
    for name in ("a", "b"):
        daemon.insert(daemon.collection(name), [{"_id": f"{name}{i}", "url": api.url_of(f"{name}{i}", "delay=20")} for i in range(200)])
    daemon.ctl("submit", "--collection", daemon.collection("a"), "-n", "5")
    daemon.ctl("submit", "--collection", daemon.collection("b"), "-n", "10")
    assert daemon.wait("a").returncode == 0 and daemon.wait("b").returncode == 0
    counters = api.counters()
    assert counters["requests"] == 400 and counters["max_in_flight"] <= 15


def test_max_in_flight_is_shared_fairly(workplace, sqlite_uri, api):
    daemon = Daemon(workplace, sqlite_uri, config="[Limits]\nMaxInFlight=20\n")
    for name in ("a", "b"):
        daemon.insert(daemon.collection(name), [{"_id": f"{name}{i}", "url": api.url_of(f"{name}{i}", "delay=50")} for i in range(400)])
        daemon.ctl("submit", "--collection", daemon.collection(name), "-n", "100")
    status = daemon.wait_status(
        "b", lambda s: s["documents"]["in_flight"] >= 8, "the second job gets its share while the first is at work"
    )
    assert daemon.status("a")["documents"]["in_flight"] <= 20 and status["documents"]["in_flight"] <= 12
    assert daemon.wait("a").returncode == 0 and daemon.wait("b").returncode == 0
    assert api.counters()["max_in_flight"] <= 20


def test_a_limit_holds_the_job_and_can_be_lifted(daemon, api):
    daemon.insert_urls(daemon.collection(), api, 100)
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--limit", "30", "--follow")
    status = daemon.status("samples")
    assert (status["state"], status["reason"]) == ("paused", "limit reached")
    assert len(api.ids()) == 30 and status["documents"]["ok"] == 30

    daemon.ctl("resume", "samples", "--limit", "none")
    assert daemon.wait("samples").returncode == 0
    assert api.ids() == {str(i): 1 for i in range(100)}


def test_a_document_deleted_under_way_is_gone(sqlite_daemon, api, workplace):
    import sqlite3

    daemon = sqlite_daemon
    daemon.insert_urls(daemon.collection(), api, 10, "delay=3000")
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", "10")
    daemon.wait_status("samples", lambda s: s["documents"]["in_flight"] == 10, "all are in flight")
    with sqlite3.connect(workplace.path / "reqd.db", timeout=10) as db:
        db.execute("delete from documents where json_extract(doc, '$.i') = 3")
    db.close()
    daemon.wait("samples")
    documents = daemon.status("samples")["documents"]
    assert documents["gone"] == 1 and documents["ok"] == 9


def test_rate_is_kept(sqlite_daemon, api):
    """A bound from above needs no clock: what was sent in the time between two looks."""
    daemon = sqlite_daemon
    daemon.insert_urls(daemon.collection(), api, 500)
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--rate", "100/s")
    status = daemon.wait_status("samples", lambda s: s["pace"]["limited_by"] == "rate", "the rate is what limits")
    assert status["pace"]["rate"] == {"set": 100, "effective": 100}
    status = daemon.wait_status("samples", lambda s: s["documents"]["ok"] > 100, "a hundred answers")
    assert status["attempts"] <= 100 * status["elapsed"] + 100 * 0.02 + 2
    daemon.ctl("set", "samples", "rate=none")
    assert daemon.wait("samples").returncode == 0
