"""The locustfile asks the mix; Locust itself is no dependency, so two names of its stand in."""

import runpy
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import httpx
import pytest

from bench.machine import PROJECT
from bench.mix import mix
from bench.service import Running

pytestmark = pytest.mark.xdist_group("load")  # one process makes what all of these look at


class FastHttpUser:
    """What of Locust's the file uses: a client that names its requests."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self.client = self
        self.answered: dict[str, set[int]] = {}

    def get(self, path: str, headers: dict[str, str], name: str | None = None) -> httpx.Response:
        answer = self._client.get(path, headers=headers)
        self.answered.setdefault(name or "at the start", set()).add(answer.status_code)
        return answer


def task(function: Callable[..., None]) -> Callable[..., None]:
    return function


def test_every_question_it_asks_is_answered(service: tuple[Running, str], monkeypatch: pytest.MonkeyPatch) -> None:
    running, key = service
    stand_in: Any = ModuleType("locust")
    stand_in.FastHttpUser, stand_in.task = FastHttpUser, task
    monkeypatch.setitem(sys.modules, "locust", stand_in)
    monkeypatch.setenv("STATS_KEY", key)
    monkeypatch.setenv("STATS_USER", "ada")
    monkeypatch.setattr("random.choice", lambda addresses: addresses.pop())
    with httpx.Client(base_url=running.address, trust_env=False) as client:
        user = runpy.run_path(str(PROJECT / "locustfile.py"))["Household"](client)
        user.on_start()
        for _ in mix():
            user.ask()
    asked = {question.statistic for question in mix()}
    assert user.answered.keys() - {"at the start"} == asked
    assert set().union(*user.answered.values()) == {200}
