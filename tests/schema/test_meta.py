"""`class Meta` is read strictly: what it does not say is not guessed."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, create_model

from dynarepo._schema import DynamoDBBaseModel, GlobalIndex, KeyTemplate, LocalIndex, TableSchema, read_schema
from dynarepo.exceptions import SchemaError


class Plain(BaseModel):
    pk: str
    sk: str


class Parent(Plain):
    class Meta:
        partition_key = "pk"
        sort_key = "sk"


def declared(**names: Any) -> type[BaseModel]:
    """Make a model whose Meta holds these names."""
    model = create_model("Thing", __base__=Plain)
    model.Meta = type("Meta", (), names)  # type: ignore[attr-defined]
    return model


def test_meta_is_read_into_a_schema() -> None:
    class Thing(Plain):
        class Meta:
            table_name = "app"
            partition_key = "pk"
            sort_key = KeyTemplate("key", "X#{sk}")
            gsis: ClassVar = [GlobalIndex("by-sk", "sk")]
            lsis: ClassVar = [LocalIndex("local", "sk")]
            ttl = "expires"

    assert read_schema(Thing) == TableSchema(
        "pk",
        KeyTemplate("key", "X#{sk}"),
        "app",
        (GlobalIndex("by-sk", "sk"),),
        (LocalIndex("local", "sk"),),
        "expires",
    )


def test_an_index_may_be_a_dict() -> None:
    model = declared(
        partition_key="pk",
        sort_key="sk",
        gsis=[{"name": "by-sk", "partition_key": "sk", "sort_key": "pk", "projection": ["pk"]}],
        lsis=[{"name": "local", "sort_key": "sk2", "projection": "KEYS_ONLY"}],
    )
    schema = read_schema(model)
    assert schema.gsis == (GlobalIndex("by-sk", "sk", "pk", ("pk",)),)
    assert schema.lsis == (LocalIndex("local", "sk2", "KEYS_ONLY"),)


@pytest.mark.parametrize(
    ("names", "named"),
    [
        ({"partition_key": "pk", "sortkey": "sk"}, "unknown names: sortkey"),
        ({"partition_key": "pk", "_private": 1}, "unknown names: _private"),
        ({"sort_key": "sk"}, "no partition key"),
        ({}, "no partition key"),
        ({"partition_key": ""}, "partition_key"),
        ({"partition_key": 5}, "partition_key"),
        ({"partition_key": ("pk", "sk")}, "partition_key"),
        ({"partition_key": "pk", "sort_key": 5}, "sort_key"),
        ({"partition_key": "pk", "sort_key": ["sk"]}, "sort_key"),
        ({"partition_key": "pk", "table_name": ""}, "table_name"),
        ({"partition_key": "pk", "table_name": 5}, "table_name"),
        ({"partition_key": "pk", "table_name": "a b"}, "table_name"),
        ({"partition_key": "pk", "ttl": ""}, "ttl"),
        ({"partition_key": "pk", "ttl": ["expires"]}, "ttl"),
        ({"partition_key": "pk", "gsis": None}, "Meta.gsis"),
        ({"partition_key": "pk", "gsis": "by-sk"}, "Meta.gsis"),
        ({"partition_key": "pk", "gsis": {"name": "by-sk"}}, "Meta.gsis"),
        ({"partition_key": "pk", "gsis": ["by-sk"]}, "Meta.gsis"),
        ({"partition_key": "pk", "gsis": [{"name": "by-sk"}]}, "Meta.gsis"),
        ({"partition_key": "pk", "gsis": [{"name": "by-sk", "pk": "sk"}]}, "unknown names: pk"),
        ({"partition_key": "pk", "gsis": [{"name": "by-sk", "partition_key": 5}]}, "by-sk"),
        ({"partition_key": "pk", "gsis": [{"name": "by-sk", "partition_key": {"pk"}}]}, "by-sk"),
        ({"partition_key": "pk", "gsis": [{"name": "by-sk", "partition_key": ()}]}, "by-sk"),
        ({"partition_key": "pk", "gsis": [{"name": "by-sk", "partition_key": ("pk", "")}]}, "by-sk"),
        ({"partition_key": "pk", "gsis": [LocalIndex("local", "sk")]}, "Meta.gsis"),
        ({"partition_key": "pk", "sort_key": "sk", "lsis": [GlobalIndex("by-sk", "sk")]}, "Meta.lsis"),
        ({"partition_key": "pk", "lsis": [LocalIndex("local", "sk")]}, "need a table with a sort key"),
    ],
)
def test_a_wrong_meta_is_refused_by_name(names: dict[str, Any], named: str) -> None:
    with pytest.raises(SchemaError, match=named):
        read_schema(declared(**names))


def test_a_meta_that_is_no_class_is_refused() -> None:
    class Thing(Plain):
        Meta: ClassVar = {"partition_key": "pk"}

    with pytest.raises(SchemaError, match="must be a class"):
        read_schema(Thing)


def test_a_meta_is_inherited_with_its_model() -> None:
    class Child(Parent):
        pass

    assert read_schema(Child) == TableSchema("pk", "sk")


def test_a_new_meta_replaces_the_inherited_one() -> None:
    class Child(Parent):
        class Meta:
            partition_key = "sk"

    assert read_schema(Child) == TableSchema("sk")


def test_a_meta_may_extend_another() -> None:
    class Child(Parent):
        class Meta(Parent.Meta):
            sort_key = None  # type: ignore[assignment]

    assert read_schema(Child) == TableSchema("pk", None)


def test_the_base_model_needs_no_meta() -> None:
    class User(DynamoDBBaseModel):
        email: str

    assert read_schema(User) == TableSchema("pk", "sk")


def test_the_base_model_is_two_strings_and_nothing_else() -> None:
    assert {name: info.annotation for name, info in DynamoDBBaseModel.model_fields.items()} == {
        "pk": str,
        "sk": str,
    }
    own = {name for name in vars(DynamoDBBaseModel) if not name.startswith("_")}
    assert own <= {"model_config", "model_fields", "model_computed_fields"}


def test_a_meta_on_the_base_model_adds_to_its_keys() -> None:
    class User(DynamoDBBaseModel):
        email: str

        class Meta:
            gsis: ClassVar = [GlobalIndex("by-email", "email")]

    assert read_schema(User) == TableSchema("pk", "sk", gsis=(GlobalIndex("by-email", "email"),))


def test_a_schema_stands_in_for_a_meta() -> None:
    schema = TableSchema("pk")
    assert read_schema(Plain, schema) is schema


def test_a_schema_beside_a_meta_is_refused() -> None:
    with pytest.raises(SchemaError, match="leave out schema="):
        read_schema(declared(partition_key="pk"), TableSchema("pk"))


def test_a_schema_of_another_kind_is_refused() -> None:
    with pytest.raises(SchemaError, match="takes a TableSchema"):
        read_schema(Plain, {"partition_key": "pk"})  # type: ignore[arg-type]


def test_a_model_without_any_declaration_is_refused() -> None:
    with pytest.raises(SchemaError, match="Plain has no partition key"):
        read_schema(Plain)


@pytest.mark.parametrize("model", [str, Plain(pk="a", sk="b"), None])
def test_only_a_pydantic_class_is_a_model(model: Any) -> None:
    with pytest.raises(SchemaError, match="Pydantic model class"):
        read_schema(model)


@pytest.mark.parametrize("discriminator", ["kind", ("entity", "ORDER")])
def test_meta_may_declare_a_discriminator(discriminator: Any) -> None:
    model = declared(partition_key="pk", discriminator=discriminator)
    assert read_schema(model) == TableSchema("pk", discriminator=discriminator)


def test_a_malformed_discriminator_of_meta_is_refused() -> None:
    with pytest.raises(SchemaError, match="discriminator is the name"):
        read_schema(declared(partition_key="pk", discriminator=5))


def test_a_discriminator_is_inherited_as_other_names_of_meta_are() -> None:
    class Base(DynamoDBBaseModel):
        class Meta:
            discriminator = "entity"

    class Child(Base):
        class Meta(Base.Meta):
            ttl = "expires"

    assert read_schema(Child) == TableSchema("pk", "sk", ttl="expires", discriminator="entity")
