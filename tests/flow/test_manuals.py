"""The manuals: clean mdoc, the same words as the programs, and examples that work."""

import json
import pathlib
import re
import shlex
import subprocess

import pymongo
import pytest

from programs import Daemon

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ["reqctl.1", "reqd.8", "reqd.conf.5", "reqd-job.5", "reqd-store.7"]


def words(text):
    return " ".join(text.split())


@pytest.fixture(scope="module")
def pages(build):
    """Each page as people read it, blanks folded."""

    def render(page):
        text = subprocess.run(
            ["mandoc", "-Tascii", "-O", "width=1000", build / "man" / page], capture_output=True, text=True, check=True
        ).stdout
        return words(re.sub(".\b", "", text))

    return {page: render(page) for page in PAGES}


def literal(page, number):
    """The text of a page's literal block, from its template."""
    blocks = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", (ROOT / "man" / f"{page}.in").read_text(), re.M | re.S)
    return blocks[number].replace("\\e", "\\")


def run(build, *arguments):
    result = subprocess.run([build / "ctl/reqctl", *arguments], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def table(help_text, heading):
    """(what is typed, help) of the rows below a heading of a help text."""
    section = help_text.split(f"\n{heading}\n", 1)[1].split("\n\n", 1)[0]
    return [re.split(r"\s{2,}|(?<=[A-Z%a-z]) (?=  )", line.strip(), maxsplit=1) for line in section.splitlines()]


@pytest.mark.parametrize("page", PAGES)
def test_a_manual_is_clean_mdoc(build, page):
    """Where the pages are each finds the others that it names; what is on stderr is about this machine's index of manuals."""
    result = subprocess.run(["mandoc", "-Tlint", page], cwd=build / "man", capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "")


def commands(build):
    return [row[0].split()[0] for row in table(run(build, "help"), "Commands:")]


def test_the_manual_of_reqctl_says_what_its_help_says(build, pages):
    manual = pages["reqctl.1"]
    assert len(commands(build)) > 10
    for command in commands(build):
        text = run(build, "help", command)
        usage, what = text.split("\n\n")[:2]
        assert words(usage.replace("Usage: reqctl ", "").replace(" [OPTIONS]", "")) in manual
        assert words(what) in manual
        for heading in ("Options:", "Options of every command:"):
            if f"\n{heading}\n" not in text:
                continue
            for row in table(text, heading):
                help_text = words(row[-1]).split(" (default: ")[0]
                assert row[0].split()[0].rstrip(",") in manual and help_text in manual, row


def test_the_manual_of_reqctl_names_every_setting_and_exit_code(build, pages):
    for heading, topic in (("Keys; numbers may be relative, such as +10% or -5:", ["help", "set"]), ("Exit codes:", ["help"])):
        for row in table(run(build, *topic), heading):
            assert words(f"{row[0]} {row[1]}") in pages["reqctl.1"], row


def test_help_and_the_manual_agree_whichever_way_help_is_asked_for(build):
    for command in commands(build):
        assert run(build, "help", command) == run(build, command, "--help")


def test_what_is_not_supported_yet_is_in_no_manual(build, pages):
    text = run(build, "help")
    later = [row[0].split()[0] for row in table(text, "Not supported yet:")] if "Not supported yet:" in text else []
    for command in later:
        assert not re.search(rf"(reqctl|Cm) {command}\b", (ROOT / "man/reqctl.1.in").read_text())
        assert words(dict((r[0].split()[0], r[-1]) for r in table(text, "Not supported yet:"))[command]) not in pages["reqctl.1"]


def test_the_manual_of_reqd_names_every_option(build, pages):
    text = subprocess.run([build / "daemon/reqd", "--help"], capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^  (--\S+)(?: [A-Z]+)? {2,}(.*)$", text, re.M)
    assert len(rows) >= 6
    for flag, help_text in rows:
        assert flag in pages["reqd.8"] and words(help_text) in pages["reqd.8"]


def test_the_manual_of_the_configuration_names_every_setting(sqlite_daemon, pages):
    settings = sqlite_daemon.json("config")["settings"]
    assert len(settings) > 10
    for setting in settings:
        section, key = setting["name"].split(".")
        assert f"[{section}]" in pages["reqd.conf.5"] and f"{key}=" in pages["reqd.conf.5"]


def test_the_manual_of_the_store_names_every_reason(pages):
    source = (ROOT / "daemon/spec/reason.c").read_text()
    reasons = re.findall(r'\[REASON_\w+\] = \{ "(\w+)",', source)
    assert len(reasons) >= 14
    for reason in reasons:
        assert re.search(rf"\b{reason}\b", pages["reqd-store.7"])


def test_the_manual_of_the_job_names_every_key(sqlite_daemon, pages):
    sqlite_daemon.ctl("submit", "all", "--collection", "test.all", "--paused")
    effective = sqlite_daemon.json("show", "all")["effective"]
    for group, value in effective.items():
        for key in (f"{group}.{k}" for k in value) if isinstance(value, dict) else [group]:
            assert f"{key} (" in pages["reqd-job.5"], key


def test_the_example_job_file_is_one(sqlite_daemon):
    sqlite_daemon.ctl("submit", "-", "--paused", input=literal("reqd-job.5", 0))
    assert sqlite_daemon.json("show", "samples")["effective"]["pace"]["concurrency"] == 50


def test_the_examples_of_reqctl_are_understood(build, workplace):
    """Nobody listens there, so a line that is well-formed ends with 6, and one that is not with 2."""
    (workplace.path / "users.json").write_text("{}\n")
    text = "".join(literal("reqctl.1", i) for i in range(6))
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    assert len(lines) >= 10
    for line in lines:
        arguments = shlex.split(line.split(" || ")[0])[1:]
        result = subprocess.run(
            [build / "ctl/reqctl", "--socket", workplace.path / "none", *arguments], capture_output=True, text=True,
            cwd=workplace.path,
        )
        assert result.returncode == 6, f"{line}: {result.returncode} {result.stderr}"


@pytest.fixture
def answered(workplace, api, store_uri):
    """A store with answers and failures, as the manual's queries want one."""
    daemon = Daemon(workplace, store_uri)
    collection = daemon.collection()
    urls = (api.url_of(i, "status=404" if i % 5 == 0 else "") for i in range(50))
    daemon.insert(collection, ({"_id": i, "url": url} for i, url in enumerate(urls)))
    daemon.ctl("submit", "samples", "--collection", collection)
    daemon.wait("samples")
    return daemon


def store_block(begin):
    blocks = [literal("reqd-store.7", i) for i in (0, 1)]
    return next(block for block in blocks if block.startswith(begin))


@pytest.mark.parametrize("store_uri", ["sqlite"], indirect=True)
def test_the_queries_for_sqlite_work(answered):
    path = answered.store.removeprefix("sqlite:")
    results = []
    for query in store_block("-- ").strip().split("\n\n"):
        result = subprocess.run(["sqlite3", "-readonly", "-json", path], input=query, capture_output=True, text=True)
        assert result.returncode == 0, f"{query}: {result.stderr}"
        results.append(json.loads(result.stdout))

    failures, times, by_n, values, slowest = results
    assert failures == [{"reason": "http_status", "status": 404, "n": 10}]
    assert times[0]["n"] == 40 and 0 < times[0]["mean"] <= times[0]["most"]
    assert sum(row["answers"] for row in by_n) == 40 and all(row["n"] > 0 for row in by_n)
    assert len(values) == 10 and all(str(row["id"]) == str(row["_id"]) for row in values)
    assert len(slowest) == 10 and slowest[0]["ms_total"] >= slowest[9]["ms_total"] and "http" in slowest[0]["url"]


def as_json(text):
    """What stands in parentheses of a line for mongosh: its keys need no quotes there."""
    return json.loads("[" + re.sub(r"([{,]\s*)(\$?[A-Za-z_]+):", r'\1"\2":', text) + "]")


@pytest.mark.parametrize("store_uri", ["mongodb"], indirect=True)
def test_the_queries_for_mongosh_work(answered):
    samples = pymongo.MongoClient(answered.store)[answered.database].samples
    block = re.sub(r"^//.*\n", "", store_block("// "), flags=re.M)
    failures, by_n = (
        list(samples.aggregate(as_json(pipeline)[0])) for pipeline in re.findall(r"aggregate\((.*?)\)\n", block, re.S)
    )
    assert failures == [{"_id": "http_status", "n": 10}]
    assert sum(row["n"] for row in by_n) == 40 and all(row["ms"] > 0 for row in by_n)

    find, order = re.search(r"find\((.*?)\)\s*\.sort\((.*?)\)\.limit\(10\)", block, re.S).groups()
    slowest = list(samples.find(*as_json(find)).sort(list(as_json(order)[0].items())).limit(10))
    assert len(slowest) == 10 and slowest[0]["reqd"]["ms"]["total"] >= slowest[9]["reqd"]["ms"]["total"]


def test_the_packaged_configuration_and_its_manual_agree_on_what_needs_a_restart(build):
    manual = (build / "man/reqd.conf.5").read_text()
    entries = dict(re.findall(r"^\.It Cm (\w+) Ns = .*\n((?:(?!\.It |\.El).*\n)+)", manual, re.M))
    blocks = re.findall(r"((?:^# .*\n)+)((?:^#?\w+=.*\n)+)", (ROOT / "systemd/reqd.conf").read_text(), re.M)
    restart = {}
    for comment, lines in blocks:
        for key in re.findall(r"^#?(\w+)=", lines, re.M):
            restart[key] = comment.rstrip().endswith("Restart.")
    assert len(restart) > 10 and set(restart.values()) == {True, False}
    assert restart == {key: "needs a restart" in text for key, text in entries.items()}
