"""What the settings make on the disk: the admin key, and folders for the owner alone."""

import os
import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from pydantic import ValidationError

from stats_core.errors import StatsError
from stats_core.settings import Settings, made_folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def key_of(data: Path) -> str:
    return Settings(data_dir=data, admin_key=None).admin_key_text()


def test_the_admin_key_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "deep" / "data"
    key = key_of(data)
    assert len(key) > 40
    assert key_of(data) == key
    assert mode(data / "admin.key") == 0o600
    assert mode(data) == 0o700
    assert [path.name for path in data.iterdir()] == ["admin.key"]


def test_an_empty_admin_key_is_never_accepted(tmp_path: Path) -> None:
    (tmp_path / "admin.key").write_text("\n")
    with pytest.raises(StatsError, match=r"admin\.key is empty. Remove it"):
        key_of(tmp_path)


def test_nobody_sees_a_key_that_is_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(_: int) -> None:
        raise OSError

    monkeypatch.setattr(os, "fsync", cut)
    with pytest.raises(OSError):  # noqa: PT011 - whichever
        key_of(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, get_context("spawn")) as processes:
        keys = list(processes.map(key_of, [tmp_path] * 16))
    assert len(set(keys)) == 1


def test_of_two_keys_made_at_once_the_first_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(path: Path) -> bool:
        path.write_text("the other's\n")
        return False

    monkeypatch.setattr(Path, "exists", overtaken)
    assert key_of(tmp_path) == "the other's"


def test_a_disk_without_hard_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def impossible(path: Path, _: Path) -> None:
        raise PermissionError(path)

    monkeypatch.setattr(Path, "hardlink_to", impossible)
    assert key_of(tmp_path) == key_of(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["admin.key"]


def test_folders_that_are_there_keep_their_mode(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    assert made_folder(shared / "data" / "archive") == shared / "data" / "archive"
    assert [mode(path) for path in (shared, shared / "data", shared / "data" / "archive")] == [0o755, 0o700, 0o700]


def test_trusted_proxies_are_addresses_and_networks() -> None:
    named = Settings(_env_file=None, trusted_proxies="10.0.0.0/8, ::1,192.0.2.1")
    assert [str(network) for network in named.proxies] == ["10.0.0.0/8", "::1/128", "192.0.2.1/32"]
    assert Settings(_env_file=None).proxies == ()


@pytest.mark.parametrize("wrong", ["10.0.0.1/8", "proxy.example", "10.0.0.0/8;::1", "*"])
def test_what_is_no_proxy_trusts_nobody(wrong: str) -> None:
    with pytest.raises(ValidationError, match="trusted_proxies"):
        Settings(_env_file=None, trusted_proxies=wrong)


@pytest.mark.parametrize(("name", "wrong"), [("rate_limit", -1), ("rate_limit", "inf"), ("failed_attempts", 0)])
def test_what_is_no_limit_is_refused(name: str, wrong: object) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings.model_validate({name: wrong})
