"""reqd, installed by `meson install`: files, users, the first start."""

import pathlib
import re

import pytest
from machine import wait_until


def test_what_is_installed_is_what_systemd_finds(machine):
    machine.run("systemd-analyze", "verify", "--man=no", "reqd.service", "reqd.socket")
    assert machine.property("reqd.service", "LoadState") == "loaded"
    assert machine.property("reqd.socket", "LoadState") == "loaded"
    assert machine.run("reqd", "--version").stdout.startswith("reqd ")
    assert machine.run("stat", "-c", "%U:%G %a", "/run/reqd").stdout.split() == ["reqd:reqd", "755"]
    assert ":/var/lib/reqd:" in machine.run("getent", "passwd", "reqd").stdout


def test_nothing_of_the_tests_is_installed(machine):
    """A build for the tests can be told to die at a fault point: what is installed does not know how."""
    assert machine.run("grep", "-c", "REQD_FAULT", "/usr/sbin/reqd", check=False).stdout.strip() == "0"


def test_what_people_read_is_in_its_place(machine):
    for path in (
        *(f"man/man{page[-1]}/{page}" for page in ("reqctl.1", "reqd.8", "reqd.conf.5", "reqd-job.5", "reqd-store.7")),
        *(f"doc/reqd/{name}" for name in ("README.md", "NEWS.md", "LICENSE", "examples/mongodb.conf")),
        "bash-completion/completions/reqctl", "zsh/site-functions/_reqctl",
    ):
        machine.run("test", "-s", f"/usr/share/{path}")


@pytest.mark.parametrize("page", ["reqctl.1", "reqd.8", "reqd.conf.5", "reqd-job.5", "reqd-store.7"])
def test_an_installed_manual_is_clean_mdoc(machine, page):
    """With its references to other manuals; on stderr there may be words about this machine's index of them."""
    result = machine.run("mandoc", "-Tlint", f"/usr/share/man/man{page[-1]}/{page}", check=False)
    assert (result.returncode, result.stdout) == (0, "")


def test_what_the_readme_says_behind_meson_install_works(fresh, machine):
    readme = (pathlib.Path(__file__).resolve().parents[2] / "README.md").read_text()
    commands = re.search(r"\nmeson install.*\n((?:.+\n)+)```", readme).group(1).splitlines()
    assert len(commands) >= 4
    try:
        for command in commands:
            machine.run("sh", "-ec", command)
        assert fresh.property("ActiveState") == "active" and fresh.property("UnitFileState") == "enabled"
        assert machine.property("reqd.socket", "UnitFileState") == "enabled"
    finally:
        fresh.systemctl("disable", "--now", "reqd.service", "reqd.socket")


def test_it_runs_at_once_as_it_is_installed(fresh, machine):
    fresh.systemctl("start", "reqd")
    assert fresh.property("ActiveState") == "active"
    assert fresh.json("status")["daemon"]["store"]["address"] == "sqlite:/var/lib/reqd/reqd.db"
    assert machine.run("ps", "-o", "user=", "-p", str(fresh.pid())).stdout.strip() == "reqd"


def test_the_state_is_the_groups(service, api, machine):
    assert machine.run("stat", "-c", "%U:%G %a", "/var/lib/reqd").stdout.split() == ["reqd:reqd", "2770"]
    service.insert_urls(api, 10)
    service.submit("--follow")
    ask = ["sqlite3", "/var/lib/reqd/reqd.db", "select count(*) from \"test.samples\" where response is not null"]
    assert machine.run(*ask, user="alice").stdout.strip() == "10"
    refused = machine.run(*ask, user="mallory", check=False)
    assert refused.returncode != 0 and "unable to open" in refused.stderr
    service.systemctl("stop", "reqd")
    assert machine.run(*ask, user="alice").stdout.strip() == "10", "after a clean end, too"


def test_the_socket_starts_the_daemon(fresh, machine):
    fresh.systemctl("start", "reqd.socket")
    assert fresh.property("ActiveState") == "inactive"
    assert machine.run("stat", "-c", "%U:%G %a", "/run/reqd/reqd.sock").stdout.split() == ["root:reqd", "660"]
    assert fresh.json("status")["daemon"]["pid"] == fresh.pid() > 0


def test_the_socket_outlives_the_daemon(service):
    service.systemctl("stop", "reqd.service", "--no-block")
    wait_until(lambda: service.property("ActiveState") == "inactive", "it has stopped")
    assert service.json("status")["daemon"]["pid"] == service.pid() > 0, "the next call starts it again"
    first = service.pid()
    service.systemctl("restart", "reqd")
    assert service.json("status")["daemon"]["pid"] == service.pid() != first


@pytest.mark.parametrize("sockets, said", [
    ("ListenStream=/run/reqd/two.sock", "2 sockets were passed, and one is wanted"),
    ("ListenStream=\nListenDatagram=/run/reqd/reqd.sock", "no Unix stream socket"),
    ("ListenStream=\nListenStream=127.0.0.1:9", "no Unix stream socket"),
])
def test_other_sockets_than_its_own_are_refused(fresh, machine, sockets, said):
    drop_in = "/etc/systemd/system/reqd.socket.d/test.conf"
    machine.write(drop_in, f"[Socket]\n{sockets}\n")
    try:
        fresh.systemctl("daemon-reload")
        since = machine.now()
        assert fresh.systemctl("start", "reqd", check=False).returncode != 0
        fresh.wait_message(said, since)
        assert fresh.property("ExecMainStatus") == "2" and fresh.property("ActiveState") == "failed"
    finally:
        machine.run("rm", "-r", "/etc/systemd/system/reqd.socket.d")
        fresh.systemctl("daemon-reload")
