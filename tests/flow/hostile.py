"""A raw TCP server that does what no HTTP server should: one port for each way to misbehave."""

import ctypes
import gzip
import socket
import struct
import threading
import zlib

STEP = 1  # seconds between two bytes of what drips
PATIENCE = 120  # seconds after which a connection is given up, whatever the client does


class Server:
    """Ports of 127.0.0.1, each with a script; remembers what was asked at each."""

    def __init__(self):
        self.listeners = []
        self.connections = []
        self.accepted = {}  # name: how many connections came
        self.requests = {}  # name: the heads of its requests, as they came
        self.ended = threading.Event()

    def serve(self, name, script, path="/", listener=None):
        """Plays the script to whoever comes, to a new port or to @listener; returns the URL."""
        listener = listener or socket.create_server(("127.0.0.1", 0), backlog=256)
        address, port = listener.getsockname()[:2]
        self.listeners.append(listener)
        self.requests[name] = []
        self.accepted[name] = 0
        threading.Thread(target=self.accept, args=(listener, name, script), daemon=True).start()
        return f"http://{f'[{address}]' if ':' in address else address}:{port}{path}"

    def accept(self, listener, name, script):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.accepted[name] += 1
            self.connections.append(connection)
            threading.Thread(target=self.talk, args=(connection, name, script), daemon=True).start()

    def talk(self, connection, name, script):
        connection.settimeout(PATIENCE)
        try:
            with connection:
                if script.at_once:
                    script(self, connection, b"")
                    return
                for head in heads(connection):
                    self.requests[name].append(head)
                    if not script(self, connection, head):
                        return
        except OSError:
            pass  # the client has had enough of it

    def end(self):
        self.ended.set()
        for listener in self.listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def heads(connection):
    """The heads of the requests on a connection; none of them has a body."""
    came = b""
    while True:
        while b"\r\n\r\n" not in came:
            data = connection.recv(65536)
            if not data:
                return
            came += data
        head, _, came = came.partition(b"\r\n\r\n")
        yield head


def script(act, at_once=False):
    """@act: what is done at each request; its value: whether the connection goes on."""
    act.at_once = at_once
    return act


def says(*pieces, keep=True):
    def act(server, connection, head):
        for piece in pieces:
            connection.sendall(piece)
        return keep

    return script(act)


def says_and_closes(*pieces):
    return says(*pieces, keep=False)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def says_and_resets(*pieces):
    def act(server, connection, head):
        for piece in pieces:
            connection.sendall(piece)
            server.ended.wait(0.2)  # a reset overtakes what has not been read
        reset(connection)
        return False

    return script(act)


def resets_at_once():
    def act(server, connection, head):
        reset(connection)

    return script(act, at_once=True)


def repeats(head, piece):
    """The beginning, then the same for ever."""

    def act(server, connection, _):
        many = piece * (1 + 65536 // len(piece))
        connection.sendall(head)
        while not server.ended.is_set():
            connection.sendall(many)

    return script(act)


def drips(head, piece):
    """The beginning, then one byte a second, for ever."""

    def act(server, connection, _):
        connection.sendall(head)
        while not server.ended.wait(STEP):
            connection.sendall(piece)

    return script(act)


def answer(body=b"", *headers, status="200 OK", length=True):
    """A whole answer with the right Content-Length."""
    lines = [f"HTTP/1.1 {status}", *headers, *([f"Content-Length: {len(body)}"] if length else [])]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirects(location, status="302 Found"):
    return says(answer(b"", f"Location: {location}", status=status))


def deflate(data, wbits):
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return packer.compress(data) + packer.flush()


def deflated_zeros(size, wbits):
    """The same, of so many zeros, a piece at a time."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    zeros = bytes(1 << 20)
    return b"".join(packer.compress(zeros) for _ in range(size >> 20)) + packer.flush()


def brotli(data):
    """By the library that curl decodes with: there is no module for it in Python."""
    library = ctypes.CDLL("libbrotlienc.so.1")
    size = ctypes.c_size_t(len(data) + 1024)
    out = ctypes.create_string_buffer(size.value)
    ok = library.BrotliEncoderCompress(5, 24, 0, ctypes.c_size_t(len(data)), data, ctypes.byref(size), out)
    assert ok == 1
    return out.raw[: size.value]


def zstd(data):
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_compress.restype = ctypes.c_size_t
    out = ctypes.create_string_buffer(len(data) + 1024)
    size = library.ZSTD_compress(out, ctypes.c_size_t(len(out)), data, ctypes.c_size_t(len(data)), 3)
    assert size <= len(out)
    return out.raw[:size]


def gzipped(data):
    return gzip.compress(data, mtime=0)
