"""The daemon as a program: its arguments and its configuration, and that nothing secret is ever shown."""

import os
import signal
import subprocess

import pytest
from programs import DEADLINE, ENVIRONMENT, Daemon, wait_until

SECRET = "hunter2"


def reqd(workplace, *arguments):
    return subprocess.run(
        [workplace.build / "daemon/reqd", *map(str, arguments)], capture_output=True, text=True, timeout=60,
        cwd=workplace.path, env=ENVIRONMENT,
    )


def write(workplace, text, name="reqd.conf"):
    path = workplace.path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_version_and_help(workplace):
    version, help = reqd(workplace, "--version"), reqd(workplace, "--help")
    assert version.returncode == 0 and version.stdout.startswith("reqd ") and version.stdout.count("\n") == 1
    assert help.returncode == 0 and not help.stderr
    for option in ("--config", "--store", "--socket", "--check-config", "--version"):
        assert option in help.stdout


@pytest.mark.parametrize("arguments", [["--stroe", "memory:"], ["start"], ["--config"], ["--check-config", "now"]])
def test_arguments_that_it_does_not_know(workplace, arguments):
    result = reqd(workplace, *arguments)
    assert result.returncode == 2 and "see reqd --help" in result.stderr and not result.stdout


def test_a_log_level_that_it_does_not_know(workplace):
    result = reqd(workplace, "--store", "sqlite:a.db", "--log-level", "loud", "--check-config")
    assert result.returncode == 2 and not result.stdout
    assert result.stderr == 'reqd: --log-level: "loud" is not known here (write one of: error warning notice info debug)\n'


GOOD = [
    "[Store]\nURI=sqlite:/nowhere/reqd.db\n",
    "# all of it\n\n[Store]\nURI = mongodb://db1,db2/reqd?replicaSet=a\n[Network]\nAllowAddress=127.0.0.0/8 ::1\n"
    "DenyAddress=192.0.2.1\nCAFile=/etc/ssl/ca.pem\n[Control]\nSocket=/run/x.sock\nMaxClients=5\n"
    "[Limits]\nMaxInFlight=100\nMaxJobs=3\n",
    "[Store]\nURI=sqlite:a.db\n[Network]\nAllowAddress=10.0.0.0/8\nAllowAddress=\nAllowAddress=192.168.0.0/16\n",
]


@pytest.mark.parametrize("text", GOOD)
def test_a_good_configuration(workplace, text):
    result = reqd(workplace, "--config", write(workplace, text), "--check-config")
    assert (result.returncode, result.stderr) == (0, "")


STORE = "[Store]\nURI=sqlite:a.db\n"

BAD = [
    # text, the line that is named, a part of the message, a part of the hint
    (STORE + "[Limits]\nMaxInFligth=5\n", 4, "[Limits] has no key MaxInFligth=", "did you mean MaxInFlight=?"),
    (STORE + "[Limits]\nSocket=/x\n", 4, "[Limits] has no key Socket=", "Socket= of another section"),
    (STORE + "[Limit]\nMaxJobs=5\n", 4, "there is no section [Limit]", "did you mean [Limits]?"),
    (STORE + "[Limits]\nMaxJobs=0\n", 4, "0 is too small", "1 to"),
    (STORE + "[Limits]\nMaxJobs=many\n", 4, "many", ""),
    (STORE + "[Log]\nLogLevel=loud\n", 4, "loud", "error"),
    (STORE + "[Limits]\nMaxMemory=1GiB\n", 4, "MaxMemory= is not supported yet", ""),
    (STORE + "[Network]\nProxy=http://a/\n", 4, "it has no port", ""),
    (STORE + "[Credential token]\nFile=/a\n", 4, "[Credential token] is not supported yet", ""),
    (STORE + "[Network]\nAllowAddress=127.0.0.0/33\n", 4, "127.0.0.0/33", ""),
    (STORE + "[Network]\nDenyAddress=10.0.0.0/8 localhos\n", 4, "localhos", "localhost"),
    ("[Store]\nURI=postgres://a/b\n", 2, "\"postgres\" is not a kind of store", "sqlite:FILE"),
    ("[Store]\n\nURI=sqlite:\n", 3, "names no file", "sqlite:FILE"),
    ("URI=sqlite:a.db\n", 1, "before the first [Section]", "[Store]"),
    ("[Store\nURI=sqlite:a.db\n", 1, "no section", ""),
    (STORE + "URI\n", 3, "neither a [Section] nor an assignment", "Key=Value"),
    (STORE + "URI=sqlite:b.db ; the other\n", 3, "a comment cannot end a line", ""),
    (STORE + "URI=sqlite:" + "b" * 200 + "\n", 3, "more than 199 bytes", "URIFile="),
]


@pytest.mark.parametrize("text, line, said, hint", BAD)
@pytest.mark.parametrize("check", [True, False])
def test_a_bad_configuration_names_file_and_line(workplace, text, line, said, hint, check):
    path = write(workplace, text)
    result = reqd(workplace, "--config", path, *["--check-config"] * check)
    assert result.returncode == 2 and result.stderr.count("\n") == 1
    message, _, hinted = result.stderr.partition(" (")
    assert f"{path}:{line}: " in message and said in message and hint in hinted, result.stderr


@pytest.mark.parametrize("check", [True, False])
def test_a_uri_that_mongodb_does_not_understand_names_file_and_line_and_no_secret(workplace, check):
    """libmongoc has its say in a line before."""
    uri = write(workplace, f"mongodb://reqd:{SECRET}@127.0.0.1:999999/reqd\n", "uri")
    path = write(workplace, f"[Store]\n\nURIFile={uri}\n")
    result = reqd(workplace, "--config", path, *["--check-config"] * check)
    assert result.returncode == 2 and f"{path}:3: the store's URI cannot be read" in result.stderr.splitlines()[-1]
    assert SECRET not in result.stderr + result.stdout


@pytest.mark.parametrize("arguments, said", [
    (["--config", "/nowhere/reqd.conf"], "/nowhere/reqd.conf: cannot be read"),
    (["--config", "/dev/null"], "no store is named"),
    (["--config", "/dev/null", "--store", "postgres://a/b"], "postgres"),
    (["--config", "/dev/null", "--store", "sqlite:"], "sqlite:"),
    (["--config", "/dev/null", "--store", "sqlite:/nowhere/reqd.db", "--socket", "/nowhere/reqd.sock"], "/nowhere/reqd.db"),
    (["--config", "/dev/null", "--store", "memory:", "--socket", "/nowhere/reqd.sock"], "/nowhere/reqd.sock"),
    (["--config", "/dev/null", "--store", "mongodb://"], "mongodb://HOST"),
])
def test_what_else_keeps_it_from_starting(workplace, arguments, said):
    result = reqd(workplace, *arguments)
    assert result.returncode in (1, 2) and said in result.stderr.splitlines()[-1], result.stderr


@pytest.mark.parametrize("uri", [
    f"mongodb://reqd:{SECRET}@127.0.0.1/reqd", f"mongodb+srv://reqd:{SECRET}@db.example/",
    f"mongodb://127.0.0.1/?tlsCertificateKeyFilePassword={SECRET}",
])
@pytest.mark.parametrize("check", [True, False])
def test_a_password_in_an_argument_is_refused_and_not_repeated(workplace, uri, check):
    result = reqd(workplace, "--config", "/dev/null", "--store", uri, *["--check-config"] * check)
    assert result.returncode == 2 and "--store: there is a password" in result.stderr and "URIFile=" in result.stderr
    assert SECRET not in result.stderr + result.stdout


def settings(daemon):
    return {s["name"]: (s["value"], s["source"]) for s in daemon.json("config")["settings"]}


def test_where_each_setting_comes_from(workplace, sqlite_uri):
    daemon = Daemon(workplace, "sqlite:/nowhere/reqd.db", start=False)
    drop_ins = f"{daemon.config.name}.d"
    first = write(workplace, "[Limits]\nMaxJobs=5\nMaxInFlight=50\n[Network]\nAllowAddress=10.0.0.0/8\n", f"{drop_ins}/10.conf")
    second = write(workplace, "[Limits]\nMaxJobs=6\n", f"{drop_ins}/20-more.conf")
    write(workplace, "not read", f"{drop_ins}/30.conf.bak")
    program = workplace.build / "daemon/reqd"
    daemon.process = workplace.start_daemon(
        [program, "--config", daemon.config, "--store", sqlite_uri, "--socket", daemon.socket], daemon.log, daemon.env
    )
    wait_until(daemon.answers, "it answers")
    now = settings(daemon)
    assert now["Store.URI"] == (sqlite_uri, "--store")
    assert now["Control.Socket"] == (str(daemon.socket), "--socket")
    assert now["Limits.MaxJobs"] == ("6", f"{second}:2")
    assert now["Limits.MaxInFlight"] == ("50", f"{first}:3")
    assert now["Network.AllowAddress"] == ("127.0.0.0/8 10.0.0.0/8", f"{daemon.config}:4, {first}:5")
    assert now["Control.MaxClients"] == ("64", "default")
    assert daemon.json("status")["daemon"]["max_in_flight"] == 50
    out = daemon.ctl("config").stdout
    assert out.splitlines()[0].split() == ["SETTING", "VALUE", "SOURCE"] and f"{second}:2" in out


def test_a_wrong_drop_in_is_named(workplace):
    path = write(workplace, STORE)
    drop_in = write(workplace, "[Limits]\nMaxJobs=-1\n", "reqd.conf.d/a.conf")
    result = reqd(workplace, "--config", path, "--check-config")
    assert result.returncode == 2 and f"{drop_in}:2: " in result.stderr


@pytest.mark.parametrize("place", ["configuration", "file", "credential"])
def test_a_password_is_never_shown(workplace, place):
    """The store does not answer: its address is in every complaint."""
    uri = f"mongodb://reqd:{SECRET}@127.0.0.1:1/reqd?serverSelectionTimeoutMS=200"
    secret = write(workplace, uri + "\n", "secret/uri")
    line = {"configuration": f"URI={uri}", "file": f"URIFile={secret}", "credential": "URIFile=uri"}[place]
    env = {"CREDENTIALS_DIRECTORY": str(secret.parent)} if place == "credential" else {}
    daemon = Daemon(workplace, "sqlite:unused", start=False, env=env)
    daemon.config.write_text(f"[Store]\n{line}\n[Control]\nSocket={daemon.socket}\n")
    daemon.start()
    status = wait_until(
        lambda: (lambda s: None if s["available"] else s)(daemon.json("status")["daemon"]["store"]), "the store is away"
    )
    assert status["kind"] == "mongodb" and "127.0.0.1" in status["address"] and status["message"]
    submitted = daemon.ctl("submit", "--collection", "reqd.samples", check=False)
    assert submitted.returncode == 1 and "store" in submitted.stderr
    shown = [daemon.ctl(*a) for a in (["status"], ["config"], ["--json", "status"], ["--json", "config"])] + [submitted]
    assert not any(SECRET in result.stdout + result.stderr for result in shown)
    assert settings(daemon)["Store.URI" if place == "configuration" else "Store.URIFile"][1] == f"{daemon.config}:2"
    assert daemon.stop() == 0 and SECRET not in daemon.log.read_text()


def test_two_signals_end_it_at_once(sqlite_daemon, api):
    sqlite_daemon.insert_urls("test.samples", api, 50, "hang=1")
    sqlite_daemon.ctl("submit", "--collection", "test.samples", "-n", "50")
    wait_until(lambda: api.in_flight() == 50, "50 in flight")
    sqlite_daemon.process.terminate()
    wait_until(lambda: "ending: 50 requests in flight" in sqlite_daemon.log.read_text(), "it drains")
    assert sqlite_daemon.process.poll() is None
    assert sqlite_daemon.stop() == 0 and not sqlite_daemon.socket.exists()
    api.set("hang=0")
    sqlite_daemon.start()
    assert sqlite_daemon.status("samples")["state"] == "running"


def test_signals_that_come_together_end_it_once(sqlite_daemon):
    process = sqlite_daemon.process
    process.send_signal(signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGCONT):
        process.send_signal(number)
    assert process.wait(timeout=DEADLINE) == 0
    ends = [line for line in sqlite_daemon.log.read_text().splitlines() if " ended" in line]
    assert len(ends) == 1, ends
