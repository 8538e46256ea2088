"""A declaration that contradicts itself or a limit of the service is refused when it is made."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dynarepo._schema import GlobalIndex, KeyTemplate, LocalIndex, TableSchema, TemplatePart
from dynarepo.exceptions import SchemaError


def test_a_template_is_taken_apart() -> None:
    template = KeyTemplate("sk", "A{{#{first}}}-{second:08}{third}Z")
    assert template.parts == (
        TemplatePart("A{#", "first"),
        TemplatePart("}-", "second", 8),
        TemplatePart("", "third"),
        TemplatePart("Z", None),
    )
    assert template.fields == ("first", "second", "third")


def test_a_template_may_be_constant() -> None:
    assert KeyTemplate("sk", "PROFILE").parts == (TemplatePart("PROFILE", None),)


@pytest.mark.parametrize(
    "template",
    [
        "",
        "{",
        "}",
        "{a",
        "a}",
        "{}",
        "{0}",
        "{a.b}",
        "{a[0]}",
        "{a!r}",
        "{a b}",
        "{a:x}",
        "{a:0}",
        "{a:39}",
        "{a:-1}",
        "{a:{b}}",
        "{a:²}",
        "\ud800{a}",
        None,
        5,
        b"{a}",
    ],
)
def test_a_malformed_template_is_refused_with_its_attribute(template: Any) -> None:
    with pytest.raises(SchemaError, match="key"):
        KeyTemplate("sk", template)


@pytest.mark.parametrize("attribute", ["", "a" * 256, "é" * 128, "\ud800", None, 5])
def test_a_key_attribute_has_a_name_of_1_to_255_bytes(attribute: Any) -> None:
    with pytest.raises(SchemaError, match="name"):
        KeyTemplate(attribute, "{a}")


def test_a_key_attribute_may_have_255_bytes() -> None:
    assert KeyTemplate("é" * 127 + "a", "{a}").attribute == "é" * 127 + "a"


@pytest.mark.parametrize("name", ["", "ab", "a" * 256, "a b", "a/b", "é" * 3, "abc\n", None, 5])
def test_an_index_has_a_name_that_the_service_takes(name: Any) -> None:
    with pytest.raises(SchemaError, match="index name"):
        GlobalIndex(name, "a")
    with pytest.raises(SchemaError, match="index name"):
        LocalIndex(name, "a")


def test_an_index_key_is_a_tuple_of_attributes_however_it_was_written() -> None:
    index = GlobalIndex("idx", "a", ["b", KeyTemplate("c", "{d}")])
    assert index.partition_parts == ("a",)
    assert index.sort_parts == ("b", KeyTemplate("c", "{d}"))
    assert index == GlobalIndex("idx", ("a",), ("b", KeyTemplate("c", "{d}")))


def test_an_index_key_has_at_most_four_attributes_on_each_side() -> None:
    assert len(GlobalIndex("idx", tuple("abcd"), tuple("efgh")).partition_parts) == 4
    with pytest.raises(SchemaError, match="a partition key has at most 4"):
        GlobalIndex("idx", tuple("abcde"))
    with pytest.raises(SchemaError, match="a sort key has at most 4"):
        GlobalIndex("idx", "a", tuple("bcdef"))


@pytest.mark.parametrize("key", [None, 5, ("a", "b"), "", ["a"]])
def test_a_local_index_sorts_by_one_part(key: Any) -> None:
    with pytest.raises(SchemaError, match="idx"):
        LocalIndex("idx", key)


@pytest.mark.parametrize("projection", ["all", "INCLUDE", "", (), (1,), None, {"a"}])
def test_a_projection_is_all_keys_or_a_tuple_of_names(projection: Any) -> None:
    with pytest.raises(SchemaError, match="projection"):
        GlobalIndex("idx", "a", projection=projection)
    with pytest.raises(SchemaError, match="projection"):
        LocalIndex("idx", "a", projection=projection)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"partition_key": None}, "partition_key"),
        ({"sort_key": "pk"}, "the table: an attribute stands twice"),
        ({"partition_key": KeyTemplate("sk", "{a}")}, "the table: an attribute stands twice"),
        ({"gsis": (GlobalIndex("idx", "a", "a"),)}, "index idx: an attribute stands twice"),
        ({"gsis": (GlobalIndex("idx", ("a", "a")),)}, "index idx: an attribute stands twice"),
        ({"lsis": (LocalIndex("idx", "pk"),)}, "index idx: an attribute stands twice"),
        ({"gsis": (GlobalIndex("idx", "a"),), "lsis": (LocalIndex("idx", "a"),)}, "idx is declared twice"),
        ({"gsis": tuple(GlobalIndex(f"idx{n}", "a") for n in range(21))}, "at most 20 global"),
        ({"lsis": tuple(LocalIndex(f"idx{n}", "a") for n in range(6))}, "at most 5 local"),
        ({"sort_key": None, "lsis": (LocalIndex("idx", "a"),)}, "need a table with a sort key"),
        ({"gsis": ({"name": "idx"},)}, "gsis is a tuple of GlobalIndex"),
        ({"gsis": 5}, "gsis is a tuple of GlobalIndex"),
        ({"gsis": (LocalIndex("idx", "a"),)}, "gsis is a tuple of GlobalIndex"),
        ({"lsis": (GlobalIndex("idx", "a"),)}, "lsis is a tuple of LocalIndex"),
        (
            {
                "gsis": (
                    GlobalIndex("idx", KeyTemplate("g", "{a}")),
                    GlobalIndex("two", KeyTemplate("g", "{b}")),
                )
            },
            "'g' has two different key templates",
        ),
    ],
)
def test_a_contradiction_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SchemaError, match=re.escape(message)):
        TableSchema(**{"partition_key": "pk", "sort_key": "sk", **arguments})


def test_twenty_global_and_five_local_indexes_are_accepted() -> None:
    schema = TableSchema(
        "pk",
        "sk",
        gsis=tuple(GlobalIndex(f"gsi{n}", "a") for n in range(20)),
        lsis=tuple(LocalIndex(f"lsi{n}", "a") for n in range(5)),
    )
    assert len(schema.indexes) == 25


def test_two_keys_may_share_a_template() -> None:
    shared = KeyTemplate("pk", "{a}")
    schema = TableSchema(shared, "sk", gsis=(GlobalIndex("idx", "b", shared),))
    assert list(schema.templates()) == [shared, shared]


def test_a_schema_can_be_hashed() -> None:
    schema = TableSchema("pk", gsis=[GlobalIndex("idx", ["a"], projection=["b"])])  # type: ignore[arg-type]
    assert hash(schema) == hash(TableSchema("pk", gsis=(GlobalIndex("idx", "a", projection=("b",)),)))


@pytest.mark.parametrize(
    ("declared", "read"),
    [
        (None, None),
        ("kind", "kind"),
        (("entity", "ORDER"), ("entity", "ORDER")),
        (["entity", "ORDER"], ("entity", "ORDER")),
    ],
)
def test_a_discriminator_is_a_name_or_a_pair_with_its_text(declared: Any, read: Any) -> None:
    schema = TableSchema("pk", discriminator=declared)
    assert schema.discriminator == read
    assert hash(schema) == hash(TableSchema("pk", discriminator=read))


@pytest.mark.parametrize(
    "declared",
    [
        "",
        (),
        ("a",),
        ("a", "b", "c"),
        ("", "b"),
        ("a", ""),
        ("a", None),
        ("a", 5),
        ("a", ("b",)),
        (b"a", b"b"),
        ["a"],
        {"a": "b"},
        {"a", "b"},
        5,
        True,
        b"a",
        KeyTemplate("a", "b"),
    ],
)
def test_a_malformed_discriminator_is_refused(declared: Any) -> None:
    with pytest.raises(SchemaError, match="discriminator is the name of a field or attribute, or a pair"):
        TableSchema("pk", discriminator=declared)


def test_a_discriminator_is_no_part_of_a_key_by_itself() -> None:
    schema = TableSchema("pk", "sk", discriminator="entity")
    assert "entity" not in (*schema.key_parts(), *schema.kept_fields())
