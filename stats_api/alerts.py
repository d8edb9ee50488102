"""Alerts: what an operator should do something about."""

from datetime import datetime
from itertools import islice
from typing import Final, Literal

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler

from stats_api.operations import Answer, Operation, routed
from stats_api.questions import asked_for
from stats_api.service import AnyRequest, service_of
from stats_core.alerts.keeping import open_alerts
from stats_core.documents.alerts import Alert, Message
from stats_core.insights.parameters import Choice, Whole
from stats_core.store import collections
from stats_core.store.port import Store

State = Literal["open", "all"]


class AnsweredAlert(msgspec.Struct):
    """Something that is wrong, or was."""

    id: str
    subject: str
    """What it is about: `app`, `login|<user>`, `login-ends|<user>`, `polls|<user>`, `run|<job>`; of each one is open at
    most."""
    told: str
    """What is wrong and what to do."""
    opened_at: datetime
    closed_at: datetime | None
    """When it was over; null: it is not."""
    owed: list[Message]
    """Messages that the webhook has not taken yet."""
    problem: str | None
    """Why it did not take them."""


class Alerts(msgspec.Struct):
    """Alerts, the latest first."""

    alerts: list[AnsweredAlert]


STATE: Final[Choice[State]] = Choice(
    name="state", description="Which ones.", example="all", default="open", choices=("open", "all")
)
LIMIT: Final = Whole(
    name="limit",
    description="How many alerts to answer at most.",
    example="20",
    default="100",
    minimum=1,
    maximum=1_000,
)


async def list_alerts(request: AnyRequest) -> Response[bytes]:
    service = service_of(request)
    found = await service.reading(_listed, service.store, asked_for(request, STATE), asked_for(request, LIMIT))
    return Response(msgspec.json.encode(found), media_type="application/json")


def _listed(store: Store, state: State, limit: int) -> Alerts:
    alerts = open_alerts(store) if state == "open" else list(store.find(collections.alerts))
    latest = sorted(alerts, key=lambda alert: (alert.opened_at, alert.id), reverse=True)
    return Alerts([_answered(alert) for alert in islice(latest, limit)])


def _answered(alert: Alert) -> AnsweredAlert:
    return AnsweredAlert(
        alert.id, alert.subject, alert.told, alert.opened_at, alert.closed_at, alert.owed, alert.problem
    )


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    routed("GET", "/v1/alerts", Operation(
        id="list_alerts", tag="operation", opens="admin", summary="What is wrong",
        description="The alerts that are open, or all of the last 400 days: logins that end or ended, an app that "
        "Spotify does not answer, polls that are not made, runs that failed. Each opens once and closes once; where a "
        "webhook is set, it is sent a message each time.",
        answers={200: Answer(description="The latest first.", body=Alerts)}, parameters=(STATE, LIMIT),
    ), list_alerts),
)  # fmt: skip
