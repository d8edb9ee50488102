"""The pages that are made from the code say what the code says, and leave nothing out."""

import re
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from scripts import generate_docs
from scripts.generate_docs import DOCS, MEANINGS, OWN_MEANINGS, Undocumented, meaning, pages, parts
from stats_core import documents
from stats_core.documents.document import Document
from stats_core.settings import Settings
from stats_core.store import collections

STRUCTS: list[type[Any]] = list(
    dict.fromkeys([*(collection.document for collection in collections.ALL), *parts()]),
)


class Mystery(Document, kw_only=True):
    """Holds what nobody explained."""

    enigma: int


@pytest.mark.parametrize("path", sorted(pages()), ids=lambda path: path.name)
def test_a_page_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == pages()[path], "run `make docs`"


def test_every_setting_is_in_the_table() -> None:
    table = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(STATS_\w+)`", table, re.MULTILINE)) == {
        f"STATS_{name.upper()}" for name in Settings.model_fields
    }


def test_every_collection_has_a_section_and_says_what_its_key_is() -> None:
    text = (DOCS / "data-model.md").read_text(encoding="utf-8")
    sections = {section.partition("\n")[0]: section for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]}
    for collection in collections.ALL:
        said = sections[collection.name].partition("\n|")[0]
        assert "`id`" in said or "One document" in said, f"{collection.document.__name__}: what is its `id`?"


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_field_has_a_meaning(struct: type[Any]) -> None:
    for field in msgspec.structs.fields(struct):
        assert len(meaning(struct, field.name)) > 5


def test_no_words_are_left_over_from_fields_that_are_gone() -> None:
    structs = {one for struct in STRUCTS for one in struct.__mro__ if one.__module__.startswith(documents.__name__)}
    fields = {f"{one.__name__}.{field.name}" for one in structs for field in msgspec.structs.fields(one)}
    assert set(OWN_MEANINGS) - fields == set()
    assert set(MEANINGS) - {field.rpartition(".")[2] for field in fields} == set()


def test_a_field_without_a_meaning_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate_docs, "documents", sys.modules[__name__])
    with pytest.raises(Undocumented, match=r"Mystery\.enigma"):
        meaning(Mystery, "enigma")


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)[^)]*\)", text):
        assert (path.parent / target).exists(), f"{path.name}: {target}"
