"""What is dropped at parsing is nowhere afterwards: not in the store, not in the archive, in no reason."""

import json
import zipfile
from collections.abc import Callable

import msgspec
import pytest

from stats_core.store import open_store
from stats_core.store.port import Store
from tests.exports.files import AUDIO, MUSIC, Inbox, Row, account, extended, text

DROPPED = {
    "username": "secret-username",
    "ip_addr": "203.0.113.77",
    "ip_addr_decrypted": "203.0.113.78",
    "user_agent_decrypted": "secret-agent",
    "city": "Secretville",
    "region": "SecretRegion",
    "metro_code": "secret-metro",
    "longitude": "12.3456789",
    "latitude": "98.7654321",
    "device_id": "secret-field",
    "email": {"nested": ["secret@example.org"]},
}
SECRETS = ["secret", "Secret", "203.0.113", "3456789", "7654321", "949f3e0a"]
PLATFORM = "Partner amazon_salmon Amazon;Echo_Dot;secret-device-949f3e0a;;tpapi"


def everything_kept(inbox: Inbox) -> bytes:
    """All bytes of the store and of the archive, unpacked."""
    inbox.store.close()
    kept = b"".join(path.read_bytes() for path in inbox.folder.glob("stats.db*"))
    for path in inbox.settings.archive_dir.rglob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            kept += b"".join(archive.read(name) for name in archive.namelist())
    return kept


def rows() -> list[Row]:
    sound = [extended(generation, **DROPPED, platform=PLATFORM) for generation in range(1, 6)]
    broken = [
        {**sound[0], "ts": None},
        {**sound[0], "ms_played": -1},
        {**sound[0], "ts": "2022-03-31T23:59:00Z", "ms_played": {"username": "secret"}},
        {**sound[0], "ts": ["secret"]},
    ]
    return [*sound, *broken]


def test_dropped_fields_are_in_no_store_archive_or_reason(inbox: Inbox) -> None:
    members = [(f"{number}.json", text([row])) for number, row in enumerate(rows())]
    account_rows = [account(**DROPPED), {**account(**DROPPED), "msPlayed": None}]
    document = inbox.drop_zip([*members, (MUSIC, text(account_rows)), (AUDIO, text(rows())), ("x.json", text(DROPPED))])
    assert document.states["invalid"] == 9
    said = msgspec.json.encode(document)
    kept = everything_kept(inbox)
    assert b"Echo_Dot" in kept
    for secret in SECRETS:
        assert secret.encode() not in kept, secret
        assert secret.encode() not in said, secret


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-1] + b",]",
        lambda content: content[:-20],
        lambda content: content + content,
        lambda content: content.replace(b"secret-username", b"secret\xff"),
        lambda content: content.replace(b'"secret-username"', b"secret"),
    ],
)
def test_a_refused_files_reason_quotes_nothing(inbox: Inbox, spoil: Callable[[bytes], bytes]) -> None:
    document = inbox.drop(spoil(text(rows())))
    assert document.status == "refused"
    said = msgspec.json.encode(document) + everything_kept(inbox)
    assert not [secret for secret in SECRETS if secret.encode() in said]


def test_a_broken_library_s_reason_quotes_nothing(inbox: Inbox) -> None:
    content = json.dumps({"tracks": [{"uri": {"secret": "secret"}, "track": ["secret"]}]}).encode()
    document = inbox.drop(content, "YourLibrary.json")
    assert (document.status, b"secret" in msgspec.json.encode(document)) == ("refused", False)


def test_archives_are_for_their_owner_alone(inbox: Inbox) -> None:
    path = inbox.archived(inbox.drop_zip([(MUSIC, text([account()]))]))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("kept", [True, False])
def test_the_country_is_kept_only_where_the_setting_says_so(inbox: Inbox, kept: bool) -> None:
    settings = inbox.settings.model_copy(update={"keep_country": kept})
    mine = Inbox(inbox.store, settings, inbox.folder)
    mine.drop_rows([extended(5, conn_country="QX"), extended(5, conn_country="QX", ts=None)])
    assert [play.country for play in mine.plays()] == ["QX" if kept else None]
    assert (b"QX" in everything_kept(mine)) is kept


def test_nothing_dropped_comes_back_when_the_store_opens_again(inbox: Inbox) -> None:
    inbox.drop(text(rows()))
    inbox.store.close()
    again: Store = open_store(f"sqlite:///{inbox.folder}/stats.db")
    try:
        assert not any("secret" in repr(play) for play in Inbox(again, inbox.settings, inbox.folder).plays())
    finally:
        again.close()
