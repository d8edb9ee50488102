"""What each row of an import ends as, once its play is known."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from stats_core.documents.words import STATES, State
from stats_core.history.observations import Ints

Small = npt.NDArray[np.int8]

STORED: Final = STATES.index("stored")
UNIDENTIFIED: Final = STATES.index("unidentified")
DUPLICATE: Final = STATES.index("duplicate")
SUPERSEDING: Final = STATES.index("superseding")
SUPERSEDED: Final = STATES.index("superseded")

_NOTHING: Final = -1


def states_of(
    play: Ints,
    strength: Small,
    told: Ints,
    generation: Ints,
    fingerprint: Ints,
    named: npt.NDArray[np.bool_],
    first: int,
) -> Small:
    """Positions in STATES of the arriving rows: all arrays have one entry a sighting, arriving ones from `first` on.

    `play`: which play it is of; `strength`: its source's; `told`: when the API told it ended, 0 for all other rows;
    `named`: whether the row names anything. Of an import's
    rows of one play the one that would win brings it; the others repeat it, or were superseded by it.
    """
    plays = int(play.max()) + 1 if len(play) else 0
    known = np.full(plays, _NOTHING, np.int8)
    np.maximum.at(known, play[:first], strength[:first])
    strongest = known.copy()
    new = slice(first, None)
    np.maximum.at(strongest, play[new], strength[new])

    order = np.lexsort((fingerprint[new], -generation[new], told[new], -strength[new], play[new]))
    ordered = play[new][order]
    brings = np.zeros(len(order), bool)
    brings[order[np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(order)]]] = True

    of_play = known[play[new]]
    states = np.full(len(order), DUPLICATE, np.int8)
    states[strength[new] < strongest[play[new]]] = SUPERSEDED
    states[brings & (of_play == _NOTHING)] = STORED
    states[brings & (of_play == _NOTHING) & ~named[new]] = UNIDENTIFIED
    states[brings & (of_play != _NOTHING) & (strength[new] > of_play)] = SUPERSEDING
    return states


def counted(states: Small) -> dict[State, int]:
    """How many rows ended in each state; states without rows are left out."""
    return {STATES[code]: count for code, count in enumerate(np.bincount(states).tolist()) if count}


def every_state(states: Mapping[State, int]) -> dict[State, int]:
    """The counts with those states that no row ended in: what is shown to others has always the same members."""
    return {state: states.get(state, 0) for state in STATES}


def seen_again(states: Mapping[State, int]) -> dict[State, int]:
    """What a finished import's rows are when the same file is dropped again: nothing of it is new."""
    again: dict[State, int] = {}
    for state, count in states.items():
        now: State = state if state in {"superseded", "invalid"} else "duplicate"
        again[now] = again.get(now, 0) + count
    return again
