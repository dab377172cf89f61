"""Starts, asks and ends the programs that flow tests run: the daemon, the client, the test API, a MongoDB server."""

import itertools
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

DEADLINE = 60  # seconds; no test waits longer for one condition
ENVIRONMENT = {**os.environ, "MONGOC_DISABLE_SHM": "1"}  # or each daemon that is killed leaves a file in /dev/shm
DRAIN = 3  # seconds that a daemon has to end what is in flight once its test is over


class TimedOut(AssertionError):
    pass


def wait_until(condition, what, deadline=DEADLINE, every=0.02):
    """Waits for a condition and returns its value; says what it was waiting for when it does not come."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimedOut(f"not within {deadline} s: {what}")
        time.sleep(every)


class Workplace:
    """A folder, and the processes started for one test."""

    def __init__(self, build, path):
        self.build = build
        self.path = pathlib.Path(path)
        self.runtime = pathlib.Path(tempfile.mkdtemp(prefix="reqd-"))  # sockets want short paths
        self.processes = []
        self.daemons = []  # those of them that are ended as a service is; each with its log

    def start(self, arguments, **options):
        process = subprocess.Popen([str(a) for a in arguments], **options)
        self.processes.append(process)
        return process

    def run_reqctl(self, *arguments):
        """reqctl without a daemon of its own."""
        return subprocess.run(
            [str(self.build / "ctl/reqctl"), *map(str, arguments)], capture_output=True, text=True, timeout=DEADLINE
        )

    def start_daemon(self, arguments, log, env):
        with open(log, "ab") as stderr:
            process = self.start(arguments, stderr=stderr, env=env)
        self.daemons.append((process, log))
        return process

    def end(self):
        """Ends all of it. A daemon that leaks, or crashed unseen, fails the test by its exit code."""
        for process, _ in self.daemons:
            ask_to_end(process)
        for process in reversed(self.processes):
            if process.poll() is None:
                process.kill()
            process.wait()
        shutil.rmtree(self.runtime, ignore_errors=True)
        for process, log in self.daemons:
            if process.returncode not in (0, -signal.SIGKILL):
                raise AssertionError(f"reqd exited with {process.returncode}; its log: {log.read_text()[-5000:]}")


def ask_to_end(process):
    """SIGTERM, and another one if what is in flight takes too long."""
    for patience in (DRAIN, DEADLINE):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=patience)
            except subprocess.TimeoutExpired:
                pass
    if process.poll() is None:
        process.send_signal(signal.SIGABRT)  # a failure; tests themselves use SIGKILL
        process.wait()


class Api:
    """tests/testapi: what it does is asked for by query parameters, what it saw is told by its counters."""

    def __init__(self, workplace, *arguments):
        self.workplace = workplace
        self.process = workplace.start(
            [workplace.build / "tests/testapi/reqd-testapi", *arguments], stdout=subprocess.PIPE, text=True
        )
        self.url = self.process.stdout.readline().split()[-1]

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return json.load(answer)

    def counters(self):
        return self.get("/_counters")

    def ids(self):
        """Requests of each id."""
        return self.get("/_ids")

    def in_flight(self):
        return self.counters()["in_flight"]

    def set(self, query):
        urllib.request.urlopen(f"{self.url}/_set?{query}", timeout=30).read()

    def reset(self):
        urllib.request.urlopen(f"{self.url}/_reset", timeout=30).read()

    def url_of(self, i, query=""):
        return f"{self.url}/?id={i}{'&' + query if query else ''}"


class Daemon:
    """reqd on a store, and reqctl for it."""

    def __init__(self, workplace, store, config="", allow="127.0.0.0/8", env=None, start=True, store_config="", enter=()):
        self.workplace = workplace
        self.store = store
        # Collections are named with their database: each test has one of its own where a server is shared.
        self.database = store.rsplit("/", 1)[-1].partition("?")[0] if store.startswith("mongodb:") else "test"
        self.socket = workplace.runtime / f"{uuid.uuid4().hex[:8]}.sock"
        self.config = workplace.path / f"{self.socket.stem}.conf"
        page = "PageDocuments=20000\n" if store.startswith("mongodb:") else ""
        self.config.write_text(
            f"[Store]\nURI={store}\n{page}{store_config}[Network]\nAllowAddress={allow}\n[Control]\nSocket={self.socket}\n{config}"
        )
        self.log = workplace.path / f"{self.socket.stem}.log"
        self.env = {**ENVIRONMENT, **(env or {})}
        self.enter = enter  # what is put before its command
        self.process = None
        if start:
            self.start()

    def launch(self, **env):
        """Starts it without waiting for it."""
        self.process = self.workplace.start_daemon(
            [*self.enter, self.workplace.build / "daemon/reqd", "--config", self.config], self.log, {**self.env, **env}
        )

    def start(self):
        self.launch()
        wait_until(self.answers, f"reqd answers on its socket; its log: {self.log.read_text()[-2000:]}")
        return self

    def start_to_die(self, fault):
        """Starts it so that it dies at a fault point, "sent:100": common/fault.h, in a build with -Dfaults=true."""
        built = subprocess.run(["grep", "-q", "REQD_FAULT", self.workplace.build / "daemon/reqd"], check=False)
        assert built.returncode == 0, "this build has no fault points: configure it with -Dfaults=true, as ./check does"
        self.launch(REQD_FAULT=fault)

    def answers(self):
        assert self.process.poll() is None, f"reqd has ended: {self.log.read_text()[-3000:]}"
        return self.ctl("status", check=False).returncode == 0

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM; returns the exit code."""
        self.process.terminate()
        return self.process.wait(timeout=DEADLINE)

    def ctl(self, *arguments, check=True, input=None, env=None, timeout=120):
        """Runs reqctl; with check, a failure is the test's failure."""
        result = subprocess.run(
            [str(self.workplace.build / "ctl/reqctl"), "--socket", str(self.socket), *map(str, arguments)],
            capture_output=True,
            text=True,
            input=input,
            env=dict(self.env, **(env or {})),
            timeout=timeout,
        )
        if check:
            assert result.returncode == 0, f"reqctl {arguments}: {result.returncode}\n{result.stdout}\n{result.stderr}"
        return result

    def json(self, *arguments, **options):
        return json.loads(self.ctl("--json", *arguments, **options).stdout)

    def collection(self, name="samples"):
        return f"{self.database}.{name}"

    def status(self, job):
        return self.json("status", job)

    def insert(self, collection, documents):
        """Documents by `reqctl import`."""
        lines = "".join(json.dumps(document) + "\n" for document in documents)
        return self.ctl("import", collection, "-", input=lines)

    def insert_urls(self, collection, api, n, query=""):
        """n documents {_id: <ObjectId>, i, url}, in order of i, each with a URL of its own."""
        self.insert(
            collection,
            ({"_id": {"$oid": f"{i:024x}"}, "i": i, "url": api.url_of(i, query)} for i in range(n)),
        )

    def documents(self, collection):
        """All documents with their outcomes, as `reqctl export` gives them."""
        return [json.loads(line) for line in self.ctl("export", collection).stdout.splitlines()]

    def wait(self, job, *arguments, check=False):
        return self.ctl("wait", job, "--timeout", f"{DEADLINE}s", *arguments, check=check)

    def wait_status(self, job, condition, what, deadline=DEADLINE):
        """Waits until the job's status fulfils the condition; returns that status."""
        return wait_until(lambda: (lambda s: s if condition(s) else None)(self.status(job)), what, deadline)


class MongoServer:
    """One MongoDB-compatible server; each test gets a database of its own."""

    def __init__(self, path, *arguments):
        self.path = pathlib.Path(path)
        self.arguments = arguments
        self.outside = os.environ.get("REQD_TEST_MONGODB_URI")
        self.process = None
        if not self.outside:
            self.port = free_port()
            self.start()

    def start(self):
        program = os.environ.get("REQD_TEST_MONGODB_SERVER") or str(pathlib.Path(sys.executable).parent / "secantusd-rs")
        storage = self.path / "data"
        storage.mkdir(exist_ok=True)
        with open(self.path / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                [program, "--host", "127.0.0.1", "--port", str(self.port), "--storage-path", str(storage),
                 "--standalone", "--cache-size", "1G", *self.arguments],
                stdout=log, stderr=log,
            )
        wait_until(self.answers, f"the MongoDB server answers; see {self.path}/server.log")

    def answers(self):
        assert self.process.poll() is None, "the MongoDB server has ended: " + (self.path / "server.log").read_text()[-2000:]
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def fresh_uri(self):
        """The URI of a database that nobody has used."""
        name = f"reqd_{uuid.uuid4().hex[:12]}"
        if self.outside:
            base, _, query = self.outside.partition("?")
            return f"{base.rstrip('/').rsplit('/', 1)[0] if base.count('/') > 2 else base.rstrip('/')}/{name}" + (
                f"?{query}" if query else ""
            )
        return f"mongodb://127.0.0.1:{self.port}/{name}"

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()


def free_port():
    """A port that the kernel chose; it stays ours until the server binds it, by SO_REUSEADDR's grace period."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
