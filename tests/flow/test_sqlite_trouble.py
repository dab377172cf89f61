"""An SQLite store in trouble: the disk is full, the file is gone or read-only, somebody reads or locks it for long."""

import os
import pathlib
import shutil
import sqlite3
import subprocess

import pytest

from programs import DEADLINE, Daemon, wait_until
from trouble import ask_all_the_while, say_store

N = 300
DISK = "8m"


def refused_by_store(status):
    return status["state"] == "paused" and (status["reason"] or "").startswith("store refuses: ")


def outcomes(path, n):
    """As they are in the file."""
    with sqlite3.connect(path, timeout=10) as db:
        (found,) = db.execute("select count(*) from outcomes").fetchone()
        (ok,) = db.execute("select count(*) from outcomes where state = 'ok' and response is not null").fetchone()
        (sound,) = db.execute("pragma integrity_check").fetchone()
    db.close()
    return found == ok == n and sound == "ok"


def assert_once_each(api, n):
    asked = api.ids()
    assert len(asked) == n and set(asked.values()) == {1}


def start_within(workplace, daemon, prepare):
    """Starts reqd in a mount namespace of its own, after a shell command."""
    script = f'{prepare} && exec "$0" --config "$1"'
    command = ["unshare", "-m", "sh", "-ec", script, workplace.build / "daemon/reqd", daemon.config]
    daemon.process = workplace.start_daemon(command, daemon.log, daemon.env)


@pytest.fixture
def small_disk(workplace):
    """A daemon whose file is on a disk of its own, and where that is for us."""
    place = workplace.path / "disk"
    place.mkdir()
    daemon = Daemon(workplace, f"sqlite:{place}/reqd.db", start=False)
    start_within(workplace, daemon, f"mount -t tmpfs -o size={DISK} tmpfs {place}")
    wait_until(daemon.answers, "reqd answers")
    return daemon, pathlib.Path(f"/proc/{daemon.process.pid}/root{place}")


def fill(path):
    with open(path, "wb", buffering=0) as filler:
        try:
            while filler.write(bytes(4096)):
                pass
        except OSError:
            pass


def test_a_full_disk_pauses_the_job_and_loses_nothing(small_disk, workplace, api):
    daemon, place = small_disk
    daemon.insert_urls(daemon.collection(), api, N, "size=4000")
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--paused")
    fill(place / "filler")
    daemon.ctl("resume", "samples")
    status = daemon.wait_status("samples", refused_by_store, "it pauses")
    assert "full" in status["reason"]
    assert ask_all_the_while(daemon) < 5000
    assert daemon.process.poll() is None
    (place / "filler").unlink()
    daemon.ctl("resume", "samples")
    assert daemon.wait("samples").returncode == 0
    for name in ("reqd.db", "reqd.db-wal"):  # SQLite would look for the file in a namespace of ours
        shutil.copy(place / name, workplace.path / name)
    assert outcomes(workplace.path / "reqd.db", N)
    assert_once_each(api, N)


def test_a_file_that_is_taken_away_pauses_the_job(sqlite_daemon, workplace, api):
    daemon = sqlite_daemon
    daemon.insert_urls(daemon.collection(), api, N, "delay=50")
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", "20")
    daemon.wait_status("samples", lambda s: s["documents"]["ok"] >= 20, "some answers")
    os.rename(workplace.path / "reqd.db", workplace.path / "elsewhere")
    status = daemon.wait_status("samples", refused_by_store, "it pauses")
    assert "was removed, or another file is in its place" in status["reason"]
    assert not (workplace.path / "reqd.db").exists(), "nobody made a new one"
    os.rename(workplace.path / "elsewhere", workplace.path / "reqd.db")
    daemon.ctl("resume", "samples")
    assert daemon.wait("samples").returncode == 0
    assert outcomes(workplace.path / "reqd.db", N)
    assert_once_each(api, N)


def test_a_read_only_file_is_told_at_the_start(workplace):
    place = workplace.path / "disk"
    place.mkdir()
    first = Daemon(workplace, f"sqlite:{place}/reqd.db")
    assert first.stop() == 0
    script = 'mount --bind "$2" "$2" && mount -o remount,ro,bind "$2" && exec "$0" --config "$1"'
    command = ["unshare", "-m", "sh", "-ec", script, workplace.build / "daemon/reqd", first.config, place]
    refused = subprocess.run(command, capture_output=True, text=True, env=first.env, timeout=DEADLINE)
    assert refused.returncode == 2 and str(place) in refused.stderr and "Read-only" in refused.stderr


def test_a_long_read_by_somebody_else_does_not_stop_the_daemon(sqlite_daemon, workplace, api):
    daemon = sqlite_daemon
    daemon.insert_urls(daemon.collection(), api, 2 * N, "size=32000")
    reader = sqlite3.connect(workplace.path / "reqd.db", isolation_level=None)
    reader.execute("begin")
    reader.execute("select count(*) from documents").fetchone()
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "--limit", N)
    daemon.wait("samples", "--for", "paused")
    assert daemon.status("samples")["documents"]["ok"] == N
    assert reader.execute("select count(*) from outcomes").fetchone() == (0,), "it sees what it saw at first"
    grown = (workplace.path / "reqd.db-wal").stat().st_size
    assert grown > N * 32000, "nothing of the log can go into the file meanwhile"
    reader.execute("rollback")
    reader.close()
    daemon.ctl("resume", "samples", "--limit", "none")
    assert daemon.wait("samples").returncode == 0
    assert (workplace.path / "reqd.db-wal").stat().st_size < grown * 1.5, "the log is used again from its beginning"
    assert outcomes(workplace.path / "reqd.db", 2 * N)


def test_a_lock_that_somebody_holds_for_long_is_waited_for(sqlite_daemon, workplace, api):
    daemon = sqlite_daemon
    daemon.insert_urls(daemon.collection(), api, N, "delay=50")
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", "20")
    daemon.wait_status("samples", lambda s: s["documents"]["ok"] >= 20, "some answers")
    other = sqlite3.connect(workplace.path / "reqd.db", timeout=10, isolation_level=None)
    other.execute("begin immediate")
    assert "locked" in say_store(daemon)
    assert ask_all_the_while(daemon) < 5000
    reply = daemon.json("set", "samples", "concurrency=30")
    assert reply["stored"] is False
    other.execute("rollback")
    other.close()
    assert daemon.wait("samples").returncode == 0
    assert outcomes(workplace.path / "reqd.db", N)
    assert_once_each(api, N)
    assert daemon.log.read_text().count("the store does not answer") == 1
    assert daemon.json("show", "samples")["changed"] == {"concurrency": "30"}


def test_documents_that_are_deleted_meanwhile_are_gone(sqlite_daemon, workplace, api):
    daemon = sqlite_daemon
    daemon.insert_urls(daemon.collection(), api, N, "delay=300")
    daemon.ctl("submit", "samples", "--collection", daemon.collection(), "-n", "20")
    wait_until(lambda: api.in_flight() == 20, "20 in flight")
    with sqlite3.connect(workplace.path / "reqd.db", timeout=10) as db:
        db.execute("delete from documents where json_extract(doc, '$.i') < 60")
    db.close()
    assert daemon.wait("samples").returncode == 0
    status = daemon.status("samples")
    assert status["documents"]["gone"] >= 20 and status["documents"]["ok"] == N - 60
    assert outcomes(workplace.path / "reqd.db", N - 60)
