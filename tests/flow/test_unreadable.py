"""A job's record that nobody understands is told, shown, and neither deleted nor overwritten."""

import json
import sqlite3

import pymongo

ID = "65a000000000000000000009"


def is_mongodb(daemon):
    return daemon.store.startswith("mongodb:")


def damage(daemon, workplace):
    """Puts a record into the store whose state no version knows. Returns how to read it again."""
    if is_mongodb(daemon):
        with pymongo.MongoClient(daemon.store) as client:
            record = {"_id": pymongo.collection.ObjectId(ID), "name": "samples", "spec": "{}", "state": "levitating"}
            client[daemon.database].reqd_jobs.insert_one(record)
        return
    with sqlite3.connect(workplace.path / "reqd.db") as db:
        record = {"_id": {"$oid": ID}, "name": "samples", "spec": "{}", "state": "levitating"}
        db.execute("insert into jobs (id, name, record) values (?, 'samples', ?)", (ID, json.dumps(record)))
    db.close()


def states(daemon, workplace):
    """The states of all records of that name."""
    if is_mongodb(daemon):
        with pymongo.MongoClient(daemon.store) as client:
            return [r["state"] for r in client[daemon.database].reqd_jobs.find({"name": "samples"})]
    with sqlite3.connect(workplace.path / "reqd.db") as db:
        return [json.loads(r)["state"] for (r,) in db.execute("select record from jobs where name = 'samples'")]


def test_a_damaged_record_is_told_shown_and_left_alone(daemon, workplace):
    assert daemon.stop() == 0
    damage(daemon, workplace)
    daemon.start()
    assert f"job samples ({ID}) is left alone, its record is not understood" in daemon.log.read_text()
    (shown,) = daemon.json("status")["daemon"]["unreadable"]
    assert shown["name"] == "samples" and shown["id"] == ID and shown["reason"]
    assert f"The record of job samples ({ID}) is not understood" in daemon.ctl("status").stdout

    for command in (("submit", "samples", "--collection", daemon.collection()), ("status", "samples"), ("delete", ID)):
        refused = daemon.ctl(*command, check=False)
        assert refused.returncode == 1 and "does not understand, and leaves it alone" in refused.stderr, command
    daemon.ctl("submit", "other", "--collection", daemon.collection(), "--follow")
    assert states(daemon, workplace) == ["levitating"]
