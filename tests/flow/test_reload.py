"""A reload: what changes at once, what waits for a restart, and that a wrong file changes nothing. And descriptors."""

import re
import signal
import subprocess

import pytest
from programs import Daemon, wait_until


def reload(daemon, text):
    """Writes the configuration anew, reloads; returns what the log says about it."""
    before = len(daemon.log.read_text())
    daemon.config.write_text(f"[Store]\nURI={daemon.store}\n[Control]\nSocket={daemon.socket}\n{text}")
    daemon.process.send_signal(signal.SIGHUP)
    over = re.compile("settings? ha(s|ve) changed|stay as they were")
    wait_until(lambda: over.search(daemon.log.read_text()[before:]), "it has reloaded")
    return daemon.log.read_text()[before:]


def settings(daemon):
    return {s["name"]: s["value"] for s in daemon.json("config")["settings"]}


def run(daemon, name):
    daemon.ctl("submit", name, "--collection", f"test.{name}", "--follow", check=False)
    return daemon.status(name)


def test_addresses_hold_for_what_is_sent_after_the_reload(sqlite_daemon, api):
    daemon = sqlite_daemon
    for name in ("first", "second", "third"):
        daemon.insert_urls(f"test.{name}", api, 20)
    assert run(daemon, "first")["documents"]["ok"] == 20
    said = reload(daemon, "[Network]\nDenyAddress=192.0.2.0/24\n")
    assert "Network.AllowAddress: 127.0.0.0/8 -> none (default)" in said
    assert f"Network.DenyAddress: none -> 192.0.2.0/24 ({daemon.config}:6)" in said
    assert run(daemon, "second")["failures"] == {"denied_address": 20}, "on connections that are open already, too"
    reload(daemon, "[Network]\nAllowAddress=127.0.0.1\n")
    assert run(daemon, "third")["documents"]["ok"] == 20


def test_requests_in_flight_follow_the_limit(sqlite_daemon, api):
    daemon = sqlite_daemon
    reload(daemon, "[Network]\nAllowAddress=127.0.0.0/8\n[Limits]\nMaxInFlight=20\n")
    daemon.insert_urls("test.samples", api, 3000, "delay=50")
    daemon.ctl("submit", "--collection", "test.samples", "-n", "400")
    wait_until(lambda: api.in_flight() == 20, "20 in flight")
    said = reload(daemon, "[Network]\nAllowAddress=127.0.0.0/8\n[Limits]\nMaxInFlight=300\n")
    assert re.search(r"Limits.MaxInFlight: 20 -> 300 \(.*:8\)$", said, re.MULTILINE)
    assert daemon.json("status")["daemon"]["max_in_flight"] == 300
    wait_until(lambda: api.in_flight() > 200, "many more in flight: more than one set of connections")
    reload(daemon, "[Network]\nAllowAddress=127.0.0.0/8\n[Limits]\nMaxInFlight=5\n")
    wait_until(lambda: api.in_flight() <= 5, "few in flight")
    reload(daemon, "[Network]\nAllowAddress=127.0.0.0/8\n")
    assert daemon.wait("samples").returncode == 0
    assert daemon.status("samples")["documents"]["ok"] == 3000 and set(api.ids().values()) == {1}


def test_jobs_and_clients_follow_their_limits(sqlite_daemon, api):
    daemon = sqlite_daemon
    for name in ("first", "second"):
        daemon.insert_urls(f"test.{name}", api, 1)
    reload(daemon, "MaxClients=7\n[Limits]\nMaxJobs=1\n")
    daemon.ctl("submit", "first", "--collection", "test.first", "--paused")
    assert daemon.ctl("submit", "second", "--collection", "test.second", check=False).returncode == 1
    reload(daemon, "[Limits]\nMaxJobs=2\n")
    daemon.ctl("submit", "second", "--collection", "test.second", "--paused")
    assert settings(daemon)["Limits.MaxJobs"] == "2" and settings(daemon)["Control.MaxClients"] == "64"


def test_what_needs_a_restart_says_so_and_keeps_its_value(sqlite_daemon):
    daemon = sqlite_daemon
    before, store = settings(daemon), daemon.store
    daemon.store = "mongodb://reqd:hunter2@127.0.0.1/reqd"
    said = reload(daemon, "[Network]\nCAFile=/etc/ssl/ca.pem\n[Limits]\nMaxJobs=5\n")
    assert f"Store.URI: {store} -> mongodb://reqd:***@127.0.0.1/reqd ({daemon.config}:2); takes effect after a restart" in said
    assert "CAFile: none -> /etc/ssl/ca.pem" in said and "hunter2" not in daemon.log.read_text()
    assert settings(daemon) == {**before, "Network.AllowAddress": "", "Limits.MaxJobs": "5"}
    daemon.store = store
    assert "CAFile" not in reload(daemon, "[Limits]\nMaxJobs=5\n")
    assert "0 settings have changed" in reload(daemon, "# the same\n[Limits]\nMaxJobs=5\n")


@pytest.mark.parametrize("text, line, said", [
    ("[Limits]\nMaxJobs=5\nMaxInFligth=5\n", 7, "MaxInFligth="),
    ("[Limits]\nMaxJobs=5\n[Network]\nAllowAddress=10.0.0.0/33\n", 8, "10.0.0.0/33"),
    ("[Limits]\nMaxJobs=0\n", 6, "too small"),
    ("[Limits]\nMaxJobs=5\n[Store]\nURI=postgres://a\n", None, "postgres"),
])
def test_a_wrong_file_changes_nothing(sqlite_daemon, text, line, said):
    daemon = sqlite_daemon
    before = daemon.json("config")
    log = reload(daemon, text)
    assert said in log and "all settings stay as they were" in log and (not line or f"{daemon.config}:{line}: " in log)
    assert daemon.json("config") == before
    assert daemon.ctl("status").returncode == 0


def test_few_descriptors_make_it_slower_and_fail_nothing(workplace, sqlite_uri, api):
    daemon = Daemon(workplace, sqlite_uri, config="[Limits]\nMaxInFlight=1000\n", start=False)
    program = ["prlimit", "--nofile=400:700", "--", workplace.build / "daemon/reqd", "--config", daemon.config]
    daemon.process = workplace.start_daemon(program, daemon.log, daemon.env)
    wait_until(daemon.answers, "it answers")
    most = daemon.json("status")["daemon"]["max_in_flight"]
    assert f"there are 700: at most {most} requests" in daemon.log.read_text() and 50 <= most < 200
    daemon.insert_urls("test.samples", api, 2000, "delay=20")
    daemon.ctl("submit", "--collection", "test.samples", "-n", "1000")
    wait_until(lambda: api.in_flight() == most, "as many in flight as fit")
    assert daemon.wait("samples").returncode == 0
    assert daemon.status("samples")["documents"]["ok"] == 2000 and set(api.ids().values()) == {1}


def test_too_few_descriptors_for_anything_are_refused(workplace, sqlite_uri):
    daemon = Daemon(workplace, sqlite_uri, start=False)
    program = ["prlimit", "--nofile=300", "--", workplace.build / "daemon/reqd", "--config", daemon.config]
    result = subprocess.run(program, capture_output=True, text=True, timeout=60)
    assert result.returncode == 2 and "300 file descriptors are too few" in result.stderr
    assert "LimitNOFILE=" in result.stderr and "MaxInFlight=10000" in result.stderr
