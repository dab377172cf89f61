"""What people type: exit codes, the words of errors, and that wrong input changes nothing."""

import json
import os
import shutil
import signal
import subprocess

import pytest
from programs import Daemon, wait_until

LATER = ["try", "top", "results", "report", "events", "metrics", "doctor"]
COLLECTION = ("--collection", "test.other")


@pytest.fixture(scope="module")
def settled(shared_workplace):
    """A daemon with a paused job and one that has ended, for commands that change nothing."""
    daemon = Daemon(shared_workplace, f"sqlite:{shared_workplace.path}/reqd.db")
    daemon.ctl("submit", "--collection", "test.samples", "--paused", "-n", "7")
    daemon.ctl("submit", "--collection", "test.ended", "--follow")
    return daemon


def what_holds(daemon):
    """What only a command changes."""
    jobs = [(job["name"], job["state"], job["generation"]) for job in daemon.json("status")["jobs"]]
    return jobs, daemon.json("show", "samples")


def assert_refused(daemon, arguments, said, hint, code=2, **options):
    before = what_holds(daemon)
    result = daemon.ctl(*arguments, check=False, **options)
    assert (result.returncode, result.stdout) == (code, "")
    assert result.stderr.startswith("reqctl: ") and result.stderr.count("\n") == 1, result.stderr
    message, _, hinted = result.stderr.partition(" (")
    assert said in message and hint in hinted, result.stderr
    assert what_holds(daemon) == before


WRONG = [
    # arguments, a part of the message, a part of the hint
    (["stauts"], "unknown command 'stauts'", "did you mean status?"),
    (["frobnicate"], "unknown command 'frobnicate'", "reqctl help"),
    (["help", "sumbit"], "unknown command 'sumbit'", "did you mean submit?"),
    (["--jsno"], "unknown option '--jsno'", "did you mean --json?"),
    (["pause", "-z"], "unknown option '-z'", "reqctl help pause"),
    (["submit", "--colection", "test.a"], "unknown option '--colection'", "did you mean --collection?"),
    (["submit", "--collection"], "--collection needs a value", ""),
    (["status", "--json=yes"], "--json takes no value", ""),
    (["--socket"], "--socket needs a value", ""),
    (["wait", "samples", "ended"], "unexpected argument 'ended'", "reqctl wait [JOB]"),
    (["retry"], "retry needs a job", "reqctl retry JOB"),
    (["import", "test.a"], "import needs DB.COLL FILE|-", ""),
    (["export"], "export needs DB.COLL [FILE]", ""),
    (["set", "samples"], "set needs KEY=VALUE", ""),
    (["set", "samples", "concurrency=9", "rate"], "rate: settings are written KEY=VALUE", "concurrency=200"),
    (["set", "samples", "concurrency=9", "concurency=8"], "concurency: there is no such setting", "did you mean concurrency?"),
    (["set", "samples", "concurrency=9", "rate=fast"], "rate: ", "50/s"),
    (["set", "samples", "concurrency=0"], "concurrency: 0 is too small", "1 to"),
    (["set", "samples", "url=http://a/"], "url: this cannot be changed", "concurrency, rate, timeout"),
    (["set", "samples", "per_host=4"], "per_host is not supported yet", ""),
    (["set", "samples", "concurrency=auto"], "auto is not supported yet", "a number"),
    (["resume", "samples", "--limit", "many"], "limit: ", ""),
    (["retry", "ended", "--reason", "timeot"], "--reason: unknown reason 'timeot'", "did you mean timeout?"),
    (["retry", "ended", "--status", "2xx"], "--status: '2xx' is no HTTP status", "100 to 599"),
    (["wait", "samples", "--for", "don"], "--for: unknown state 'don'", "done or paused"),
    (["wait", "samples", "--timeout", "soon"], "--timeout: ", "30s"),
    (["submit", "a"], "collection: the job names no collection", "DB.COLL"),
    (["submit", "--collection", "samples"], '--collection: "samples" does not name a collection', "DB.COLL"),
    (["submit", "--collection", "test.reqd_jobs"], "--collection: ", ""),
    (["submit", "no spaces", *COLLECTION], 'NAME: "no spaces" cannot be the name of a job', "letters"),
    (["submit", *COLLECTION, "-n", "0"], "--concurrency: 0 is too small", "1 to"),
    (["submit", *COLLECTION, "--rate", "5/year"], '--rate: "5/year" is not a rate', "50/s"),
    (["submit", *COLLECTION, "--timeout", "5 parsecs"], "--timeout: ", "30s"),
    (["submit", *COLLECTION, "--header", "no colon"], "--header: ", "K: V"),
    (["submit", *COLLECTION, "--header", "A B: c"], "request.headers.A B: ", "letters"),
    (["submit", *COLLECTION, "--method", "GRAB"], "--method: ", "GET"),
    (["submit", *COLLECTION, "--url", "http://a/{b"], "request.url: ", "%7B"),
    (["submit", *COLLECTION, "--expect-status", "600"], "--expect-status: ", "2xx"),
    (["submit", *COLLECTION, "--retry-on", "tsl"], "--retry-on: ", "tls"),
    (["submit", *COLLECTION, "--field", "a.b"], "--field: ", "top-level"),
    (["submit", *COLLECTION, "--field", "a", "--meta", "a"], "result.meta: ", "two names"),
    (["submit", *COLLECTION, "--filter", '{"a": '], "--filter: not JSON", "write a JSON object"),
    (["submit", *COLLECTION, "--filter", "[]"], "--filter: an object is needed", ""),
    (["submit", *COLLECTION, "--filter", '{"a": {"$where": 1}}'], "$where", "$exists"),
    (["submit", *COLLECTION, "--filter", '{"_id": {"$oid": "zz"}}'], "filter", ""),
    (["submit", *COLLECTION, "--parse", "binary"], "--parse: binary is not supported yet", "json or text"),
    (["submit", *COLLECTION, "-n", "auto"], "auto is not supported yet", "a number"),
    (["submit", *COLLECTION, "--follow", "--paused"], "--follow waits for the end", "leave out one"),
    (["submit", "/nowhere/job.json"], "/nowhere/job.json: No such file", ""),
    (["import", "test.other", "/nowhere/a.jsonl"], "/nowhere/a.jsonl: No such file", ""),
    (["export", "other"], 'collection: "other" does not name a collection', "DB.COLL"),
    (["export", "test.other", "--filter", "5"], "--filter: this must be an object", ""),
    (["export", "test.other", "/nowhere/a.jsonl"], "/nowhere/a.jsonl: No such file", ""),
]


@pytest.mark.parametrize("arguments, said, hint", WRONG)
def test_wrong_input_is_exit_2_with_a_hint_and_changes_nothing(settled, arguments, said, hint):
    assert_refused(settled, arguments, said, hint)


WRONG_FILES = [
    ('{"collection": "test.b",\n "filter": }', "line 2: not JSON", ""),
    ("[]", "a job file is an object", ""),
    ("", "not JSON", ""),
    ('{"collection": "test.b", "pase": {}}', 'pase: "pase" is not a known key', "did you mean pace?"),
    ('{"collection": "test.b", "request": {"headers": ["A"]}}', "request.headers: this must be an object", ""),
    ('{"collection": "test.b", "request": {"headers": {"A B": "c"}}}', "request.headers.A B: ", "letters"),
    ('{"collection": "test.b", "request": {"headers": {"A": "c\\nd"}}}', "request.headers.A: ", ""),
    ('{"collection": "test.b", "request": {"url": "x{y"}}', "request.url: ", ""),
    ('{"collection": "test.b", "request": {"timeout": true}}', "request.timeout: ", ""),
    ('{"collection": "test.b", "filter": 5}', "filter: this must be an object", ""),
    ('{"collection": "test.b", "retry": {"on": ["tls", "tsl"]}}', "retry.on[1]: ", "tls"),
    ('{"collection": "test.b", "expect": {"status": ["2xx", "nope"]}}', "expect.status[1]: ", "2xx"),
    ('{"collection": "test.b", "collection": "test.c"}', "", ""),
    ('{"collection": "test.b", "request": {"json": {"a": 1}}}', "json is not supported yet", ""),
    ('{"collection": "test.b", "result": {"into": "test.c"}}', "into is not supported yet", ""),
]


@pytest.mark.parametrize("text, said, hint", WRONG_FILES)
def test_a_wrong_job_file_is_exit_2_and_says_where(settled, text, said, hint):
    assert_refused(settled, ["submit", "-"], said, hint, input=text)


@pytest.mark.parametrize("command", LATER)
def test_commands_of_later_versions_say_so(settled, command):
    assert_refused(settled, [command, "samples"], f"{command}: not supported yet", "reqctl help")


@pytest.mark.parametrize("flag", ["--json-body", "--body", "--form", "--into", "--select", "--per-host"])
def test_options_of_later_versions_say_so(settled, flag):
    assert_refused(settled, ["submit", *COLLECTION, flag, "1=1"], "not supported yet", "")


CONFLICTS = [
    (["submit", "--collection", "test.samples", "-n", "8"], 1, "submitted with other settings", "another name"),
    (["submit", "--collection", "test.ended"], 1, "which has ended", "reqctl retry"),
    (["submit", "--collection", "test.ended"], 1, "which has ended", "reqctl delete"),
    (["submit", "--collection", "test.ended"], 1, "which has ended", "another name"),
    (["submit", "b", "--collection", "test.samples"], 1, 'job samples writes to "response"', "--field and --meta"),
    (["submit", "b", "--collection", "test.samples", "--field", "b"], 1, 'job samples writes to "reqd"', "--meta"),
    (["resume", "ended"], 1, "job ended is done already", "reqctl retry"),
    (["pause", "ended"], 1, "job ended is done already", ""),
    (["retry", "samples"], 1, "job samples is paused", "wait for its end"),
    (["delete", "samples"], 1, "job samples is unfinished", "cancel it first"),
    (["status", "sampels"], 4, 'no job "sampels"', "did you mean samples?"),
    (["wait", "nobody"], 4, 'no job "nobody"', "reqctl status"),
    (["set", "nobody", "rate=5/s"], 4, 'no job "nobody"', ""),
    (["show", "nobody"], 4, 'no job "nobody"', ""),
    (["status", "--socket", "/nowhere/reqd.sock"], 6, "reqd is not running at /nowhere/reqd.sock", "systemctl start reqd"),
]


@pytest.mark.parametrize("arguments, code, said, hint", CONFLICTS)
def test_what_cannot_be_done_as_things_stand(settled, arguments, code, said, hint):
    assert_refused(settled, arguments, said, hint, code=code)


def test_without_a_job_the_only_unfinished_one_is_meant(sqlite_daemon):
    daemon = sqlite_daemon
    for command in (["pause"], ["set", "rate=5/s"], ["wait"], ["cancel"]):
        assert_refused_without_jobs(daemon, command, 4, "no job is unfinished")
    daemon.ctl("submit", "--collection", "test.a", "--paused")
    assert daemon.json("set", "rate=5/s")["job"]["name"] == "a"
    daemon.ctl("submit", "--collection", "test.b", "--paused")
    assert_refused_without_jobs(daemon, ["pause"], 1, "several jobs are unfinished")


def assert_refused_without_jobs(daemon, arguments, code, said):
    result = daemon.ctl(*arguments, check=False)
    assert result.returncode == code and said in result.stderr


def test_a_file_standard_input_and_flags_over_it(sqlite_daemon, workplace):
    daemon = sqlite_daemon
    job = {"name": "first", "collection": "test.a", "request": {"timeout": "5s", "headers": {"A": "1", "B": "2"}},
           "pace": {"concurrency": 3, "rate": "9/s"}, "filter": {"x": {"$gt": 5}}}
    file = workplace.path / "job.json"
    file.write_text(json.dumps(job))
    daemon.ctl("submit", file, "--paused")
    assert daemon.json("show", "first")["submitted"]["pace"] == {"concurrency": 3, "rate": "9/s"}

    flags = ("--collection", "test.b", "-n", "7", "--rate", "none", "--header", "B: 3", "--filter", '{"y": 1}')
    daemon.ctl("submit", "-", "--paused", *flags, input=json.dumps({**job, "name": "second"}))
    shown = daemon.json("show", "second")
    assert shown["submitted"] == shown["effective"] and shown["changed"] == {}
    effective = shown["effective"]
    assert effective["collection"] == "test.b" and effective["filter"] == {"y": 1}
    assert effective["pace"]["concurrency"] == 7 and effective["pace"].get("rate") is None
    assert effective["request"]["headers"] == {"A": "1", "B": "3"} and effective["request"]["timeout"] == "5s"


def test_the_same_again_is_the_same_job(sqlite_daemon):
    submit = ("submit", "--collection", "test.samples", "-n", "3", "--paused")
    first, again = sqlite_daemon.json(*submit), sqlite_daemon.json(*submit)
    assert first["created"] and not again["created"] and first["job"]["id"] == again["job"]["id"]
    assert "submitted before" in sqlite_daemon.ctl(*submit).stdout


def test_how_waiting_ends(daemon, api):
    collection = daemon.collection()
    daemon.insert_urls(collection, api, 20, "fail=50&status=404")
    daemon.ctl("submit", "--collection", collection, "--rate", "1/h")
    assert daemon.ctl("wait", "--timeout", "100ms", check=False).returncode == 124

    wait = daemon.workplace.start(
        [daemon.workplace.build / "ctl/reqctl", "--socket", daemon.socket, "wait"], stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: daemon.json("status")["daemon"]["clients"] == 2, "it waits")
    wait.send_signal(signal.SIGINT)
    assert "goes on" in wait.communicate(timeout=60)[1] and wait.returncode == 130
    assert daemon.status("samples")["state"] == "running"

    daemon.ctl("pause")
    assert daemon.wait("samples").returncode == 1, "paused by somebody"
    assert daemon.wait("samples", "--for", "paused").returncode == 0
    daemon.ctl("set", "rate=none", "limit=5")
    daemon.ctl("resume")
    result = daemon.wait("samples")
    failed = daemon.status("samples")["documents"]["failed"]
    assert result.returncode == (3 if failed else 0) and "limit reached" in result.stdout
    daemon.ctl("resume", "--limit", "none")
    assert daemon.wait("samples").returncode == 3
    daemon.ctl("delete", "samples")

    daemon.ctl("submit", "--collection", collection, "--paused")
    daemon.ctl("cancel", "samples")
    assert daemon.wait("samples").returncode == 1, "cancelled"
    daemon.ctl("delete", "samples")
    assert daemon.wait("samples").returncode == 4


def test_waiting_outlives_a_restart_of_the_daemon(sqlite_daemon, api):
    daemon = sqlite_daemon
    daemon.insert_urls("test.samples", api, 60, "delay=100")
    daemon.ctl("submit", "--collection", "test.samples", "-n", "1")
    wait = daemon.workplace.start(
        [daemon.workplace.build / "ctl/reqctl", "--socket", daemon.socket, "wait"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )
    wait_until(lambda: daemon.json("status")["daemon"]["clients"] == 2, "it waits")
    daemon.kill()
    daemon.start()
    wait_until(lambda: daemon.json("status")["daemon"]["clients"] == 2, "it waits again")
    daemon.ctl("set", "concurrency=60")
    out, err = wait.communicate(timeout=60)
    assert wait.returncode == 0 and "60 ok" in out
    assert "lost the connection" in err and "connected again" in err


def test_a_daemon_that_is_gone_is_exit_6(sqlite_daemon):
    sqlite_daemon.kill()
    submit = ["submit", "--collection", "test.a"]
    for arguments in (["status"], submit, ["wait"], ["import", "test.a", "-"], ["export", "test.a"]):
        result = sqlite_daemon.ctl(*arguments, check=False, input="{}")
        assert result.returncode == 6 and "is not running at" in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_who_may_not_use_the_socket_is_told_which_group_may(sqlite_daemon, workplace):
    workplace.runtime.chmod(0o755)
    program = shutil.copy(workplace.build / "ctl/reqctl", workplace.runtime)
    result = subprocess.run(
        [program, "--socket", sqlite_daemon.socket], user=65534, group=65534, extra_groups=[], capture_output=True, text=True
    )
    assert result.returncode == 5 and f"you may not use the socket {sqlite_daemon.socket}" in result.stderr


def test_where_the_socket_is_looked_for(workplace, sqlite_uri):
    daemon = Daemon(workplace, sqlite_uri, start=False)
    daemon.socket = workplace.runtime / "reqd.sock"
    daemon.config.write_text(f"[Store]\nURI={sqlite_uri}\n[Control]\nSocket={daemon.socket}\n")
    daemon.start()

    def code(*arguments, **env):
        plain = {k: v for k, v in os.environ.items() if k not in ("REQD_SOCKET", "XDG_RUNTIME_DIR")}
        program = workplace.build / "ctl/reqctl"
        return subprocess.run([program, *arguments], env={**plain, **env}, capture_output=True).returncode

    assert code(REQD_SOCKET=str(daemon.socket)) == 0
    assert code(XDG_RUNTIME_DIR=str(workplace.runtime)) == 0
    assert code("--socket", str(daemon.socket), REQD_SOCKET="/nowhere") == 0
    assert code(REQD_SOCKET="/nowhere", XDG_RUNTIME_DIR=str(workplace.runtime)) == 6


@pytest.mark.parametrize("arguments", [["help"], ["--help"], ["-h"]])
def test_help_names_every_command_and_exit_code(settled, arguments):
    out = settled.ctl(*arguments).stdout
    for word in ("submit", "pause", "Not supported yet", *LATER, "--socket", "124", "130"):
        assert word in out


@pytest.mark.parametrize("arguments", [["help", "submit"], ["submit", "--help"], ["submit", "-h"], ["--help", "submit"]])
def test_help_of_a_command_names_its_options(settled, arguments):
    out = settled.ctl(*arguments).stdout
    assert "Usage: reqctl submit" in out and "Not supported yet" in out
    for option in ("--collection DB.COLL", "-n, --concurrency N", "--follow", "--into"):
        assert option in out


def test_help_and_version_need_no_daemon(workplace):
    for argument in ("--help", "--version"):
        arguments = [workplace.build / "ctl/reqctl", "--socket", "/nowhere", argument]
        result = subprocess.run(arguments, capture_output=True, text=True)
        assert result.returncode == 0 and result.stdout.startswith("reqctl ") and not result.stderr
