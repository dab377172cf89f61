"""What the Debian package says against what the tree needs."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_the_package_is_built_with_the_libraries_that_the_build_needs():
    needed = re.search(r"build_packages=\((.*?)\)", (ROOT / "tests/tools/install").read_text(), re.S).group(1).split()
    control = (ROOT / "packaging/debian/control").read_text()
    named = re.search(r"^Build-Depends:(.*?)\n\n", control, re.M | re.S).group(1)
    named = {item.split()[0] for item in named.split(",")}
    assert {package for package in needed if package.startswith("lib") and package != "libc6-dev"} <= named


def test_the_package_has_the_version_of_the_project():
    version = re.search(r"version : '([^']+)'", (ROOT / "meson.build").read_text()).group(1)
    assert (ROOT / "packaging/debian/changelog").read_text().startswith(f"reqd ({version}) ")
