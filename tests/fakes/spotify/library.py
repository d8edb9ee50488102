"""Who somebody is, what they play the most, and what they saved."""

from typing import Final

from tests.fakes.spotify.messages import Answer, Refused, Request, page, refusal, told
from tests.fakes.spotify.objects import second
from tests.fakes.spotify.world import Person, World

_RANGES: Final = frozenset({"short_term", "medium_term", "long_term"})


def me(_: World, person: Person, request: Request) -> Answer:
    """Whose account it is."""
    return told({
        "id": person.id, "account_id": person.account_id, "display_name": person.display_name or person.id,
        "uri": f"spotify:user:{person.id}", "type": "user", "images": [], "external_urls": {},
        "href": request.address(f"/v1/users/{person.id}"),
    })  # fmt: skip


def top(world: World, person: Person, request: Request) -> Answer:
    """A page of their top artists or tracks."""
    of, over = request.path.rpartition("/")[2], request.query.get("time_range", "medium_term")
    if over not in _RANGES:
        raise Refused(refusal(400, "Invalid time range"))
    objects = world.artists if of == "artists" else world.tracks
    return told(page(request, [objects[one] for one in person.top.get((of, over), [])]))


def saved_tracks(world: World, person: Person, request: Request) -> Answer:
    """A page of what they saved, the latest first."""
    saved = [{"added_at": second(at), "track": world.tracks[one]} for one, at in reversed(person.saved)]
    return told(page(request, saved))
