"""The picture."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from benchmarks.drawing import picture
from tests.benchmarks.runs import made_up

SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_is_well_formed_and_has_a_bar_for_each_client_cheapest_first() -> None:
    drawn = ET.fromstring(picture(made_up()))  # noqa: S314 - our own
    names = [text.text for text in drawn.iter(f"{SVG}text") if (text.get("class") or "").startswith("name")]
    assert names == ["aiodynamo <fast> (raw)", "dynarepo", "aioboto3 Table"]
    widths = [float(bar.get("width", "0")) for bar in drawn.iter(f"{SVG}rect")]
    assert widths == sorted(widths)
    assert len(widths) == 3


def test_only_our_own_bar_is_marked() -> None:
    drawn = ET.fromstring(picture(made_up()))  # noqa: S314 - our own
    assert [bar.get("class") for bar in drawn.iter(f"{SVG}rect")] == ["peer", "ours", "peer"]


def test_the_picture_has_colours_for_dark_pages_and_nothing_from_outside() -> None:
    drawn = picture(made_up())
    assert "prefers-color-scheme: dark" in drawn
    assert "<script" not in drawn
    assert drawn.count("http") == 1  # the name space


def test_everything_drawn_is_within_the_picture() -> None:
    drawn = ET.fromstring(picture(made_up()))  # noqa: S314 - our own
    height = float(drawn.get("height", "0"))
    assert all(float(part.get("y", "0")) < height for part in drawn.iter() if part.get("y"))
