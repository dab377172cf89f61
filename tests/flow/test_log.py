"""What the daemon says about itself: the story of a job, that no reader of the log can stop it, and `logs`."""

import datetime
import fcntl
import os
import re
import socket
import struct

import pytest
from programs import DEADLINE, Daemon, wait_until
from sqlite_trouble import locked, no_to
from wire import Wire

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z reqd: (?:(error|warning|debug): )?(.*)")


@pytest.fixture
def daemon(workplace):
    """Not started: tests do that in their own way."""
    return Daemon(workplace, f"sqlite:{workplace.path}/reqd.db", start=False)


def messages(text):
    """The log as (level mark, message) pairs; a line of another form is a failure."""
    lines = text.splitlines()
    assert all(LINE.fullmatch(line) for line in lines), text
    return [LINE.fullmatch(line).groups() for line in lines]


def log_of(daemon):
    return messages(daemon.log.read_text())


def start(daemon, stderr, *prefix, env=None):
    """Starts it with a standard error of the test's choice; the test stops it."""
    daemon.log.touch()
    daemon.process = daemon.workplace.start(
        [*prefix, daemon.workplace.build / "daemon/reqd", "--config", daemon.config],
        stderr=stderr, env={**daemon.env, **(env or {})},
    )
    wait_until(daemon.answers, "reqd answers on its socket")


def submit(daemon, name, *arguments):
    daemon.ctl("submit", name, "--collection", daemon.collection(), "--field", f"r_{name}", "--meta", f"m_{name}",
               *arguments)


def test_the_story_of_a_job(daemon, api):
    daemon.start()
    daemon.insert_urls(daemon.collection(), api, 300, "fail=10&status=404")
    submit(daemon, "samples", "--paused")
    daemon.ctl("set", "samples", "concurrency=20", "timeout=7s")
    daemon.ctl("resume", "samples", "--limit", "40")
    daemon.wait("samples", "--for", "paused", check=True)
    daemon.ctl("pause", "samples", check=False)
    daemon.ctl("resume", "samples", "--limit", "none")
    daemon.wait("samples")
    status = daemon.status("samples")
    failed = status["documents"]["failed"]
    assert status["state"] == "done" and failed
    daemon.ctl("retry", "samples")
    daemon.wait("samples")
    daemon.ctl("delete", "samples")
    assert daemon.stop() == 0

    said = [message for _, message in log_of(daemon)]
    who = f"asked by user {os.getuid()}"
    story = [message for message in said if message.startswith("job samples: ")]
    told = [message.removeprefix("job samples: ") for message in story]
    for wanted in [
        f"submitted, {who}; 0 ok, 0 failed, 0 gone",
        f"begins with generation 1 of {daemon.collection()}",
        f"concurrency=20 timeout=7s, {who}",
        f"limit=40, {who}",
        f"resumed, {who}; 0 ok, 0 failed, 0 gone",
        f"limit=none, {who}",
        f"done; {300 - failed} ok, {failed} failed (http_status {failed}), 0 gone",
        f"begins with generation 2 of {daemon.collection()}",
    ]:
        assert wanted in told, (wanted, told)
    assert any(re.fullmatch(r"paused, limit reached; \d+ ok, .*", t) for t in told), told
    assert any(re.fullmatch(rf"retried, {who}; .*", t) for t in told), told
    assert any(re.fullmatch(rf"deleted, {who}; .*", t) for t in told), told
    assert told.index(f"submitted, {who}; 0 ok, 0 failed, 0 gone") == 0

    assert len(story) < 25, "no line a request"
    summaries = [t for t in told if re.match(r"\d+ failed", t)]
    assert summaries and all(re.fullmatch(r"\d+ failed(?: in the last \d+ s)?: http_status \d+", t) for t in summaries)
    times = [datetime.datetime.fromisoformat(line.split("Z ")[0]) for line in daemon.log.read_text().splitlines()
             if re.search(r" job samples: \d+ failed", line)]
    assert len(times) == len(summaries)
    assert all((after - before).total_seconds() > 9.9 for before, after in zip(times, times[1:])), times
    assert any(message.startswith("ended: ") for message in said), "what is said last is there, too"


def test_the_level_is_the_command_lines_then_the_files(workplace, api):
    daemon = Daemon(workplace, f"sqlite:{workplace.path}/reqd.db", config="[Log]\nLogLevel=warning\n", start=False)
    daemon.start()
    daemon.insert_urls(daemon.collection(), api, 3, "status=404")
    submit(daemon, "samples")
    daemon.wait("samples")
    assert daemon.stop() == 0
    said = log_of(daemon)
    assert said and all(mark == "warning" for mark, _ in said), said

    daemon.log.write_text("")
    with open(daemon.log, "wb") as log:
        daemon.process = workplace.start(
            [workplace.build / "daemon/reqd", "--config", daemon.config, "--log-level", "notice"],
            stderr=log, env=daemon.env,
        )
    wait_until(daemon.answers, "reqd answers on its socket")
    assert daemon.stop() == 0
    assert any(mark is None and " listens on " in message for mark, message in log_of(daemon))


def set_often(daemon, times):
    """Live changes, each of which the log tells; every one of them must be answered."""
    with Wire(daemon) as wire:
        for i in range(times):
            reply = wire.call("org.reqd.Set", {"job": "samples", "settings": {"timeout": f"{20 + i % 9}s"}})
            assert "error" not in reply, reply


def test_a_pipe_that_nobody_reads_stops_nothing(daemon, api):
    reader, writer = os.pipe()
    try:
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        start(daemon, writer)
        os.close(writer)
        daemon.insert_urls(daemon.collection(), api, 200)
        submit(daemon, "samples", "--paused")
        set_often(daemon, 1300)
        daemon.ctl("resume", "samples")
        daemon.wait("samples", check=True)

        with os.fdopen(os.dup(reader), "r") as stream:
            read = ""
            lost = re.compile(r"(\d+) entries of this log were lost")
            while not lost.search(read):
                read += stream.readline()
            dropped = int(lost.search(read).group(1))
            changes = len(re.findall(r"timeout=\d+s, asked", read))
            assert 0 < changes < 1300 and dropped >= 1300 - changes
            assert daemon.stop() == 0
            assert "ended: " in stream.read(), "there is room again"
    finally:
        os.close(reader)


def test_the_end_does_not_wait_for_a_pipe_that_nobody_reads(daemon):
    reader, writer = os.pipe()
    try:
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        start(daemon, writer)
        os.close(writer)
        submit(daemon, "samples", "--paused")
        set_often(daemon, 100)
        assert daemon.stop() == 0
    finally:
        os.close(reader)


class Journal:
    """The socket of a journal of our own, which the daemon finds in a mount namespace; read when asked to."""

    def __init__(self, workplace):
        self.directory = workplace.runtime / "journal"
        self.directory.mkdir()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.directory / "socket"))
        self.socket.settimeout(DEADLINE)
        self.entries = []

    def start(self, daemon):
        daemon.log.touch()
        with open(daemon.log, "ab") as stderr:
            stream = os.fstat(stderr.fileno())
            mounts = ("mount -t tmpfs reqd /run && mkdir -p /run/systemd/journal && "
                      'mount --bind "$1" /run/systemd/journal && shift && exec "$@"')
            start(daemon, stderr, "unshare", "-m", "sh", "-c", mounts, "sh", self.directory,
                  env={"JOURNAL_STREAM": f"{stream.st_dev}:{stream.st_ino}"})

    def read(self):
        """One entry: its fields, in the journal's native protocol."""
        rest, fields = self.socket.recv(1 << 20), {}
        while rest:
            head, _, rest = rest.partition(b"\n")
            name, equals, value = head.partition(b"=")
            if not equals:
                (size,) = struct.unpack_from("<Q", rest)
                value, rest = rest[8 : 8 + size], rest[8 + size + 1 :]
            fields[name.decode()] = value.decode()
        self.entries.append(fields)
        return fields

    def read_until(self, said="", **fields):
        """Reads on until an entry has these words in its message and these fields; returns it."""
        while True:
            entry = self.read()
            if said in entry["MESSAGE"] and fields.items() <= entry.items():
                return entry


@pytest.fixture
def journal(workplace):
    journal = Journal(workplace)
    yield journal
    journal.socket.close()


def test_the_journal_gets_fields(daemon, api, journal):
    journal.start(daemon)
    daemon.insert_urls(daemon.collection(), api, 5, "status=404")
    submit(daemon, "samples", "--paused")
    submitted = journal.read_until(JOB="samples", STATE="paused")
    assert submitted["UID"] == str(os.getuid()) and submitted["SYSLOG_IDENTIFIER"] == "reqd"
    assert submitted["MESSAGE"].startswith("job samples: submitted") and submitted["PRIORITY"] == "5"
    assert re.fullmatch("[0-9a-f]{32}", submitted["MESSAGE_ID"])
    assert submitted["JOB_ID"] == daemon.status("samples")["id"]
    daemon.ctl("set", "samples", "concurrency=7")
    changed = journal.read_until("concurrency=7", JOB="samples", STATE="paused", SETTINGS="concurrency=7")
    daemon.ctl("resume", "samples")
    for entry in (submitted, changed, *(e for e in journal.entries if "begins" in e["MESSAGE"])):
        assert (entry["OK"], entry["FAILED"], entry["GONE"], entry["ATTEMPTS"]) == ("0", "0", "0", "0"), entry
    failures = journal.read_until(JOB="samples", PRIORITY="4")
    assert int(failures["HTTP_STATUS"]) == int(failures["FAILED"]) > 0
    done = journal.read_until(JOB="samples", STATE="done")
    assert (done["OK"], done["FAILED"], done["GONE"], done["HTTP_STATUS"]) == ("0", "5", "0", "5")
    assert daemon.stop() == 0
    assert daemon.log.read_text() == "", "nothing is said twice"
    ids = {entry["MESSAGE_ID"] for entry in journal.entries if "MESSAGE_ID" in entry}
    assert len(ids) >= 4


def test_a_store_in_trouble_is_told(daemon, api, journal, workplace):
    journal.start(daemon)
    daemon.insert_urls(daemon.collection(), api, 50)
    submit(daemon, "samples", "--paused")
    with no_to(workplace, "insert", "outcomes"), no_to(workplace, "update", "jobs"):
        daemon.ctl("resume", "samples")
        for said in ("the store refuses its record: ", "the store refuses its answers: "):
            refused = journal.read_until(said, JOB="samples")
            assert "not today" in refused["MESSAGE"] and int(refused["ERROR"]), refused
        journal.read_until("paused", JOB="samples", STATE="paused")
        daemon.ctl("cancel", "samples")
        lost = journal.read_until("answers are not stored", JOB="samples", STATE="cancelled")
        assert int(lost["LOST"]) == 50 and lost["PRIORITY"] == "3", lost
    assert sum("refuses its record" in entry["MESSAGE"] for entry in journal.entries) == 1, "not one line an attempt"
    with locked(workplace):
        submit_in_vain = daemon.ctl("submit", "second", "--collection", daemon.collection(), check=False)
        assert submit_in_vain.returncode == 1
        away = journal.read_until("the store does not answer", PRIORITY="4")
        assert away["STORE"].startswith("sqlite:")
    journal.read_until("the store is back", PRIORITY="5")
    assert daemon.stop() == 0


def test_a_stopped_journal_stops_nothing(daemon, api, journal):
    journal.start(daemon)
    daemon.insert_urls(daemon.collection(), api, 200)
    submit(daemon, "samples", "--paused")
    set_often(daemon, 900)
    daemon.ctl("resume", "samples")
    daemon.wait("samples", check=True)
    assert daemon.stop() == 0


@pytest.fixture
def journalctl(workplace):
    """A folder for PATH whose journalctl says how it was called, one argument a line."""
    folder = workplace.path / "bin"
    folder.mkdir()
    program = folder / "journalctl"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" "colors: $SYSTEMD_COLORS"\nexit 7\n')
    program.chmod(0o755)
    return folder


def logs(daemon, path, *arguments):
    return daemon.ctl("logs", *arguments, check=False, env={"PATH": path, "SYSTEMD_COLORS": ""})


@pytest.mark.parametrize("arguments, passed", [
    (["samples"], ["--identifier=reqd", "JOB=samples"]),
    (["-f", "-n", "20", "samples"], ["--identifier=reqd", "--lines", "20", "--follow", "JOB=samples"]),
    (["samples", "--lines=all", "-x"], ["--identifier=reqd", "--lines", "all", "--catalog", "JOB=samples"]),
    (["--json", "samples"], ["--identifier=reqd", "--output=json", "--all", "JOB=samples"]),
    (["--", "--vacuum-size=1; $(id)"], ["--identifier=reqd", "JOB=--vacuum-size=1; $(id)"]),
])
def test_logs_hands_over_to_journalctl(daemon, journalctl, arguments, passed):
    result = logs(daemon, journalctl, *arguments)
    assert (result.returncode, result.stderr) == (7, ""), "and journalctl's exit code is its own"
    assert result.stdout.splitlines() == [*passed, "colors: "]


def test_logs_without_colors(daemon, journalctl):
    assert logs(daemon, journalctl, "samples", "--no-color").stdout.splitlines()[-1] == "colors: 0"


@pytest.mark.parametrize("arguments, said", [
    (["samples", "-n", "-3"], "--lines: is no number of entries (a number, or all)"),
    (["samples", "-n", ""], "--lines: is no number of entries"),
    ([], "JOB"),
])
def test_logs_with_wrong_arguments(daemon, journalctl, arguments, said):
    result = logs(daemon, journalctl, *arguments)
    assert result.returncode == 2 and said in result.stderr and not result.stdout, result.stderr


def test_logs_without_a_journalctl(daemon, workplace):
    result = logs(daemon, workplace.path / "nowhere", "samples")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == ("reqctl: there is no journalctl on this machine "
                             "(without systemd, reqd's log is its standard error)\n")
