"""What tests of stores in trouble share: a job at work, a fault in its way, and what must be true afterwards."""

import time

import pymongo

from faultproxy import FaultProxy
from programs import Daemon, ask_to_end, wait_until
from wire import Wire

# Short waits in the URI, so that a server that says nothing is found out soon, and one that was sent a lie about it is
# looked at again soon: it does not tell by itself, as one that really steps down does.
URI_OPTIONS = "?serverSelectionTimeoutMS=1200&socketTimeoutMS=1500&connectTimeoutMS=1000&heartbeatFrequencyMS=1000"
CALLS_A_ROUND = 8  # of the store: two bulks, a record, a page, a count, the lease; and some to spare
ROUNDS_AT_ONCE = 6  # tries before two of them are two seconds apart


class Proxied:
    """A daemon whose MongoDB server is behind a fault proxy, and the server itself for whoever wants to look."""

    def __init__(self, workplace, mongo_server, **options):
        self.proxy = FaultProxy(mongo_server.port)
        self.server_uri = mongo_server.fresh_uri()
        self.daemon = Daemon(workplace, self.proxy.uri(self.server_uri) + URI_OPTIONS, **options)
        self.client = pymongo.MongoClient(self.server_uri)
        self.samples = self.client[self.daemon.database].samples

    def end(self):
        """The daemon first: it has its lease to release."""
        ask_to_end(self.daemon.process)
        self.proxy.end()
        self.client.close()

    def submit(self, api, n, query="delay=100", *options):
        daemon = self.daemon
        self.samples.insert_many([{"_id": i, "i": i, "url": api.url_of(i, query)} for i in range(n)])
        daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", "20", *options)

    def reqd_of(self, **filter):
        """The outcomes as they are in the server."""
        return [d["reqd"] for d in self.samples.find({"reqd": {"$exists": True}, **filter}, {"reqd": 1})]


def say_store(daemon, name="samples"):
    """Waits until status says that the store keeps the job from going on, and what it complains of; returns that."""
    daemon.wait_status(name, lambda s: s["pace"]["limited_by"] == "store" and s["state"] == "running", "status says store")
    return wait_until(lambda: daemon.json("status")["daemon"]["store"]["message"], "the store's complaint")


def ask_all_the_while(daemon, n=50):
    """Asks for the status n times; returns the longest answer in milliseconds."""
    longest = 0
    with Wire(daemon) as wire:
        for _ in range(n):
            begun = time.monotonic()
            assert wire.call("org.reqd.GetStatus")["parameters"]["jobs"]
            longest = max(longest, time.monotonic() - begun)
    return longest * 1000


def cpu_s(daemon):
    fields = open(f"/proc/{daemon.process.pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def assert_waits_quietly(proxied, daemon, seconds=1.0):
    """While the store is in trouble few calls are made, and requests no longer begin once what is in flight has ended."""
    calls, cpu, begun = proxied.proxy.commands(), cpu_s(daemon), time.monotonic()
    longest_ms = ask_all_the_while(daemon)
    wait_until(lambda: time.monotonic() - begun >= seconds, "some time has passed")
    passed = time.monotonic() - begun
    made = proxied.proxy.commands() - calls
    print(f"in {passed:.1f} s: {made} calls of the store, {cpu_s(daemon) - cpu:.2f} s of CPU, "
          f"status took {longest_ms:.1f} ms at most")
    assert made <= CALLS_A_ROUND * (ROUNDS_AT_ONCE + passed / 2), "it asks again and again"
    assert longest_ms < 5000, "a bound for a machine with other things to do; the figure is printed above"


def assert_nothing_lost(proxied, api, n, repeats=0):
    """As counted in the server itself and at the other end."""
    status = proxied.daemon.status("samples")
    assert status["documents"]["ok"] == status["documents"]["total"] == n, status
    outcomes = proxied.reqd_of()
    assert len(outcomes) == n and {o["state"] for o in outcomes} == {"ok"}
    assert proxied.samples.count_documents({"response": {"$exists": True}}) == n
    asked = api.ids()
    assert len(asked) == n and sum(asked.values()) - n <= repeats
