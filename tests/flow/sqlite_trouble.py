"""An SQLite store in trouble: it says no, or somebody else holds it."""

import contextlib
import sqlite3


@contextlib.contextmanager
def no_to(workplace, operation, table):
    """A store that answers no to one kind of write."""
    db = sqlite3.connect(workplace.path / "reqd.db", timeout=10, isolation_level=None)
    db.execute(f"create trigger no_{table} before {operation} on {table} begin select raise(abort, 'not today'); end")
    try:
        yield
    finally:
        db.execute(f"drop trigger no_{table}")
        db.close()


@contextlib.contextmanager
def locked(workplace):
    db = sqlite3.connect(workplace.path / "reqd.db", timeout=10, isolation_level=None)
    db.execute("begin immediate")
    try:
        yield
    finally:
        db.execute("rollback")
        db.close()
