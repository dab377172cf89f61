"""An API in this process that remembers every request: for what must be seen of requests, not only counted."""

import collections
import http.server
import socket
import threading
import urllib.parse


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 200  # with the default of 5, connections wait for seconds
    daemon_threads = True


class Recorder:
    """GET or whatever /NAME?do=WORD&times=K: the first K requests for NAME (all, without it) get what WORD says.

    do: a status ("503"); "503-later" with Retry-After: 0; "close" after the request was read; "hang"; "garbage".
    """

    def __init__(self):
        self.requests = collections.defaultdict(list)  # name: the headers of each request, in order
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.server = Server(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()

    def count(self, name):
        with self.lock:
            return len(self.requests[name])

    def headers(self, name, header):
        """That header of each request for that name."""
        with self.lock:
            return [headers.get(header) for headers in self.requests[name]]

    def handler(recorder):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                url = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(url.query))
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with recorder.lock:
                    requests = recorder.requests[url.path[1:]]
                    requests.append(self.headers)
                    failing = len(requests) <= int(query.get("times", 1 << 30))
                self.do(query.get("do", "200") if failing else "200")

            def do(self, word):
                if word == "hang":
                    recorder.ended.wait(60)
                if word in ("hang", "close"):
                    self.close_connection = True
                    return
                if word == "garbage":
                    self.close_connection = True
                    self.wfile.write(b"SSH-2.0-nonsense\r\n")
                    return
                status, _, later = word.partition("-")
                self.send_response(int(status))
                if later:
                    self.send_header("Retry-After", "0")
                self.send_header("Content-Length", "2")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(b"{}")

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

            def log_message(self, *_):
                pass

        return Handler


def refusing_port():
    """A port of 127.0.0.1 that refuses connections for as long as the socket lives: (socket, port)."""
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    return s, s.getsockname()[1]
