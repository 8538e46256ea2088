"""Every format gives back what it was given, in value and type."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynarepo.cli._exits import CommandError, Exit
from dynarepo.cli._formats import FORMATS, format_of
from tests.cli.items import EVERY_TYPE, items


def back(name: str, given_items: list[Any], path: Path) -> list[Any]:
    """Write items in a format, and read them again."""
    FORMATS[name].write(path, lambda: iter(given_items))
    return list(FORMATS[name].read(path, {}))


@pytest.mark.parametrize("name", FORMATS)
@given(found=st.lists(items, max_size=5))
def test_a_format_gives_back_what_it_was_given(name: str, found: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert back(name, found, Path(folder) / "items") == found


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_every_type_comes_back(name: str, ending: str, tmp_path: Path) -> None:
    found = [EVERY_TYPE, {"text": {"N": "1"}}, {"text": {"S": "x"}, "number": {"N": "2"}}]
    assert back(name, found, tmp_path / f"items{ending}") == found


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_says_how_many_items_it_has(name: str, tmp_path: Path) -> None:
    found = [{"n": {"N": str(number)}} for number in range(12)]
    assert back(name, found, tmp_path / "items") == found
    assert FORMATS[name].count(tmp_path / "items") == 12


@pytest.mark.parametrize("name", FORMATS)
def test_no_items_are_a_file_of_none(name: str, tmp_path: Path) -> None:
    assert back(name, [], tmp_path / "items") == []


def test_names_and_endings_tell_the_format() -> None:
    cases = ("a.jsonl", "a.ndjson.gz", "a.csv", "b.parquet", "c.json", "c.json.gz")
    names = [format_of(Path(path), None).name for path in cases]
    assert names == ["jsonl", "jsonl", "csv", "parquet", "dynamodb-json", "dynamodb-json"]
    assert format_of(Path("a.csv"), "jsonl").name == "jsonl"
    with pytest.raises(CommandError, match="the ending tells no format") as caught:
        format_of(Path("a.txt"), None)
    assert caught.value.code is Exit.USAGE


def test_lines_of_awss_export_are_read(tmp_path: Path) -> None:
    path = tmp_path / "data.json.gz"
    path.write_bytes(gzip.compress(b'{"Item":{"pk":{"S":"a"},"b":{"B":"AAE="},"n":{"NS":["1","2"]}}}\n\n'))
    (item,) = format_of(path, None).read(path, {})
    assert item == {"pk": {"S": "a"}, "b": {"B": "AAE="}, "n": {"NS": ["1", "2"]}}


def test_plain_csv_is_text_and_keys_have_the_types_of_the_table(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("pk,sk,note\na,1,\nb,2.5,x:y\n\n")
    assert list(FORMATS["csv"].read(path, {"pk": "S", "sk": "N"})) == [
        {"pk": {"S": "a"}, "sk": {"N": "1"}},
        {"pk": {"S": "b"}, "sk": {"N": "2.5"}, "note": {"S": "x:y"}},
    ]


def test_a_column_may_be_named_as_a_type_and_a_key_may_have_a_colon(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("S,a:b\nx,1\n")
    assert list(FORMATS["csv"].read(path, {"a:b": "N"})) == [{"S": {"S": "x"}, "a:b": {"N": "1"}}]


@pytest.mark.parametrize(
    ("name", "text"),
    [("csv", "pk\na\n"), ("jsonl", '{"pk":"a"}\n'), ("dynamodb-json", '{"Item":{"pk":{"S":"a"}}}\n')],
)
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_byte_order_mark_is_no_part_of_the_first_item(
    name: str, text: str, ending: str, tmp_path: Path
) -> None:
    path = tmp_path / f"items{ending}"
    content = text.encode("utf-8-sig")
    path.write_bytes(gzip.compress(content) if ending else content)
    assert list(FORMATS[name].read(path, {})) == [{"pk": {"S": "a"}}]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("attribute", ["\ufeffpk", "fine:n", "a:N", ":", "S"])
def test_odd_names_come_back(name: str, attribute: str, tmp_path: Path) -> None:
    found = [{attribute: {"S": "\ufeffa"}}]
    assert back(name, found, tmp_path / "items") == found


def test_parquet_of_somebody_else_is_read_by_its_types(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    row = {"s": "a", "i": 1, "f": 0.1, "b": b"\x00", "y": True, "l": [1, None], "m": {"x": "y"}, "z": None}
    pq.write_table(pa.Table.from_pylist([row]), path)
    (item,) = FORMATS["parquet"].read(path, {})
    assert item == {
        "s": {"S": "a"},
        "i": {"N": "1"},
        "f": {"N": "0.1"},
        "b": {"B": "AA=="},
        "y": {"BOOL": True},
        "l": {"L": [{"N": "1"}, {"NULL": True}]},
        "m": {"M": {"x": {"S": "y"}}},
    }


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (["1", "-5"], pa.int64()),
        (["1", str(2**63)], pa.decimal128(38, 0)),
        (["1.25", "100"], pa.decimal128(38, 2)),
        (["9" * 38, "0.1"], pa.string()),
        (["1E3"], pa.string()),
    ],
)
def test_parquet_has_numbers_in_the_narrowest_type_that_holds_all(
    numbers: list[str], expected: Any, tmp_path: Path
) -> None:
    assert back("parquet", [{"n": {"N": each}} for each in numbers], tmp_path / "n") == [
        {"n": {"N": each}} for each in numbers
    ]
    assert pq.read_schema(tmp_path / "n").field("n").type == expected


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("jsonl", b'{"a":1}\nsecret\n', "line 2: not JSON, from character 1 on"),
        ("jsonl", b'{"a":NaN}\n', "line 1: NaN and infinity cannot be stored"),
        ("jsonl", b'{"a":1e200}\n', "line 1: not a number that DynamoDB can store"),
        ("jsonl", b"[1]\n", "line 1: not a JSON object with at least one member"),
        ("jsonl", b'{"a":{"$SS":[]}}\n', "line 1: a set is a list that is not empty"),
        ("jsonl", b'{"a":{"$SS":[1]}}\n', "line 1: not text"),
        ("jsonl", b'{"a":{"$NS":["1"]}}\n', "line 1: not a number"),
        ("jsonl", b'{"a":{"$B":"secret!"}}\n', "line 1: binary that is not base64"),
        ("jsonl", b'{"a":{"$M":1}}\n', "line 1: not a map"),
        ("jsonl", b'{"a":"\\ud800"}\n', "line 1: a lone surrogate, which is no text"),
        ("jsonl", b'{"a":' + b"[" * 100_000, "line 1: nested deeper than DynamoDB stores"),
        ("jsonl", b'{"\\ud800":"secret"}\n', "line 1: a lone surrogate, which is no text"),
        ("jsonl", b'{"a":1}\n{"a":"\xff"}\n{"a":1}\n', "line 2: not UTF-8"),
        ("dynamodb-json", b'{"Item":{"a":{"S":"\\ud800"}}}\n', "line 1: a lone surrogate, which is no text"),
        ("dynamodb-json", b'{"a":1}\n', "line 1: not an item as"),
        ("dynamodb-json", b'{"Item":{}}\n', "line 1: not an item as"),
        ("dynamodb-json", b'{"Item":{"a":{"N":"secret"}}}\n', "line 1: not an item as"),
        ("csv", b"a:N\n1\nsecret\n", "row 3: a: not JSON"),
        ("csv", b"a:BOOL\n1\n", "row 2: a: not of the type BOOL"),
        ("csv", b"a:S\n1,2\n", "row 2: 2 cells, and 1 columns"),
        ("csv", b"a:S,a:N\nx,1\n", "row 2: two cells of one attribute"),
        ("csv", b'a:S\n"x\n', "not of this format, or cut off"),
        ("csv", b"a\xff:S\nx\n", "row 1: not UTF-8"),
        ("csv", b"a:S\nx\n\xff\n", "row 3: not UTF-8"),
        (
            "csv",
            b"pk:S,secret:n\na,secret\n",
            "row 1: column 2: the type behind the colon is one of S, N,",
        ),
        ("csv", b"a:\nsecret\n", "row 1: column 1: the type behind the colon is one of S, N,"),
        ("parquet", b"secret", "not of this format, or cut off"),
    ],
)
def test_what_is_not_of_the_format_is_refused_by_its_place_and_not_its_values(
    name: str, content: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "items"
    path.write_bytes(content)
    with pytest.raises(CommandError) as caught:
        list(FORMATS[name].read(path, {}))
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_value_that_dynamodb_lacks_is_refused_by_its_column(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    pq.write_table(pa.table({"at": pa.array([0], pa.timestamp("us"))}), path)
    with pytest.raises(CommandError, match="row 1: column at: DynamoDB has no datetime"):
        list(FORMATS["parquet"].read(path, {}))


@pytest.mark.parametrize(("name", "ending"), [("parquet", ""), ("jsonl", ".gz")])
def test_a_damaged_file_cannot_be_counted(name: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"items{ending}"
    path.write_bytes(b"damaged")
    with pytest.raises(CommandError, match="as a whole"):
        FORMATS[name].count(path)


def test_without_pyarrow_parquet_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(CommandError, match=r"dynarepo\[parquet\]"):
        FORMATS["parquet"].write(tmp_path / "items", lambda: iter(()))
