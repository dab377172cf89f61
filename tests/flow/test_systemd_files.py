"""The files that are installed beside the programs agree with what the programs say."""

import pathlib
import re

from programs import Daemon

SYSTEMD = pathlib.Path(__file__).resolve().parents[2] / "systemd"
EXAMPLES = {"Store.URI", "Store.URIFile", "Network.AllowAddress", "Network.DenyAddress", "Network.CAFile", "Network.Proxy",
            "Control.Socket"}


def assignments(text):
    """(path, value) of each assignment, commented out or not."""
    section = None
    for line in text.splitlines():
        header = re.fullmatch(r"\[(\w+)\]", line)
        assignment = re.fullmatch(r"#?(\w+)=(.*)", line)
        if header:
            section = header[1]
        elif assignment:
            yield f"{section}.{assignment[1]}", assignment[2]


def test_the_packaged_configuration_shows_every_setting_with_its_default(workplace, sqlite_uri):
    daemon = Daemon(workplace, "sqlite:unused", start=False)
    daemon.config.write_text(f"[Store]\nURI={sqlite_uri}\n[Control]\nSocket={daemon.socket}\n")
    daemon.start()
    settings = {s["name"]: s["value"] for s in daemon.json("config")["settings"]}
    shown = list(assignments((SYSTEMD / "reqd.conf").read_text()))
    assert [path for path, _ in shown] == list(settings), "each once, in the table's order"
    for path, value in shown:
        assert value == settings[path] if path not in EXAMPLES else value, path


def test_the_packaged_configuration_says_what_needs_a_restart(build):
    manual = (build / "man/reqd.conf.5").read_text().partition(".Sh ADDRESSES")[0]
    needs = {item.split()[0] for item in manual.split(".It Cm ")[1:] if "A change needs a restart." in item}
    said = set()
    for block in (SYSTEMD / "reqd.conf").read_text().split("\n\n"):
        if " Restart.\n" in block:
            said |= {line.lstrip("#").partition("=")[0] for line in block.splitlines() if re.match(r"#?\w+=", line)}
    assert said == needs


def test_only_the_store_is_set_in_the_packaged_configuration():
    text = (SYSTEMD / "reqd.conf").read_text()
    assert [line for line in text.splitlines() if line and line[0] not in "#["] == ["URI=sqlite:/var/lib/reqd/reqd.db"]


def test_the_units_start_nothing_that_a_small_installation_lacks():
    for unit in SYSTEMD.glob("reqd.s*"):
        for program in re.findall(r"^Exec\w+=(\S+)", unit.read_text(), re.M):
            assert program in ("@SBINDIR@/reqd", "/bin/sh"), f"{unit.name}: {program}"
