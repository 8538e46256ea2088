"""A customer with nested models, views made for one test, and what they see of an instance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, RootModel, computed_field, create_model

from dynarepo._codec import Entity, ItemReader, bind
from dynarepo._schema import KeyTemplate, TableSchema
from tests.codec.projecting import project

__all__ = [
    "ADA",
    "HOME",
    "Address",
    "Cat",
    "City",
    "Color",
    "Customer",
    "Dog",
    "Geo",
    "Holder",
    "Named",
    "Numbers",
    "Street",
    "card",
    "entity_of",
    "seen",
    "stored",
    "view_of",
]

T = TypeVar("T")


class Geo(BaseModel):
    lat: int
    lon: int = Field(serialization_alias="l")


class Address(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    street: str = Field(alias="st")
    city: str = Field(default="?", serialization_alias="c")
    geo: Geo | None = None
    tags: set[str] = Field(default_factory=set)


class Color(Enum):
    RED = "red"


class Customer(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    customer_id: str
    name: str = Field(alias="n")
    color: Color = Color.RED
    balance: Decimal = Decimal(0)
    address: Address
    billing: Address | None = None
    shipping: Address | None
    homes: list[Address] = []
    places: dict[str, Address] = {}
    pair: tuple[Address, int] | None = None
    expires: datetime | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def initial(self) -> str:
        return self.name[:1]

    class Meta:
        partition_key = KeyTemplate("pk", "CUSTOMER#{customer_id}")
        ttl = "expires"


HOME = Address(street="s", city="L", geo=Geo(lat=1, lon=2), tags={"t"})
ADA = Customer(
    customer_id="1",
    name="ada",
    address=HOME,
    shipping=None,
    homes=[HOME, HOME],
    places={"a": HOME},
    pair=(HOME, 1),
)


class Street(BaseModel):
    street: str


class City(BaseModel):
    """Nothing in it shows that there is an address; its default is none of the stored model's."""

    city: str = "invented"


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    name: str = Field(serialization_alias="n")


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    name: str = Field(serialization_alias="n")


class Named(BaseModel):
    name: str = "invented"


class Numbers(RootModel[list[Address]]):
    pass


@dataclass
class Holder(Generic[T]):
    held: T


def card(**fields: Any) -> type[BaseModel]:
    """Make a model of required fields, to view with."""
    definitions: dict[str, Any] = {name: (declared, ...) for name, declared in fields.items()}
    return create_model("Card", **definitions)


def stored(**fields: Any) -> type[BaseModel]:
    """Make a model of a key and other fields, each a type, or a type and a default."""
    definitions: dict[str, Any] = {
        name: declared if isinstance(declared, tuple) else (declared, ...)
        for name, declared in fields.items()
    }
    return create_model("Stored", pk=(str, "a"), **definitions)


def entity_of(model: type[BaseModel], **declared: Any) -> Entity[Any]:
    """Bind a model; one that declares no table has the key `pk`, and what else is said here."""
    return bind(model, None if hasattr(model, "Meta") else TableSchema("pk", **declared))


def view_of(model: type[BaseModel], stored_model: type[BaseModel]) -> ItemReader[Any]:
    """Fit a view to a stored model."""
    return entity_of(stored_model).view(model)


def seen(model: type[BaseModel], item: BaseModel) -> Any:
    """See an instance through a view, as much of it as DynamoDB would send."""
    entity = entity_of(type(item))
    view = entity.view(model)
    assert view.paths is not None
    return view.decode(project(entity.encode(item), view.paths))
