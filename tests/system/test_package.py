"""The Debian package: installs, starts, upgrades in mid-job, is removed and purged, on a machine of its own."""

import pathlib
import subprocess

import pytest
from machine import Machine, wait_until
from service import Api, Service

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIG = "/etc/reqd/reqd.conf"


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """The package, and the same as a later version."""
    place = tmp_path_factory.mktemp("packages")
    out = subprocess.run([ROOT / "packaging/build-deb", place], capture_output=True, text=True)
    assert out.returncode == 0, out.stdout + out.stderr
    first = pathlib.Path(out.stdout.splitlines()[-1])
    later = place / "later"
    subprocess.run(["dpkg-deb", "-R", first, later], check=True)
    control = later / "DEBIAN/control"
    control.write_text(control.read_text().replace("\nVersion: ", "\nVersion: 99."))
    second = place / "later.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", later, second], check=True, stdout=subprocess.DEVNULL)
    return first, second


@pytest.fixture(scope="module")
def machine(build, packages, tmp_path_factory):
    machine = Machine(tmp_path_factory.mktemp("machine") / "boot.log")
    machine.run("rm", "-f", "/usr/sbin/policy-rc.d")  # images of containers forbid their packages to start anything
    for name, package in zip(("first", "second"), packages):
        machine.put_file(package, f"/root/{name}.deb")
    machine.put_file(build / "tests/testapi/reqd-testapi", "/usr/local/bin/reqd-testapi", mode="0755")
    yield machine
    machine.end()


@pytest.fixture(scope="module")
def api(machine):
    api = Api(machine)
    yield api
    api.end()


def dpkg(machine, *arguments):
    return machine.run("dpkg", *arguments, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"})


@pytest.fixture
def installed(machine):
    """The service of the package, freshly installed; purged at the end."""
    service = Service(machine)
    service.files_before = files(machine)
    dpkg(machine, "-i", "/root/first.deb")
    machine.run("useradd", "--create-home", "--groups", "reqd", "alice", check=False)
    yield service
    dpkg(machine, "--purge", "reqd")


def files(machine):
    """Everything that has the name of reqd in it, but for the journal's."""
    out = machine.run("find", "/etc", "/usr", "/lib", "/var/lib", "/run", "-xdev", "-name", "*reqd*").stdout
    return {path for path in out.splitlines() if "/journal/" not in path}


def test_it_installs_and_runs_at_once(installed, machine):
    assert installed.property("ActiveState") == "active" and installed.property("UnitFileState") == "enabled"
    assert machine.property("reqd.socket", "ActiveState") == "active"
    assert installed.json("status")["daemon"]["store"]["address"] == "sqlite:/var/lib/reqd/reqd.db"
    for page in ("man1/reqctl.1", "man8/reqd.8", "man5/reqd.conf.5", "man5/reqd-job.5", "man7/reqd-store.7"):
        machine.run("test", "-s", f"/usr/share/man/{page}.gz")
    assert machine.run("dpkg-query", "-W", "-f", "${Conffiles}", "reqd").stdout.split()[0] == CONFIG


def test_the_shells_find_what_they_do_at_tab(installed, machine):
    """By themselves: in a shell that nobody has prepared beyond what Debian's own do."""
    zsh = machine.run("zsh", "-f", "-c", "autoload -Uz compinit; compinit -u -D; print $_comps[reqctl]")
    assert zsh.stdout.strip() == "_reqctl"
    load = ". /usr/share/bash-completion/bash_completion; __load_completion reqctl; complete -p reqctl"
    assert "_reqctl" in machine.run("bash", "-c", load).stdout


def test_an_upgrade_in_mid_job_loses_and_repeats_nothing(installed, machine, api):
    """The restart drains what is in flight; what the administrator wrote stays."""
    n = 400
    machine.run("sh", "-c", f"echo '# ours' >>{CONFIG}")
    installed.configure("[Network]\nAllowAddress=127.0.0.0/8\n")
    installed.systemctl("restart", "reqd")
    api.reset()
    api.set("delay=100ms")
    installed.insert_urls(api, n)
    installed.submit("-n", "10")
    installed.wait_status(lambda s: s["documents"]["ok"] >= 50, "the job is at work")
    before = installed.pid()

    dpkg(machine, "-i", "/root/second.deb")
    assert installed.json("status")["daemon"]["pid"] != before
    assert machine.read(CONFIG).endswith("# ours\n")
    installed.wait()
    assert installed.status()["documents"]["ok"] == n
    assert sorted(api.ids().values()) == [1] * n


def test_what_is_stored_outlives_the_removal_but_not_the_purge(installed, machine):
    installed.submit("--paused")
    dpkg(machine, "--remove", "reqd")
    assert machine.property("reqd.service", "LoadState") == "not-found"
    assert machine.run("pgrep", "-x", "reqd", check=False).returncode != 0
    machine.run("test", "-s", "/var/lib/reqd/reqd.db")
    machine.run("test", "-s", CONFIG)

    dpkg(machine, "-i", "/root/first.deb")
    wait_until(lambda: installed.ctl("status", check=False).returncode == 0, "it answers")
    assert installed.status()["state"] == "paused"

    dpkg(machine, "--purge", "reqd")
    assert files(machine) == installed.files_before
