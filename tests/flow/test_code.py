"""What the code keeps: includes go down the floors, files and functions stay small."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]

# DESIGN: a file includes only from its own floor or below.
FLOORS = {
    "common": 0,
    "daemon/spec": 1,
    "daemon/measure": 1,
    "daemon/policy": 2,
    "daemon/store": 3,
    "daemon/http": 3,
    "daemon/system": 3,
    "daemon/job": 4,
    "daemon/control": 5,
    "daemon": 5,
    "ctl": 6,
}

# A third party's header appears only in its adapter.
ADAPTERS = {
    "curl/": ["daemon/http"],
    "zlib.h": ["daemon/http/decoder"],
    "brotli/": ["daemon/http/decoder"],
    "zstd": ["daemon/http/decoder"],
    "openssl/": ["daemon/http/idempotency_key"],
    "mongoc": ["daemon/store/mongo"],
    "sqlite3.h": ["daemon/store/sqlite"],
    "yajl/": ["common/json", "daemon/store/json"],
    "ini.h": ["daemon/spec/config"],
    "libsmartcols": ["ctl/table"],
    "csv.h": ["ctl/import_csv"],
    "pcre2.h": ["daemon/policy/pattern"],
    "systemd/": ["daemon/system", "common/log"],
    "event2/": ["daemon/store", "daemon/http", "daemon/system", "daemon/job", "daemon/control", "daemon/daemon", "daemon/service"],
    "bson": ["daemon"],
}

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70


def sources():
    for folder in ("common", "daemon", "ctl"):
        yield from sorted(p.relative_to(ROOT) for p in (ROOT / folder).rglob("*.[ch]"))


def floor_of(path):
    return FLOORS[str(path.parent)]


def includes(path, pattern):
    return re.findall(pattern, (ROOT / path).read_text(), re.MULTILINE)


def test_includes_never_go_up():
    wrong = []
    for path in sources():
        for name in includes(path, r'^#include "([^"]+)"'):
            assert (ROOT / name).exists(), f"{path} includes {name} by another path than the root's"
            if floor_of(pathlib.PurePath(name)) > floor_of(path):
                wrong.append(f"{path} includes {name}")
    assert not wrong


def test_third_party_headers_stay_in_their_adapters():
    wrong = []
    for path in sources():
        for name in includes(path, r"^#include <([^>]+)>"):
            for prefix, adapters in ADAPTERS.items():
                if name.startswith(prefix) and not any(str(path).startswith(a) for a in adapters):
                    wrong.append(f"{path} includes <{name}>")
    assert not wrong


def test_files_are_small():
    counts = {str(p): len((ROOT / p).read_text().splitlines()) for p in all_sources()}
    assert not {p: n for p, n in counts.items() if n > FILE_LINES_MAX}


def all_sources():
    yield from sources()
    yield from sorted(p.relative_to(ROOT) for p in (ROOT / "tests").rglob("*.[ch]"))
    yield from sorted(p.relative_to(ROOT) for p in (ROOT / "tests").rglob("*.py"))


def functions(path):
    """(name, lines) of each function: from the line of its opening brace to the closing one in the first column."""
    start = name = None
    for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
        if start is None and line.endswith("{") and not line.startswith((" ", "}", "#")) and "(" in line:
            start, name = number, line
        elif start is None and line.endswith("{") and line.startswith("        ") and ")" in line:
            continue
        elif line == "}" and start is not None:
            yield name, number - start + 1
            start = None


def test_functions_are_small():
    long = [f"{p}: {name} ({lines})" for p in sources() for name, lines in functions(p) if lines > FUNCTION_LINES_MAX]
    assert not long


def test_every_header_says_what_it_is_for():
    silent = [str(p) for p in sources() if p.suffix == ".h" and "/*" not in (ROOT / p).read_text()]
    assert not silent


def test_nothing_is_left_unfinished():
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert not [str(p) for p in sources() if marks.search((ROOT / p).read_text())]
