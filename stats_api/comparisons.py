"""Comparisons: whom a listener agrees to be compared with. Where both do, the statistic `comparison` tells both."""

from datetime import datetime
from typing import Final

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stats_api.listeners import OWN
from stats_api.operations import Answer, Operation, routed
from stats_api.problems import UNKNOWN_LISTENER
from stats_api.service import AnyRequest, Service, service_of
from stats_core.documents.keys import Consent
from stats_core.security.consent import agree, named_by, withdraw

PATH: Final = f"{OWN}/comparisons"


class AnsweredConsent(msgspec.Struct):
    """Somebody whom a listener agrees to be compared with."""

    other: str
    """Their name, whether such a listener is there or not."""
    since: datetime
    agreed: bool
    """Whether they have named this listener, too: only then can the two be compared."""


class Consents(msgspec.Struct):
    """Whom a listener agrees to be compared with, by name."""

    comparisons: list[AnsweredConsent]


async def list_comparisons(request: AnyRequest, user: FromPath[str]) -> Response[bytes]:
    service = service_of(request)
    found = await service.reading(named_by, service.store, user)
    body = Consents([_answered(*each) for each in found])
    return Response(msgspec.json.encode(body), media_type="application/json")


async def agree_to_comparison(request: AnyRequest, user: FromPath[str], other: FromPath[str]) -> Response[bytes]:
    service = service_of(request)
    consent, agreed = await service.writing(_agreed, service, user, other)
    return Response(msgspec.json.encode(_answered(consent, agreed)), media_type="application/json")


def _agreed(service: Service, user: str, other: str) -> tuple[Consent, bool]:
    named = agree(service.store, user, other)
    service.reader.lookout.forget()
    return named


async def end_comparison(request: AnyRequest, user: FromPath[str], other: FromPath[str]) -> Response[None]:
    service = service_of(request)
    await service.writing(_ended, service, user, other)
    return Response(None, status_code=204)


def _ended(service: Service, user: str, other: str) -> None:
    try:
        withdraw(service.store, user, other)
    finally:
        service.reader.lookout.forget()


def _answered(consent: Consent, agreed: bool) -> AnsweredConsent:
    return AnsweredConsent(consent.other, consent.created_at, agreed)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    routed("GET", PATH, Operation(
        id="list_comparisons", tag="comparisons", opens="read", summary="With whom to be compared",
        description="Whom the listener has named, and whether they have named the listener.",
        answers={200: Answer(description="By name.", body=Consents)}, problems=(UNKNOWN_LISTENER,),
    ), list_comparisons),
    routed("PUT", PATH + "/{other:str}", Operation(
        id="agree_to_comparison", tag="comparisons", opens="write", summary="Agree to be compared",
        description="Names somebody to be compared with. Any name may be named, and nobody is told whether it is a "
        "listener's; once each has named the other, keys that read one of the two get their `comparison`.",
        answers={200: Answer(description="Named.", body=AnsweredConsent)}, problems=(UNKNOWN_LISTENER,),
    ), agree_to_comparison),
    routed("DELETE", PATH + "/{other:str}", Operation(
        id="end_comparison", tag="comparisons", opens="write", summary="Be compared no longer",
        description="Takes a name back, at once: neither of the two is answered about the other any more.",
        answers={204: Answer(description="Not named any more.")}, problems=(UNKNOWN_LISTENER,),
    ), end_comparison),
)  # fmt: skip
