"""What of a listener's time is covered, by whatever files of their exports they happen to have."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats_core.aggregates.rebuilding import rebuild_derived
from stats_core.documents.imports import IgnoredMember, Import, ImportFile
from stats_core.documents.listeners import Covered
from stats_core.documents.words import Coverage, Generation
from stats_core.history.reader import HistoryReader
from stats_core.imports.coverage import coverage_of
from stats_core.imports.undo import undo_import
from stats_core.listeners import known_listener
from stats_core.store import collections
from tests.exports.files import Inbox, account, extended, fresh_inbox, text
from tests.imports.exported import BASE, Listened

FOLDER = "Spotify Extended Streaming History"
READ_ME = IgnoredMember(path=f"{FOLDER}/ReadMeFirst.pdf", reason="holds no listening history")


def day(number: float) -> datetime:
    return BASE + timedelta(days=number)


def file(name: str, first: float, last: float, generation: Generation = "extended-5", **fields: object) -> ImportFile:
    """A file whose plays lie between these days."""
    told = {"status": "imported", "rows": 5, "first_play": day(first), "last_play": day(last), "last_end": day(last)}
    return ImportFile(path=name, generation=generation, **{**told, **fields})  # type: ignore[arg-type]


def audio(number: int, first: float, last: float, generation: Generation = "extended-5") -> ImportFile:
    """A file of a later generation."""
    return file(f"Streaming_History_Audio_2022_{number}.json", first, last, generation)


def endsong(number: int, first: float, last: float) -> ImportFile:
    """A file of an early generation."""
    return file(f"endsong_{number}.json", first, last, "extended-2")


def music(number: int, first: float, last: float) -> ImportFile:
    """A file of account data."""
    return file(f"StreamingHistory_music_{number}.json", first, last, "account-music")


def refused(one: ImportFile) -> ImportFile:
    """The file, had it been damaged."""
    return ImportFile(path=one.path, status="refused", reason="is cut off")


def zipped(*files: ImportFile, folder: str = FOLDER) -> Import:
    """An import of Spotify's ZIP."""
    for one in files:
        one.path = f"{folder}/{one.path}"
    return _import(list(files), [READ_ME])


def loose(*files: ImportFile) -> list[Import]:
    """An import of each file."""
    return [_import([one], []) for one in files]


def _import(files: list[ImportFile], ignored: list[IgnoredMember]) -> Import:
    return Import(
        id="", user="me", digest="", name="", status="imported", received_at=BASE, files=files, ignored=ignored
    )


def covered(*imports: Import) -> list[tuple[float, float, Coverage]]:
    """The stretches as days."""
    return [
        ((each.start - BASE) / timedelta(days=1), (each.end - BASE) / timedelta(days=1), each.by)
        for each in coverage_of(imports)
    ]


def test_nothing_is_covered_by_nothing() -> None:
    assert covered() == []
    assert covered(zipped(), zipped(refused(audio(0, 0, 9)))) == []


@pytest.mark.parametrize("generation", ["extended-3", "extended-4", "extended-5"])
def test_a_zip_covers_from_its_first_to_its_last_row_with_quiet_weeks_inside(generation: Generation) -> None:
    files = [audio(1, 30, 60, generation), audio(0, 0, 9, generation), audio(2, 59.5, 99, generation)]
    assert covered(zipped(*files)) == [(0, 99, "complete")]


def test_22_loose_files_cover_what_their_zip_does() -> None:
    files = [audio(number, 10 * number, 10 * number + 8) for number in range(22)]
    assert covered(*loose(*files)) == [(0, 218, "complete")]
    assert covered(*loose(*files[:7], *files[8:])) == [(0, 68, "complete"), (80, 218, "complete")]
    assert covered(*loose(*files), *loose(*files)) == [(0, 218, "complete")]


def test_files_that_a_zip_lacks_are_not_covered_until_they_come() -> None:
    files = [audio(number, 10 * number, 10 * number + 8) for number in range(5)]
    partial = zipped(*files[:2], refused(files[2]), *files[3:])
    in_parts = [(0, 18, "complete"), (30, 48, "complete")]
    assert covered(partial) == in_parts
    assert covered(zipped(audio(0, 0, 8), audio(1, 10, 18), audio(3, 30, 38), audio(4, 40, 48))) == in_parts
    assert covered(partial, *loose(files[2])) == [(0, 48, "complete")]
    assert covered(partial, zipped(*(audio(number, 10 * number, 10 * number + 8) for number in range(5)))) == [
        (0, 48, "complete")
    ]


def test_a_zips_last_file_that_was_refused_can_come_on_its_own() -> None:
    files = [audio(number, 10 * number, 10 * number + 8) for number in range(3)]
    assert covered(zipped(*files[:2], refused(files[2])), *loose(audio(2, 20, 28))) == [(0, 28, "complete")]


def test_two_zips_are_never_one_export() -> None:
    """The later export's file 1 goes on further than the earlier one's, and is damaged."""
    earlier = zipped(audio(0, 0, 9), audio(1, 10, 15))
    later = zipped(audio(0, 0, 9), refused(audio(1, 10, 19)), audio(2, 20, 29))
    assert covered(earlier, later) == [(0, 15, "complete"), (20, 29, "complete")]


def test_overlapping_exports_are_covered_once() -> None:
    assert covered(zipped(audio(0, 0, 9), audio(1, 10, 15)), zipped(audio(0, 0, 9), audio(1, 10, 19))) == [
        (0, 19, "complete")
    ]
    assert covered(zipped(audio(0, 0, 9)), zipped(audio(0, 5, 20)), zipped(audio(0, 30, 40))) == [
        (0, 20, "complete"),
        (30, 40, "complete"),
    ]


def test_two_exports_in_folders_of_one_zip_do_not_mend_each_other() -> None:
    one, other = zipped(endsong(0, 0, 9), endsong(2, 0, 9), folder="a"), zipped(endsong(1, 0, 9), folder="b")
    assert covered(_import([*one.files, *other.files], [])) == []


def test_an_early_generation_covers_as_a_whole_or_not_at_all() -> None:
    def files() -> list[ImportFile]:
        return [endsong(number, number, 90 + number) for number in range(3)]

    assert covered(zipped(*files(), folder="MyData")) == [(0, 92, "complete")]
    assert covered(zipped(*files()[1:])) == covered(zipped(*files()[::2])) == []
    assert covered(zipped(*files()[:2], refused(files()[2]))) == []
    assert covered(zipped(*files()[::2]), *loose(files()[1])) == []
    assert covered(*loose(*files())) == []
    assert covered(zipped(file("endsong.json", 0, 9, "extended-1"))) == [(0, 9, "complete")]
    assert covered(zipped(file("renamed.json", 0, 9, "extended-1"))) == []


@pytest.mark.parametrize("name", ["Streaming_History_Video_2018-2024.json", "endvideo.json", "endvideo_1.json"])
@pytest.mark.parametrize("generation", ["extended-2", "extended-5"])
def test_video_covers_nothing_and_hinders_nothing(name: str, generation: Generation) -> None:
    video = file(name, -50, 500, generation)
    assert covered(*loose(video)) == []
    assert covered(zipped(audio(0, 0, 9), video)) == [(0, 9, "complete")]
    assert covered(zipped(endsong(0, 0, 9), file(name, -50, 500, generation))) == [(0, 9, "complete")]
    assert covered(zipped(endsong(0, 0, 9), refused(file(name, -50, 500, generation)))) == [(0, 9, "complete")]


def test_podcasts_of_account_data_cover_nothing() -> None:
    assert covered(*loose(file("StreamingHistory_podcast_0.json", 0, 9, "account-podcast"))) == []


def test_account_data_is_hidden_by_the_extended_history() -> None:
    year = zipped(music(0, 0, 90), music(1, 100, 300), folder="Spotify Account Data")
    assert covered(year) == [(0, 300, "account")]
    assert covered(year, zipped(audio(0, -50, 20)), zipped(audio(0, 40, 50)), zipped(audio(0, 290, 310))) == [
        (-50, 20, "complete"),
        (20, 40, "account"),
        (40, 50, "complete"),
        (50, 290, "account"),
        (290, 310, "complete"),
    ]
    assert covered(year, zipped(audio(0, -50, 310))) == [(-50, 310, "complete")]


def test_loose_account_data_of_two_years_leaves_the_time_between() -> None:
    first, second = [music(0, 0, 90), music(1, 100, 300)], [music(0, 900, 1_000), music(1, 1_010, 1_200)]
    apart = [(0, 300, "account"), (900, 1_200, "account")]
    assert covered(*loose(*first, *second)) == apart
    assert covered(*loose(first[0], second[1])) == [(0, 90, "account"), (1_010, 1_200, "account")]


def test_a_number_that_follows_must_lie_later_and_be_of_the_same_generation() -> None:
    apart = [(0, 9, "complete"), (20, 29, "complete")]
    assert covered(*loose(audio(1, 0, 9), audio(0, 20, 29))) == apart
    assert covered(*loose(audio(0, 0, 9), audio(1, 20, 29, "extended-4"))) == apart
    assert covered(*loose(audio(0, 0, 9), audio(2, 20, 29))) == apart
    assert covered(*loose(file("a.json", 0, 9), file("b.json", 20, 29))) == apart


@pytest.mark.parametrize(
    "name",
    [
        "Streaming_History_Audio_2021-2022_1 (1).json",
        "Streaming_History_Audio_2022_1~0123456789ab.json",
        "streaming_history_audio_2022_1.JSON",
    ],
)
def test_what_browsers_and_uploads_put_behind_a_name_means_nothing(name: str) -> None:
    assert covered(*loose(audio(0, 0, 9), file(name, 20, 29))) == [(0, 29, "complete")]


@pytest.mark.parametrize("name", ["Streaming_History_Audio_2022_{}.json", "endsong_{}.json"])
def test_absurd_numbers_are_no_numbers(name: str) -> None:
    absurd = file(name.format("9" * 5_000), 0, 9, "extended-5")
    assert covered(zipped(absurd, audio(0, 20, 29)), *loose(audio(1, 40, 49)))[-2:] == [
        (20, 29, "complete"),
        (40, 49, "complete"),
    ]
    assert covered(zipped(audio(999_999_999, 0, 9), audio(0, 20, 29))) == [(0, 9, "complete"), (20, 29, "complete")]


def test_an_import_of_before_covers_until_its_last_play_began() -> None:
    one = audio(0, 0, 9)
    one.last_end = None
    one.last_play = day(8)
    assert covered(zipped(one)) == [(0, 8, "complete")]


FILES = st.builds(
    lambda kind, number, first, length: kind(number, first, first + length),
    st.sampled_from([audio, endsong, music]),
    st.integers(0, 3),
    st.integers(0, 900),
    st.integers(0, 60),
)
IMPORTS = st.one_of(
    st.lists(FILES, min_size=1, max_size=5).map(lambda files: zipped(*files)),
    FILES.map(lambda one: loose(one)[0]),
)


@given(st.lists(IMPORTS, max_size=6), st.data())
def test_stretches_lie_apart_and_hold_every_file_whatever_the_order(imports: list[Import], data: st.DataObject) -> None:
    stretches = coverage_of(imports)
    again = data.draw(st.permutations([*imports, *imports[:2]]))
    assert coverage_of(again) == stretches
    assert all(each.start < each.end for each in stretches)
    for one, following in pairwise(stretches):
        assert one.end < following.start or (one.end == following.start and one.by != following.by)
    files = [one for document in imports for one in document.files]
    times = [at for one in files for at in (one.first_play, one.last_end) if at]
    assert all(min(times) <= each.start and each.end <= max(times) for each in stretches)
    for told in files:
        assert told.first_play is not None
        assert told.last_end is not None
        if told.generation != "extended-2":
            wanted = {"complete"} if told.generation == "extended-5" else {"complete", "account"}
            assert _hold([each for each in stretches if each.by in wanted], told.first_play, told.last_end)


def _hold(stretches: list[Covered], start: datetime, end: datetime) -> bool:
    """Whether all of the time lies in the stretches."""
    for each in stretches:
        if each.start <= start < each.end:
            start = each.end
    return start >= end


DAYS = 86_400
NAMES = [f"{FOLDER}/Streaming_History_Audio_2022_{number}.json" for number in range(2)]


def rows(*days: int) -> bytes:
    return text([extended(5, Listened(DAYS * number, 1_000, number, f"Name {number}")) for number in days])


def stretches_in(inbox: Inbox) -> list[tuple[float, float, Coverage]]:
    """What the reader tells, in days."""
    history = HistoryReader(inbox.store, 0).read("me").history
    second = timedelta(seconds=1)
    return [
        (round((each.start + second - BASE) / timedelta(days=1)), round((each.end - BASE) / timedelta(days=1)), each.by)
        for each in history.coverage
    ]


@pytest.mark.parametrize("turned", [False, True])
def test_imports_and_their_undoing_keep_a_listeners_coverage(turned: bool) -> None:
    members = [(NAMES[0], rows(0, 5)), (NAMES[1], rows(9, 12))]
    weak = text([account(Listened(DAYS * number, 1_000, None, "One")) for number in (10, 20)])
    with fresh_inbox() as inbox:
        imports = {}
        for which in ["music", "export"] if turned else ["export", "music"]:
            if which == "music":
                imports[which] = inbox.drop(weak, "StreamingHistory_music_0.json")
            else:
                imports[which] = inbox.drop_zip(members)
        assert stretches_in(inbox) == [(0, 12, "complete"), (12, 20, "account")]
        revision = known_listener(inbox.store, "me").revision
        inbox.drop_zip(members, "again.zip")
        assert known_listener(inbox.store, "me").revision == revision
        undo_import(inbox.store, inbox.settings, imports["export"])
        assert stretches_in(inbox) == [(10, 20, "account")]
        undo_import(inbox.store, inbox.settings, imports["music"])
        assert stretches_in(inbox) == []


def test_a_file_that_brings_no_play_can_cover_more_and_readers_see_it() -> None:
    with fresh_inbox() as inbox:
        inbox.drop(rows(0, 5), "endsong_0.json")
        assert stretches_in(inbox) == []
        before = known_listener(inbox.store, "me")
        assert inbox.drop(rows(0, 5) + b" ", "Streaming_History_Audio_2022_0.json").states == {"duplicate": 2}
        assert stretches_in(inbox) == [(0, 5, "complete")]
        assert known_listener(inbox.store, "me").months == before.months
        assert known_listener(inbox.store, "me").revision > before.revision


def test_a_store_of_before_is_covered_once_it_is_rebuilt() -> None:
    with fresh_inbox() as inbox:
        inbox.drop(rows(0, 5), "Streaming_History_Audio_2022_0.json")
        inbox.store.update(collections.listeners, "me", {"coverage": []})
        assert stretches_in(inbox) == []
        rebuild_derived(inbox.store)
        assert stretches_in(inbox) == [(0, 5, "complete")]
