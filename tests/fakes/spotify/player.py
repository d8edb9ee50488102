"""What was played lately."""

from tests.fakes.spotify.messages import Answer, Refused, Request, refusal, told
from tests.fakes.spotify.objects import Json, stamp
from tests.fakes.spotify.world import Person, World

_FOR_EVER = 10**15


def recently_played(world: World, person: Person, request: Request) -> Answer:
    """Of the last 50 plays those after or before an instant, the latest first."""
    limit = request.limit()
    after, before = (request.whole(name, None, 0, _FOR_EVER) for name in ("after", "before"))
    if after is not None and before is not None:
        raise Refused(refusal(400, "Only one of before and after may be given"))
    held = [
        (at, heard) for at, heard in world.recent(person)
        if (after is None or at > after) and (before is None or at < before)
    ][:limit]  # fmt: skip
    items = [
        {"track": world.tracks[heard.track], "played_at": stamp(at), "context": _context(heard.context)}
        for at, heard in held
    ]
    cursors = {"after": str(held[0][0]), "before": str(held[-1][0])} if held else None
    following = request.address(before=held[-1][0], limit=limit) if len(held) == limit else None
    return told({
        "href": request.address(**request.query), "items": items, "limit": limit, "next": following, "cursors": cursors,
    })  # fmt: skip


def _context(uri: str | None) -> Json | None:
    if uri is None:
        return None
    _, kind, identity = uri.split(":")
    return {"type": kind, "uri": uri, "href": f"https://api.spotify.com/v1/{kind}s/{identity}", "external_urls": {}}
