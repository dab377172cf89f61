"""The message catalog, as journalctl reads it."""

import re
import shutil
import subprocess


def journalctl(root, *arguments):
    result = subprocess.run(["journalctl", f"--root={root}", *arguments], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0 and not result.stderr, result.stderr
    return result.stdout


def test_journalctl_takes_the_catalog_and_every_event_is_explained(build, tmp_path):
    catalog = tmp_path / "usr/lib/systemd/catalog"
    catalog.mkdir(parents=True)
    shutil.copy(build / "systemd/reqd.catalog", catalog)
    journalctl(tmp_path, "--update-catalog")

    text = journalctl(tmp_path, "--dump-catalog")
    entries = dict(re.findall(r"^-- ([0-9a-f]{32})\n(.*?)(?=^-- |\Z)", text, re.MULTILINE | re.DOTALL))
    table = (build / "systemd/reqd.catalog").read_text()
    assert sorted(entries) == sorted(re.findall(r"^-- (.*)$", table, re.MULTILINE)) and len(entries) > 20
    for entry in entries.values():
        head, _, explanation = entry.partition("\n\n")
        assert re.match(r"Subject: \S.*\nDefined-By: reqd\nDocumentation: man:", head), entry
        assert len(explanation) > 40, entry
    assert "Job @JOB@ is paused" in text and "reqctl resume" in text
