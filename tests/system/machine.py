"""A booted systemd to test in: boots it, runs programs in it, asks its manager and its journal."""

import json
import pathlib
import subprocess
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
CGROUPS = pathlib.Path("/sys/fs/cgroup")
DEADLINE = 60  # seconds; no test waits longer for one condition
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root"}


def wait_until(condition, what, deadline=DEADLINE, every=0.05):
    """Waits for a condition and returns its value; says what it was waiting for when it does not come."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {deadline} s: {what}"
        time.sleep(every)


def child_of(pid):
    """The only child of a process, or None."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if len(children) == 1 else None


class Machine:
    """A copy of this machine's root folder with a systemd of its own, without network; see ./boot."""

    def __init__(self, log):
        self.log = pathlib.Path(log)
        self.name = f"reqd-test-{uuid.uuid4().hex[:8]}"
        self.leader = None
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen([HERE / "boot", self.name], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            wait_until(self._has_booted, "systemd has booted", every=0.2)
        except BaseException:
            self.end()
            raise

    def _has_booted(self):
        assert self.process.poll() is None, f"no systemd: {self.log.read_text(errors='replace')[-3000:]}"
        nspawn = child_of(self.process.pid)
        self.leader = nspawn and child_of(nspawn)  # its PID outside, where 1 is inside
        return self.leader and self.run("systemctl", "is-system-running", check=False).stdout.strip() in (
            "running", "degraded"
        )

    def end(self):
        """Kills everything in it, which unmounts everything."""
        self.process.kill()
        self.process.wait()
        wait_until(self._cgroups_removed, "all of its processes have ended")

    def _cgroups_removed(self):
        folders = [f for top in CGROUPS.glob(f"**/{self.name}") for f in [top, *top.rglob("*/")]]
        try:
            for folder in sorted(folders, reverse=True):
                folder.rmdir()
        except OSError:  # not empty yet
            return False
        return True

    def command(self, *arguments, user=None):
        """The command line that runs a program in it, as root or as one of its users."""
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--"] if user else []
        return ["nsenter", "-t", str(self.leader), "-a", *become, *map(str, arguments)]

    def run(self, *arguments, user=None, check=True, timeout=120, **options):
        """Runs a program in it; with check, a failure is the test's failure."""
        options = {"text": True, "env": ENVIRONMENT, **options}
        result = subprocess.run(self.command(*arguments, user=user), capture_output=True, timeout=timeout, **options)
        if check:
            assert result.returncode == 0, f"{arguments}: {result.returncode}\n{result.stdout}\n{result.stderr}"
        return result

    def start(self, *arguments, user=None, **options):
        """Starts a program in it; it ends with the machine at the latest."""
        return subprocess.Popen(
            self.command(*arguments, user=user), env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, **options
        )

    def start_beside(self, *arguments, **options):
        """Starts a program of this machine in the network of the other."""
        return subprocess.Popen(["nsenter", "-t", str(self.leader), "-n", "--", *map(str, arguments)], **options)

    def put_tree(self, folder):
        """Copies the contents of a folder of this machine into its root."""
        tar = subprocess.run(["tar", "-C", str(folder), "-c", "."], capture_output=True, check=True).stdout
        self.run("tar", "-C", "/", "-x", "--no-same-owner", "--no-overwrite-dir", "--keep-directory-symlink", input=tar, text=False)

    def put_file(self, path, inside, mode="0644"):
        """Copies a file of this machine into it."""
        self.run("install", "-D", "-m", mode, "/dev/stdin", inside, input=pathlib.Path(path).read_bytes(), text=False)

    def write(self, path, text, mode="0644"):
        self.run("install", "-D", "-m", mode, "/dev/stdin", path, input=text)

    def read(self, path):
        return self.run("cat", path).stdout

    def systemctl(self, *arguments, **options):
        return self.run("systemctl", *arguments, **options)

    def property(self, unit, name):
        return self.run("systemctl", "show", "--value", "-p", name, unit).stdout.strip()

    def journal(self, *matches):
        """The journal's entries that match, oldest first, each a dict of its fields."""
        self.run("journalctl", "--sync")
        out = self.run("journalctl", "-o", "json", "--all", "--no-pager", *matches, check=False).stdout
        return [json.loads(line) for line in out.splitlines() if line.startswith("{")]

    def now(self):
        """An argument for journal(): only what comes from now on."""
        return f"--since=@{time.time():.6f}"
