"""`spotify-stats import`: what it prints, and how it ends."""

import errno
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from stats_core.documents.words import STATES
from stats_core.imports import archive, importer
from tests.cli.conftest import Run
from tests.imports.exported import Listened, account_row, extended_row

HEARD = [Listened(0, 31_000, 1, "One"), Listened(100, 200_000, 2, "Two"), Listened(200, 5_000, None, None)]


def history(path: Path, generation: int = 5, plays: list[Listened] = HEARD) -> Path:
    rows = [extended_row(generation, play) if generation else account_row(play) for play in plays]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows))
    return path


def reported(run: Run, *arguments: object) -> tuple[int, dict[str, Any]]:
    result = run("import", *arguments, "--json")
    report: dict[str, Any] = json.loads(result.stdout)
    for counted in (report, *report["files"]):
        assert counted["rows"] == sum(counted["states"].values())
        assert list(counted["states"]) == list(STATES)
        counted["states"] = {state: count for state, count in counted["states"].items() if count}
    return result.exit_code, report


def test_json_is_all_that_is_printed_and_has_exactly_the_promised_members(run: Run, tmp_path: Path) -> None:
    code, report = reported(run, history(tmp_path / "a.json"))
    assert code == 0
    assert list(report) == ["user", "rows", "states", "files", "ignored", "seconds"]
    (file,) = report["files"]
    assert list(file) == ["path", "file", "import", "generation", "rows", "states", "status", "reason"]
    assert (report["user"], report["rows"], report["states"]) == ("me", 3, {"stored": 2, "unidentified": 1})
    assert (file["generation"], file["status"], file["reason"]) == ("extended-5", "imported", None)
    assert file["path"] == str(tmp_path / "a.json")


def test_a_finished_file_is_unchanged_and_its_rows_are_duplicates(run: Run, tmp_path: Path) -> None:
    path = history(tmp_path / "a.json")
    assert run("import", path).exit_code == 0
    code, report = reported(run, path)
    assert code == 0
    assert report["states"] == {"duplicate": 3}
    assert [file["status"] for file in report["files"]] == ["unchanged"]


def test_superseded_rows_stay_superseded_when_seen_again(run: Run, tmp_path: Path) -> None:
    account = history(tmp_path / "account.json", 0)
    run("import", history(tmp_path / "a.json"))
    assert reported(run, account)[1]["states"] == {"superseded": 3}
    assert reported(run, account)[1]["states"] == {"superseded": 3}


def test_extended_history_takes_the_place_of_account_data(run: Run, tmp_path: Path) -> None:
    run("import", history(tmp_path / "account.json", 0))
    assert reported(run, history(tmp_path / "a.json"))[1]["states"] == {"superseding": 3}
    assert reported(run, history(tmp_path / "old.json", 2))[1]["states"] == {"duplicate": 3}


def test_a_folder_is_searched_and_what_holds_no_history_is_ignored(run: Run, tmp_path: Path) -> None:
    history(tmp_path / "drop" / "deep" / "a.json")
    (tmp_path / "drop" / "ReadMeFirst.pdf").write_bytes(b"%PDF-1.7")
    code, report = reported(run, tmp_path / "drop")
    assert code == 0
    assert [file["file"] for file in report["files"]] == ["a.json"]
    assert [member["file"] for member in report["ignored"]] == ["ReadMeFirst.pdf"]


def test_a_refused_member_ends_with_1_and_the_others_are_imported(run: Run, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "my_spotify_data.zip", "w") as archive:
        archive.write(history(tmp_path / "a.json"), "MyData/endsong_0.json")
        archive.writestr("MyData/endsong_1.json", '[{"ts": "2022-')
        archive.writestr("MyData/Payments.json", "{}")
    for again in ("imported", "unchanged"):
        code, report = reported(run, tmp_path / "my_spotify_data.zip")
        assert code == 1
        assert [file["status"] for file in report["files"]] == [again, "refused"]
        assert "cut off" in report["files"][1]["reason"]
        assert [member["file"] for member in report["ignored"]] == ["MyData/Payments.json"]


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04broken", b"{}", b"[1, 2]", b"\x00" * 100])
def test_what_is_no_history_is_refused_with_a_reason(run: Run, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "something"
    path.write_bytes(content)
    code, report = reported(run, path)
    assert code == 1
    assert [file["status"] for file in report["files"]] == ["refused"]
    assert report["files"][0]["reason"]
    assert report["rows"] == 0


def test_nothing_recognised_in_a_folder_ends_with_1(run: Run, tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    assert reported(run, tmp_path / "drop")[0] == 1


def test_wrong_usage_and_unknown_paths_end_with_2(run: Run, tmp_path: Path) -> None:
    assert run("import").exit_code == 2
    assert run("import", tmp_path / "nowhere.zip").exit_code == 2
    result = run("import", history(tmp_path / "a.json"), "--user", "Not A Name")
    assert result.exit_code == 2
    assert "user='Not A Name'" in result.stderr


def test_an_import_makes_its_listener(run: Run, tmp_path: Path) -> None:
    assert run("import", history(tmp_path / "a.json"), "--user", "anna").exit_code == 0
    assert json.loads(run("summary", "--user", "anna", "--json").stdout)["plays"] == 2
    assert (tmp_path / "data" / "inbox" / "anna").is_dir()


def test_without_json_the_table_is_on_stdout_and_messages_on_stderr(run: Run, tmp_path: Path) -> None:
    result = run("import", history(tmp_path / "a.json"))
    assert "2 stored" in result.stdout
    assert "3 rows for me" in result.stderr


def test_a_name_that_is_no_utf8_is_reported_readably(run: Run, tmp_path: Path) -> None:
    os.rename(history(tmp_path / "drop" / "a.json"), os.fsencode(tmp_path / "drop") + b"/\xff.json")  # noqa: PTH104
    (tmp_path / "drop" / "\udcfe.pdf").write_bytes(b"%PDF-1.7")
    for given in (tmp_path / "drop", tmp_path / "drop" / "\udcff.json"):
        code, report = reported(run, given)
        assert code == 0
        assert [(file["path"], file["file"]) for file in report["files"]] == [
            (str(tmp_path / "drop" / "\ufffd.json"), "\ufffd.json")
        ]
        assert [member["file"] for member in report["ignored"]] == ["\ufffd.pdf"][: given.is_dir()]


def test_brackets_in_a_name_are_shown_as_they_are(run: Run, tmp_path: Path) -> None:
    assert "[red] a.json" in run("import", history(tmp_path / "[red] a.json")).stdout


def test_a_full_disk_is_no_refusal_and_what_was_done_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = history(tmp_path / "a.json"), history(tmp_path / "b.json", 2)
    write = archive.write_archive

    def full(path: Path, manifest_of: tuple[str, str, int], *rest: Any) -> None:
        if manifest_of[0] == "b.json":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        write(path, manifest_of, *rest)

    monkeypatch.setattr(importer, "write_archive", full)
    result = run("import", first, second, "--json")
    assert result.exit_code == 1
    assert [(file["file"], file["status"]) for file in json.loads(result.stdout)["files"]] == [("a.json", "imported")]
    assert "No space left on device" in result.stderr
    assert "Traceback" not in result.stderr
    monkeypatch.setattr(importer, "write_archive", write)
    assert reported(run, second)[0] == 0


def test_what_cannot_be_read_is_refused_and_the_rest_goes_on(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.json", "b.json"):
        history(tmp_path / "drop" / name)
    opened = Path.open

    def shut(path: Path, *arguments: Any, **named: Any) -> Any:
        if path.name == "a.json":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opened(path, *arguments, **named)

    monkeypatch.setattr(Path, "open", shut)
    code, report = reported(run, tmp_path / "drop")
    assert code == 1
    assert [(file["file"], file["status"], file["reason"]) for file in report["files"]] == [
        ("a.json", "refused", "cannot be read: Permission denied"),
        ("b.json", "imported", None),
    ]
    assert reported(run, tmp_path / "drop" / "a.json")[1]["files"] == report["files"][:1]


def test_links_in_a_folder_are_ignored_with_a_reason(run: Run, tmp_path: Path) -> None:
    kept = history(tmp_path / "kept" / "a.json")
    history(tmp_path / "drop" / "b.json")
    (tmp_path / "drop" / "c.json").symlink_to(kept)
    (tmp_path / "drop" / "folder").symlink_to(kept.parent)
    (tmp_path / "drop" / "nowhere").symlink_to(tmp_path / "nowhere")
    code, report = reported(run, tmp_path / "drop")
    assert code == 0
    assert [file["file"] for file in report["files"]] == ["b.json"]
    assert [member["file"] for member in report["ignored"]] == ["c.json", "folder", "nowhere"]
    assert {member["reason"] for member in report["ignored"]} == {"is a link: name the file itself"}
    assert reported(run, tmp_path / "drop" / "c.json")[0] == 0
