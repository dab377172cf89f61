"""The real programs against real stores and a test API: what every flow test starts from.

REQD_BUILD names the Meson build folder; ./check sets it.
"""

import os
import pathlib
import socket
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from programs import Api, Daemon, MongoServer, Workplace  # noqa: E402


@pytest.fixture(scope="session")
def build():
    return pathlib.Path(os.environ.get("REQD_BUILD", "build")).resolve()


@pytest.fixture(scope="session")
def full():
    """Whether the long forms of the tests are asked for: ./check --full."""
    return bool(os.environ.get("REQD_TEST_FULL"))


@pytest.fixture
def workplace(build, tmp_path_factory):
    """A folder of this test's own, and the end of everything that it started."""
    # Unix sockets have short paths; pytest's own folders may be too long.
    place = Workplace(build, tmp_path_factory.mktemp("reqd", numbered=True))
    yield place
    place.end()


@pytest.fixture(scope="module")
def shared_workplace(build, tmp_path_factory):
    """The same for all tests of a module, where none of them changes anything."""
    place = Workplace(build, tmp_path_factory.mktemp("shared", numbered=True))
    yield place
    place.end()


@pytest.fixture
def api(workplace):
    """The test API, answering at once."""
    return Api(workplace)


@pytest.fixture(scope="session")
def mongo_server(build, tmp_path_factory):
    """A MongoDB-compatible server for all tests: REQD_TEST_MONGODB_URI, or the one that ./check installs."""
    server = MongoServer(tmp_path_factory.mktemp("mongo"))
    yield server
    server.end()


@pytest.fixture(params=["sqlite", "mongodb"])
def store_uri(request, workplace):
    """A fresh store of each kind."""
    if request.param == "sqlite":
        return f"sqlite:{workplace.path}/reqd.db"
    return request.getfixturevalue("mongo_server").fresh_uri()


@pytest.fixture
def sqlite_uri(workplace):
    return f"sqlite:{workplace.path}/reqd.db"


@pytest.fixture
def daemon(workplace, store_uri):
    """A running daemon on a fresh store of each kind."""
    return Daemon(workplace, store_uri)


@pytest.fixture
def sqlite_daemon(workplace, sqlite_uri):
    return Daemon(workplace, sqlite_uri)
