"""A job whose daemon dies again and again, and what came of it: counted at the far end and in the store."""

import os
import random
import signal
import time

from programs import DEADLINE, wait_until
from wire import Wire


def fresh_random():
    """Random numbers whose seed is printed, so that a failure can be made again: REQD_TEST_SEED=N."""
    seed = int(os.environ.get("REQD_TEST_SEED") or random.SystemRandom().randrange(2**32))
    print(f"REQD_TEST_SEED={seed}")
    return random.Random(seed)


class Death:
    """One end of the daemon: what it had shown before, and what the far end saw."""

    def __init__(self, where, window, later):
        self.where = where
        self.window = window  # window.max, as status showed it last
        self.later = later  # requests that the far end has seen since; each may have widened the window by one
        self.repeats = 0

    def __repr__(self):
        return f"{self.where}: {self.repeats} repeated, window {self.window} (+{self.later})"


class Series:
    """A job of n documents, {i, url}, each with an id of its own at the far end, and a daemon that dies."""

    def __init__(self, daemon, api, n, query, *options):
        self.daemon, self.api, self.n, self.options = daemon, api, n, options
        self.collection = daemon.collection()
        self.asked = {}  # id -> how often, at the last death
        self.last_life = {}  # id -> the life of the daemon in which it was asked for last
        self.deaths = []
        daemon.insert_urls(self.collection, api, n, query)

    def submit(self, check=True):
        return self.daemon.ctl("submit", "samples", "--collection", self.collection, *self.options, check=check)

    def watch(self, until):
        """Looks at the job until the condition on its status holds, or the daemon dies. Returns what was seen last."""
        seen = {"window": 0, "requests": self.api.counters()["requests"]}
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            if self.daemon.process.poll() is not None:
                return seen
            try:
                with Wire(self.daemon) as wire:
                    for requests, status in self.statuses(wire):
                        seen = {"window": status["window"]["max"], "requests": requests}
                        if until(status):
                            return seen
            except OSError:
                time.sleep(0.005)  # it does not listen yet, or has just died
        raise AssertionError(f"nothing happened within {DEADLINE} s; {self.daemon.log.read_text()[-2000:]}")

    def statuses(self, wire):
        """One after the other, each with what the far end had seen before it; ends when the daemon does."""
        while True:
            requests = self.api.counters()["requests"]
            reply = wire.call("org.reqd.GetJob", {"job": "samples"})
            if not reply or "error" in reply:
                return
            yield requests, reply["parameters"]

    def dead(self, where, seen):
        """The daemon has ended: what the far end saw up to now belongs to this life of it."""
        self.daemon.process.wait(timeout=DEADLINE)
        wait_until(lambda: self.api.in_flight() == 0, "the far end has noticed")
        later = self.api.counters()["requests"] - seen["requests"]
        self.deaths.append(Death(where, seen["window"], later))
        self.count_repeats()

    def count_repeats(self):
        asked = self.api.ids()
        for i, times in asked.items():
            more = times - self.asked.get(i, 0)
            if more and i in self.last_life:
                self.deaths[self.last_life[i]].repeats += 1
            if more:
                self.last_life[i] = len(self.deaths) - 1
        self.asked = asked

    def kill_at(self, documents, pause):
        """Lets the daemon live until so many documents have their outcome and some time more has passed: kill -9."""
        self.daemon.launch()
        self.watch(lambda status: status["documents"]["ok"] >= documents)
        time.sleep(pause)  # nothing waits for this: the moment is to be a random one
        states = []
        seen = self.watch(lambda status: states.append(status["state"]) or True)
        self.daemon.process.kill()
        assert states == ["running"], "the job is at work when the daemon is killed"
        self.dead(f"killed after {documents} documents and {pause * 1e3:.0f} ms", seen)

    def die_at(self, fault, act=None):
        """Starts the daemon so that it dies at a fault point, "sent:100", and waits for that."""
        self.daemon.start_to_die(fault)
        if act:
            self.until_it_listens()
            act()
        seen = self.watch(lambda status: status["state"] in ("done", "cancelled"))
        wait_until(lambda: self.daemon.process.poll() is not None, f"{fault} is reached")
        assert self.daemon.process.returncode == -signal.SIGKILL, self.daemon.log.read_text()[-2000:]
        self.dead(fault, seen)

    def until_it_listens(self):
        def listens():
            try:
                Wire(self.daemon).close()
                return True
            except OSError:
                return False

        wait_until(listens, "it listens")

    def finish(self):
        """Lets the job run to its end, and looks at everything."""
        self.daemon.start()
        assert self.daemon.wait("samples").returncode == 0
        self.count_repeats()
        print(*self.deaths, sep="\n")
        print(f"{len(self.deaths)} deaths, {sum(d.repeats for d in self.deaths)} requests repeated, "
              f"at most {max((d.repeats for d in self.deaths), default=0)} by one")
        self.check_outcomes()
        for death in self.deaths:
            assert death.repeats <= death.window + death.later, death

    def check_outcomes(self):
        documents = self.daemon.documents(self.collection)
        assert [d["i"] for d in documents] == list(range(self.n)), "no document is lost"
        for document in documents:
            assert document.get("reqd", {}).get("state") == "ok", document
            assert document["response"]["id"] == str(document["i"]), "the answer is that of the document"
        assert set(self.api.ids()) == {str(i) for i in range(self.n)}
        status = self.daemon.status("samples")
        counts = status["documents"]
        assert status["state"] == "done" and counts["ok"] == counts["total"] == self.n
        assert counts["failed"] == counts["gone"] == counts["pending"] == 0
        self.daemon.ctl("verify", "samples")  # it counts for itself, and finds nothing wrong
