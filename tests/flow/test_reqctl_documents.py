"""Documents in and out by reqctl: nothing is lost, nothing half inserted, every type comes back as it was."""

import json
import os

import pytest

MIXED = [
    {"_id": None}, {"_id": -5}, {"_id": 7}, {"_id": 8.5}, {"_id": 9007199254740993},
    {"_id": "text"}, {"_id": "Ünïcode \U0001f600"}, {"_id": ""}, {"_id": {"a": 1, "b": 2}},
    {"_id": {"$binary": {"base64": "AAEC", "subType": "00"}}}, {"_id": {"$oid": "0123456789abcdef01234567"}},
    {"_id": False}, {"_id": True}, {"_id": {"$date": "2026-11-23T12:00:00.000Z"}}, {"_id": {"$timestamp": {"t": 5, "i": 1}}},
]

VALUES = {
    "_id": 1, "int": 2147483647, "long": 1099511627776, "double": 0.1, "big": 1e300,
    "decimal": {"$numberDecimal": "0.10"}, "nan": {"$numberDouble": "NaN"}, "null": None, "bool": True,
    "date": {"$date": "2026-02-03T04:05:06.789Z"}, "early": {"$date": {"$numberLong": "-312753293211"}},
    "regex": {"$regularExpression": {"pattern": "^a", "options": "i"}},
    "text": "line\nend \"quoted\" \\ \u0000 \U0001f600", "array": [1, [2, {"a": None}], []], "object": {"x": {"y": {}}},
    "min": {"$minKey": 1}, "max": {"$maxKey": 1}, "bin": {"$binary": {"base64": "/w==", "subType": "80"}},
}


def lines(documents):
    return "".join(json.dumps(document) + "\n" for document in documents)


def put(workplace, name, text):
    path = workplace.path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def by_text(documents):
    return sorted(json.dumps(document, sort_keys=True) for document in documents)


def test_every_type_comes_back_as_it_was(daemon, workplace):
    collection = daemon.collection("types")
    daemon.ctl("import", collection, put(workplace, "in.jsonl", lines([VALUES])))
    assert daemon.documents(collection) == [VALUES]


def test_mixed_ids_go_in_and_out_and_in_again(daemon, workplace):
    documents = [{**document, "i": i} for i, document in enumerate(MIXED)]
    result = daemon.ctl("import", daemon.collection("a"), put(workplace, "in.jsonl", lines(documents)))
    assert result.stdout == f"{len(MIXED)} documents imported\n"

    out = workplace.path / "out.jsonl"
    result = daemon.ctl("export", daemon.collection("a"), out)
    assert result.stdout == "" and f"{len(MIXED)} documents exported to {out}" in result.stderr
    assert by_text(map(json.loads, out.read_text().splitlines())) == by_text(documents)
    daemon.ctl("import", daemon.collection("b"), out)
    assert daemon.ctl("export", daemon.collection("b"), "-").stdout == out.read_text()


def test_an_exported_collection_with_outcomes_is_taken_up_where_it_stood(daemon, api, workplace):
    daemon.insert_urls(daemon.collection("a"), api, 20, "fail=50&status=404")
    daemon.ctl("submit", "--collection", daemon.collection("a"), "--follow", check=False)
    before = daemon.documents(daemon.collection("a"))
    answered = {d["i"] for d in before if "response" in d}
    assert 0 < len(answered) < 20

    daemon.ctl("import", daemon.collection("b"), "-", input=lines(before))
    assert by_text(daemon.documents(daemon.collection("b"))) == by_text(before)
    api.reset()
    daemon.ctl("submit", "--collection", daemon.collection("b"), "--follow", check=False)
    assert set(api.ids()) == {str(i) for i in range(20) if i not in answered}


def test_documents_that_are_there_are_skipped_and_counted(daemon):
    collection = daemon.collection()
    daemon.insert(collection, [{"_id": i, "v": 1} for i in range(10)])
    result = daemon.insert(collection, [{"_id": i, "v": 2} for i in range(5, 15)])
    assert result.stdout == "5 documents imported, 5 skipped: their _id is already there\n"
    assert [d["v"] for d in daemon.documents(collection)] == [1] * 10 + [2] * 5


def test_many_documents_go_in_several_calls(daemon):
    collection = daemon.collection()
    documents = [{"_id": i, "text": "x" * 400} for i in range(30000)]
    assert daemon.insert(collection, documents).stdout == "30000 documents imported\n"
    assert daemon.documents(collection) == documents


WRONG_LINES = [
    # what stands in line 3, a part of the message
    ('{"_id": ', "line 3"),
    ("{'a': 1}", "line 3"),
    ('{"a": 1} {"a": 2}', "line 3"),
    ("[1, 2]", "line 3"),
    ("5", "line 3"),
    ('{"_id": {"$oid": "short"}}', "line 3"),
    ('{"a": NaN}', "line 3"),
    ('{"a": ' * 200 + "1" + "}" * 200, "line 3"),
    ('{"a\\u0000b": 1}', "line 3"),
    (b'{"a": "\xff"}', "line 3: the text is not UTF-8"),
    (b'{"a": 1}\0{"a": 2}', "line 3: there is a NUL"),
    (b'{"a": 1}\0', "line 3: there is a NUL"),
]


@pytest.mark.parametrize("wrong, said", WRONG_LINES)
def test_a_wrong_line_is_named_and_nothing_is_inserted(sqlite_daemon, workplace, wrong, said):
    wrong = wrong if isinstance(wrong, bytes) else wrong.encode()
    path = put(workplace, "in.jsonl", b'{"_id": 1}\n\n' + wrong + b'\n{"_id": 4}\n')
    result = sqlite_daemon.ctl("import", "test.samples", path, check=False)
    assert result.returncode == 2 and result.stdout == ""
    assert result.stderr.startswith(f"reqctl: {path}: {said}"), result.stderr
    assert sqlite_daemon.documents("test.samples") == []


def test_a_wrong_line_far_behind_says_what_was_imported_before(sqlite_daemon, workplace):
    documents = lines({"_id": i, "text": "x" * 400} for i in range(30000))
    path = put(workplace, "in.jsonl", documents + "oops\n")
    result = sqlite_daemon.ctl("import", "test.samples", path, check=False)
    assert result.returncode == 1 and f"{path}: line 30001: " in result.stderr
    there = len(sqlite_daemon.documents("test.samples"))
    assert 0 < there <= 30000 and f"{there} documents were imported before that" in result.stderr


def test_an_array_of_documents_is_refused_with_what_makes_lines_of_it(sqlite_daemon):
    result = sqlite_daemon.ctl("import", "test.samples", "-", input='[{"_id": 1},\n{"_id": 2}]\n', check=False)
    assert result.returncode == 2 and "standard input: line 1: this is a JSON array" in result.stderr and "jq -c" in result.stderr


def test_blank_lines_a_byte_order_mark_and_no_last_line_end(sqlite_daemon, workplace):
    path = put(workplace, "in.jsonl", b'\xef\xbb\xbf{"_id": 1}\r\n\r\n   \n  {"_id": 2}  \n{"_id": 3}')
    sqlite_daemon.ctl("import", "test.samples", path)
    assert [d["_id"] for d in sqlite_daemon.documents("test.samples")] == [1, 2, 3]


@pytest.mark.parametrize("name, options", [("in.csv", []), ("in.txt", ["--csv"])])
def test_csv_with_a_header_line(sqlite_daemon, workplace, name, options):
    text = '_id,name,size,note\n1,"Müller, ""the"" 1st",5,\n2,two\nlines?,,\n'.replace("two\nlines?", '"two\nlines"')
    result = sqlite_daemon.ctl("import", "test.samples", put(workplace, name, text + "03,007,1.50,x\n"), *options)
    assert result.stdout == "3 documents imported\n"
    assert by_text(sqlite_daemon.documents("test.samples")) == by_text([
        {"_id": 1, "name": 'Müller, "the" 1st', "size": 5}, {"_id": 2, "name": "two\nlines"},
        {"_id": "03", "name": "007", "size": 1.5, "note": "x"},
    ])


@pytest.mark.parametrize("text, said", [
    ("_id,a\n1,2\n3,4,5\n", "line 3: more cells than the 2"),
    ("_id,a,a\n1,2,3\n", "line 1: two columns are called a"),
    ("_id,,b\n1,2,3\n", "line 1: column 2 has no name"),
    ('_id,a\n1,2\n3,"open\n', "line 3: a quote"),
    ('_id,a\n1,b"c\n', "line 2: a quote"),
    ("_id,$oid\n1,2\n", "line 1: "),
])
def test_wrong_csv_is_named_by_its_line(sqlite_daemon, workplace, text, said):
    path = put(workplace, "in.csv", text)
    result = sqlite_daemon.ctl("import", "test.samples", path, check=False)
    assert result.returncode == 2 and result.stderr.startswith(f"reqctl: {path}: {said}"), result.stderr
    assert sqlite_daemon.documents("test.samples") == []


def test_imports_into_what_is_no_collection(sqlite_daemon):
    for collection in ("samples", "test.", "test.reqd_jobs"):
        result = sqlite_daemon.ctl("import", collection, "-", input='{"_id": 1}\n', check=False)
        assert result.returncode == 2 and result.stderr.startswith("reqctl: collection: "), result.stderr


def test_an_export_of_what_matches(daemon):
    collection = daemon.collection()
    daemon.insert(collection, [{"_id": i, "tags": ["a", "b"] if i % 2 else ["c"]} for i in range(10)])
    out = daemon.ctl("export", collection, "--filter", '{"tags": "b", "_id": {"$gte": 5}}').stdout
    assert [json.loads(line)["_id"] for line in out.splitlines()] == [5, 7, 9]
    assert daemon.ctl("export", daemon.collection("nothing")).stdout == ""


def test_an_export_file_is_there_whole_or_not_at_all(daemon, workplace):
    collection, out = daemon.collection(), workplace.path / "out.jsonl"
    daemon.insert(collection, [{"_id": 1}])
    out.write_text("before")
    result = daemon.ctl("export", collection, out, "--filter", '{"a": {"$nope": 1}}', check=False)
    assert result.returncode in (1, 2) and out.read_text() == "before"
    daemon.ctl("export", collection, out)
    assert out.read_text() == '{"_id":1}\n'
    assert [p.name for p in workplace.path.iterdir() if ".part" in p.name] == []
    daemon.ctl("export", collection, "/dev/null")
    assert os.path.exists("/dev/null") and not os.path.isfile("/dev/null")


def test_a_full_disk_is_an_error(sqlite_daemon):
    sqlite_daemon.insert("test.samples", [{"_id": i} for i in range(100)])
    result = sqlite_daemon.ctl("export", "test.samples", "/dev/full", check=False)
    assert result.returncode == 1 and "/dev/full: No space left" in result.stderr
