"""What reqctl shows on a terminal and elsewhere, and what it gives to programs."""

import json
import re
import subprocess

import pytest
from programs import Daemon
from terminal import Terminal

BAR = re.compile(r"\[#*\.*\] *\d+%")
COLOR = "\x1b["
LONG_NAME = "a-job-that-somebody-gave-the-longest-name-that-a-job-may-have-64"

# CONTRACT: the keys of each reply. None: whatever the job has there.
JOB = {
    "name": None, "id": None, "collection": None, "state": None, "reason": None, "detail": None, "examples": [], "generation": None, "created": None,
    "started": None, "ended": None,
    "documents": {k: None for k in ("total", "pending", "queued", "in_flight", "retrying", "ok", "failed", "gone")},
    "attempts": None, "failures": {},
    "pace": {"concurrency": {"set": None, "effective": None}, "rate": {"set": None, "effective": None}, "limited_by": None},
    "latency_ms": {k: None for k in ("p50", "p90", "p99", "max")},
    "throughput": None, "window": {"now": None, "max": None}, "origins": [], "eta": None, "elapsed": None,
}
FREE = ("failures", "submitted", "changed", "effective")
CHANGE = {"job": JOB, "stored": None, "warning": None}


@pytest.fixture(scope="module")
def settled(shared_workplace):
    """A daemon with a paused job, for commands that change nothing."""
    daemon = Daemon(shared_workplace, f"sqlite:{shared_workplace.path}/reqd.db")
    daemon.ctl("submit", "--collection", "test.samples", "--paused")
    return daemon


def start_follow(daemon, api, n=60, name="samples", **options):
    daemon.insert_urls("test.samples", api, n, "delay=200")
    arguments = ("submit", name, "--collection", "test.samples", "-n", "5", "--follow")
    return Terminal(daemon, *arguments, **options)


def redrawings(seen):
    return len(BAR.findall(seen))


@pytest.mark.parametrize("columns, name, bar", [
    (80, "samples", True), (80, LONG_NAME, False), (200, LONG_NAME, True), (40, "samples", False), (20, "samples", False),
    (8, "samples", False),
])
def test_a_line_that_is_redrawn_and_never_wraps(sqlite_daemon, api, columns, name, bar):
    terminal = start_follow(sqlite_daemon, api, name=name, columns=columns)
    terminal.read_until(lambda seen: seen.count("\r") > 3, "three redrawings")
    sqlite_daemon.ctl("set", "concurrency=60")
    assert terminal.end() == 0
    assert (redrawings(terminal.seen) > 1) == bar, terminal.seen
    *drawn, summary, _ = terminal.drawn()
    assert summary.startswith(f"{name}: done: 60 ok, 0 failed")
    assert max(map(len, drawn)) < columns, "the last column stays free"
    assert terminal.seen.count("\n") == 1, "one line, then the summary in its place"


def test_ctrl_c_leaves_the_job_running_and_says_so(sqlite_daemon, api):
    terminal = start_follow(sqlite_daemon, api)
    terminal.read_until(lambda seen: redrawings(seen) > 1, "a bar")
    terminal.type(b"\x03")
    assert terminal.end() == 130
    last = terminal.drawn()[-2]
    assert last == "samples goes on; see it with: reqctl status samples; stop it with: reqctl cancel samples"
    status = sqlite_daemon.status("samples")
    assert status["state"] == "running" and status["documents"]["ok"] < 60
    sqlite_daemon.ctl("set", "concurrency=60")
    assert sqlite_daemon.wait("samples").returncode == 0
    assert set(api.ids().values()) == {1}


def test_what_others_do_to_a_job_is_seen_while_following(sqlite_daemon, api):
    terminal = start_follow(sqlite_daemon, api)
    terminal.read_until(lambda seen: redrawings(seen) > 0, "a bar")
    sqlite_daemon.ctl("pause")
    assert terminal.end() == 1
    assert terminal.drawn()[-2].startswith("samples: paused (by user): ") and "reqctl resume samples" in terminal.drawn()[-2]


def test_a_lost_connection_does_not_leave_half_a_line(sqlite_daemon, api):
    terminal = start_follow(sqlite_daemon, api, n=200)
    terminal.read_until(lambda seen: redrawings(seen) > 0, "a bar")
    sqlite_daemon.kill()
    terminal.read_until(lambda seen: "trying for 10 s to reconnect" in seen, "it says so")
    sqlite_daemon.start()
    terminal.read_until(lambda seen: BAR.search(seen.partition("connected again")[2]), "a bar again")
    sqlite_daemon.ctl("set", "concurrency=200")
    assert terminal.end() == 0
    assert max(map(len, terminal.drawn()[:-2])) < 80


def test_lines_for_a_file_have_neither_bar_nor_colors(sqlite_daemon, api):
    sqlite_daemon.insert_urls("test.samples", api, 30, "delay=50")
    result = sqlite_daemon.ctl("submit", "--collection", "test.samples", "-n", "10", "--follow", env={"TERM": "xterm"})
    assert "\r" not in result.stderr + result.stdout and COLOR not in result.stderr + result.stdout
    assert not BAR.search(result.stderr) and "30/30" in result.stderr.splitlines()[-1]
    assert result.stdout.startswith("samples: done: 30 ok, 0 failed, 0 gone") and result.stdout.count("\n") == 1


@pytest.mark.parametrize("arguments, env, colored", [
    (["status"], {}, True),
    (["status", "samples"], {}, True),
    (["status"], {"NO_COLOR": ""}, True),
    (["status"], {"NO_COLOR": "1"}, False),
    (["status", "--no-color"], {}, False),
    (["--no-color", "status", "samples"], {}, False),
    (["status"], {"TERM": "dumb"}, False),
    (["--json", "status"], {}, False),
])
def test_colors_only_where_they_are_wanted(settled, arguments, env, colored):
    terminal = Terminal(settled, *arguments, env=env)
    assert terminal.end() == 0
    assert (COLOR in terminal.seen) == colored, terminal.seen


def test_no_colors_in_a_pipe(settled):
    terminal = Terminal(settled, "status", stdout=subprocess.PIPE)
    assert COLOR not in terminal.process.stdout.read().decode() and terminal.end() == 0


def test_a_status_table_is_aligned_and_not_cut(settled):
    lines = settled.ctl("status").stdout.splitlines()
    header = next(i for i, line in enumerate(lines) if line.startswith("NAME"))
    assert len(lines) == header + 2
    for column in ("NAME", "STATE", "PROGRESS"):
        assert lines[header + 1][lines[header].index(column)] != " "
    assert "samples" in lines[header + 1] and "paused" in lines[header + 1]


def keys(value):
    """The keys of an object, and of those in it; of job files and maps none."""
    if isinstance(value, list):
        return [keys(item) for item in value]
    if not isinstance(value, dict):
        return None
    return {key: {} if key in FREE and isinstance(item, dict) else keys(item) for key, item in value.items()}


def one(daemon, *arguments, **options):
    """The one line that --json gives, parsed, after the options or before them."""
    out = daemon.ctl(*arguments, "--json", **options).stdout
    assert out.endswith("\n") and out.count("\n") == 1
    return json.loads(out)


def many(daemon, *arguments):
    return [json.loads(line) for line in daemon.ctl("--json", *arguments).stdout.splitlines()]


def test_json_of_every_command_has_the_keys_of_the_contract(daemon, api):
    collection = daemon.collection()
    documents = "".join(json.dumps({"_id": i, "url": api.url_of(i)}) + "\n" for i in range(5))
    assert one(daemon, "import", collection, "-", input=documents) == {"inserted": 5, "skipped": 0}
    assert keys(one(daemon, "submit", "--collection", collection, "--paused")) == {"job": JOB, "created": None}
    assert keys(one(daemon, "status", "samples")) == JOB
    assert list(keys(one(daemon, "status", "samples"))) == list(JOB), "in the contract's order"
    status = one(daemon, "status")
    assert keys(status["jobs"]) == [JOB] and keys(one(daemon)) == keys(status)
    assert {"version", "pid", "started", "store", "in_flight", "max_in_flight", "clients", "unreadable"} == status["daemon"].keys()
    assert keys(one(daemon, "set", "samples", "rate=50/s")) == CHANGE
    assert keys(one(daemon, "pause")) == CHANGE
    assert keys(one(daemon, "show", "samples")) == {"submitted": {}, "changed": {}, "effective": {}}
    assert keys(one(daemon, "resume", "--limit", "3")) == CHANGE
    assert keys(one(daemon, "wait", "samples")) == {"job": JOB}
    assert keys(one(daemon, "cancel", "samples")) == CHANGE
    assert keys(one(daemon, "retry", "samples")) == CHANGE
    assert keys(one(daemon, "wait", "samples")) == {"job": JOB}
    exported = many(daemon, "export", collection)
    assert all(keys(piece) == {"lines": None} for piece in exported)
    assert len("".join(piece["lines"] for piece in exported).splitlines()) == 5
    assert one(daemon, "delete", "samples") == {}
    settings = one(daemon, "config")["settings"]
    assert all(setting.keys() == {"name", "value", "source"} for setting in settings)


def test_following_in_json_is_a_line_each(sqlite_daemon, api):
    sqlite_daemon.insert_urls("test.samples", api, 20, "delay=100")
    first, *rest = many(sqlite_daemon, "submit", "--collection", "test.samples", "-n", "10", "--follow")
    assert keys(first) == {"job": JOB, "created": None} and all(keys(line) == {"job": JOB} for line in rest)
    assert rest[0]["job"]["state"] == "running"
    assert rest[-1]["job"]["state"] == "done" and rest[-1]["job"]["documents"]["ok"] == 20


def test_errors_in_json_are_words_on_stderr(settled):
    result = settled.ctl("--json", "status", "nobody", check=False)
    assert result.returncode == 4 and result.stdout == "" and 'no job "nobody"' in result.stderr
