"""org.reqd by a client that we did not write: every method and error, and replies exactly as declared."""

import itertools
import json
import pathlib
import sqlite3

import pytest
import varlink
from programs import Daemon, wait_until
from wire import Service, Wire

INTERFACE = pathlib.Path(__file__).resolve().parents[2] / "common/org.reqd.varlink"
NOT_SENT = {"NotAllowed"}  # who may use the socket may do everything


@pytest.fixture
def service(sqlite_daemon):
    with Service(sqlite_daemon) as service:
        yield service


@pytest.fixture(scope="module")
def settled(shared_workplace):
    """A daemon with a job that has ended and one that is paused, for calls that change nothing."""
    daemon = Daemon(shared_workplace, f"sqlite:{shared_workplace.path}/reqd.db", config="[Limits]\nMaxJobs=2\n")
    with Service(daemon) as service:
        service.call("Submit", job={"collection": "test.ended"}, paused=True)
        service.call("Cancel", job="ended")
        service.call("Submit", job={"collection": "test.paused"}, paused=True)
        yield service


def lines(documents):
    return "".join(json.dumps(document) + "\n" for document in documents)


def samples(api, n, query=""):
    return lines({"_id": i, "url": api.url_of(i, query)} for i in range(n))


def test_the_service_says_what_it_is(sqlite_daemon):
    client = varlink.Client(f"unix:{sqlite_daemon.socket}")
    assert client.get_interfaces() == ["org.varlink.service", "org.reqd"]
    assert client.info["product"] == "reqd" and client.info["version"]
    described = {name: client.get_interface(name) for name in client.get_interfaces()}
    assert described["org.reqd"].get_description() == INTERFACE.read_text()
    assert "GetInterfaceDescription" in described["org.varlink.service"].members


def test_every_method_answers_as_the_interface_says(daemon, api):
    collection = daemon.collection()
    with Service(daemon) as service:
        assert service.call("Import", collection=collection, lines=samples(api, 30, "fail=50&status=404")) == {
            "inserted": 30, "skipped": 0
        }
        submitted = service.call("Submit", job={"collection": collection}, paused=True)
        assert submitted["created"] and submitted["job"]["state"] == "paused"
        for name, parameters in (
            ("Set", {"job": "samples", "settings": {"concurrency": "3"}}),
            ("Resume", {"job": "samples", "limit": "20"}),
        ):
            reply = service.call(name, **parameters)
            assert reply["stored"] and reply["warning"] is None
        *_, last = service.stream("Watch", job="samples")
        assert (last["job"]["state"], last["job"]["reason"]) == ("paused", "limit reached")
        service.call("Resume", limit="none")
        *_, last = service.stream("Watch", job=submitted["job"]["id"], interval=0.1)
        assert last["job"]["state"] == "done" and last["job"]["documents"]["failed"] > 0

        retried = service.call("Retry", job="samples", reason="http_status", status=404)
        assert retried["job"]["generation"] == 2
        list(service.stream("Watch", job="samples"))
        assert service.call("GetJob", job="samples")["state"] == "done"
        assert service.call("Show", job="samples")["changed"]["concurrency"] == "3"
        *_, counted = service.stream("Verify", job="samples")
        assert counted["examined"] == 30 and counted["result"]["verified"]
        assert service.call("GetErrors", job="samples")["groups"][0]["examples"]
        exported = "".join(reply["lines"] for reply in service.stream("Export", collection=collection))
        assert len(exported.splitlines()) == 30

        second = {"name": "second", "collection": collection, "result": {"field": "b", "meta": "m"}}
        service.call("Submit", job=second, paused=True)
        assert service.call("Pause")["job"]["name"] == "second"
        assert service.call("Cancel")["job"]["state"] == "cancelled"
        assert [job["name"] for job in service.call("GetStatus")["jobs"]] == ["second", "samples"]
        assert service.call("Delete", job="second") == {}
        assert service.call("GetConfig")["settings"]
        members = service.interface.members.values()
        assert service.called == {m.name for m in members if type(m).__name__ == "_Method"}


PAUSED = {"collection": "test.paused"}

REFUSALS = [
    # method, parameters, error, where, a part of the message, a part of the hint
    ("GetJob", {"job": "pausd"}, "NoSuchJob", None, '"pausd"', "paused"),
    ("Pause", {"job": "ended"}, "Conflict", None, "cancelled already", None),
    ("Resume", {"job": "ended"}, "Conflict", None, "cancelled already", None),
    ("Resume", {"job": "paused", "limit": "0"}, "InvalidInput", "limit", "", None),
    ("Cancel", {"job": "ended"}, "Conflict", None, "cancelled already", None),
    ("Retry", {"job": "paused"}, "Conflict", None, "is paused", "wait"),
    ("Retry", {"job": "ended", "reason": "timeot"}, "InvalidInput", "reason", "timeot", ""),
    ("Retry", {"job": "ended", "status": 99}, "InvalidInput", "status", "99", "100 to 599"),
    ("Delete", {"job": "paused"}, "Conflict", None, "unfinished", "cancel"),
    ("Set", {"job": "ended", "settings": {"rate": "5/s"}}, "Conflict", None, "cancelled already", None),
    ("Set", {"job": "paused", "settings": {"rate": "fast"}}, "InvalidInput", "rate", "fast", ""),
    ("Set", {"job": "paused", "settings": {"rat": "5/s"}}, "InvalidInput", "rat", "", "rate"),
    ("Set", {"job": "paused", "settings": {"per_host": "5"}}, "NotSupported", "per_host", "not supported yet", None),
    ("Submit", {"job": {}}, "InvalidInput", "collection", "", ""),
    ("Submit", {"job": {**PAUSED, "pase": {}}}, "InvalidInput", "pase", "", "pace"),
    ("Submit", {"job": {**PAUSED, "request": {"headers": {"a b": "c"}}}}, "InvalidInput", "request.headers.a b", "", "letters"),
    ("Submit", {"job": {"collection": "test.c", "filter": {"a": {"$nope": 1}}}}, "InvalidInput", "filter", "$nope", None),
    ("Submit", {"job": {**PAUSED, "request": {"json": {}}}}, "NotSupported", "request.json", "not supported yet", None),
    ("Submit", {"job": {**PAUSED, "pace": {"concurrency": 3}}}, "Conflict", "name", "other settings", "another name"),
    ("Submit", {"job": {"collection": "test.ended"}}, "Conflict", "name", "has ended", "reqctl delete"),
    ("Submit", {"job": {**PAUSED, "name": "b"}}, "Conflict", "result.field", "response", "--meta"),
    ("Submit", {"job": {**PAUSED, "name": "b", "result": {"field": "b"}}}, "Conflict", "result.meta", "reqd", "--meta"),
    ("Watch", {"_more": True, "job": "nobody"}, "NoSuchJob", None, "nobody", ""),
    ("Watch", {"_more": True, "interval": 0.01}, "InvalidInput", "interval", "", "0.05"),
    ("Watch", {"_more": True, "until": "done"}, "InvalidInput", "until", "done", "never"),
    ("Import", {"collection": "test", "lines": ""}, "InvalidInput", "collection", "test", "DB.COLL"),
    ("Import", {"collection": "test.a", "lines": '{"_id": 1}\n\n{"_id": \n'}, "InvalidInput", "line 3", "", ""),
    ("Import", {"collection": "test.a", "lines": '{"_id": 1}\n[1]\n'}, "InvalidInput", "line 2", "object", ""),
    ("Import", {"collection": "test.a", "lines": '{"_id": 1}{"_id": 2}\n'}, "InvalidInput", "line 1", "", ""),
    ("Import", {"collection": "test.a", "lines": '{"_id": {"$oid": "x"}}\n'}, "InvalidInput", "line 1", "", ""),
    ("Import", {"collection": "test.a", "lines": '{"a\\u0000b": 1}\n'}, "InvalidInput", "line 1", "", ""),
    ("Export", {"_more": True, "collection": "test."}, "InvalidInput", "collection", "", "DB.COLL"),
    ("Export", {"_more": True, "collection": "test.a", "filter": {"$nope": 1}}, "InvalidInput", "filter", "$nope", None),
]


def jobs_of(service):
    """What only a command changes."""
    jobs = service.call("GetStatus")["jobs"]
    return [(job["name"], job["state"], job["reason"], job["generation"], service.call("Show", job=job["name"])) for job in jobs]


@pytest.mark.parametrize("method, parameters, error, where, message, hint", REFUSALS)
def test_what_is_refused_and_in_which_words(settled, method, parameters, error, where, message, hint):
    before = jobs_of(settled)
    name, reply = settled.refuse(method, **parameters)
    assert (name, reply["where"]) == (error, where)
    assert message in reply["message"] and not reply["message"].endswith(".")
    assert hint is None or hint in reply["hint"]
    assert jobs_of(settled) == before
    assert list(settled.stream("Export", collection="test.a")) == [{"lines": ""}]


def test_every_error_can_be_met(settled, workplace):
    settled.call("Submit", job={"collection": "test.second"}, paused=True)
    name, reply = settled.refuse("Submit", job={"collection": "test.third"})
    assert name == "Busy" and "MaxJobs" in reply["hint"]
    settled.call("Cancel", job="second")
    settled.call("Delete", job="second")

    daemon = Daemon(workplace, f"sqlite:{workplace.path}/reqd.db")
    with Service(daemon) as service:
        other = sqlite3.connect(workplace.path / "reqd.db", isolation_level=None)
        other.execute("create trigger no before insert on documents begin select raise(abort, 'not today'); end")
        name, reply = service.refuse("Import", collection="test.a", lines='{"_id": 1}\n')
        assert name == "StoreRefuses" and "not today" in reply["message"]
        other.execute("begin immediate")
        assert service.refuse("Import", collection="test.a", lines='{"_id": 1}\n')[0] == "StoreAway"
        assert service.refuse("Submit", job={"collection": "test.a"})[0] == "StoreAway"
        other.close()
        met = service.refused_with | settled.refused_with
        errors = {m.name for m in service.interface.members.values() if type(m).__name__ == "_Error"}
        assert met == errors - NOT_SENT


PROTOCOL_ERRORS = [
    # call, flags, error, its parameter
    ("org.reqd.Sumbit", {}, {}, "MethodNotFound", {"method": "org.reqd.Sumbit"}),
    ("org.varlink.service.Nothing", {}, {}, "MethodNotFound", {"method": "org.varlink.service.Nothing"}),
    ("org.example.GetStatus", {}, {}, "InterfaceNotFound", {"interface": "org.example"}),
    ("GetStatus", {}, {}, "InterfaceNotFound", {"interface": "GetStatus"}),
    ("", {}, {}, "InterfaceNotFound", {"interface": ""}),
    ("org.varlink.service.GetInterfaceDescription", {"interface": "org.x"}, {}, "InterfaceNotFound", {"interface": "org.x"}),
    ("org.reqd.Watch", {}, {}, "ExpectedMore", {}),
    ("org.reqd.Export", {"collection": "test.a"}, {"more": False}, "ExpectedMore", {}),
    ("org.reqd.GetStatus", {"job": "paused"}, {}, "InvalidParameter", {"parameter": "job"}),
    ("org.reqd.GetJob", {"job": 5}, {}, "InvalidParameter", {"parameter": "job"}),
    ("org.reqd.GetJob", {"job": "paused\0x"}, {}, "InvalidParameter", {"parameter": "job"}),
    ("org.reqd.Import", {"collection": "test.a", "lines": "{}\n\0{}"}, {}, "InvalidParameter", {"parameter": "lines"}),
    ("org.reqd.Retry", {}, {}, "InvalidParameter", {"parameter": "job"}),
    ("org.reqd.Retry", {"job": None}, {}, "InvalidParameter", {"parameter": "job"}),
    ("org.reqd.Submit", {"job": "paused"}, {}, "InvalidParameter", {"parameter": "job"}),
    ("org.reqd.Submit", {"job": {}, "paused": "yes"}, {}, "InvalidParameter", {"parameter": "paused"}),
    ("org.reqd.Set", {"settings": [1]}, {}, "InvalidParameter", {"parameter": "settings"}),
    ("org.reqd.Watch", {"interval": "1s"}, {"more": True}, "InvalidParameter", {"parameter": "interval"}),
]


@pytest.mark.parametrize("method, parameters, flags, error, expected", PROTOCOL_ERRORS)
def test_calls_that_the_interface_does_not_have(settled, method, parameters, flags, error, expected):
    with Wire(settled.daemon) as wire:
        reply = wire.call(method, parameters, **flags)
        assert reply == {"error": f"org.varlink.service.{error}", "parameters": expected}
        assert "error" not in wire.call("org.reqd.GetStatus"), "the connection goes on"


def test_the_clients_own_errors_are_raised(sqlite_daemon):
    client = varlink.Client(f"unix:{sqlite_daemon.socket}")
    with pytest.raises(varlink.InterfaceNotFound):
        client.open("org.example.nothing")
    connection = client.open("org.reqd")
    with pytest.raises(varlink.InvalidParameter):
        connection.Retry()
    with pytest.raises(varlink.VarlinkError, match="ExpectedMore"):
        connection.Watch()
    connection.close()


def test_null_is_as_if_a_parameter_were_absent(settled):
    with Wire(settled.daemon) as wire:
        assert wire.call("org.reqd.GetJob", {"job": None})["parameters"]["name"] == "paused"
        assert "error" not in wire.call("org.reqd.Watch", {"interval": None, "until": None}, more=True)


def test_a_watch_shows_every_change_of_state_at_once(service, sqlite_daemon, api):
    service.call("Import", collection="test.samples", lines=samples(api, 5))
    service.call("Submit", job={"collection": "test.samples"}, paused=True)
    with Service(sqlite_daemon) as second:
        watch = second.stream("Watch", job="samples", interval=3600, until="never")
        assert next(watch)["job"]["state"] == "paused"
        service.call("Set", job="samples", settings={"concurrency": "3"})
        assert any(reply["job"]["pace"]["concurrency"]["set"] == 3 for reply in watch)
        service.call("Resume", job="samples")
        states = [reply["job"]["state"] for reply in itertools.takewhile(lambda r: r["job"]["state"] != "done", watch)]
        assert states[-1] == "running"
    wait_until(lambda: service.call("GetStatus")["daemon"]["clients"] == 1, "the watcher's connection is gone")


def test_a_watch_of_a_job_that_is_deleted_ends(service, sqlite_daemon):
    service.call("Submit", job={"collection": "test.samples"}, paused=True)
    service.call("Cancel")
    with Wire(sqlite_daemon) as wire:
        assert wire.call("org.reqd.Watch", {"job": "samples", "until": "never", "interval": 0.05}, more=True)["continues"]
        service.call("Delete", job="samples")
        replies = [wire.reply()]
        while "error" not in replies[-1]:
            replies.append(wire.reply())
        assert replies[-1]["error"] == "org.reqd.NoSuchJob" and "continues" not in replies[-1]


def test_a_watch_ends_when_the_last_answer_is_stored(service, api):
    service.call("Import", collection="test.samples", lines=samples(api, 50, "delay=50"))
    service.call("Submit", job={"collection": "test.samples", "pace": {"concurrency": 10}})
    replies = [reply["job"] for reply in service.stream("Watch", job="samples", interval=0.05)]
    assert len(replies) > 2 and [r["documents"]["ok"] for r in replies] == sorted(r["documents"]["ok"] for r in replies)
    assert all(r["state"] == "running" for r in replies[:-2])
    assert replies[-1]["state"] == "done" and replies[-1]["documents"]["ok"] == 50 and replies[-1]["window"]["now"] == 0


def test_an_export_comes_in_pieces(service):
    documents = [{"_id": i, "text": "ü" * 100} for i in range(2500)]
    for part in (documents[:1200], documents[1200:]):
        service.call("Import", collection="test.samples", lines=lines(part))
    pieces = [reply["lines"] for reply in service.stream("Export", collection="test.samples")]
    assert len(pieces) > 2 and all(len(piece.encode()) < 2 * 1024 * 1024 for piece in pieces)
    assert [json.loads(line) for piece in pieces for line in piece.splitlines()] == documents
    (piece,) = service.stream("Export", collection="test.samples", filter={"_id": {"$in": [7, 2400]}})
    assert [json.loads(line)["_id"] for line in piece["lines"].splitlines()] == [7, 2400]


def test_documents_that_are_there_are_skipped(service):
    first = service.call("Import", collection="test.a", lines=lines({"_id": i, "v": 1} for i in range(10)))
    again = service.call("Import", collection="test.a", lines="\n" + lines({"_id": i, "v": 2} for i in range(5, 15)) + "\n")
    assert first == {"inserted": 10, "skipped": 0} and again == {"inserted": 5, "skipped": 5}
    (piece,) = service.stream("Export", collection="test.a")
    assert [json.loads(line)["v"] for line in piece["lines"].splitlines()] == [1] * 10 + [2] * 5


@pytest.mark.parametrize("method, parameters, where", [
    ("Retry", {"job": "ended", "status": 404.5}, "status"),
    ("Set", {"job": "paused", "settings": {"rate": 5}}, "rate"),
])
def test_values_of_another_type_than_declared_are_named(settled, method, parameters, where):
    with Wire(settled.daemon) as wire:
        reply = wire.call(f"org.reqd.{method}", parameters)
        assert reply["error"] == "org.reqd.InvalidInput" and reply["parameters"]["where"] == where
