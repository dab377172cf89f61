"""Origins that say later, that fail, and that come back: all who ask them wait, and nobody else does."""

import email.utils
import time

import pytest
from programs import Api, Daemon, wait_until


@pytest.fixture
def other_api(workplace):
    """A second origin."""
    return Api(workplace)


def submit(daemon, *options, name="samples", collection="samples"):
    return daemon.ctl("submit", name, "--collection", daemon.collection(collection), *options)


def insert(daemon, urls, collection="samples"):
    daemon.insert(daemon.collection(collection), [{"_id": i, "url": url} for i, url in enumerate(urls)])


def outcomes(daemon, collection="samples"):
    return {d["_id"]: d.get("reqd") for d in daemon.documents(daemon.collection(collection))}


def origins(daemon, job="samples"):
    return {origin["origin"]: origin for origin in daemon.status(job)["origins"]}


def http_date(in_seconds, form):
    at = time.time() + in_seconds
    if form == "imf":
        return email.utils.formatdate(at, usegmt=True)
    if form == "rfc850":
        return time.strftime("%A, %d-%b-%y %H:%M:%S GMT", time.gmtime(at))
    return time.asctime(time.gmtime(at))


def quote(text):
    return text.replace(" ", "%20").replace(",", "%2C").replace('"', "%22").replace(";", "%3B")


def later_forms():
    """Queries that make the first answer of an id say "later", for so many seconds."""
    return {
        "seconds": lambda s: f"flaky=1&flaky_status=429&retry_after={s}",
        "503": lambda s: f"flaky=1&flaky_status=503&retry_after={s}",
        "date": lambda s: f"flaky=1&flaky_status=429&retry_after={quote(http_date(s, 'imf'))}",
        "rfc850-date": lambda s: f"flaky=1&flaky_status=503&retry_after={quote(http_date(s, 'rfc850'))}",
        "asctime-date": lambda s: f"flaky=1&flaky_status=429&retry_after={quote(http_date(s, 'asctime'))}",
        "x-reset": lambda s: f"flaky=1&flaky_status=429&header=X-RateLimit-Reset:%20{s}",
        "x-reset-time": lambda s: f"flaky=1&flaky_status=429&header=X-RateLimit-Reset:%20{int(time.time()) + s}",
        "ratelimit": lambda s: f"flaky=1&flaky_status=429&header=RateLimit:%20{quote(chr(34) + 'a' + chr(34) + f';r=0;t={s}')}",
    }


@pytest.mark.parametrize("form", later_forms())
def test_later_holds_the_whole_origin_and_no_other(sqlite_daemon, api, other_api, form):
    """The first answer says "in 50 minutes": nothing more goes there, everything to the other origin does."""
    daemon = sqlite_daemon
    query = later_forms()[form](3000)
    urls = [api.url_of(0, query)]
    for i in range(1, 40):
        urls += [api.url_of(i), other_api.url_of(i)]
    insert(daemon, urls)
    submit(daemon, "-n", "1", "--backoff", "1ms")
    daemon.wait_status("samples", lambda s: s["documents"]["ok"] == 39, "the other origin's documents")

    assert set(other_api.ids().values()) == {1} and len(other_api.ids()) == 39
    assert api.ids() == {"0": 1}, "nothing was sent there after the first answer"
    status = daemon.wait_status("samples", lambda s: s["pace"]["limited_by"] == "origin", "limited by the origin")
    assert status["documents"]["in_flight"] == 0 and status["documents"]["queued"] == 39
    assert status["attempts"] == 40
    held = wait_until(lambda: origins(daemon).get(api.url), "status shows the origin")
    assert held["state"] == "held" and held["until"] and held["failing"] == 1 and held["reason"]
    assert list(origins(daemon)) == [api.url]
    assert f"{api.url} is held for" in daemon.log.read_text()
    text = daemon.ctl("status", "samples").stdout
    assert f"Origins: {api.url} held until {held['until'][:15]}" in text


def test_the_wait_uses_up_no_attempt(daemon, api):
    insert(daemon, [api.url_of(i, "flaky=1&flaky_status=429&retry_after=1") for i in range(10)])
    submit(daemon, "--attempts", "2", "--backoff", "1ms", "--follow")
    assert {meta["attempts"] for meta in outcomes(daemon).values()} == {2}
    assert set(api.ids().values()) == {2}


def test_what_cannot_be_read_is_as_if_it_were_absent(sqlite_daemon, api):
    daemon = sqlite_daemon
    dates = (quote("Mon, 23 Nov 2099 12:00:00 +0100"), quote("Tue, 31 Feb 2099 12:00:00 GMT"))
    values = ("-5", "soon", "1.5", *dates, "")
    insert(daemon, [api.url_of(i, f"flaky=1&flaky_status=503&retry_after={value}") for i, value in enumerate(values)])
    submit(daemon, "--backoff", "1ms", "--follow")
    assert set(api.ids().values()) == {2}


def test_nothing_left_of_a_limit_holds_before_anything_is_refused(sqlite_daemon, api):
    daemon = sqlite_daemon
    item = quote('"d";r=0;t=3000')
    insert(daemon, [api.url_of(i, f"header=RateLimit:%20{item}") for i in range(20)])
    submit(daemon, "-n", "1")
    held = wait_until(lambda: origins(daemon).get(api.url), "status shows the origin")
    assert held["state"] == "held" and held["failing"] == 0
    assert api.counters()["requests"] == 1


def test_a_status_that_is_not_retried_holds_nobody(sqlite_daemon, api):
    daemon = sqlite_daemon
    insert(daemon, [api.url_of(i, "status=404&retry_after=3000") for i in range(20)])
    assert daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", "1", "--follow", check=False).returncode == 3
    assert daemon.status("samples")["documents"]["failed"] == 20


def test_all_jobs_share_what_is_known_of_an_origin(sqlite_daemon, api):
    daemon = sqlite_daemon
    insert(daemon, [api.url_of("first", "status=503&retry_after=3000")], "first")
    submit(daemon, name="first", collection="first")
    wait_until(lambda: origins(daemon, "first"), "the origin is held")

    insert(daemon, [api.url_of(i) for i in range(50)], "second")
    submit(daemon, name="second", collection="second")
    daemon.wait_status("second", lambda s: s["pace"]["limited_by"] == "origin", "the other job waits too")
    assert origins(daemon, "second")[api.url]["state"] == "held"
    daemon.ctl("cancel", "first")
    daemon.ctl("cancel", "second")
    assert api.ids() == {"first": 1}

    # Nobody holds the origin now; whoever finds it again must still leave it alone.
    insert(daemon, [api.url_of(i) for i in range(50)], "third")
    submit(daemon, name="third", collection="third")
    daemon.wait_status("third", lambda s: s["pace"]["limited_by"] == "origin", "a later job waits too")
    assert api.ids() == {"first": 1}


def test_a_breaker_opens_asks_singly_and_closes(sqlite_daemon, api, other_api):
    """Counted at the far end: an origin that is down gets few requests, one at a time; a 404 is an answer."""
    daemon, n = sqlite_daemon, 10
    insert(daemon, [api.url_of(i) for i in range(300)])
    api.set("status=503")
    submit(daemon, "-n", n, "--backoff", "1ms", "--max-backoff", "1ms")
    broken = wait_until(lambda: origins(daemon).get(api.url), "status shows the origin")
    assert broken["state"] in ("open", "probing") and broken["failing"] > 0.5
    assert 20 <= api.counters()["requests"] <= 20 + n + 2, "those that it took, those in flight, and perhaps probes"

    api.set("delay=200&status=503")
    api.reset()
    wait_until(lambda: api.counters()["requests"] >= 2, "two probes")
    assert api.counters()["max_in_flight"] == 1 and api.counters()["requests"] <= 3

    # The neighbour is asked all the while.
    insert(daemon, [other_api.url_of(i) for i in range(200)], "others")
    submit(daemon, "-n", n, "--follow", name="others", collection="others")
    assert set(other_api.ids().values()) == {1} and len(other_api.ids()) == 200
    assert daemon.status("samples")["documents"]["ok"] == 0

    # A 404 is an answer: it closes the breaker as well as any other.
    api.set("delay=0&status=404")
    assert daemon.wait("samples").returncode == 3
    status = daemon.status("samples")
    assert status["documents"]["failed"] == 300 and status["origins"] == []
    assert status["failures"] == {"http_status": 300}
    log = daemon.log.read_text()
    assert "is left alone" in log and "answers again" in log


def test_one_closed_origin_does_not_block_the_others(sqlite_daemon, api, other_api):
    """Many more documents of the closed origin stand in front than the queue holds."""
    daemon = sqlite_daemon
    insert(daemon, [api.url_of("first", "status=429&retry_after=3000")] + [api.url_of(i) for i in range(900)]
           + [other_api.url_of(i) for i in range(300)])
    submit(daemon, "-n", "1")
    daemon.wait_status("samples", lambda s: s["documents"]["ok"] == 300, "the other origin's documents")
    assert api.ids() == {"first": 1} and set(other_api.ids().values()) == {1}
    daemon.ctl("cancel", "samples")
    daemon.wait("samples")
    assert daemon.status("samples")["documents"]["ok"] == 300


def test_parked_documents_are_bounded(sqlite_daemon, api):
    daemon = sqlite_daemon
    insert(daemon, [api.url_of("first", "status=429&retry_after=3000")] + [api.url_of(i) for i in range(3000)])
    submit(daemon, "-n", "1")
    daemon.wait_status("samples", lambda s: s["documents"]["queued"] >= 1000, "many are parked")
    daemon.ctl("status")  # a turn or two later
    assert daemon.status("samples")["documents"]["queued"] <= 1000 + 2 * 16
    assert api.ids() == {"first": 1}


def test_retries_that_wait_hold_no_slot_and_their_number_is_bounded(daemon, api):
    """Four of nine documents fail at first; n is 4, and a thousand wait for their retry before nothing new starts."""
    insert(daemon, [api.url_of(i, "flaky=1&flaky_status=500" if i % 9 in (0, 2, 4, 6) else "") for i in range(4000)])
    submit(daemon, "-n", "4", "--backoff", "1h", "--max-backoff", "1h")
    status = daemon.wait_status("samples", lambda s: s["pace"]["limited_by"] == "origin" and s["documents"]["retrying"] >= 1000
                                and s["documents"]["in_flight"] == 0, "too many wait")
    assert 1000 <= status["documents"]["retrying"] <= 1000 + 4
    assert status["state"] == "running"
    daemon.wait_status("samples", lambda s: s["documents"]["ok"] > 1000, "the others were answered and stored meanwhile")
    started = api.counters()["requests"]
    # Of a thousand that wait up to an hour one comes due every few seconds, and may make room for a new one.
    assert abs(daemon.status("samples")["documents"]["retrying"] - status["documents"]["retrying"]) <= 25
    assert api.counters()["requests"] <= started + 50


def test_the_backoff_is_any_time_up_to_its_length(sqlite_daemon, api):
    """Of 800 documents that may wait for ten minutes some are sent again within seconds, and most are not."""
    daemon = sqlite_daemon
    insert(daemon, [api.url_of(i, "flaky=1&flaky_status=500" if i % 5 < 2 else "") for i in range(2000)])
    submit(daemon, "-n", "20", "--backoff", "10m", "--max-backoff", "10m")
    daemon.wait_status("samples", lambda s: s["documents"]["ok"] >= 1203, "some were sent again")
    assert 400 <= daemon.status("samples")["documents"]["retrying"] <= 797


def test_limited_by_is_not_stale_while_max_in_flight_binds(workplace, sqlite_uri, api):
    daemon = Daemon(workplace, sqlite_uri, config="[Limits]\nMaxInFlight=5\n")
    for name in ("one", "two"):
        insert(daemon, [api.url_of(f"{name}-{i}", "delay=3000") for i in range(50)], name)
    submit(daemon, "-n", "5", name="one", collection="one")
    wait_until(lambda: api.in_flight() == 5, "all places are taken")
    submit(daemon, "-n", "5", name="two", collection="two")
    daemon.wait_status("two", lambda s: s["pace"]["limited_by"] == "concurrency" and s["documents"]["queued"], "it says why it waits")


def first_and_again(api):
    """Documents that the far end was asked for, and requests beyond the first of each."""
    ids = api.ids()
    return len(ids), sum(ids.values()) - len(ids)


def test_while_many_fail_retries_are_a_tenth_of_what_is_sent_and_none_is_given_up(daemon, api):
    """Counted at the far end; three of ten documents fail at first, and there are enough that have not been asked for."""
    n, fails = 1000, lambda i: i % 10 < 3
    insert(daemon, [api.url_of(i, "flaky=1&flaky_status=500" if fails(i) else "") for i in range(n)])
    begun = time.monotonic()
    submit(daemon, "-n", "20", "--backoff", "1ms", "--max-backoff", "1ms")
    first, again = wait_until(lambda: (lambda c: c if c[0] >= n * 3 // 4 else None)(first_and_again(api)), "most were asked for")
    each_second, saved, unknown = time.monotonic() - begun, 10, 20  # one a second always; those saved up; before 20 are known
    print(f"{again} retries beside {first} first requests")
    assert first / 10 - unknown <= again <= first / 9 + each_second + saved + unknown

    assert daemon.wait("samples").returncode == 0
    assert daemon.status("samples")["documents"]["ok"] == n
    assert api.ids() == {str(i): 2 if fails(i) else 1 for i in range(n)}


def test_retries_may_be_one_a_second_however_little_is_sent(sqlite_daemon, api):
    """Four requests a second at most, of which a tenth would be less: the slower all of it goes, the more are retries."""
    daemon = sqlite_daemon
    insert(daemon, [api.url_of(i, "flaky=1&flaky_status=500" if i % 5 < 2 else "") for i in range(3000)])
    submit(daemon, "-n", "4", "--rate", "100/s", "--backoff", "1ms", "--max-backoff", "1ms")
    wait_until(lambda: first_and_again(api)[0] >= 100, "failures are known of")
    api.set("delay=1000")
    first, again = first_and_again(api)
    slowed = wait_until(lambda: origins(daemon).get(api.url), "status shows the origin")
    assert slowed["state"] == "slowed" and 0.1 < slowed["failing"] <= 0.5
    wait_until(lambda: first_and_again(api)[0] >= first + 45, "others were asked for")
    more = first_and_again(api)[1] - again
    print(f"{more} retries beside 45 first requests")
    assert more >= 9, "a tenth would be five"
