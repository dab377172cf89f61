"""reqd at work as a service: people, restarts, stops, the watchdog, reloads, and what it may not do."""

import json
import re

from machine import wait_until
from service import DROP_IN


def assert_each_sent_once(api, n):
    assert api.ids() == {str(i): 1 for i in range(n)}


def test_members_of_the_group_command_it_and_others_do_not(service, api):
    service.insert_urls(api, 300, "delay=20")
    service.submit("-n", "5")
    service.ctl("pause", "samples")
    assert service.status()["state"] == "paused"
    for command in (["status"], ["pause", "samples"], ["submit", "other", "--collection", "test.samples"]):
        refused = service.ctl(*command, user="mallory", check=False)
        assert refused.returncode == 5 and "usermod -aG reqd" in refused.stderr, refused
    assert service.ctl("status", user="root").returncode == 0
    service.ctl("resume", "samples")
    service.wait()
    assert_each_sent_once(api, 300)


def test_the_status_line_shows_progress(service, api):
    assert service.property("StatusText") == "no unfinished jobs"
    service.insert_urls(api, 2000, "delay=50")
    service.submit("-n", "10")
    wait_until(lambda: "1 job running: " in service.property("StatusText"), "the line says what is at work")
    wait_until(lambda: "% of 2000 documents" in service.property("StatusText"), "how far it is")
    wait_until(lambda: service.property("StatusText").endswith(" left"), "and how long it takes")
    service.ctl("pause", "samples")
    wait_until(lambda: service.property("StatusText") == "1 job paused", "that it is paused")
    service.ctl("cancel", "samples")
    wait_until(lambda: service.property("StatusText") == "no unfinished jobs", "and that nothing is left")


def test_names_are_found_within_the_sandbox(service, api):
    service.insert_urls(api, 50)
    service.submit("--url", api.url.replace("127.0.0.1", "localhost") + "/?id={_id}", "--follow")
    assert service.status()["documents"]["ok"] == 50


def test_a_restart_in_the_middle_loses_and_repeats_nothing(service, api):
    service.insert_urls(api, 1500, "delay=50")
    service.submit("-n", "50")
    for goal in (200, 600):
        service.wait_status(lambda s: s["documents"]["ok"] >= goal, f"{goal} answers")
        service.systemctl("restart", "reqd")
    service.wait()
    assert service.status()["documents"]["ok"] == 1500
    assert_each_sent_once(api, 1500)


def test_a_stop_under_load_loses_and_repeats_nothing(service, api):
    """500 in flight, and less time than they need: the daemon asks for more."""
    service.override("TimeoutStopSec=1s\n")
    service.insert_urls(api, 1000, "delay=3000")
    service.submit("-n", "500")
    wait_until(lambda: api.counters()["in_flight"] == 500, "500 in flight")
    service.systemctl("stop", "reqd.service")
    counters = api.counters()
    assert counters["in_flight"] == 0 and counters["unanswered"] == 0, "all of them were answered"
    assert service.property("Result") == "success"
    service.systemctl("start", "reqd")
    service.wait_status(lambda s: s["documents"]["ok"] >= 500, "all of them are stored")
    service.wait()
    assert service.status()["documents"]["ok"] == 1000
    assert_each_sent_once(api, 1000)


def test_a_kill_is_followed_by_a_restart_that_goes_on(service, api):
    service.override("RestartSec=100ms\n")
    service.insert_urls(api, 1000, "delay=50")
    service.submit("-n", "50")
    service.wait_status(lambda s: s["documents"]["ok"] >= 300, "some answers")
    window, pid = service.status()["window"]["max"], service.pid()
    service.systemctl("kill", "--signal=KILL", "reqd.service")
    wait_until(lambda: service.property("ActiveState") == "active" and service.pid() not in (0, pid), "it runs again")
    service.wait()
    ids = api.ids()
    assert set(ids) == {str(i) for i in range(1000)} and sum(ids.values()) - 1000 <= window + 50


def test_the_watchdog_ends_a_loop_that_stands_still(service, api):
    service.override("WatchdogSec=2s\nRestartSec=100ms\n")
    service.systemctl("restart", "reqd")
    service.insert_urls(api, 600, "delay=50")
    service.submit("-n", "20")
    service.wait_status(lambda s: s["documents"]["ok"] >= 100, "some answers")
    window, pid = service.status()["window"]["max"], service.pid()
    service.systemctl("kill", "--signal=STOP", "reqd.service")
    wait_until(lambda: service.property("ActiveState") == "active" and service.pid() not in (0, pid), "a new one runs")
    service.wait_message("Watchdog timeout")
    assert service.property("NRestarts") == "1"
    service.wait()
    ids = api.ids()
    assert service.status()["documents"]["ok"] == 600 and sum(ids.values()) - 600 <= window + 20


def test_the_watchdog_lets_a_busy_loop_live(service, api):
    service.override("WatchdogSec=1s\n")
    service.systemctl("restart", "reqd")
    pid = service.pid()
    service.insert_urls(api, 5000)
    service.submit("-n", "200", "--follow")
    assert service.status()["documents"]["ok"] == 5000 and service.pid() == pid


def test_a_wrong_configuration_fails_at_the_start_and_says_where(fresh, machine):
    fresh.configure("[Limits]\n\nMaxInFligth=5\n")
    since = machine.now()
    assert fresh.systemctl("start", "reqd", check=False).returncode != 0
    assert fresh.property("ActiveState") == "failed" and fresh.property("NRestarts") == "0"
    assert fresh.property("ExecMainStatus") == "2"
    fresh.wait_message(f"{DROP_IN}:3: [Limits] has no key MaxInFligth=", since)


def test_a_reload_changes_what_can_change(service, machine):
    pid, since = service.pid(), machine.now()
    service.configure("[Network]\nAllowAddress=127.0.0.0/8\n[Limits]\nMaxInFlight=77\n[Log]\nLogLevel=debug\n")
    service.systemctl("reload", "reqd")
    wait_until(lambda: service.json("status")["daemon"]["max_in_flight"] == 77, "it is in effect")
    assert service.pid() == pid and service.property("ActiveState") == "active"
    service.wait_message("Limits.MaxInFlight: 10000 -> 77", since)
    changed = machine.journal("SETTING=Limits.MaxInFlight", since)
    assert [(e["OLD"], e["NEW"]) for e in changed] == [("10000", "77")]


def test_a_reload_of_a_wrong_file_changes_nothing_and_says_where(service, machine):
    pid, since = service.pid(), machine.now()
    service.configure("[Limits]\nMaxInFlight=77\nMaxJobs=0\n")
    service.systemctl("reload", "reqd")
    service.wait_message("stay as they were", since)
    service.wait_message(f"{DROP_IN}:3: ", since)
    assert service.json("status")["daemon"]["max_in_flight"] != 77
    assert service.pid() == pid and service.property("ActiveState") == "active"


FILL_JOURNAL = """
import socket
full = False
sockets = []
while not full:
    sockets.append(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK))
    full = True
    try:
        while True:
            sockets[-1].sendto(b"MESSAGE=filling", "/run/systemd/journal/socket")
            full = False
    except BlockingIOError:
        pass
"""


def test_a_stopped_journal_stops_nobody(service, api, machine):
    """Its socket is full: whoever sends there without care waits until it goes on."""
    journald, since = machine.property("systemd-journald.service", "MainPID"), machine.now()
    service.insert_urls(api, 2000, "delay=10")
    machine.run("kill", "-STOP", journald)
    try:
        machine.run("/usr/bin/python3", "-c", FILL_JOURNAL)
        service.submit("--paused")
        for i in range(60):
            service.ctl("set", "samples", f"concurrency={i + 20}")
        service.ctl("resume", "samples")
        service.wait()
        assert service.status()["documents"]["ok"] == 2000
    finally:
        machine.run("kill", "-CONT", journald)
    assert service.property("ActiveState") == "active"
    wait_until(lambda: machine.journal("JOB=samples", "STATE=done", since), "the story is told once it listens again")
    said = [entry["MESSAGE"] for entry in machine.journal("JOB=samples", since)]
    assert sum("concurrency=" in message for message in said) == 60, "what fits into the queue is not lost"


def test_the_sandbox_is_tight(service, machine):
    out = machine.run("systemd-analyze", "security", "--no-pager", "--threshold=15", "reqd.service").stdout
    exposure = float(out.partition("exposure level for reqd.service: ")[2].split()[0])
    assert exposure <= 1.5, out
    comments = "".join(re.findall("^#.*", service.systemctl("cat", "reqd.service").stdout, re.M))
    loose = [line.split()[1] for line in out.splitlines() if line.startswith("✗")]
    assert loose and not [name for name in loose for word in re.findall(r"\w\w+", name) if word not in comments]
    limits = machine.read(f"/proc/{service.pid()}/limits").splitlines()
    cores, files = ([int(word) for word in line.split() if word.isdigit()] for line in limits
                    if line.startswith(("Max core", "Max open")))
    assert cores == [0, 0] and files[0] == files[1] > 1024


def test_what_is_denied_by_default_stays_denied(fresh, api):
    fresh.systemctl("start", "reqd")
    fresh.insert_urls(api, 5)
    fresh.submit("--follow", check=False)
    assert fresh.status()["failures"] == {"denied_address": 5} and api.ids() == {}


def test_a_store_whose_address_is_a_credential(fresh, api, machine, mongodb):
    """The URI is read from where systemd puts it, by a user who may not read the file that it comes from."""
    machine.write("/etc/reqd/store-uri", mongodb + "\n", mode="0600")
    fresh.override("LoadCredential=store-uri:/etc/reqd/store-uri\n")
    fresh.configure("[Store]\nURIFile=store-uri\n[Network]\nAllowAddress=127.0.0.0/8\n")
    fresh.systemctl("start", "reqd")
    assert fresh.json("status")["daemon"]["store"]["kind"] == "mongodb"
    fresh.ctl("import", "system.samples", "-", input="".join(f'{{"_id":{i},"url":"{api.url}/?id={i}"}}\n' for i in range(50)))
    fresh.ctl("submit", "samples", "--collection", "system.samples", "--follow")
    assert fresh.status()["documents"]["ok"] == 50
    since = machine.now()
    fresh.configure("[Store]\nURIFile=store-uri\n[Network]\nAllowAddress=127.0.0.1\n")
    fresh.systemctl("reload", "reqd")
    fresh.wait_message("1 setting has changed", since)


def test_a_restarted_service_is_at_work_at_once_on_a_leased_store(fresh, machine, mongodb):
    """In the sandbox, too, it sees that the owner of the lease has ended."""
    fresh.override("RestartSec=100ms\n")
    fresh.configure(f"[Store]\nURI={mongodb}_leased\nLease=1h\n")
    fresh.systemctl("start", "reqd")
    wait_until(lambda: fresh.property("StatusText") == "no unfinished jobs", "it has the lease")
    pid = fresh.pid()
    fresh.systemctl("kill", "--signal=KILL", "reqd.service")
    wait_until(lambda: fresh.property("ActiveState") == "active" and fresh.pid() not in (0, pid), "it runs again", deadline=30)
    wait_until(lambda: fresh.property("StatusText") == "no unfinished jobs", "it has the lease again", deadline=30)


def test_a_store_that_is_away_delays_the_start_by_a_minute(machine):
    unit = machine.waiting.unit
    wait_until(lambda: machine.property(unit, "ActiveState") != "activating", "it is active", deadline=90)
    assert machine.property(unit, "ActiveState") == "active"
    assert machine.property(unit, "StatusText").startswith("waiting for the store: ")
    begun, ready = (
        int(machine.property(unit, f"{event}TimestampMonotonic")) for event in ("ExecMainStart", "ActiveEnter")
    )
    assert 59_000_000 < ready - begun < 80_000_000
    wait_until(lambda: any("the store has not given its jobs" in str(e["MESSAGE"]) for e in machine.journal("-u", unit)),
               "the journal says so")


def test_the_journal_tells_the_story_of_a_job(service, api, machine):
    since = machine.now()
    service.insert_urls(api, 300, "delay=20")
    service.submit("-n", "10")
    service.ctl("pause", "samples")
    service.ctl("set", "samples", "concurrency=50")
    service.ctl("resume", "samples", user="root")
    service.wait()
    story = machine.journal("JOB=samples", since)
    said = " ".join(str(entry["MESSAGE"]) for entry in story)
    words = ["submitted", "paused", "concurrency=50", "resumed", "done; 300 ok"]
    assert [said.find(word) for word in words] == sorted(said.find(word) for word in words), said
    assert -1 not in [said.find(word) for word in words], said
    assert all(len(entry["MESSAGE_ID"]) == 32 and entry["_SYSTEMD_UNIT"] == "reqd.service" for entry in story)
    alice = machine.run("id", "-u", "alice").stdout.strip()
    assert {entry["UID"] for entry in story if "paused" in entry["MESSAGE"]} == {alice}
    assert {entry["UID"] for entry in story if "resumed" in entry["MESSAGE"]} == {"0"}

    shown = service.ctl("logs", "samples", "--explain", user="root").stdout
    assert all(word in shown for word in words)
    assert "Subject: Job samples is paused" in shown and "reqctl errors samples" in shown, shown
    last = json.loads(service.ctl("--json", "logs", "samples", "-n", "1", user="root").stdout)
    assert (last["JOB"], last["STATE"], last["OK"], last["FAILED"]) == ("samples", "done", "300", "0")
