"""reqd as a service of a booted systemd: what every system test starts from.

REQD_BUILD_SYSTEM names a Meson build folder without sanitizers, configured with --prefix=/usr; ./check sets it.
"""

import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from machine import Machine  # noqa: E402
from service import Api, MongoServer, Service, WaitingUnit  # noqa: E402


@pytest.fixture(scope="session")
def build():
    return pathlib.Path(os.environ.get("REQD_BUILD_SYSTEM", "build-system")).resolve()


@pytest.fixture(scope="session")
def bare_machine(tmp_path_factory):
    """A booted systemd without reqd, one for all tests: who changes it says how it is put back."""
    machine = Machine(tmp_path_factory.mktemp("machine") / "boot.log")
    yield machine
    machine.end()


@pytest.fixture(scope="session")
def machine(bare_machine, build, tmp_path_factory):
    """The same with reqd installed by `meson install`, and two people: alice of the group reqd, and mallory."""
    machine, stage = bare_machine, tmp_path_factory.mktemp("stage")
    subprocess.run(
        ["meson", "install", "-C", build, "--no-rebuild", "--destdir", stage], check=True, stdout=subprocess.DEVNULL
    )
    machine.put_tree(stage)
    machine.put_file(build / "tests/testapi/reqd-testapi", "/usr/local/bin/reqd-testapi", mode="0755")
    machine.run("systemd-sysusers")
    machine.run("systemd-tmpfiles", "--create", "reqd.conf")
    machine.run("journalctl", "--update-catalog")
    machine.run("useradd", "--create-home", "--groups", "reqd", "alice")
    machine.run("useradd", "--create-home", "mallory")
    machine.systemctl("daemon-reload")
    machine.waiting = WaitingUnit(machine)  # begun here, because what it waits for takes a minute
    return machine


@pytest.fixture(scope="session")
def testapi(machine):
    api = Api(machine)
    yield api
    api.end()


@pytest.fixture
def api(testapi):
    """The test API, answering at once, its counters at 0."""
    testapi.reset()
    return testapi


@pytest.fixture
def fresh(machine):
    """The service as it is after the installation: nothing runs, nothing is stored, the settings are the package's."""
    service = Service(machine)
    service.reset()
    yield service
    service.reset()


@pytest.fixture
def service(fresh):
    """The service, running, allowed to ask the test API."""
    fresh.configure("[Network]\nAllowAddress=127.0.0.0/8\n")
    fresh.systemctl("start", "reqd")
    return fresh


@pytest.fixture(scope="session")
def mongodb(machine, tmp_path_factory):
    """The URI of a MongoDB-compatible server in the machine's network."""
    server = MongoServer(machine, tmp_path_factory.mktemp("mongodb"))
    yield server.uri
    server.end()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failure comes with what the journal says."""
    outcome = yield
    report, machine = outcome.get_result(), item.funcargs.get("machine") if hasattr(item, "funcargs") else None
    if report.failed and machine:
        entries = machine.run("journalctl", "--no-pager", "-n", "60", "-o", "short-precise", check=False).stdout
        report.sections.append(("journal", entries))
