"""Stands between reqd and a MongoDB server, and does to their talk what a test asks for, while it runs.

A rule says to which commands something happens: to one command name, all of whose messages, or those that a condition
picks. What is not asked for passes as it came. Counts every command, so that a test can tell a daemon that waits from
one that spins.
"""

import collections
import contextlib
import socket
import struct
import threading

import bson

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
HEADER = struct.Struct("<iiii")
MONITORING = ("hello", "ismaster", "isMaster", "ping", "endSessions", "buildInfo", "saslStart", "saslContinue")


class Rule:
    """What happens to a command. One of the actions, and how many times (None: until it is removed)."""

    def __init__(self, command, action, argument=None, times=None, when=None):
        self.command, self.action, self.argument, self.times, self.when = command, action, argument, times, when
        self.hits = 0


def read_exactly(connection, n):
    data = bytearray()
    while len(data) < n:
        got = connection.recv(n - len(data))
        if not got:
            raise ConnectionError
        data += got
    return bytes(data)


def read_message(connection):
    head = read_exactly(connection, HEADER.size)
    length, request, answers, opcode = HEADER.unpack(head)
    return request, answers, opcode, head + read_exactly(connection, length - HEADER.size)


def command_name(opcode, message):
    """The first key of the command's document."""
    if opcode == OP_MSG:
        at = HEADER.size + 4 + 1 + 4
    elif opcode == OP_QUERY:
        at = message.index(b"\0", HEADER.size + 4) + 1 + 8 + 4
    else:
        return None
    return message[at + 1 : message.index(b"\0", at + 1)].decode()


def parse(message):
    """An OP_MSG as one document, its sequences of documents as arrays."""
    body, at = {}, HEADER.size + 4
    end = len(message)
    (flags,) = struct.unpack_from("<I", message, HEADER.size)
    if flags & 1:
        end -= 4  # a checksum, which is optional
    sequences = {}
    while at < end:
        kind = message[at]
        (size,) = struct.unpack_from("<i", message, at + 1)
        if kind == 0:
            body = bson.decode(message[at + 1 : at + 1 + size])
        else:
            name_end = message.index(b"\0", at + 5)
            documents = bson.decode_all(message[name_end + 1 : at + 1 + size])
            sequences[message[at + 5 : name_end].decode()] = documents
        at += 1 + size
    return {**body, **sequences}


def build(request, answers, document):
    payload = struct.pack("<I", 0) + b"\0" + bson.encode(document)
    return HEADER.pack(HEADER.size + len(payload), request, answers, OP_MSG) + payload


class FaultProxy:
    def __init__(self, server_port):
        self.server_port = server_port
        self.lock = threading.Condition()
        self.rules = []
        self.counts = collections.Counter()
        self.pairs = set()
        self.ended = False
        self.port = 0
        self.listener = None
        self.back()

    # What a test asks for.

    def uri(self, server_uri):
        return server_uri.replace(f":{self.server_port}/", f":{self.port}/")

    @contextlib.contextmanager
    def rule(self, *arguments, **options):
        """For the time of a `with`: rule(COMMAND, ACTION, ARGUMENT, times=N, when=CONDITION OF THE DOCUMENT).

        delay SECONDS; swallow (nothing comes back); cut (before it is forwarded); cut_after (the server has done it,
        its answer is lost); error (CODE, NAME, TEXT) instead of doing it; write_errors (CODE, TEXT, CONDITION OF ONE
        OPERATION): those operations are not done and have errors of their own; concern (CODE, TEXT): done, and not
        known to be durable. COMMAND "*" is all but monitoring, "**" really all.
        """
        rule = Rule(*arguments, **options)
        with self.lock:
            self.rules.append(rule)
        try:
            yield rule
        finally:
            self.remove(rule)

    def remove(self, rule):
        with self.lock:
            if rule in self.rules:
                self.rules.remove(rule)
            self.lock.notify_all()

    def gone(self):
        """Refuses connections, and ends those that are there."""
        with self.lock:
            # A thread in accept() keeps a closed socket listening; a shutdown wakes it.
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        self.cut_all()

    def back(self):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(100)
        self.port = listener.getsockname()[1]
        self.listener = listener
        threading.Thread(target=self.accept, args=(listener,), daemon=True).start()

    def cut_all(self):
        with self.lock:
            pairs = list(self.pairs)
        for pair in pairs:
            close(pair)

    def commands(self):
        """How many commands came that were not monitoring."""
        with self.lock:
            return sum(n for name, n in self.counts.items() if name not in MONITORING)

    def end(self):
        self.ended = True
        with self.lock:
            self.rules.clear()
            self.lock.notify_all()
        if self.listener:
            self.gone()
        self.cut_all()

    # The way of a message.

    def accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", self.server_port))
            except OSError:
                return
            pair = (client, server)
            with self.lock:
                self.pairs.add(pair)
            changes = {}  # request -> the rule that changes its reply
            for target in (self.forward, self.answer):
                threading.Thread(target=target, args=(pair, changes), daemon=True).start()

    def match(self, name, opcode, message):
        """The rule for this command and, where one is needed, its document."""
        with self.lock:
            self.counts[name] += 1
            for rule in self.rules:
                general = rule.command == "**" or (rule.command == "*" and name not in MONITORING)
                if not general and rule.command != name or rule.times is not None and rule.hits >= rule.times:
                    continue
                if opcode != OP_MSG and rule.action not in ("delay", "swallow", "cut", "cut_after"):
                    continue
                document = parse(message) if opcode == OP_MSG and (rule.when or rule.action == "write_errors") else None
                if rule.when and not (document and rule.when(document)):
                    continue
                rule.hits += 1
                self.lock.notify_all()
                return rule, document
        return None, None

    def wait_while(self, rule, seconds=None):
        """Until the time is over, or the rule is gone."""
        with self.lock:
            self.lock.wait_for(lambda: rule not in self.rules, seconds)

    def forward(self, pair, changes):
        client, server = pair
        try:
            while True:
                request, _, opcode, message = read_message(client)
                name = command_name(opcode, message)
                rule, document = self.match(name, opcode, message)
                if rule:
                    message = self.apply(rule, request, document, message, pair, changes)
                if message:
                    server.sendall(message)
        except (OSError, ConnectionError, ValueError):
            close(pair)
        finally:
            with self.lock:
                self.pairs.discard(pair)

    def apply(self, rule, request, document, message, pair, changes):
        """Returns what the server gets, if anything."""
        if rule.action == "delay":
            self.wait_while(rule, rule.argument)
        elif rule.action == "swallow":
            self.wait_while(rule)
            raise ConnectionError  # a server that lost a request would have lost the connection with it
        elif rule.action == "cut":
            raise ConnectionError
        elif rule.action == "error":
            code, name, text = rule.argument
            reply = {"ok": 0.0, "errmsg": text, "code": code, "codeName": name}
            pair[0].sendall(build(0, request, reply))
            return None
        elif rule.action == "write_errors":
            return self.without_some(rule, request, document, changes)
        else:
            changes[request] = (rule, None)
        return message

    def without_some(self, rule, request, document, changes):
        """The bulk without the operations that are to fail; they keep their places and match nothing."""
        code, text, picks = rule.argument
        operations = next(document[key] for key in ("updates", "documents", "deletes") if key in document)
        failed = [i for i, operation in enumerate(operations) if picks(operation)]
        for i in failed:
            operations[i] = {"q": {"_id": {"$in": []}}, "u": {"$set": {"x": 1}}}
        errors = [{"index": i, "code": code, "errmsg": text} for i in failed]
        changes[request] = (rule, errors)
        return build(request, 0, document)

    def answer(self, pair, changes):
        client, server = pair
        try:
            while True:
                request, answers, opcode, message = read_message(server)
                rule, errors = changes.pop(answers, (None, None))
                if rule and rule.action == "cut_after":
                    raise ConnectionError
                if rule and opcode == OP_MSG:
                    message = build(request, answers, self.changed(rule, errors, parse(message)))
                client.sendall(message)
        except (OSError, ConnectionError, ValueError):
            close(pair)

    @staticmethod
    def changed(rule, errors, reply):
        if rule.action == "concern":
            code, text = rule.argument
            reply["writeConcernError"] = {"code": code, "errmsg": text}
        elif errors:
            reply["writeErrors"] = sorted(reply.get("writeErrors", []) + errors, key=lambda e: e["index"])
        return reply


def close(pair):
    for end in pair:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            end.close()
