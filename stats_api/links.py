"""Sharing links: keys that a listener hands to others, for some statistics within a period. They are listed as keys."""

from typing import Annotated, Final

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stats_api.access import access_of
from stats_api.keys import Instant, KeyName, MadeKey, answered_once
from stats_api.listeners import OWN
from stats_api.operations import Answer, Operation, routed
from stats_api.problems import UNKNOWN_LISTENER
from stats_api.questions import body_of
from stats_api.service import AnyRequest, Service, service_of
from stats_core.documents.keys import AccessKey
from stats_core.insights import STATISTICS
from stats_core.listeners import known_listener
from stats_core.security.access import Access
from stats_core.security.links import made_link

StatisticName = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(STATISTICS)})]


class NewLink(msgspec.Struct, forbid_unknown_fields=True):
    """A sharing link to make."""

    name: KeyName
    statistics: Annotated[list[StatisticName], msgspec.Meta(min_length=1)]
    """What it opens, as it stands in the address; nothing that is not named."""
    start: Instant | None = None
    """What was played before is not there for it; null: no bound."""
    end: Instant | None = None
    """What was played from then on is not there for it; null: no bound."""
    expires_at: Instant | None = None
    """From then on it opens nothing; null: when the key expires that makes it, if ever."""


async def make_link(request: AnyRequest, user: FromPath[str]) -> Response[bytes]:
    service = service_of(request)
    await service.reading(known_listener, service.store, user)
    wanted = await body_of(request, NewLink)
    made = await service.writing(_made, service, user, wanted, access_of(request))
    return answered_once(request, *made)


def _made(service: Service, user: str, wanted: NewLink, by: Access) -> tuple[str, AccessKey]:
    return made_link(
        service.store,
        user,
        name=wanted.name,
        statistics=wanted.statistics,
        start=wanted.start,
        end=wanted.end,
        expires_at=wanted.expires_at,
        by=by,
    )


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    routed("POST", f"{OWN}/links", Operation(
        id="make_link", tag="keys", opens="read", summary="Make a sharing link",
        description="Answers once with a key that opens the named statistics of the listener, within the period, and "
        "nothing else; private sessions never. It may stand in an address: `?share=<key>`. It is listed and revoked as "
        "other keys are.",
        answers={201: Answer(description="Made.", body=MadeKey, headers={"Location": "The key's address."})},
        body=NewLink, problems=(UNKNOWN_LISTENER,),
        example={
            "name": "For Bob", "statistics": ["summary", "top/artists"],
            "start": "2024-01-01T00:00:00Z", "end": "2025-01-01T00:00:00Z", "expires_at": "2030-01-01T00:00:00Z",
        },
    ), make_link),
)  # fmt: skip
