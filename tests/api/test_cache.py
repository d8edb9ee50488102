"""What is kept of answers: bounded by bytes, the least lately used leaving first, nothing after its time."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from stats_api.cache import AnswerCache, Entry
from stats_api.replies import Ready

BUDGET = 100_000
KEYS = st.integers(0, 30)
USERS = st.sampled_from(["ada", "bob", "carol"])


def entry(size: int, *users: str, until: float = float("inf")) -> Entry:
    return Entry(Ready(b"x" * size, []), frozenset(users), until)


def weight(kept: Entry) -> int:
    cache = AnswerCache(10**9, 1)
    cache.put(1, kept)
    return cache.nbytes


class Kept(RuleBasedStateMachine):
    """The cache against a list of what was used, latest last."""

    def __init__(self) -> None:
        super().__init__()
        self.cache = AnswerCache(BUDGET, 1)
        self.model: dict[int, Entry] = {}

    @rule(key=KEYS, size=st.integers(0, 20_000), user=USERS)
    def put(self, key: int, size: int, user: str) -> None:
        new = entry(size, user)
        self.cache.put(key, new)
        if weight(new) * 8 > BUDGET:
            return
        self.model.pop(key, None)
        self.model[key] = new
        while sum(map(weight, self.model.values())) > BUDGET:
            del self.model[next(iter(self.model))]

    @rule(key=KEYS)
    def get(self, key: int) -> None:
        assert self.cache.get(key) is self.model.get(key)
        if key in self.model:
            self.model[key] = self.model.pop(key)

    @rule(user=USERS)
    def drop(self, user: str) -> None:
        self.cache.drop(frozenset({user}))
        self.model = {key: kept for key, kept in self.model.items() if user not in kept.users}

    @rule()
    def clear(self) -> None:
        self.cache.clear()
        self.model = {}

    @invariant()
    def counts(self) -> None:
        assert len(self.cache) == len(self.model)
        assert self.cache.nbytes == sum(map(weight, self.model.values())) <= BUDGET


TestKept = Kept.TestCase
TestKept.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)


@given(st.integers(0, 3_000_000))
def test_the_weight_of_an_answer_covers_its_bytes(size: int) -> None:
    assert size < weight(entry(size)) < size + 5_000


def test_an_answer_that_read_the_clock_goes_when_its_time_has_come() -> None:
    cache = AnswerCache(BUDGET, 1)
    cache.put("soon", entry(10, until=time.time() + 0.05))
    cache.put("never", entry(10))
    assert cache.get("soon") is not None
    time.sleep(0.06)
    assert cache.get("soon") is None
    assert cache.get("never") is not None
    assert len(cache) == 1


def test_what_two_listeners_share_goes_with_either() -> None:
    for user in ("ada", "bob"):
        cache = AnswerCache(BUDGET, 1)
        cache.put("both", entry(10, "ada", "bob"))
        cache.drop(frozenset({user}))
        assert cache.get("both") is None
