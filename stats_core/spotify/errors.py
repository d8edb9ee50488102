"""What can go wrong with Spotify: one class for each that whoever asks treats differently. No text holds a token."""

from datetime import datetime

from stats_core.errors import StatsError


class SpotifyError(StatsError):
    """Spotify was not asked, or did not answer as it should."""


class NotConfigured(SpotifyError):
    """The operator gave no credentials of an app."""

    def __init__(self) -> None:
        super().__init__(
            "No app of Spotify's is configured: everything works from exports alone. To sync recent plays, make an app "
            "at https://developer.spotify.com/dashboard and set STATS_SPOTIFY_CLIENT_ID."
        )


class LoginRefused(SpotifyError):
    """A login cannot be begun or ended; the text says why and what to do."""


class NotLinked(SpotifyError):
    """The listener has linked no account."""

    def __init__(self, user: str) -> None:
        super().__init__(f"{user!r} has linked no account of Spotify's. Log in: `spotify-stats login --user {user}`.")


class NeedsLogin(SpotifyError):
    """The listener's tokens open nothing any more."""


class NotAllowed(SpotifyError):
    """The listener is not on the app's list of users."""


class ScopeMissing(SpotifyError):
    """The listener did not allow what was asked for."""


class Closed(SpotifyError):
    """Not asked, or refused: from `until` on it may be tried again."""

    def __init__(self, message: str, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class AppPaused(Closed):
    """Nothing may be asked for the app at all."""


class BucketClosed(Closed):
    """The quota of one bucket of endpoints is used up; others go on."""


class EndpointGone(Closed):
    """Spotify does not offer that to this app any more."""


class Missing(SpotifyError):
    """There is no such object, or the id is none."""


class Unavailable(SpotifyError):
    """Spotify did not answer, or not what it says it answers: trying again may help."""
