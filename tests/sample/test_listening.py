from collections import Counter
from datetime import datetime

from tests.sample.reading import PLAYS, Sample, sound_rows

TRACK, ARTIST = "master_metadata_track_name", "master_metadata_album_artist_name"


def test_few_tracks_are_heard_often_and_favourites_change(sample: Sample) -> None:
    rows = [row for row in sound_rows(sample()) if row[TRACK]]
    often = Counter((row[ARTIST], row[TRACK]) for row in rows)
    assert sum(count for _, count in often.most_common(len(often) // 5)) > 0.5 * len(rows)
    early, late = (
        {key for key, _ in Counter((row[ARTIST], row[TRACK]) for row in part).most_common(10)}
        for part in (rows[:1000], rows[-1200:])
    )
    assert len(early & late) < 8


def test_evenings_and_weekends_are_the_listeners_own(sample: Sample) -> None:
    ends = [datetime.fromisoformat(row["ts"]) for row in sound_rows(sample())]
    hours = Counter(end.hour for end in ends)
    assert sum(hours[hour] for hour in (19, 20, 21, 22)) > 5 * sum(hours[hour] for hour in (2, 3, 4, 5))
    mornings: dict[bool, Counter[bool]] = {False: Counter(), True: Counter()}
    for end in ends:
        mornings[end.weekday() >= 5][end.hour in {7, 8}] += 1
    shares = {weekend: counts[True] / counts.total() for weekend, counts in mornings.items()}
    assert shares[False] > 1.5 * shares[True]


def test_an_offline_player_sends_a_whole_sitting_at_one_second(sample: Sample) -> None:
    rows = sound_rows(sample())
    second, count = Counter(row["ts"] for row in rows).most_common(1)[0]
    sent = [row for row in rows if row["ts"] == second and row["offline"] is not None]
    assert count >= 10
    assert all(row["offline"] for row in sent)
    assert len({row["offline_timestamp"] for row in sent}) > count // 2


def test_a_stream_never_lasts_longer_than_since_its_clock(sample: Sample) -> None:
    for row in sound_rows(sample()):
        if row["offline_timestamp"] and row["offline_timestamp"] > 1:
            start = datetime.fromisoformat(row["ts"]).timestamp() - row["ms_played"] / 1000
            assert row["offline_timestamp"] <= start + 3


def test_every_oddity_of_real_exports_occurs(sample: Sample) -> None:
    rows = sound_rows(sample())
    unidentified = [row for row in rows if not row[TRACK] and not row["episode_name"] and not row["audiobook_title"]]
    assert 0 < len(unidentified) < 0.01 * PLAYS
    assert all(row["spotify_track_uri"] is None for row in unidentified)
    assert any(row["ms_played"] == 0 for row in rows)
    assert any(row["incognito_mode"] for row in rows)
    assert any(row["conn_country"] == "ZZ" for row in rows)
    assert any(row["episode_name"] and row["episode_show_name"] is None for row in rows)
    assert any(row["reason_end"] == "fwdbtn" and row["skipped"] and row["ms_played"] < 30_000 for row in rows)
    assert any(row["offline"] is None for row in rows)
    assert sum(count - 1 for count in Counter(map(str, rows)).values()) == PLAYS // 1000
    assert len({row["platform"] for row in rows}) > 8
    assert not (set("ä日🦔,") - set("".join(str(row[ARTIST]) + str(row[TRACK]) for row in rows)))


def test_platforms_are_wordy_until_2022_and_short_a_year_later(sample: Sample) -> None:
    rows = sound_rows(sample())
    short = {"android", "osx", "web_player", "not_applicable", "cast", "playstation", "windows"}
    assert {row["platform"] for row in rows if row["ts"] >= "2023-11"} <= short
    assert not {row["platform"] for row in rows if row["ts"] < "2022-10"} & (short - {"not_applicable"})
