"""The benchmark's mix of questions, for people who know Locust, which is no dependency of this project.

pip install locust, and start the service with STATS_RATE_LIMIT=0: one key asks for all.
STATS_KEY=$(spotify-stats key --user me) STATS_USER=me locust --host http://127.0.0.1:8000
"""

import os
import random

from locust import FastHttpUser, task

from bench.jobs import Question
from bench.mix import mix
from bench.questions import path_of

LISTENER = os.environ.get("STATS_USER", "me")
HEADERS = {"Authorization": f"Bearer {os.environ.get('STATS_KEY', '')}"}


class Household(FastHttpUser):
    """Asks one question of the mix after the other, in any order, as fast as it is answered."""

    def on_start(self) -> None:
        """Find out whom and what to ask about."""
        self.addresses = [(question.statistic, self.address_of(question)) for question in mix()]

    def address_of(self, question: Question) -> str:
        """Where a question is answered; one about a single thing is about the listener's most played."""
        given = question.given
        if question.about_first_of is not None:
            top = self.client.get(path_of(LISTENER, question.about_first_of, {"limit": "1"}), headers=HEADERS)
            given = {**given, "id": top.json()["items"][0]["id"]}
        return path_of(LISTENER, question.statistic, given)

    @task
    def ask(self) -> None:
        """One question; Locust tells how each statistic does."""
        statistic, address = random.choice(self.addresses)  # noqa: S311
        self.client.get(address, headers=HEADERS, name=statistic)
