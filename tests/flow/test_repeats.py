"""Which requests are sent again, and how the far end can tell that one is the same."""

import re

import pytest
from programs import wait_until
from recorder import Recorder, refusing_port


@pytest.fixture
def recorder():
    with Recorder() as it:
        yield it


def run(daemon, urls, *options, name="samples"):
    """A job over these URLs to its end; the outcomes by _id."""
    collection = daemon.collection(name)
    daemon.insert(collection, [{"_id": i, "url": url} for i, url in urls.items()])
    daemon.ctl("submit", name, "--collection", collection, "--backoff", "1ms", "--max-backoff", "10ms", *options)
    daemon.wait(name)
    return {d["_id"]: d["reqd"] for d in daemon.documents(collection)}


# CONTRACT, "Retried by default": what is answered, and how often a GET and a POST are sent with two attempts.
CASES = [
    ("200", 1, 1), ("404", 1, 1), ("400", 1, 1), ("302", 1, 1),
    ("408", 2, 1), ("425", 2, 1), ("429", 2, 2), ("500", 2, 1), ("502", 2, 1), ("599", 2, 1),
    ("503", 2, 1), ("503-later", 2, 2), ("500-later", 2, 1),
    ("close", 2, 1), ("hang", 2, 1), ("garbage", 1, 1),
]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST", "PATCH"])
def test_what_is_repeated_by_default(sqlite_daemon, recorder, method):
    sent = {word: once if method in ("POST", "PATCH") else often for word, often, once in CASES}
    urls = {i: f"{recorder.url}/{i}" for i in range(60)}  # or most of the answers would be failures
    urls.update({word: f"{recorder.url}/{word}?do={word}" for word in sent})
    outcomes = run(sqlite_daemon, urls, "--method", method, "--attempts", "2", "--timeout", "500ms", "--redirects", "0", "-n", "5",
                   "--parse", "text")
    assert {word: outcomes[word]["attempts"] for word in sent} == sent
    counts = {word: recorder.count(word) for word in sent}
    if counts["close"] > sent["close"] and method not in ("POST", "PATCH"):
        counts["close"] = sent["close"]  # a kept connection that turned out dead is repeated at once, uncounted
    assert counts == sent


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_was_never_sent_is_sent_again_whatever_the_method(sqlite_daemon, method):
    refusing, port = refusing_port()
    with refusing:
        outcomes = run(sqlite_daemon, {1: f"http://127.0.0.1:{port}/"}, "--method", method, "--attempts", "3")
    assert outcomes[1]["reason"] == "connect" and outcomes[1]["attempts"] == 3


def test_whoever_writes_out_what_is_retried_gets_that_and_no_more(sqlite_daemon, recorder):
    urls = {word: f"{recorder.url}/{word}?do={word}" for word in ("500", "503", "404", "429", "close", "garbage")}
    run(sqlite_daemon, urls, "--method", "POST", "--attempts", "3", "--retry-on", "500", "--retry-on", "404", "--retry-on", "protocol")
    assert {word: recorder.count(word) for word in urls} == {"500": 3, "503": 1, "404": 3, "429": 1, "close": 1, "garbage": 3}


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_all_attempts_have_one_key_and_each_document_its_own(sqlite_daemon, recorder, method):
    names = [f"d{i}" for i in range(5)]
    run(sqlite_daemon, {name: f"{recorder.url}/{name}?do=429&times=2" for name in names}, "--method", method)
    keys = {name: set(recorder.headers(name, "Idempotency-Key")) for name in names}
    assert all(recorder.count(name) == 3 and len(keys[name]) == 1 for name in names)
    every = {key for of_one in keys.values() for key in of_one}
    assert len(every) == 5 and all(re.fullmatch(r'"[0-9a-f]{64}"', key) for key in every)


def test_the_key_outlives_a_crash_and_a_retry_has_another(daemon, recorder):
    collection = daemon.collection()
    daemon.insert(collection, [{"_id": i, "url": f"{recorder.url}/{i}?do=hang&times=1"} for i in range(3)])
    daemon.ctl("submit", "samples", "--collection", collection, "--method", "POST", "--expect-status", "201")
    wait_until(lambda: all(recorder.count(str(i)) == 1 for i in range(3)), "all are in flight")
    daemon.kill()
    daemon.start()
    daemon.wait("samples")  # they fail: 200 is not 201
    first = {}
    for i in range(3):
        before, after = recorder.headers(str(i), "Idempotency-Key")
        assert before == after
        first[i] = before

    daemon.ctl("retry", "samples")
    daemon.wait("samples")
    for i in range(3):
        assert recorder.headers(str(i), "Idempotency-Key")[2] not in (None, first[i])


def test_other_methods_have_no_key_and_a_header_of_the_jobs_own_stands(sqlite_daemon, recorder):
    run(sqlite_daemon, {1: f"{recorder.url}/get"}, name="get")
    run(sqlite_daemon, {1: f"{recorder.url}/put"}, "--method", "PUT", name="put")
    run(sqlite_daemon, {1: f"{recorder.url}/own"}, "--method", "POST", "--header", "idempotency-key: mine-{_id}", name="own")
    assert recorder.headers("get", "Idempotency-Key") == recorder.headers("put", "Idempotency-Key") == [None]
    assert recorder.headers("own", "Idempotency-Key") == ["mine-1"]
