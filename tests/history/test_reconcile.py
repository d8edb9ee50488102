"""Which observations are one play: against a slow model that reads like the rules, and whatever the order."""

from collections import Counter
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from stats_core.history.observations import Context, Vocabulary
from stats_core.history.reconcile import Identities, reconciled
from tests.history import model
from tests.history.model import Group, Play, Seen
from tests.history.observed import File, Row, many_files, sightings_of, track

enough = settings(max_examples=40, deadline=None)


def reconciled_by_the_code(many: list[File]) -> tuple[list[Seen], list[Group], list[Play]]:
    """Every row; each play's rows; and the plays, in the order of keys, as the code has them."""
    vocabulary = Vocabulary()
    sightings, _ = sightings_of(many, vocabulary)
    rows = model.seen_in(many, sightings.observed.fingerprints(vocabulary).tolist())
    found = reconciled(sightings, vocabulary, Identities(vocabulary))
    groups: list[Group] = [[] for _ in found.winner]
    for seen, play in zip(rows, found.play.tolist(), strict=True):
        groups[play].append(seen)
    plays = []
    columns = (found.winner.tolist(), found.ms.tolist(), found.n.tolist(), found.start.tolist())
    for group, position, ms, n, start in zip(groups, *columns, strict=True):
        winner = rows[position].row
        others = frozenset(seen.row for seen in group) - {winner}
        plays.append(Play(winner.end_ms, ms, n, start, winner, others, model.rows_of(group)))
    return rows, groups, plays


def plays_of(many: list[File]) -> list[tuple[int, int, int, Row, frozenset[Row]]]:
    """(end, ms, n, winner, other contents) of each play, as the code reconciles them."""
    _, _, plays = reconciled_by_the_code(many)
    return [(play.end, play.ms, play.n, play.winner, play.others) for play in plays]


def shapes(groups: list[Group]) -> Counter[tuple[tuple[int, int], ...]]:
    return Counter(model.rows_of(group) for group in groups)


def of_source(groups: list[Group], source: str) -> list[Group]:
    """What each play has of this source, where it has any."""
    parts = [[seen for seen in group if seen.row.context.source == source] for group in groups]
    return [part for part in parts if part]


@enough
@given(many_files)
def test_plays_are_those_of_the_rules(many: list[File]) -> None:
    """Of both sources the very plays; and of pairings of theirs, where several do, one that pairs as many as can be."""
    rows, groups, plays = reconciled_by_the_code(many)
    extended = model.extended_plays(rows)
    clusters = model.clusters(rows, extended)

    assert shapes(of_source(groups, "extended")) == shapes(extended)
    assert shapes(of_source(groups, "account")) == shapes([play for cluster in clusters for play in cluster.weak])

    exported = [part for group in groups if (part := [s for s in group if s.row.context.source != "api"])]
    paired = [group for group in exported if len({seen.strength for seen in group}) == 2]
    assert all(model.may_be(*of_source([group], "account"), *of_source([group], "extended")) for group in paired)
    assert len(paired) == sum(model.most_pairs(cluster) for cluster in clusters)

    expected = model.described(groups)
    assert [(p.end, p.ms, p.n, p.start, p.winner) for p in plays] == [
        (p.end, p.ms, p.n, p.start, p.winner) for p in expected
    ]
    assert Counter((p.winner, p.others, p.rows) for p in plays) == Counter(
        (p.winner, p.others, p.rows) for p in expected
    )


@enough
@given(many_files, st.data())
def test_order_and_repetition_of_files_and_rows_change_nothing(many: list[File], data: st.DataObject) -> None:
    shuffled = [
        File(file.generation, tuple(data.draw(st.permutations(file.rows))))
        for file in data.draw(st.permutations([*many, *data.draw(st.lists(st.sampled_from(many), max_size=2))]))
    ]
    assert plays_of(shuffled) == plays_of(many)


@enough
@given(many_files)
def test_what_the_api_told_is_what_exports_tell_where_it_can_be(many: list[File]) -> None:
    """As many as can be, extended plays first; without a rival it is the one of 30 s and more, then the nearest."""
    rows, groups, _ = reconciled_by_the_code(many)
    assert shapes(of_source(groups, "api")) == shapes(model.told(rows))
    extended = [group for group in groups if any(seen.row.context.source == "extended" for seen in group)]
    account = [group for group in groups if group not in extended and of_source([group], "account")]
    told = of_source(groups, "api")
    joined = [group for group in extended if of_source([group], "api")]
    assert all(model.may_be_extended(reports_in(group), group) for group in joined)
    assert len(joined) == model.most_matched(told, extended, model.may_be_extended)
    left = of_source([group for group in groups if group not in extended], "api")
    met = [group for group in account if of_source([group], "api")]
    assert all(model.may_be_account(reports_in(group), group) for group in met)
    assert len(met) == model.most_matched(left, account, model.may_be_account)
    for group in joined:
        report = reports_in(group)
        wanted = [one for one in extended if model.may_be_extended(report, one)]
        rivals = [one for one in told if one != report and any(model.may_be_extended(one, other) for other in wanted)]
        if not rivals:
            assert nearness(report, group) == min(nearness(report, one) for one in wanted)


def reports_in(group: Group) -> Group:
    """What the API told of a play."""
    return [seen for seen in group if seen.row.context.source == "api"]


def nearness(report: Group, strong: Group) -> tuple[bool, int]:
    """How dear an extended play is to what the API told."""
    row = next(seen.row for seen in strong if seen.row.context.source == "extended")
    return row.ms < 30_000, abs(row.end - model.earliest(report).end_ms // 1000)


@enough
@given(many_files)
def test_rows_of_one_file_are_distinct_plays_and_none_is_lost(many: list[File]) -> None:
    rows, groups, _ = reconciled_by_the_code(many)
    exported = [[seen.file for seen in group if seen.row.context.source != "api"] for group in groups]
    assert all(len(set(files)) == len(files) for files in exported)
    assert sum(len(group) for group in groups) == len(rows)


@enough
@given(many_files)
def test_keys_are_unique_and_in_order(many: list[File]) -> None:
    plays = plays_of(many)
    assert len({(end // 1000, ms, n) for end, ms, n, _, _ in plays}) == len(plays)
    assert [play[:2] for play in plays] == sorted(play[:2] for play in plays)


def test_account_plays_pair_with_whom_they_can() -> None:
    """One extended play bears two titles, another only the first: both account plays find a partner."""
    extended, account = Context("extended"), Context("account")
    old = File(
        "extended-2", (Row(1, 9, track("spotify:track:1", "one"), extended), Row(2, 9, track(None, "one"), extended))
    )
    new = File("extended-5", (Row(1, 9, track("spotify:track:1", "two"), extended),))
    both = File("account-music", (Row(0, 9, track(None, "one"), account), Row(0, 9, track(None, "two"), account)))
    assert len(plays_of([old, new, both])) == 2


def test_account_plays_pair_in_an_order_that_files_have_no_part_in() -> None:
    """Two extended plays share a content, and differ in one whose names no account row bears."""
    how = Context("extended", platform="android")
    one, two, three = (Row(0, 0, track("spotify:track:1", title), how) for title in ("one", "two", "three"))
    many = [
        File("extended-5", (two, three)),
        File("extended-3", (one, two)),
        File("extended-1", (one, three)),
        File("account-music", (Row(0, 0, track(None, "one"), Context("account")),)),
    ]
    assert all(plays_of(list(order)) == plays_of(many) for order in permutations(many))
