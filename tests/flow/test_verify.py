"""What became of a job's documents, counted from the store: verify and errors, and the retry that follows."""

import json
import sqlite3

import pymongo
import pytest

from programs import free_port
from terminal import Terminal
from trouble import Proxied


@pytest.fixture
def change(daemon, workplace):
    """Changes what is stored behind the daemon's back: change(sql, mongo), each for its kind of store."""

    def act(sql, mongo):
        if daemon.store.startswith("sqlite:"):
            with sqlite3.connect(workplace.path / "reqd.db", timeout=10) as connection:
                connection.execute(sql)
            connection.close()
        else:
            with pymongo.MongoClient(daemon.store) as client:
                mongo(client[daemon.database].samples)

    return act


def verify(daemon, code=0):
    result = daemon.ctl("--json", "verify", "samples", check=False)
    assert result.returncode == code, result.stdout + result.stderr
    return json_lines(result.stdout)[-1]["result"]


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


def done(daemon, api, n=20, *options):
    daemon.insert_urls(daemon.collection(), api, n)
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--follow", *options)


def problems(result):
    return {p["problem"]: p["count"] for p in result["problems"]}


def test_a_job_that_is_done_is_as_it_should_be(daemon, api):
    done(daemon, api)
    result = verify(daemon)
    assert result == {
        "job": "samples", "state": "done", "generation": 1, "documents": 20, "ok": 20, "failed": 0, "failures": {},
        "open": 0, "others": 0, "answered": 0, "ok_without_result": 0, "failed_with_result": 0, "totals_match": True,
        "problems": [], "verified": True,
    }
    text = daemon.ctl("verify", "samples")
    assert "every document has exactly one outcome" in text.stdout and text.stderr == ""
    assert daemon.ctl("verify", "nobody", check=False).returncode == 4


def test_documents_that_came_later_are_told(daemon, api):
    done(daemon, api)
    daemon.insert(daemon.collection(), [{"_id": i, "url": api.url_of(i)} for i in range(3)])
    result = verify(daemon, code=1)
    assert result["documents"] == 23 and result["open"] == 3 and problems(result) == {"open": 3}
    text = daemon.ctl("verify", "samples", check=False)
    assert "not as it should be" in text.stdout and "under another name" in text.stderr
    daemon.ctl("submit", "later", "--collection", daemon.collection(), "--follow")
    result = verify(daemon)
    assert result["others"] == 3 and result["open"] == 0, "they are another job's now"


def test_a_filter_says_what_belongs_to_the_job(daemon, api):
    done(daemon, api, 20, "--filter", '{"i": {"$lt": 5}}')
    assert verify(daemon)["documents"] == 5


def test_results_from_before_are_left_alone(daemon, api):
    daemon.insert(daemon.collection(), [{"_id": 1, "url": api.url_of(1), "response": None}])
    done(daemon, api)
    result = verify(daemon)
    assert result["documents"] == 21 and result["answered"] == 1 and result["ok"] == 20


def test_a_result_that_was_removed_is_told(daemon, api, change):
    done(daemon, api)
    change("update outcomes set response = null where key in (select key from outcomes limit 2)",
           lambda c: c.update_many({"i": {"$lt": 2}}, {"$unset": {"response": 1}}))
    result = verify(daemon, code=1)
    assert problems(result) == {"ok_without_result": 2} and result["ok"] == 20 and result["totals_match"]


def test_a_failure_with_a_result_is_told(daemon, api, change):
    api.set("status=404")
    daemon.insert_urls(daemon.collection(), api, 5)
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--follow", check=False)
    assert verify(daemon)["failures"] == {"http_status": 5}
    change("update documents set doc = json_set(doc, '$.response', 1) where doc ->> '$.i' = 3",
           lambda c: c.update_one({"i": 3}, {"$set": {"response": 1}}))
    assert problems(verify(daemon, code=1)) == {"failed_with_result": 1}


def test_outcomes_that_are_gone_are_told(daemon, api, change):
    done(daemon, api)
    change("delete from documents where doc ->> '$.i' < 3", lambda c: c.delete_many({"i": {"$lt": 3}}))
    result = verify(daemon, code=1)
    assert result["documents"] == 17 and not result["totals_match"] and problems(result) == {"missing": 3}


def test_a_job_at_work_has_open_documents(daemon, api):
    daemon.insert_urls(daemon.collection(), api, 300, "delay=100")
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", "10")
    daemon.wait_status("samples", lambda s: s["documents"]["ok"] >= 20, "some answers")
    result = verify(daemon)
    assert result["state"] == "running" and result["totals_match"] is None
    assert result["open"] > 0 and result["ok"] >= 20 and result["open"] + result["ok"] == 300
    daemon.ctl("cancel", "samples")
    daemon.wait("samples")
    result = verify(daemon)
    assert result["state"] == "cancelled" and result["totals_match"] and result["open"] > 0


@pytest.fixture
def failing(daemon, api):
    """A job whose documents fail for several reasons."""
    documents = [{"_id": i, "url": api.url_of(i, "status=404")} for i in range(5)]
    documents += [{"_id": 10 + i, "url": api.url_of(10 + i, "status=410")} for i in range(2)]
    documents += [{"_id": 20, "url": f"http://127.0.0.1:{free_port()}/"}, {"_id": 30, "nothing": True}]
    documents += [{"_id": "ok", "url": api.url_of(99)}]
    daemon.insert(daemon.collection(), documents)
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--attempts", "1", "--follow", check=False)
    return daemon


def test_failures_are_grouped_with_examples_and_what_to_do(failing):
    reply = failing.json("errors", "samples")
    groups = [(g["reason"], g["status"], g["count"], len(g["examples"])) for g in reply["groups"]]
    assert reply["job"] == "samples" and reply["failed"] == 9
    assert groups[:2] == [("http_status", 404, 5, 3), ("http_status", 410, 2, 2)]
    assert sorted(groups[2:]) == [("connect", None, 1, 1), ("template", None, 1, 1)]
    example = reply["groups"][0]["examples"][0]
    assert example["document"] == {"_id": 0} and example["status"] == 404 and example["attempts"] == 1
    for group in reply["groups"]:
        assert group["help"] and f"--reason {group['reason']}" in group["remedy"]

    text = failing.ctl("errors", "samples").stdout
    assert '{"_id":0}' in text and "reqctl retry samples --reason template" in text and "JOB" not in text
    assert failing.ctl("errors", "nobody", check=False).returncode == 4


def test_a_retry_takes_what_its_options_name(failing, api):
    api.reset()
    failing.ctl("retry", "samples", "--status", "410")
    failing.wait("samples")
    assert api.ids() == {"10": 1, "11": 1}
    failing.ctl("retry", "samples", "--reason", "http_status")
    failing.wait("samples")
    assert api.ids() == {**{str(i): 1 for i in range(5)}, "10": 2, "11": 2}
    assert failing.json("errors", "samples")["failed"] == 9, "of all generations"
    result = verify(failing)
    assert result["failures"] == {"http_status": 7, "connect": 1, "template": 1} and result["ok"] == 1


def test_a_job_without_failures_says_so(daemon, api):
    done(daemon, api)
    assert daemon.json("errors", "samples") == {"job": "samples", "failed": 0, "groups": []}
    assert daemon.ctl("errors", "samples").stdout == "samples: no document has failed\n"


def test_progress_makes_way_for_what_was_found(workplace, mongo_server):
    proxied = Proxied(workplace, mongo_server)
    daemon = proxied.daemon
    proxied.samples.insert_many([{"_id": i} for i in range(2500)])
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--paused")
    with proxied.proxy.rule("find", "delay", 0.6, when=lambda find: find["find"] == "samples"):
        terminal = Terminal(daemon, "verify", "samples")
        assert terminal.end() == 0
    told = "documents counted so far\x1b[K"
    assert told in terminal.seen, "after half a second there is something to tell"
    assert terminal.seen[terminal.seen.rindex(told) + len(told) :].startswith("\r\x1b[K")
    proxied.end()
