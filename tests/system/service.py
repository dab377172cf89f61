"""reqd.service in a machine, and the test API that it asks there."""

import json
import pathlib
import sys

from machine import DEADLINE, wait_until

DROP_IN = "/etc/reqd/reqd.conf.d/test.conf"
UNIT_DROP_IN = "/etc/systemd/system/reqd.service.d/test.conf"
CLIENT = "import sys, urllib.request; sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=30).read().decode())"


class Api:
    """tests/testapi inside the machine, whose network nobody outside reaches."""

    def __init__(self, machine):
        self.machine = machine
        self.process = machine.start("/usr/local/bin/reqd-testapi")
        self.url = self.process.stdout.readline().split()[-1]

    def end(self):
        self.process.kill()
        self.process.wait()

    def get(self, path):
        return self.machine.run("/usr/bin/python3", "-c", CLIENT, self.url + path).stdout

    def set(self, query):
        self.get(f"/_set?{query}")

    def reset(self):
        self.get("/_reset")

    def counters(self):
        return json.loads(self.get("/_counters"))

    def ids(self):
        """Requests of each id."""
        return json.loads(self.get("/_ids"))


class MongoServer:
    """A MongoDB-compatible server of this machine's, in the network of the other."""

    def __init__(self, machine, folder):
        self.machine = machine
        probe = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"
        self.port = int(machine.run("/usr/bin/python3", "-c", probe).stdout)
        (folder / "data").mkdir()
        program = pathlib.Path(sys.executable).parent / "secantusd-rs"
        with open(folder / "log", "wb") as log:
            self.process = machine.start_beside(
                program, "--host", "127.0.0.1", "--port", self.port, "--storage-path", folder / "data", "--standalone",
                stdout=log, stderr=log,
            )
        self.uri = f"mongodb://127.0.0.1:{self.port}/system"
        wait_until(self.answers, f"the MongoDB server answers; see {folder}/log")

    def answers(self):
        assert self.process.poll() is None, "the MongoDB server has ended"
        probe = f"import socket; socket.create_connection(('127.0.0.1', {self.port}), timeout=1)"
        return self.machine.run("/usr/bin/python3", "-c", probe, check=False).returncode == 0

    def end(self):
        self.process.kill()
        self.process.wait()


class WaitingUnit:
    """A second daemon under a name of its own, with a store that never answers."""

    unit = "reqd-waiting.service"
    CONFIG = "/etc/reqd-waiting.conf"

    def __init__(self, machine):
        machine.write(self.CONFIG, "[Store]\nURI=mongodb://127.0.0.1:1/reqd\n")
        machine.run(
            "systemd-run", f"--unit={self.unit}", "--no-block", "-p", "Type=notify", "-p", "TimeoutStartSec=120s",
            "-p", "RuntimeDirectory=reqd-waiting", "reqd", "--config", self.CONFIG,
        )


class Service:
    """The installed reqd.service and reqd.socket."""

    def __init__(self, machine):
        self.machine = machine
        self.systemctl = machine.systemctl

    def reset(self):
        self.machine.run("rm", "-rf", DROP_IN, UNIT_DROP_IN, "/etc/reqd/store-uri")
        self.systemctl("daemon-reload")
        self.systemctl("kill", "--signal=KILL", "reqd.service", check=False)
        self.systemctl("stop", "reqd.service", "reqd.socket")
        self.systemctl("reset-failed", "reqd.service", "reqd.socket", check=False)
        self.machine.run("sh", "-c", "rm -rf /var/lib/reqd/*")

    def configure(self, text):
        """A drop-in of reqd.conf."""
        self.machine.write(DROP_IN, text)

    def override(self, text):
        """A drop-in of the unit's [Service] section."""
        self.machine.write(UNIT_DROP_IN, f"[Service]\n{text}")
        self.systemctl("daemon-reload")

    def property(self, name):
        return self.machine.property("reqd.service", name)

    def pid(self):
        return int(self.property("MainPID"))

    def ctl(self, *arguments, user="alice", check=True, **options):
        return self.machine.run("reqctl", *arguments, user=user, check=check, **options)

    def json(self, *arguments, **options):
        return json.loads(self.ctl("--json", *arguments, **options).stdout)

    def insert_urls(self, api, n, query=""):
        """n documents of test.samples, each with a URL of its own at the test API."""
        query = f"&{query}" if query else ""
        lines = "".join(json.dumps({"_id": i, "url": f"{api.url}/?id={i}{query}"}) + "\n" for i in range(n))
        self.ctl("import", "test.samples", "-", input=lines)

    def submit(self, *arguments, **options):
        return self.ctl("submit", "samples", "--collection", "test.samples", *arguments, **options)

    def status(self):
        return self.json("status", "samples")

    def wait_status(self, condition, what):
        """Waits until the job's status fulfils the condition; returns that status."""
        return wait_until(lambda: (lambda s: s if condition(s) else None)(self.status()), what)

    def wait(self):
        return self.ctl("wait", "samples", "--timeout", f"{DEADLINE}s")

    def messages(self, *matches):
        """What the service said in the journal, as text."""
        entries = self.machine.journal("-u", "reqd.service", *matches)
        return [str(entry.get("MESSAGE")) for entry in entries]

    def wait_message(self, text, *matches):
        """Waits until the journal has a message with that text: what a process said last may come after its end."""
        wait_until(lambda: any(text in message for message in self.messages(*matches)), f"the journal says: {text}")
