"""What every row ends as, in each of the situations the ledger tells apart."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stats_core.documents.words import State
from stats_core.history.ledger import seen_again
from stats_core.settings import Settings
from stats_core.store.port import Store
from tests.exports.files import AUDIO, MUSIC, ONE, Inbox, account, extended, fresh_inbox, plays_of, podcast, text
from tests.imports.exported import Listened, account_row, extended_row, listened

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMELESS = Listened(0, 5, None, None)


@pytest.fixture
def inbox(store: Store, tmp_path: Path) -> Inbox:
    """On each kind of store."""
    return Inbox(store, Settings(data_dir=tmp_path / "data"), tmp_path)


@pytest.fixture
def embedded(sqlite_store: Store, tmp_path: Path) -> Inbox:
    return Inbox(sqlite_store, Settings(data_dir=tmp_path / "data"), tmp_path)


def test_states_on_each_store(inbox: Inbox) -> None:
    weak, strong = text([account()]), text([extended(), extended(5, NAMELESS), None])
    assert inbox.drop(weak, MUSIC).states == {"stored": 1}
    assert inbox.drop(strong).states == {"superseding": 1, "unidentified": 1, "invalid": 1}
    assert inbox.drop(text([account(), account(trackName="a\0b")])).states == {"superseded": 1, "stored": 1}
    assert sorted(play.name or "" for play in inbox.plays()) == ["", "One", "a\0b"]


def test_rows_of_another_file_are_duplicates(embedded: Inbox) -> None:
    rows = [extended(5, play) for play in plays_of(3)]
    assert embedded.drop(text(rows)).states == {"stored": 3}
    assert embedded.drop(text(rows[:2], indent=2)).states == {"duplicate": 2}
    assert embedded.drop(text(rows, indent=4)).states == {"duplicate": 3}
    assert len(embedded.plays()) == 3


@pytest.mark.parametrize("newer", range(1, 6))
@pytest.mark.parametrize("older", range(1, 6))
def test_another_generation_of_the_same_rows_is_a_duplicate(embedded: Inbox, older: int, newer: int) -> None:
    embedded.drop(text([extended(older, play) for play in plays_of(2)], indent=2))
    assert embedded.drop(text([extended(newer, play) for play in plays_of(2)])).states == {"duplicate": 2}
    assert len(embedded.plays()) == 2


def test_account_then_extended_supersedes(embedded: Inbox) -> None:
    embedded.drop(text([account(play) for play in plays_of(2)]))
    assert embedded.drop(text([extended(5, play) for play in plays_of(3)])).states == {"superseding": 2, "stored": 1}
    assert [play.source for play in embedded.plays()] == ["extended"] * 3


def test_extended_then_account_is_superseded(embedded: Inbox) -> None:
    embedded.drop(text([extended(5, play) for play in plays_of(2)]))
    assert embedded.drop(text([account(play) for play in plays_of(3)])).states == {"superseded": 2, "stored": 1}


@pytest.mark.parametrize("turned", [False, True])
def test_account_and_extended_in_one_zip(embedded: Inbox, turned: bool) -> None:
    members = [(MUSIC, text([account()])), (AUDIO, text([extended()]))]
    document = embedded.drop_zip(members[::-1] if turned else members)
    assert {file.path: file.states for file in document.files} == {MUSIC: {"superseded": 1}, AUDIO: {"stored": 1}}


def test_identical_rows_of_one_file_are_plays_of_their_own(embedded: Inbox) -> None:
    assert embedded.drop(text([extended()] * 3)).states == {"stored": 3}
    assert embedded.drop(text([extended()] * 2)).states == {"duplicate": 2}
    assert embedded.drop(text([extended()] * 5)).states == {"duplicate": 3, "stored": 2}
    assert len(embedded.plays()) == 5


def test_the_same_file_twice_in_a_zip_counts_once(embedded: Inbox) -> None:
    document = embedded.drop_zip([("a.json", text([extended()] * 2)), ("b.json", text([extended()] * 2))])
    assert document.states == {"stored": 2, "duplicate": 2}


def test_a_nameless_row_is_unidentified_once(embedded: Inbox) -> None:
    assert embedded.drop(text([extended(5, NAMELESS)])).states == {"unidentified": 1}
    assert embedded.drop(text([extended(5, NAMELESS)], indent=2)).states == {"duplicate": 1}


def test_an_old_account_row_of_a_podcast_gives_way(embedded: Inbox) -> None:
    told = Listened(0, 31_000, 1, "Talk", episode=True)
    as_track = account_row(Listened(0, 31_000, None, "Talk"))
    as_track["artistName"] = "Show of Talk"
    embedded.drop(text([as_track]), "StreamingHistory0.json")
    assert embedded.drop(text([extended_row(5, told)])).states == {"superseding": 1}
    assert embedded.drop(text([podcast(episodeName="Talk", podcastName="Show of Talk", msPlayed=31_000)])).states == {
        "superseded": 1
    }
    assert [play.kind for play in embedded.plays()] == ["episode"]


def test_a_finished_file_dropped_again_changes_nothing(embedded: Inbox) -> None:
    content = text([extended(), None, extended(5, NAMELESS)])
    document = embedded.drop(content)
    plays = embedded.plays()
    assert embedded.drop(content, "another name.json") == document
    assert embedded.plays() == plays


def test_a_partial_file_dropped_again_ends_the_same(embedded: Inbox) -> None:
    members = [(AUDIO, text([extended(), None])), (MUSIC, b"[{")]
    document, plays = embedded.drop_zip(members), embedded.plays()
    assert document.status == "partial"
    again = embedded.drop_zip(members)
    assert (again.states, again.files, embedded.plays()) == (document.states, document.files, plays)


def test_what_a_finished_files_rows_are_when_dropped_again() -> None:
    states: dict[State, int] = {
        "stored": 1, "unidentified": 2, "duplicate": 4, "superseding": 8, "superseded": 16, "invalid": 32,
    }  # fmt: skip
    assert seen_again(states) == {"duplicate": 15, "superseded": 16, "invalid": 32}


def test_first_and_last_play_are_told(embedded: Inbox) -> None:
    file = embedded.drop(text([extended(5, play) for play in reversed(plays_of(3))])).files[0]
    assert file.first_play is not None
    assert file.last_play is not None
    assert (file.last_play - file.first_play).total_seconds() == 120


ROWS: st.SearchStrategy[object] = st.one_of(
    st.builds(extended_row, st.integers(1, 5), listened),
    listened.map(account_row),
    st.sampled_from([None, 5, [], {}, extended(5, ts="x"), extended(5, ms_played=-1), account(trackName="")]),
)
CONTENTS = st.one_of(
    st.lists(ROWS, max_size=6).map(text),
    st.sampled_from([b"", b"[]", b"[{", b"nonsense", text([extended()])[:-9], text({"tracks": []})]),
)
NAMES = st.sampled_from([AUDIO, MUSIC, "endvideo.json", "x/renamed", "Userdata.json"])


@few
@given(st.lists(st.lists(st.tuples(NAMES, CONTENTS), min_size=1, max_size=4), min_size=1, max_size=3))
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_every_row_of_any_mix_ends_in_one_state(drops: list[list[tuple[str, bytes]]]) -> None:
    with fresh_inbox() as inbox:
        for number, members in enumerate(drops):
            document = inbox.drop_zip(members, f"{number}.zip")
            assert len(document.files) + len(document.ignored) in {len(members), 0}


def test_a_play_is_stored_by_one_row_only() -> None:
    with fresh_inbox() as inbox:
        members = [(f"{number}.json", text([extended(number, ONE)])) for number in range(1, 6)]
        assert inbox.drop_zip(members).states == {"stored": 1, "duplicate": 4}
