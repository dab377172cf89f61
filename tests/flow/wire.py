"""The control socket as its clients see it: raw frames, and the PyPI client with an ear on the line."""

import json
import socket

import varlink
from programs import DEADLINE
from varlink import scanner


def frame(method, parameters=None, **flags):
    """A call as bytes; flags: more, oneway."""
    return json.dumps({"method": method, **flags, "parameters": parameters or {}}).encode() + b"\0"


class Wire:
    """One connection, without a library that would be too polite for what is tried."""

    def __init__(self, daemon):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(str(daemon.socket))
        self.came = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        """Sends as much as the other side takes before it hangs up."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def end_sending(self):
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def receive(self):
        try:
            return self.socket.recv(65536)
        except ConnectionResetError:
            return b""

    def reply(self):
        """The next reply; None when the connection has ended."""
        while b"\0" not in self.came:
            data = self.receive()
            if not data:
                assert not self.came, f"half a frame: {self.came[:200]}"
                return None
            self.came += data
        text, _, self.came = self.came.partition(b"\0")
        return json.loads(text)

    def replies(self):
        """All replies up to the end of the connection."""
        return list(iter(self.reply, None))

    def call(self, method, parameters=None, **flags):
        return self.send(frame(method, parameters, **flags)).reply()


class Ear:
    """A socket that remembers what it heard: the client itself drops nulls and members that it does not know."""

    def __init__(self, connection):
        self.connection = connection
        self.connection.settimeout(DEADLINE)
        self.heard = b""

    def sendall(self, data):
        self.connection.sendall(data)

    def recv(self, size):
        data = self.connection.recv(size)
        self.heard += data
        return data

    def close(self):
        self.connection.close()

    def take_replies(self):
        *texts, self.heard = self.heard.split(b"\0")
        return [json.loads(text) for text in texts]


class Service:
    """org.reqd by the PyPI client; what comes is held against the interface as the daemon describes it."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.client = varlink.Client(f"unix:{daemon.socket}")
        self.line = Ear(self.client.open_connection())
        self.handler = self.client.open("org.reqd", connection=self.line)
        self.interface = self.client.get_interface("org.reqd", socket_connection=self.line)
        self.line.take_replies()
        self.called = set()
        self.refused_with = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.line.close()

    def check(self, method):
        """Every reply and error since the last look is as declared. Returns the replies' parameters."""
        replies = self.line.take_replies()
        self.called.add(method)
        for reply in replies:
            assert set(reply) <= {"parameters", "continues", "error"}
            if "error" in reply:
                name = reply["error"].rpartition(".")[2]
                self.refused_with.add(name)
                declared = self.interface.members[name].type
            else:
                declared = self.interface.get_method(method).out_type
            wrong = mismatches(self.interface, declared, reply["parameters"])
            assert not wrong, f"{method}: {wrong}"
        return [reply["parameters"] for reply in replies]

    def call(self, method, **parameters):
        getattr(self.handler, method)(**parameters)
        (reply,) = self.check(method)
        return reply

    def stream(self, method, **parameters):
        for _ in getattr(self.handler, method)(_more=True, **parameters):
            yield from self.check(method)

    def refuse(self, method, **parameters):
        """The error's name without its interface, and its parameters."""
        try:
            result = getattr(self.handler, method)(**parameters)
            if parameters.get("_more"):
                next(result)
        except varlink.VarlinkError as error:
            (reply,) = self.check(method)
            interface, _, name = error.error().rpartition(".")
            assert interface == "org.reqd"
            return name, reply
        raise AssertionError(f"{method}({parameters}) was not refused")


def fields_mismatch(interface, fields, value, where):
    if not isinstance(value, dict):
        return [f"{where or 'the reply'} is no object"]
    wrong = [f"{where}.{name} is missing" for name in fields if name not in value]
    wrong += [f"{where}.{name} is not declared" for name in value if name not in fields]
    for name in fields.keys() & value.keys():
        wrong += mismatches(interface, fields[name], value[name], f"{where}.{name}")
    return wrong


def mismatches(interface, declared, value, where=""):
    """What of a value is not as the interface says: every member has to be there, null only where it may be."""
    if isinstance(declared, scanner._Maybe):
        return [] if value is None else mismatches(interface, declared.element_type, value, where)
    if isinstance(declared, scanner._CustomType):
        return mismatches(interface, interface.members[declared.name].type, value, where)
    if isinstance(declared, scanner._Struct):
        return fields_mismatch(interface, declared.fields, value, where)
    if isinstance(declared, scanner._Array):
        if not isinstance(value, list):
            return [f"{where} is no array"]
        return [m for i, item in enumerate(value) for m in mismatches(interface, declared.element_type, item, f"{where}[{i}]")]
    if isinstance(declared, (scanner._Dict, scanner._Object)) and not isinstance(value, dict):
        return [f"{where} is no object"]
    if isinstance(declared, scanner._Dict):
        return [m for key, item in value.items() for m in mismatches(interface, declared.element_type, item, f"{where}.{key}")]
    if isinstance(declared, scanner._Object):
        return []
    # The rest are instances of Python's own types; a bool is an int there, and a whole number may be a float.
    wanted = {bool: (bool,), int: (int,), float: (int, float), str: (str,)}[type(declared)]
    good = isinstance(value, wanted) and isinstance(value, bool) == isinstance(declared, bool)
    return [] if good else [f"{where} is {value!r}, not {type(declared).__name__}"]
