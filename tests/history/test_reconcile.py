"""Which observations are one play: against a slow model that reads like the rules, and whatever the order."""

from collections import Counter, defaultdict

from hypothesis import given
from hypothesis import strategies as st

from stats_core.history.observations import Context, Vocabulary
from stats_core.history.reconcile import Identities, reconciled
from tests.history.observed import File, Row, files, sightings_of, track

Group = list[tuple[int, Row]]


def plays_of(many: list[File]) -> list[tuple[int, int, int, Row, frozenset[Row]]]:
    """(end, ms, n, winner, all contents) of each play, as the code reconciles them."""
    vocabulary = Vocabulary()
    sightings, listed = sightings_of(many, vocabulary)
    plays = reconciled(sightings, vocabulary, Identities(vocabulary))
    contents: dict[int, set[Row]] = defaultdict(set)
    for (_, row), play in zip(listed, plays.play.tolist(), strict=True):
        contents[play].add(row)
    winners = [listed[position][1] for position in plays.winner.tolist()]
    return [
        (winner.end, winner.ms, n, winner, frozenset(contents[play]))
        for play, (winner, n) in enumerate(zip(winners, plays.n.tolist(), strict=True))
    ]


def names(row: Row) -> tuple[str | None, str | None]:
    return row.item.name, row.item.by


def same_extended(a: Row, b: Row) -> bool:
    """Equal end and ms, and both carry the same URI or both the same names; none equals none."""
    same_uri = a.item.uri is not None and a.item.uri == b.item.uri
    kinds = a.item.kind == b.item.kind or names(a) == (None, None)
    return a.end == b.end and a.ms == b.ms and (same_uri or (names(a) == names(b) and kinds))


def same_across(a: Row, b: Row) -> bool:
    """Account data: equal minute, names and ms."""
    return a.end // 60 == b.end // 60 and a.ms == b.ms and names(a) == names(b)


def groups(rows: list[tuple[int, Row]], same: object) -> list[list[tuple[int, Row]]]:
    """Connected rows, by trying every pair."""
    found: list[list[tuple[int, Row]]] = []
    for entry in rows:
        joined = [group for group in found if any(same(entry[1], other) for _, other in group)]  # type: ignore[operator]
        found = [group for group in found if group not in joined]
        found.append([entry, *(other for group in joined for other in group)])
    return found


def number_of_plays(group: list[tuple[int, Row]]) -> int:
    """Rows of one file are distinct plays; between files the larger count holds."""
    return max(Counter(file for file, _ in group).values())


def modelled_plays(many: list[File]) -> int:
    """How many plays there are, slowly."""
    rows = [(number, row) for number, file in enumerate(many) for row in file.rows]
    extended = groups([entry for entry in rows if entry[1].context.source == "extended"], same_extended)
    account = [entry for entry in rows if entry[1].context.source == "account"]

    def touches(one: list[tuple[int, Row]], other: list[tuple[int, Row]]) -> bool:
        return any(same_across(a, b) for _, a in one for _, b in other)

    # Account rows are connected by themselves, or through extended plays that bear both their names.
    clusters: list[tuple[list[Group], list[Group]]] = [([group], []) for group in groups(account, same_across)]
    for strong in extended:
        met = [cluster for cluster in clusters if any(touches(weak, strong) for weak in cluster[0])]
        if met:
            clusters = [cluster for cluster in clusters if cluster not in met]
            clusters.append(([w for c in met for w in c[0]], [strong, *(s for c in met for s in c[1])]))
    total = sum(number_of_plays(group) for group in extended)
    for weak_groups, strong_groups in clusters:
        weak_plays = number_of_plays([entry for group in weak_groups for entry in group])
        strong_plays = sum(number_of_plays(group) for group in strong_groups)
        if len({names(row) for group in weak_groups for _, row in group}) == 1:
            total += max(0, weak_plays - strong_plays)
        else:
            return -1  # several names meet: how many pair is the matching's to say
    return total


@given(st.lists(files, min_size=1, max_size=5))
def test_there_are_as_many_plays_as_the_rules_say(many: list[File]) -> None:
    expected = modelled_plays(many)
    if expected >= 0:
        assert len(plays_of(many)) == expected


@given(st.lists(files, min_size=1, max_size=5), st.data())
def test_order_and_repetition_of_files_and_rows_change_nothing(many: list[File], data: st.DataObject) -> None:
    shuffled = [
        File(file.generation, tuple(data.draw(st.permutations(file.rows))))
        for file in data.draw(st.permutations([*many, *data.draw(st.lists(st.sampled_from(many), max_size=2))]))
    ]
    assert plays_of(shuffled) == plays_of(many)


@given(st.lists(files, min_size=1, max_size=5))
def test_rows_of_one_file_are_distinct_plays_and_none_is_lost(many: list[File]) -> None:
    vocabulary = Vocabulary()
    sightings, listed = sightings_of(many, vocabulary)
    plays = reconciled(sightings, vocabulary, Identities(vocabulary))
    of_file = Counter(zip((file for file, _ in listed), plays.play.tolist(), strict=True))
    assert max(of_file.values()) == 1
    assert set(plays.play.tolist()) == set(range(len(plays.winner)))


@given(st.lists(files, min_size=1, max_size=5))
def test_the_strongest_and_newest_observation_wins(many: list[File]) -> None:
    vocabulary = Vocabulary()
    sightings, listed = sightings_of(many, vocabulary)
    plays = reconciled(sightings, vocabulary, Identities(vocabulary))
    ranks: dict[int, list[tuple[bool, int]]] = defaultdict(list)
    for position, play in enumerate(plays.play.tolist()):
        extended = listed[position][1].context.source == "extended"
        ranks[play].append((extended, int(sightings.generation[position])))
    for play, winner in enumerate(plays.winner.tolist()):
        extended = listed[winner][1].context.source == "extended"
        assert (extended, int(sightings.generation[winner])) == max(ranks[play])


@given(st.lists(files, min_size=1, max_size=5))
def test_keys_are_unique(many: list[File]) -> None:
    keys = [(end, ms, n) for end, ms, n, _, _ in plays_of(many)]
    assert len(set(keys)) == len(keys)


def test_account_plays_pair_with_whom_they_can() -> None:
    """One extended play bears two titles, another only the first: both account plays find a partner."""
    extended, account = Context("extended"), Context("account")
    old = File(
        "extended-2", (Row(1, 9, track("spotify:track:1", "one"), extended), Row(2, 9, track(None, "one"), extended))
    )
    new = File("extended-5", (Row(1, 9, track("spotify:track:1", "two"), extended),))
    both = File("account-music", (Row(0, 9, track(None, "one"), account), Row(0, 9, track(None, "two"), account)))
    assert len(plays_of([old, new, both])) == 2
