"""Everything that a server may answer, as documents of one job beside good neighbours: each ends in its reason."""

import collections
import json
import re
import sqlite3

import pytest

from hostile import (
    Server, answer, brotli, deflate, deflated_zeros, drips, gzipped, redirects, repeats, resets_at_once, says,
    says_and_closes, says_and_resets, script, zstd,
)
from programs import Daemon, wait_until

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH_9 = OK + b"Content-Length: 9\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
JSON = b'{"a": 1}\n'  # nine bytes
BOMB = 256 << 20  # bytes, decoded
ROOM = 400 << 10  # KiB that the daemon may take, ASan's own included: less than two bombs
NEIGHBOURS = 300


def failed(name, reason, act, status=None, attempts=1, error=None, body=None):
    return {"name": name, "script": act, "state": "failed", "reason": reason, "status": status,
            "attempts": attempts, "error": error, "body": body}


def ok(name, act, response, status=200, raw=False, text=None):
    """@response: as it is exported; @text: as SQLite keeps it."""
    return {"name": name, "script": act, "state": "ok", "status": status, "attempts": 1, "response": response,
            "raw": raw, "text": text}


def connections():
    twice = {"attempts": 2}  # connection failures are tried again
    return [
        failed("reset before the request is read", "connect", resets_at_once(), **twice),
        failed("reset before the answer", "connect", says_and_resets(), **twice),
        failed("reset within the status line", "connect", says_and_resets(b"HTTP/1.1 20"), **twice),
        failed("reset within the headers", "connect", says_and_resets(OK + b"Content-Le"), 200, **twice),
        failed("reset within the body", "connect", says_and_resets(LENGTH_9 + b'{"a'), 200, **twice),
        failed("reset within chunks", "connect", says_and_resets(CHUNKED + b"9\r\n" + JSON), 200, **twice),
        failed("closed before the answer", "connect", says_and_closes(), **twice),
        failed("closed within the status line", "connect", says_and_closes(b"HTTP/1.1 20"), **twice),
        failed("closed within the headers", "connect", says_and_closes(OK + b"Content-Le"), 200, **twice),
        failed("closed within the body", "connect", says_and_closes(LENGTH_9 + b'{"a'), 200, **twice),
        failed("closed within chunks", "connect", says_and_closes(CHUNKED + b"9\r\n" + JSON), 200, **twice),
        failed("closed after a 100", "connect", says_and_closes(b"HTTP/1.1 100 Continue\r\n\r\n"), 100, **twice),
        failed("a Content-Length beyond the body", "connect", says_and_closes(OK + b"Content-Length: 10\r\n\r\n" + JSON),
               200, **twice),
        failed("never an answer", "timeout", says(), **twice),
        failed("a byte of the head a second", "timeout", drips(OK + b"X: ", b"x"), 200, **twice),
        failed("a byte of the body a second", "timeout", drips(OK + b"\r\n[", b" "), 200, **twice),
        failed("a byte of a chunk's size a second", "timeout", drips(CHUNKED, b"0"), 200, **twice),
    ]


def tls():
    def at_once(*pieces, keep=True):
        return script(lambda server, connection, _: [connection.sendall(b"".join(pieces)), keep and connection.recv(65536)], at_once=True)

    rows = [
        failed("plain HTTP to a TLS hello", "tls", at_once(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
        failed("a TLS alert", "tls", at_once(b"\x15\x03\x01\x00\x02\x02\x28")),
        failed("no answer to a TLS hello", "timeout", script(lambda server, *_: server.ended.wait(), at_once=True), attempts=2),
        failed("a reset after a TLS hello", "connect", resets_at_once(), attempts=2),
        failed("closed after a TLS hello", "connect", at_once(b"", keep=False), attempts=2),
    ]
    return [{**row, "scheme": "https"} for row in rows]


def framing():
    return [
        failed("a negative Content-Length", "protocol", says(OK + b"Content-Length: -5\r\n\r\n" + JSON), 200),
        failed("a Content-Length in words", "protocol", says(OK + b"Content-Length: nine\r\n\r\n" + JSON), 200),
        failed("a Content-Length with a sign", "protocol", says(OK + b"Content-Length: +9\r\n\r\n" + JSON), 200),
        failed("a Content-Length with a tail", "protocol", says(OK + b"Content-Length: 9x\r\n\r\n" + JSON), 200),
        failed("an empty Content-Length", "protocol", says(OK + b"Content-Length: \r\n\r\n" + JSON), 200),
        failed("a Content-Length beyond 64 bits", "protocol", says(OK + b"Content-Length: 99999999999999999999\r\n\r\n"), 200),
        failed("two Content-Lengths that differ", "protocol",
               says(OK + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n" + JSON), 200),
        failed("two Content-Lengths in one line", "protocol", says(OK + b"Content-Length: 9, 2\r\n\r\n" + JSON), 200),
        failed("chunks that are none", "protocol", says(CHUNKED + b"zz\r\n" + JSON), 200),
        failed("a chunk's size beyond 64 bits", "protocol", says(CHUNKED + b"99999999999999999\r\n" + JSON), 200),
        failed("a negative chunk", "protocol", says(CHUNKED + b"-9\r\n" + JSON + b"\r\n0\r\n\r\n"), 200),
        failed("a chunk longer than its size", "protocol", says(CHUNKED + b"2\r\n" + JSON + b"\r\n0\r\n\r\n"), 200),
        failed("an unknown Transfer-Encoding", "protocol", says(OK + b"Transfer-Encoding: rot13\r\n\r\n" + JSON), 200),
        failed("HTTP/0.9", "protocol", says_and_closes(JSON)),
        failed("another protocol", "protocol", says(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")),
        failed("bytes of no sense", "protocol", says(bytes(range(256)) * 10)),
        failed("a status line without a number", "protocol", says(b"HTTP/1.1 OK\r\n\r\n")),
        failed("a status of two digits", "protocol", says(b"HTTP/1.1 20\r\nContent-Length: 0\r\n\r\n")),
        failed("a status of four digits", "protocol", says(b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n")),
        failed("a negative status", "protocol", says(b"HTTP/1.1 -20 OK\r\nContent-Length: 0\r\n\r\n")),
        failed("HTTP/9.1", "protocol", says(b"HTTP/9.1 200 OK\r\nContent-Length: 0\r\n\r\n")),
        failed("a NUL in a header", "protocol", says(OK + b"X: a\0b\r\nContent-Length: 0\r\n\r\n"), 200),
        failed("a protocol switch", "protocol", says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), 101),
        failed("endless headers", "protocol", repeats(OK, b"X: 0123456789\r\n"), 200),
        failed("an endless header", "protocol", repeats(OK + b"X: ", b"0123456789"), 200),
        failed("an endless status line", "protocol", repeats(b"HTTP/1.1 200 ", b"0123456789")),
        failed("endless 1xx", "protocol", repeats(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), 100),
        failed("an endless trailer", "protocol", repeats(CHUNKED + b"9\r\n" + JSON + b"\r\n0\r\nX: ", b"0123456789"), 200),
        failed("endless trailers", "protocol", repeats(CHUNKED + b"9\r\n" + JSON + b"\r\n0\r\n", b"X: 0123456789\r\n"), 200),
        ok("two Content-Lengths that agree", says(OK + b"Content-Length: 9\r\nContent-Length: 9\r\n\r\n" + JSON), {"a": 1}),
        ok("a Content-Length beside chunks", says(OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n" + JSON +
           b"\r\n0\r\n\r\n"), {"a": 1}),
        ok("bytes behind the body", says(LENGTH_9 + JSON + b"more"), {"a": 1}),
        ok("one 103 before the answer", says(b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" + LENGTH_9 + JSON), {"a": 1}),
    ]


def bodies():
    def encoded(coding, body):
        return says(answer(body, f"Content-Encoding: {coding}"))

    return [
        failed("a body without end", "too_large", repeats(OK + b"\r\n", b"0123456789"), 200),
        failed("chunks without end", "too_large", repeats(CHUNKED, b"a\r\n0123456789\r\n"), 200),
        failed("a body larger than allowed", "too_large", says(answer(b" " * (1 << 21))), 200),
        failed("a Content-Length of 2^62", "too_large", repeats(OK + b"Content-Length: 4611686018427387904\r\n\r\n", b" "), 200),
        failed("an error with a body without end", "http_status",
               repeats(b"HTTP/1.1 404 Not Found\r\n\r\n", b"0123456789"), 404),
        failed("a gzip bomb", "too_large", encoded("gzip", deflated_zeros(BOMB, 31)), 200),
        failed("a deflate bomb", "too_large", encoded("deflate", deflated_zeros(BOMB, 15)), 200),
        failed("a bare deflate bomb", "too_large", encoded("deflate", deflated_zeros(BOMB, -15)), 200),
        failed("a br bomb", "too_large", encoded("br", brotli(bytes(BOMB))), 200),
        failed("a zstd bomb", "too_large", encoded("zstd", zstd(bytes(BOMB))), 200),
        failed("a gzip bomb in a gzip", "too_large", encoded("gzip, gzip", gzipped(deflated_zeros(BOMB, 31))), 200),
        failed("gzip without content, without end", "too_large",
               repeats(OK + b"Content-Encoding: gzip\r\n\r\n" + gzipped(b"")[:10], b"\0\0\0\xff\xff"), 200),
        failed("an error in a gzip bomb", "http_status",
               says(answer(deflated_zeros(BOMB, 31), "Content-Encoding: gzip", status="404 Not Found")), 404),
        failed("a zstd window of 128 MiB", "bad_body", encoded("zstd", WIDE_ZSTD), 200),
        failed("bytes behind the gzip", "bad_body", encoded("gzip", gzipped(JSON) + b"more"), 200),
        ok("two gzips in a row", encoded("x-gzip", gzipped(JSON[:4]) + gzipped(JSON[4:])), {"a": 1}),
        ok("an encoding that is none", encoded("identity", JSON), {"a": 1}),
        failed("gzip that is none", "bad_body", encoded("gzip", JSON), 200),
        failed("gzip with a wrong checksum", "bad_body", encoded("gzip", gzipped(JSON)[:-8] + b"12345678"), 200),
        failed("br that is none", "bad_body", encoded("br", b"\xff" * 100), 200),
        failed("zstd that is none", "bad_body", encoded("zstd", JSON), 200),
        failed("an unknown encoding", "bad_body", encoded("rot13", JSON), 200),
        *(failed(f"{coding} cut short", "bad_body", encoded(coding, body[:-5]), 200) for coding, body in PACKED.items()),
        *(ok(coding, encoded(coding, body), LONG) for coding, body in PACKED.items()),
    ]


def redirects_of(server):
    def loop(_, connection, head):
        connection.sendall(answer(b"", "Location: /again", status="302 Found"))
        return True

    def chain(length):
        def act(_, connection, head):
            hop = int(head.split()[1].decode().lstrip("/") or 0)
            connection.sendall(answer(b"", f"Location: /{hop + 1}", status="302 Found") if hop < length else answer(JSON))
            return True

        return script(act)

    return [
        failed("a redirect to itself", "redirect", script(loop), 302),
        failed("a chain of six redirects", "redirect", chain(6), 302),
        ok("a chain of five redirects", chain(5), {"a": 1}),
        failed("a redirect to ftp", "redirect", redirects("ftp://127.0.0.1/"), 302),
        failed("a redirect to file", "redirect", redirects("file:///etc/passwd"), 302),
        failed("a redirect to gopher", "redirect", redirects("gopher://127.0.0.1:1/_x"), 302),
        failed("a redirect to javascript", "redirect", redirects("javascript:alert(1)"), 302),
        failed("a redirect to no URL", "redirect", redirects("http://[::1/"), 302),
        failed("a redirect to a private address", "denied_address", redirects("http://10.0.0.1/"), 302),
        failed("a redirect to a number", "denied_address", redirects("http://2851995905/"), 302),  # 169.254.1.1
        failed("a redirect to a mapped address", "denied_address", redirects("http://[::ffff:10.0.0.1]/"), 302),
        failed("a redirect by a body without end", "too_large",
               repeats(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nTransfer-Encoding: chunked\r\n\r\n", b"a\r\n0123456789\r\n")),
        failed("a redirect with a password", "connect", redirects("http://user:sesame@127.0.0.1:1/"), 302, attempts=2),
        failed("a redirect without a Location", "http_status", says(answer(b"", status="302 Found")), 302),
    ]


def deep(levels):
    return "[" * levels + "]" * levels


def texts():
    """JSON that is stored as it came, whatever it looks like to a database or to JavaScript."""
    plain = [
        ("an object", '{"a": 1}'),
        ("ninety levels", deep(90)),
        ("a NUL in a value", '"a\\u0000b"'),
        ("keys with dots and dollars", '{"a.b": 1, "$set": {"$where": 1}, ".": 2, "$": 3}'),
        ("an empty key", '{"": {"": 1}}'),
        ("a key like a number", '{"0": 1}'),
        ("a word", '"word"'),
        ("a number", "12"),
        ("true", "true"),
        ("null", "null"),
        ("an empty string", '""'),
        ("an empty object", "{}"),
        ("an empty array", "[]"),
        ("the largest int64", "9223372036854775807"),
        ("the smallest int64", "-9223372036854775808"),
        ("characters beyond the BMP", '"\\ud83d\\ude00 \U0001f600"'),
    ]
    decimal = [
        ("beyond int64", "9223372036854775808", "9223372036854775808"),
        ("thirty digits", "123456789012345678901234567890", "1.2345678901234567890123456789E+29"),
        ("a fraction that a double changes", "0.1234567890123456789", "0.1234567890123456789"),
        ("beyond a double", "1e400", "1E+400"),
        ("below a double", "-1e-400", "-1E-400"),
    ]
    rows = [(name, text, json.loads(text)) for name, text in plain]
    rows += [(name, text, {"$numberDecimal": number}) for name, text, number in decimal]
    return [ok(name, says(answer(text.encode())), value, text=text) for name, text, value in rows]


def json_bodies():
    raw = [
        ("a key with a NUL", '{"a\\u0000b": 1}'),
        ("half a surrogate pair", '["\\ud800"]'),
        ("a number of forty digits", "1234567890123456789012345678901234567890"),
        ("a number beyond decimal128", "1e7000"),
        ("91 levels", deep(91)),
        ("ten thousand levels", deep(10000)),
    ]
    invalid = [
        ("NaN", b"[NaN]"),
        ("Infinity", b"-Infinity"),
        ("trailing garbage", JSON + b"x"),
        ("two documents", JSON + JSON),
        ("an empty body", b""),
        ("blanks only", b" \n"),
        ("not UTF-8", b'"\xff"'),
        ("an overlong NUL", b'"\xc0\x80"'),
        ("a surrogate in UTF-8", b'"\xed\xa0\x80"'),
        ("UTF-16", '{"a": 1}'.encode("utf-16")),
        ("HTML", b"<html></html>"),
        ("half of it", b'{"a": [1, 2'),
        ("an endless depth", b"[" * 100000),
    ]
    return [
        *texts(),
        *(ok(name, says(answer(text.encode())), text, raw=True) for name, text in raw),
        *(failed(name, "bad_body", says(answer(body)), 200) for name, body in invalid),
        ok("equal keys", says(answer(b'{"a": 1, "b": 0, "a": 2}')), {"a": 2, "b": 0}),
        ok("a byte order mark", says(answer(b"\xef\xbb\xbf" + JSON)), {"a": 1}),
        ok("204", says(b"HTTP/1.1 204 No Content\r\n\r\n"), None, status=204),
        ok("205", says(answer(b"", status="205 Reset Content")), None, status=205),
        failed("a 404 that is no JSON", "http_status", says(answer(b"<html>", status="404 Not Found")), 404),
        failed("a status of no class", "http_status", says(answer(b"", status="999 What")), 999),
    ]


def cookies():
    head = ["Set-Cookie: session=1; Path=/", "Set-Cookie: other=2; Domain=127.0.0.1; Path=/"]
    return [
        ok("a cookie", says(answer(JSON, *head)), {"a": 1}),
        failed("cookies of a redirect", "redirect", says(answer(b"", *head, "Location: /next", status="302 Found")), 302),
    ]


LONG = [{"n": i, "text": "x" * (i % 7)} for i in range(500)]
WIDE_ZSTD = b"\x28\xb5\x2f\xfd\x00\x88\x49\0\0" + JSON  # the frame's header asks for 2^27 bytes; one block, as it is
PACKED = {
    "gzip": gzipped(json.dumps(LONG).encode()),
    "deflate": deflate(json.dumps(LONG).encode(), 15),
    "br": brotli(json.dumps(LONG).encode()),
    "zstd": zstd(json.dumps(LONG).encode()),
}


@pytest.fixture
def server():
    server = Server()
    yield server
    server.end()


def high_water(daemon):
    """The most memory that the daemon ever had, in KiB."""
    status = open(f"/proc/{daemon.process.pid}/status").read()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def mismatch(row, document):
    meta = document["reqd"]
    came = {"state": meta["state"], "reason": meta.get("reason"), "status": meta.get("status"), "attempts": meta["attempts"]}
    wanted = {key: row.get(key) for key in came}
    if row["state"] == "ok":
        came |= {"response": document.get("response"), "raw": meta.get("raw", False)}
        wanted |= {"response": row["response"], "raw": row["raw"]}
    elif not meta.get("error") and meta.get("reason") != "http_status":
        return f"{row['name']}: it does not say why: {meta} {document.get('response')}"
    if came != wanted:
        return f"{row['name']}:\n   came {came}\n wanted {wanted}\n {meta.get('error')}"
    if row.get("error") and row["error"] not in meta["error"]:
        return f"{row['name']}: not \"{row['error']}\" but \"{meta['error']}\""
    return None


def looks_like_extended_json():
    """What MongoDB stores and the server of these tests refuses: on SQLite only."""
    bodies = ['{"$oid": "zz"}', '{"$oid": "5f5e5d5c5b5a595857565554"}', '{"$date": {"$numberLong": "x"}}', '{"$numberInt": "1"}',
              '{"a": {"$ref": 1, "$id": 2}}', '{"$undefined": true}', '{"$minKey": 1}']
    return [ok(f"like Extended JSON: {body}", says(answer(body.encode())), json.loads(body), text=body) for body in bodies]


def all_rows(server):
    return connections() + tls() + framing() + bodies() + redirects_of(server) + json_bodies() + cookies()


def run(daemon, server, rows, *options):
    """All rows as documents of one job; returns the documents by name."""
    urls = [server.serve(row["name"], row["script"]).replace("http", row.get("scheme", "http")) for row in rows]
    daemon.insert(daemon.collection(), [{"_id": row["name"], "url": url} for row, url in zip(rows, urls)])
    submitted = daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--timeout", "4s", "--attempts", "2",
                           "--backoff", "10ms", "-n", "200", "--follow", *options, check=False)
    assert submitted.returncode in (0, 3), submitted.stderr
    return {document["_id"]: document for document in daemon.documents(daemon.collection())}


def expect(rows, documents):
    wrong = [mismatch(row, documents[row["name"]]) for row in rows]
    assert not any(wrong), "\n".join(filter(None, wrong))


def check_neighbours(documents, api):
    """All were answered, once, and before the first of those that hang was given up."""
    neighbours = [documents[i]["reqd"] for i in range(NEIGHBOURS)]
    assert {(meta["state"], meta["attempts"]) for meta in neighbours} == {("ok", 1)}
    assert api.ids() == {str(i): 1 for i in range(NEIGHBOURS)}
    hung = [d["reqd"]["at"]["$date"] for d in documents.values() if d["reqd"].get("reason") == "timeout"]
    assert max(meta["at"]["$date"] for meta in neighbours) < min(hung)


def check_counts(daemon, rows):
    """Each document has one outcome, and the job counts them right."""
    status = daemon.status("samples")
    reasons = collections.Counter(row["reason"] for row in rows if row["state"] == "failed")
    assert status["state"] == "done" and status["failures"] == dict(reasons)
    counts = status["documents"]
    assert (counts["failed"], counts["gone"]) == (reasons.total(), 0)
    assert counts["ok"] == counts["total"] - reasons.total() == NEIGHBOURS + sum(row["state"] == "ok" for row in rows)


def check_requests(server, rows):
    """What was asked at the far end: once an attempt, and no cookie ever came back."""
    for row in rows:
        heads = server.requests[row["name"]]
        assert not [head for head in heads if b"\r\ncookie:" in head.lower()], row["name"]
        if not row["script"].at_once and "redirect" not in row["name"]:
            assert len(heads) == row["attempts"], row["name"]


def stored_texts(path):
    with sqlite3.connect(path) as db:
        texts = dict(db.execute('select _id, response from "test.samples"'))
    db.close()
    return texts


def test_each_answer_ends_in_its_reason_and_harms_nobody(workplace, store_uri, api, server):
    sqlite = store_uri.startswith("sqlite:")
    rows = all_rows(server) + (looks_like_extended_json() if sqlite else [])
    daemon = Daemon(workplace, store_uri)
    daemon.insert(daemon.collection(), [{"_id": i, "url": api.url_of(i)} for i in range(NEIGHBOURS)])
    documents = run(daemon, server, rows)

    expect(rows, documents)
    assert "sesame" not in json.dumps([document["reqd"] for document in documents.values()]) + daemon.log.read_text()
    check_neighbours(documents, api)
    check_counts(daemon, rows)
    check_requests(server, rows)
    assert high_water(daemon) < ROOM
    if sqlite:
        texts = stored_texts(workplace.path / "reqd.db")
        assert {row["name"]: texts[row["name"]] for row in rows if row.get("text")} == {
            row["name"]: row["text"] for row in rows if row.get("text")}


def test_text_is_kept_as_it_came_or_not_at_all(daemon, server):
    def encoded(coding, body):
        return says(answer(body, f"Content-Encoding: {coding}"))

    rows = [
        ok("plain", says(answer(b"plain")), "plain"),
        ok("empty", says(answer(b"")), ""),
        ok("a NUL", says(answer(b"a\0b")), "a\0b"),
        ok("a byte order mark", says(answer(b"\xef\xbb\xbfx")), "\ufeffx"),
        ok("like JSON", says(answer(JSON)), JSON.decode()),
        ok("gzip", encoded("gzip", gzipped(b"plain")), "plain"),
        failed("not UTF-8", "bad_body", says(answer(b"\xff")), 200),
        *(failed(f"{coding} cut short", "bad_body", encoded(coding, body[:-1]), 200, error="cut short")
          for coding, body in PACKED.items()),
    ]
    expect(rows, run(daemon, server, rows, "--parse", "text"))


def test_an_answer_too_many_is_nobody_elses(sqlite_daemon, server):
    """A server that answers twice: on a kept connection the second answer would be that of the next document."""
    said = []

    def act(_, connection, head):
        connection.sendall(answer(b'{"answer": %d}' % len(said), "Set-Cookie: session=1; Path=/"))
        server.ended.wait(0.05)  # for the first to be read by itself: a client that got both at once would know
        connection.sendall(answer(b'{"forged": true}'))
        said.append(head)
        return True

    daemon = sqlite_daemon
    url = server.serve("twice", script(act))
    daemon.insert(daemon.collection(), [{"_id": i, "url": url} for i in range(4)])
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--paused")
    for i in range(1, 5):
        daemon.ctl("resume", "samples", "--limit", i)
        daemon.wait("samples", "--for", "paused" if i < 4 else "done")
        wait_until(lambda: len(said) >= i, "the second answer is under way while nothing is asked")
    answers = [document["response"] for document in daemon.documents(daemon.collection())]
    assert answers == [{"answer": i} for i in range(4)]
    assert not [head for head in said if b"cookie" in head.lower()]
