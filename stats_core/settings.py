"""Every setting, in one class: from the environment (`STATS_...`) and `.env`. `docs/settings.md` is made from it."""

import os
import secrets
import sys
import tempfile
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from stats_core.documents.words import USER_NAME
from stats_core.errors import StatsError

_MOST_PROCESSES: Final = 4
_ORIGIN: Final = r"[a-z][a-z0-9+.-]*://[^\s/?#@,*]+"


class Settings(BaseSettings):
    """What an operator may choose. Relative paths are taken from where the process was started."""

    model_config = SettingsConfigDict(env_prefix="STATS_", env_file=".env", env_file_encoding="utf-8", extra="ignore")

    data_dir: Path = Field(Path("data"), description="Where everything lies that this machine keeps.")
    database_uri: str = Field(
        "",
        description="`mongodb://host/db`, or `sqlite:///path`. Default: `stats.sqlite` in the data folder.",
    )
    inbox_dir: Path = Field(
        Path(),
        description="The watched folder; `<inbox>/<user>` is a listener's own. Default: `inbox` in the data folder.",
    )
    default_user: str = Field(
        "me", pattern=f"^{USER_NAME}$", description="The listener of a file that lies in no listener's folder."
    )
    default_timezone: str = Field("UTC", description="The IANA time zone a new listener starts with.")
    keep_country: bool = Field(True, description="Whether the country of a play is kept when an export is read.")
    admin_key: SecretStr | None = Field(
        None, description="The admin key of the REST service. Default: made at first start and kept in `admin.key`."
    )
    api_host: str = Field("127.0.0.1", description="Where the REST service listens.")
    api_port: int = Field(8000, ge=0, le=65_535, description="The REST service's port.")
    api_processes: int | None = Field(
        None, ge=1, le=64, description="Processes of the REST service. Default: one for each core, four at most."
    )
    cors_origins: str = Field(
        "",
        pattern=rf"^(\*|({_ORIGIN}( *, *{_ORIGIN})*))?$",
        description="Which web pages of elsewhere may ask the REST service from a browser: origins such as "
        "`https://home.example`, with commas between, or `*` for any. Default: none.",
    )
    dagster_host: str = Field(
        "127.0.0.1", description="Where Dagster's UI listens. It has no access control of its own."
    )
    dagster_port: int = Field(3000, ge=0, le=65_535, description="The port of Dagster's UI.")
    rate_limit: float = Field(
        100,
        ge=0,
        le=1_000_000,
        allow_inf_nan=False,
        description="Requests a second that a key may go on asking for, of each process of the REST service; twice as "
        "many at once. 0: any number.",
    )
    failed_attempts: int = Field(
        30, ge=1, description="Keys that open nothing that an address may show the REST service in a minute."
    )
    trusted_proxies: str = Field(
        "",
        description="Proxies that are believed about whom they forward (`X-Forwarded-For`): addresses and networks "
        "such as `10.0.0.0/8`, with commas between. Default: none.",
    )
    spotify_client_id: str = Field(
        "", description="The client id of your app at Spotify. Default: none; then everything works from exports alone."
    )
    spotify_client_secret: SecretStr | None = Field(
        None, description="Its client secret. Default: none; then people log in by PKCE, which needs none."
    )
    spotify_redirect_uri: str = Field(
        "http://127.0.0.1:8000/v1/spotify/callback",
        description="Where Spotify sends people back after the login; it must stand in the app's settings, letter by "
        "letter. `https`, or `http` with `127.0.0.1` or `[::1]`: Spotify takes no other.",
    )
    spotify_api_url: str = Field("https://api.spotify.com", description="Where the Web API is.")
    spotify_accounts_url: str = Field("https://accounts.spotify.com", description="Where people log in.")
    spotify_requests: int = Field(
        150,
        ge=1,
        description="Requests in a rolling day that the app makes of each kind: `me`, `top`, `library`, `tracks`, "
        "`albums`, `artists`, `playlists`. Spotify does not say how many it allows.",
    )
    spotify_polls: int = Field(600, ge=1, description="Requests in a rolling day for what was played recently.")
    token_key: SecretStr | None = Field(
        None,
        description="What tokens are encrypted with. Default: made when it is first needed and kept in `token.key`.",
    )
    alert_webhook: SecretStr | None = Field(
        None,
        description="Where alerts are sent, as JSON by POST: one message when something is wrong and one when it is "
        "over. Slack, Mattermost and Discord show them as they are. Default: none; then alerts are only kept.",
    )
    upload_limit_mb: int = Field(1024, description="The largest upload, in MB.")
    memory_budget_mb: int = Field(
        200, description="How much of the listeners' histories a process keeps in memory, in MB."
    )
    cache_mb: int = Field(64, ge=0, description="How much of given answers a process keeps in memory, in MB; 0: none.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="What the REST service logs: every request from `info` on, else only what went wrong."
    )
    log_file_mb: int = Field(
        10, ge=1, description="How large a log file of the REST service grows before a new one is begun, in MB."
    )
    log_files: int = Field(4, ge=1, description="How many full log files of each of its processes are kept.")

    @model_validator(mode="after")
    def _fill_in(self) -> "Settings":
        self.data_dir = self.data_dir.expanduser().absolute()
        if not self.database_uri:
            self.database_uri = f"sqlite:///{self.data_dir / 'stats.sqlite'}"
        self.inbox_dir = self.data_dir / "inbox" if self.inbox_dir == Path() else self.inbox_dir.expanduser().absolute()
        return self

    @field_validator("alert_webhook")
    @classmethod
    def _no_empty_webhook(cls, address: SecretStr | None) -> SecretStr | None:
        return address if address is not None and address.get_secret_value() else None

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, text: str) -> str:
        _networks(text)
        return text

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The proxies that are believed about whom they forward."""
        return _networks(self.trusted_proxies)

    @property
    def spotify_budgets(self) -> dict[str, int]:
        """Requests in a rolling day, by bucket of endpoints."""
        each = dict.fromkeys(
            ("me", "top", "library", "tracks", "albums", "artists", "playlists"), self.spotify_requests
        )
        return {**each, "player": self.spotify_polls}

    @property
    def origins(self) -> frozenset[str]:
        """The origins that browsers may ask from; `*` among them: any."""
        return frozenset(origin.strip() for origin in self.cors_origins.split(",") if origin.strip())

    @property
    def processes(self) -> int:
        """How many processes the REST service has."""
        return self.api_processes or min(_MOST_PROCESSES, cores())

    @property
    def log_dir(self) -> Path:
        """Where the REST service's processes log."""
        return self.data_dir / "logs"

    @property
    def metrics_dir(self) -> Path:
        """Where the REST service's processes count, each for all to read; of no worth once they are stopped."""
        return self.data_dir / "metrics"

    @property
    def archive_dir(self) -> Path:
        """Where imported files are kept, without the dropped fields, so that an import can be run again."""
        return self.data_dir / "archive"

    @property
    def refused_dir(self) -> Path:
        """Where refused files are moved, each with its reason."""
        return self.data_dir / "refused"

    @property
    def dagster_dir(self) -> Path:
        """Where Dagster keeps its runs and logs."""
        return self.data_dir / "dagster"

    def admin_key_text(self) -> str:
        """The admin key; made at the first call and kept, mode 0600, where none is set. Raises StatsError."""
        return _kept(self.admin_key, self.data_dir / "admin.key", "a new admin key is made")

    def token_key_text(self) -> str:
        """What tokens are encrypted with; made and kept like the admin key. Raises StatsError."""
        return _kept(self.token_key, self.data_dir / "token.key", "a new one is made, and everybody logs in again")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _kept(given: SecretStr | None, path: Path, otherwise: str) -> str:
    if given is not None:
        return given.get_secret_value()
    if not path.exists():
        _write_once(path, secrets.token_urlsafe(32) + "\n")
    key = path.read_text(encoding="utf-8", errors="replace").strip()
    if not key:
        raise StatsError(f"{path} is empty. Remove it, and start again: {otherwise}.")
    return key


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def made_folder(path: Path) -> Path:
    """The folder; it and those above it are made where they are missing, for their owner alone."""
    for folder in (*reversed(path.parents), path):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
    return path


def _write_once(path: Path, text: str) -> None:
    """Make a file of mode 0600; it appears whole, and of several processes the first one's stays."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=made_folder(path.parent))
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(handle)
        try:
            path.hardlink_to(unfinished)
        except FileExistsError:
            pass
        except OSError:  # a disk without hard links, such as exFAT
            unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """This process's settings, read once."""
    return Settings()
