"""What each row of an import ends as: against the model, and when the same files are dropped again."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stats_core.documents.words import STATES, State
from stats_core.history.ledger import counted, seen_again, states_of
from stats_core.history.observations import Vocabulary
from stats_core.history.reconcile import STRENGTH, Identities, reconciled, told_ends
from tests.history import model
from tests.history.model import Group, Seen
from tests.history.observed import File, many_files, sightings_of

enough = settings(max_examples=40, deadline=None)


def states_by_the_code(earlier: list[File], arriving: list[File]) -> tuple[list[Group], dict[Seen, State]]:
    """Each play's rows, and what the arriving ones end as."""
    many = [*earlier, *arriving]
    vocabulary = Vocabulary()
    sightings, _ = sightings_of(many, vocabulary)
    identities = Identities(vocabulary)
    fingerprints = sightings.observed.fingerprints(vocabulary)
    found = reconciled(sightings, vocabulary, identities)
    rows = model.seen_in(many, fingerprints.tolist())
    first = sum(len(file.rows) for file in earlier)
    states = states_of(
        found.play,
        STRENGTH[identities.sources(sightings.observed.context)],
        told_ends(sightings.observed, identities),
        sightings.generation,
        fingerprints,
        np.array([model.names(seen.row) is not None for seen in rows]),
        first,
    )
    groups: list[Group] = [[] for _ in found.winner]
    for seen, play in zip(rows, found.play.tolist(), strict=True):
        groups[play].append(seen)
    return groups, {seen: STATES[state] for seen, state in zip(rows[first:], states.tolist(), strict=True)}


@enough
@given(many_files, st.data())
def test_states_are_those_of_the_rules(many: list[File], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(many)))
    groups, states = states_by_the_code(many[:first], many[first:])
    assert states == model.states(groups, set(range(first, len(many))))


@enough
@given(many_files, st.data())
def test_each_new_play_is_stored_by_one_row(many: list[File], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(many)))
    groups, states = states_by_the_code(many[:first], many[first:])
    for group in groups:
        brought = [states[seen] for seen in group if states.get(seen) in {"stored", "unidentified"}]
        assert len(brought) == (0 if any(seen.file < first for seen in group) else 1)


@enough
@given(many_files, st.data())
def test_what_is_dropped_again_is_not_new(many: list[File], data: st.DataObject) -> None:
    """The short cut for a finished import counts what its rows would end as, were they read again."""
    first = data.draw(st.integers(0, len(many) - 1))
    earlier, arriving = many[:first], many[first:]
    _, once = states_by_the_code(earlier, arriving)
    _, again = states_by_the_code(many, arriving)
    codes = np.array([STATES.index(state) for state in once.values()], np.int8)
    assert Counter(again.values()) == seen_again(counted(codes))
