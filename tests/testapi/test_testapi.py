#!/usr/bin/env python3
"""What the test API promises: a server that tests trust must be tested itself.

test_testapi.py PROGRAM [unittest options]; standard library only, so that it runs where pytest is not.
"""

import contextlib
import fcntl
import gzip
import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest
from urllib.parse import quote

PROGRAM = None


class Api:
    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on http://127.0.0.1:"):
            raise AssertionError(line + self.process.stderr.read())
        self.port = int(line.rsplit(":", 1)[1])

    def connection(self, timeout=10):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def socket(self, sent=b"", timeout=10):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=timeout)
        s.sendall(sent)
        return s

    def get(self, target, method="GET", timeout=10, **more):
        """The response with its body in `.body`, over a connection of its own."""
        with contextlib.closing(self.connection(timeout)) as connection:
            connection.request(method, target, **more)
            response = connection.getresponse()
            response.body = response.read()
            return response

    def json(self, target, **more):
        return json.loads(self.get(target, **more).body)

    def raw(self, request, timeout=10):
        """All that comes back until the server closes."""
        with self.socket(request, timeout) as s:
            return read_all(s)

    def wait_until(self, condition):
        """Waits until the counters fulfil the condition."""
        wait_until(lambda: condition(self.json("/_counters")))

    def end(self, by=signal.SIGTERM):
        self.process.send_signal(by)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err


def wait_until(condition, deadline=20):
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline} s")
        time.sleep(0.001)


def read_all(s):
    data = b""
    while True:
        part = s.recv(65536)
        if not part:
            return data
        data += part


def read_until(s, end):
    data = b""
    while not data.endswith(end):
        part = s.recv(65536)
        if not part:
            break
        data += part
    return data


class TestApi(unittest.TestCase):
    arguments = ()

    def setUp(self):
        self.api = Api(*self.arguments)
        self.addCleanup(self.end)

    def end(self):
        code, out, err = self.api.end()
        self.assertEqual((code, out, err), (0, "", ""))

    def assert_takes(self, seconds, target, status=200):
        start = time.monotonic()
        self.assertEqual(self.api.get(target).status, status)
        took = time.monotonic() - start
        self.assertGreaterEqual(took, seconds)
        self.assertLess(took, seconds + 0.5)


class Answers(TestApi):
    def test_the_usual_answer_counts_by_id(self):
        response = self.api.get("/?id=a%20b%22")
        self.assertEqual(response.body, b'{"id":"a b\\u0022","n":1,"pad":""}')
        self.assertEqual(response.headers["Content-Type"], "application/json")
        self.assertEqual(self.api.json("/other?id=a%20b%22")["n"], 2)
        self.assertEqual(self.api.json("/docs/7")["id"], "/docs/7")
        self.assertEqual(self.api.json("/?id=%C3%A9")["id"], "\u00e9")
        self.assertEqual(self.api.json("/?id=%FF%C0%80")["id"], "\ufffd\ufffd\ufffd")

    def test_size_pads_exactly(self):
        for size in (100, 4096, 1 << 20, 5_000_001):
            body = self.api.get(f"/?id=s&size={size}").body
            self.assertEqual(len(body), size)
            json.loads(body)
        self.assertEqual(len(self.api.get("/?size=64k").body), 65536)

    def test_delay(self):
        self.assert_takes(0.2, "/?delay=200")
        self.assert_takes(0.3, "/?delay=300ms")
        self.assert_takes(1.25, "/?delay=1.25s")

    def test_a_header_line_of_ones_own(self):
        for status in (200, 429):
            response = self.api.get(f"/?status={status}&header=X-RateLimit-Reset:%207")
            self.assertEqual((response.status, response.headers["X-RateLimit-Reset"]), (status, "7"))
        self.assertEqual(self.api.get("/?header=A:%20b%0D%0AC:%20d").status, 400)

    def test_status_and_retry_after(self):
        response = self.api.get("/?status=503&retry_after=2")
        self.assertEqual((response.status, response.headers["Retry-After"]), (503, "2"))
        self.assertIsNone(self.api.get("/?retry_after=2").headers["Retry-After"])
        self.assertEqual(self.api.get("/?status=204").body, b"")

    def test_flaky_fails_first(self):
        statuses = [self.api.get("/?id=f&flaky=2").status for _ in range(4)]
        self.assertEqual(statuses, [503, 503, 200, 200])
        statuses = [self.api.get("/?id=g&flaky=1&flaky_status=429").status for _ in range(2)]
        self.assertEqual(statuses, [429, 200])

    def test_fail_picks_the_same_ids(self):
        once = [self.api.get(f"/?id={i}&fail=10").status for i in range(500)]
        again = [self.api.get(f"/?id={i}&fail=10").status for i in range(500)]
        self.assertEqual(once, again)
        self.assertEqual(set(once), {200, 500})
        self.assertTrue(25 <= once.count(500) <= 80, once.count(500))
        self.assertEqual(self.api.get("/?id=1&fail=100&status=418").status, 418)

    def test_redirect(self):
        response = self.api.get("/?redirect=" + quote("http://127.0.0.1:1/x?a=b&c", safe=""))
        self.assertEqual((response.status, response.headers["Location"]), (302, "http://127.0.0.1:1/x?a=b&c"))
        self.assertEqual(self.api.get("/?redirect=/x&status=307").status, 307)

    def test_hops_lead_to_an_answer(self):
        target, seen = "/p?id=h&hops=3&size=50", []
        while True:
            response = self.api.get(target)
            seen.append(response.status)
            if response.status == 200:
                break
            target = response.headers["Location"]
        self.assertEqual(seen, [302, 302, 302, 200])
        self.assertEqual(target, "/p?id=h&hops=0&size=50")
        self.assertEqual(json.loads(response.body)["n"], 4)

    def test_text_and_body_are_taken_literally(self):
        response = self.api.get("/?text=" + quote("no {json\n\u00e9"))
        self.assertEqual(response.body.decode(), "no {json\n\u00e9")
        self.assertEqual(response.headers["Content-Type"], "text/plain; charset=utf-8")
        response = self.api.get("/?body=%7B%22a%22:%00%FF")
        self.assertEqual(response.body, b'{"a":\0\xff')
        self.assertEqual(response.headers["Content-Type"], "application/json")
        self.assertEqual(self.api.get("/?text=").body, b"")

    def test_gzip(self):
        for size in (0, 1000, 256 << 10, (1 << 20) + 77):
            response = self.api.get(f"/?id=z&gzip=1&size={size}")
            self.assertEqual(response.headers["Content-Encoding"], "gzip")
            body = gzip.decompress(response.body)
            self.assertEqual(json.loads(body)["id"], "z")
            self.assertEqual(len(body), max(size, len(body)))
        self.assertEqual(gzip.decompress(self.api.get("/?text=hello&gzip=1").body), b"hello")

    def test_bomb(self):
        for size in (1, 1 << 18, 30_000_001):
            response = self.api.get(f"/?bomb={size}")
            self.assertLess(len(response.body), 1000 + size / 500)
            self.assertEqual(gzip.decompress(response.body), b" " * size)

    def test_chunked(self):
        for size in (0, 300_000):
            response = self.api.get(f"/?chunked=1&size={size}")
            self.assertEqual(response.headers["Transfer-Encoding"], "chunked")
            self.assertIsNone(response.headers["Content-Length"])
            self.assertGreaterEqual(len(response.body), size)
            json.loads(response.body)
        self.assertEqual(gzip.decompress(self.api.get("/?chunked=1&gzip=1&text=abc").body), b"abc")

    def test_drip(self):
        start = time.monotonic()
        self.assertEqual(self.api.get("/?text=ab&drip=1").body, b"ab")
        self.assertGreater(time.monotonic() - start, 1.9)

    def test_echo(self):
        headers = {"X-One": "1", "x-list": "a"}
        response = self.api.json("/e?echo=1&q=%41", method="POST", body=b'say "hi"\n\xff', headers=headers)
        self.assertEqual((response["method"], response["target"]), ("POST", "/e?echo=1&q=%41"))
        self.assertEqual(response["headers"]["x-one"], "1")
        self.assertEqual(response["body"], 'say "hi"\n\ufffd')
        twice = self.api.raw(b"GET /?echo=1 HTTP/1.1\r\nA: 1\r\nB: x\r\na:  2 \r\nConnection: close\r\n\r\n")
        fields = json.loads(twice.split(b"\r\n\r\n", 1)[1])["headers"]
        self.assertEqual(fields, {"a": "1, 2", "b": "x", "connection": "close"})

    def test_wrong_values_are_told(self):
        for query in ("delay=x", "delay=1.", "delay=25h", "status=99", "size=1T", "size=1.0001", "fail=101",
                      "close=maybe", "hang=2", "flaky=", "redirect=a%0Ab"):
            response = self.api.get("/?" + query)
            self.assertEqual(response.status, 400, query)
            self.assertTrue(response.body.startswith(query.split("=")[0].encode() + b": not "), response.body)
        self.assertEqual(self.api.get("/?unknown=1&also").status, 200)


class Closing(TestApi):
    def test_before(self):
        self.assertEqual(self.api.raw(b"GET /?close=before HTTP/1.1\r\n\r\n"), b"")

    def test_after(self):
        answer = self.api.raw(b"GET /?close=after&text=x HTTP/1.1\r\n\r\n")
        self.assertTrue(answer.endswith(b"\r\n\r\nx"))
        self.assertNotIn(b"Connection", answer)

    def test_inside(self):
        for query in ("size=1000", "size=10M", "text=ab", "size=1000&chunked=1", "gzip=1"):
            got = b""
            with self.api.socket(f"GET /?close=inside&{query} HTTP/1.1\r\n\r\n".encode()) as s:
                with self.assertRaises(ConnectionResetError):
                    while True:
                        part = s.recv(65536)
                        self.assertTrue(part)
                        got += part
            self.assertIn(b"\r\n\r\n", got, query)
        self.assertEqual(self.api.json("/_counters")["unanswered"], 5)

    def test_hang_ends_with_the_client(self):
        with self.api.socket(b"GET /?hang=1 HTTP/1.1\r\n\r\n", timeout=0.3) as s:
            with self.assertRaises(TimeoutError):
                s.recv(1)
            self.assertEqual(self.api.json("/_counters")["in_flight"], 1)
        self.api.wait_until(lambda counters: counters["in_flight"] == 0)
        self.assertEqual(self.api.json("/_counters")["unanswered"], 1)


class Protocol(TestApi):
    def test_keep_alive_and_pipelining(self):
        requests = b"".join(b"GET /?id=%d&text=<%d> HTTP/1.1\r\n\r\n" % (i, i) for i in range(3000))
        requests += b"GET /?text=<last> HTTP/1.1\r\nConnection: close\r\n\r\n"
        with self.api.socket() as s:
            writer = threading.Thread(target=s.sendall, args=(requests,))
            writer.start()
            answer = read_all(s)
            writer.join()
        self.assertEqual([int(a.split(b">")[0]) for a in answer.split(b"<")[1:-1]], list(range(3000)))
        self.assertEqual(self.api.json("/_counters")["accepted"], 2)

    def test_pipelining_keeps_the_order_over_delays(self):
        answer = self.api.raw(b"GET /?delay=200&text=<1> HTTP/1.1\r\n\r\n"
                              b"GET /?text=<2> HTTP/1.1\r\nConnection: close\r\n\r\n")
        self.assertLess(answer.index(b"<1>"), answer.index(b"<2>"))

    def test_a_request_may_come_byte_by_byte(self):
        request = (b"\r\nPOST /?echo=1 HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                   b"3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n")
        with self.api.socket() as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in request:
                s.sendall(bytes([byte]))
                # It has reached the other side before the next one leaves.
                wait_until(lambda: fcntl.ioctl(s, termios.TIOCOUTQ, bytes(4)) == bytes(4))
            self.assertEqual(json.loads(read_all(s).split(b"\r\n\r\n", 1)[1])["body"], "abc0123456789")

    def test_bodies(self):
        for size in (0, 1, 5000, 3_000_000):
            self.assertEqual(len(self.api.json("/?echo=1", method="POST", body=b"b" * size)["body"]), size)
        pieces = [b"p" * (i * 37 % 900 + 1) for i in range(500)]
        echo = self.api.json("/?echo=1", method="POST", body=iter(pieces))
        self.assertEqual(len(echo["body"]), sum(map(len, pieces)))

    def test_expect_continue(self):
        with self.api.socket(b"POST /?echo=1 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
                             b"Connection: close\r\n\r\n") as s:
            self.assertEqual(read_until(s, b"\r\n\r\n"), b"HTTP/1.1 100 Continue\r\n\r\n")
            s.sendall(b"ok")
            self.assertIn(b'"body": "ok"', read_all(s))

    def test_head(self):
        answer = self.api.raw(b"HEAD /?size=100 HTTP/1.1\r\nConnection: close\r\n\r\n")
        self.assertIn(b"Content-Length: 100\r\n", answer)
        self.assertTrue(answer.endswith(b"\r\n\r\n"))

    def test_http_1_0(self):
        self.assertTrue(self.api.raw(b"GET /?text=x HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\nx"))
        answer = self.api.raw(b"GET /?text=x&chunked=1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        self.assertNotIn(b"chunked", answer)
        self.assertTrue(answer.endswith(b"\r\n\r\nx"))

    def test_absolute_form(self):
        answer = self.api.raw(b"GET http://example.invalid/p?echo=1 HTTP/1.1\r\nConnection: close\r\n\r\n")
        self.assertIn(b"http://example.invalid/p?echo=1", answer)
        self.assertEqual(self.api.json("/_ids"), {"/p": 1})

    def test_what_is_not_http_is_refused(self):
        cases = (
            (400, b"nonsense\r\n\r\n"),
            (400, b"GET  / HTTP/1.1\r\n\r\n"),
            (400, b"GET / HTTP/1.1\r\nA : b\r\n\r\n"),
            (400, b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"),
            (400, b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
            (400, b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
            (400, b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n"),
            (400, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
            (400, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"),
            (413, b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
            (413, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\n"),
            (431, b"GET / HTTP/1.1\r\nA: " + b"b" * 70000 + b"\r\n\r\n"),
            (431, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 201 + b"\r\n"),
            (501, b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n"),
            (505, b"GET / HTTP/2.0\r\n\r\n"),
        )
        for status, request in cases:
            self.assertTrue(self.api.raw(request).startswith(b"HTTP/1.1 %d " % status), request[:80])
        counters = self.api.json("/_counters")
        self.assertEqual((counters["malformed"], counters["requests"]), (len(cases), 0))


class Pages(TestApi):
    def test_counters(self):
        for i in (1, 2, 3, 2, 2, 3):
            self.api.get(f"/?id={i}&status={200 + i}")
        counters = self.api.json("/_counters")
        self.assertGreaterEqual(counters.pop("connections"), 1)
        self.assertEqual(counters, {
            "requests": 6, "in_flight": 0, "max_in_flight": 1, "accepted": 7, "unanswered": 0, "malformed": 0,
            "ids": 3, "repeated": 2, "max_per_id": 3, "by_status": {"201": 1, "202": 3, "203": 2}})
        self.assertEqual(self.api.json("/_ids"), {"1": 1, "2": 3, "3": 2})

    def test_reset(self):
        with self.api.socket(b"GET /?id=x&delay=300&text=done HTTP/1.1\r\n\r\n") as s:
            self.api.wait_until(lambda counters: counters["in_flight"] == 1)
            counters = self.api.json("/_reset")
            self.assertEqual((counters["requests"], counters["in_flight"]), (0, 1))
            self.assertTrue(read_until(s, b"done"))
        counters = self.api.json("/_counters")
        self.assertEqual((counters["requests"], counters["in_flight"], counters["by_status"]), (0, 0, {}))
        self.assertEqual(self.api.json("/_ids"), {})

    def test_set_is_all_or_nothing(self):
        self.assertEqual(self.api.json("/_set?status=202&delay=1.5s")["delay"], 1500)
        self.assertEqual(self.api.get("/_set?delay=0&size=x").status, 400)
        self.assertEqual(self.api.get("/_set?id=7").status, 400)
        defaults = self.api.json("/_set")
        self.assertEqual((defaults["delay"], defaults["status"]), (1500, 202))
        self.assert_takes(1.5, "/", status=202)
        self.assertEqual(self.api.get("/?delay=0&status=200").status, 200)

    def test_many_ids_are_streamed(self):
        total, batch = 100_000, 2000
        with self.api.socket() as s:
            for first in range(0, total, batch):
                ids = range(first, first + batch)
                s.sendall(b"".join(b"GET /?id=id-%d&status=204 HTTP/1.1\r\n\r\n" % i for i in ids))
                got = 0
                while got < batch * 27:
                    got += len(s.recv(1 << 20))
        ids = self.api.json("/_ids")
        self.assertEqual(len(ids), total)
        self.assertEqual(set(ids.values()), {1})
        answer = self.api.raw(b"GET /_ids HTTP/1.0\r\n\r\n")
        self.assertEqual(len(json.loads(answer.split(b"\r\n\r\n", 1)[1])), total)


class Knee(TestApi):
    arguments = ("--knee", "10", "--delay", "200ms", "--size", "200")

    def flight(self, n):
        """Status and duration of n requests at once."""
        sockets = [self.api.socket() for _ in range(n)]
        start = time.monotonic()
        for i, s in enumerate(sockets):
            s.sendall(b"GET /?id=%d&retry_after=1 HTTP/1.1\r\nConnection: close\r\n\r\n" % i)
        answers = []
        for s in sockets:
            answer = read_all(s)
            answers.append((int(answer.split()[1]), time.monotonic() - start))
            s.close()
        return answers

    def test_below_the_knee(self):
        answers = self.flight(10)
        self.assertEqual({status for status, _ in answers}, {200})
        self.assertTrue(all(0.2 <= took < 0.3 for _, took in answers), answers)

    def test_above_the_knee(self):
        answers = self.flight(30)
        self.assertEqual([status for status, _ in answers], [200] * 20 + [429] * 10)
        self.assertGreaterEqual(answers[19][1], 0.4)
        self.api.get("/_set?knee=0")
        self.assertEqual({status for status, _ in self.flight(30)}, {200})


class Program(unittest.TestCase):
    def test_only_the_loopback(self):
        for address in ("0.0.0.0:0", "10.0.0.1:80", "127.0.0.1", "127.0.0.1:70000", "[::]:0", "name:80"):
            done = subprocess.run([PROGRAM, "--listen", address], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2)
            self.assertIn("loopback", done.stderr)

    def test_wrong_options(self):
        for arguments in (["--delay", "x"], ["--nope"], ["word"]):
            done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertTrue(done.stderr)

    def test_port_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "port")
            api = Api("--port-file", path)
            with open(path) as file:
                self.assertEqual(file.read(), f"{api.port}\n")
            self.assertEqual(os.listdir(folder), ["port"])
            self.assertEqual(api.end(), (0, "", ""))

    def test_a_port_in_use(self):
        api = Api()
        done = subprocess.run([PROGRAM, "--listen", f"127.0.0.1:{api.port}"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(api.end()[0], 0)

    def test_interrupt_and_open_connections(self):
        api = Api()
        queries = (b"hang=1", b"drip=1&size=100", b"delay=60s", b"size=1G")
        waiting = [api.socket(b"GET /?" + query + b" HTTP/1.1\r\n\r\n") for query in queries]
        api.wait_until(lambda counters: counters["in_flight"] == len(queries))
        self.assertEqual(api.end(signal.SIGINT), (0, "", ""))
        for s in waiting:
            s.close()

    def test_help_names_every_parameter(self):
        text = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
        for word in ("delay=", "flaky=", "knee=", "bomb=", "/_counters", "/_set", "--listen"):
            self.assertIn(word, text)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
