"""`spotify-stats import`: files, folders or ZIPs straight into the store, no service needed."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from stats_core.cli.opening import opened_store, told_to_wait
from stats_core.documents.imports import Import, ImportFile
from stats_core.documents.words import STATES, State
from stats_core.errors import StatsError
from stats_core.settings import Settings
from stats_core.store.port import Store

if TYPE_CHECKING:
    from stats_core.imports.importer import Watcher

messages = Console(stderr=True)


class ReportedFile(msgspec.Struct):
    """One JSON file in what `--json` prints."""

    path: str
    file: str
    import_: str | None = msgspec.field(name="import")
    generation: str | None
    rows: int
    states: dict[State, int]
    status: str
    reason: str | None = None


class ReportedMember(msgspec.Struct):
    """A member of a ZIP, or a file of a folder, that holds no history."""

    path: str
    file: str
    reason: str


class Report(msgspec.Struct):
    """What `--json` prints."""

    user: str
    rows: int = 0
    states: dict[State, int] = msgspec.field(default_factory=lambda: dict.fromkeys(STATES, 0))
    files: list[ReportedFile] = []
    ignored: list[ReportedMember] = []
    seconds: float = 0.0


@click.command("import")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--user", help="Whose listening this is; the default listener's unless given.")
@click.option("--json", "as_json", is_flag=True, help="Print the ledger as JSON.")
@click.pass_context
def import_command(ctx: click.Context, paths: tuple[Path, ...], user: str | None, as_json: bool) -> None:
    """Import Spotify's export files: ZIPs, JSON files, or folders of them."""
    started = time.monotonic()
    stopped: OSError | StatsError | None = None
    with opened_store() as (settings, store):
        report = Report(user or settings.default_user)
        try:
            with _progress() as show:
                for given in paths:
                    for path in _files_of(given, report):
                        _import_path(store, settings, path, report, show)
        except (OSError, StatsError) as error:
            stopped = error
    if stopped is None or report.files:
        _tell(report, started, as_json=as_json)
    if isinstance(stopped, OSError):
        raise _told(stopped) from stopped
    if stopped is not None:
        raise stopped
    ctx.exit(0 if report.files and all(file.status != "refused" for file in report.files) else 1)


def _tell(report: Report, started: float, *, as_json: bool) -> None:
    for file in report.files:
        report.rows += file.rows
        for state, count in file.states.items():
            report.states[state] += count
    report.seconds = round(time.monotonic() - started, 3)
    if as_json:
        click.echo(msgspec.json.encode(report))
    else:
        _print(report)


def _told(error: OSError) -> click.ClickException:
    """What ended the command, where it was not the file to be imported."""
    from stats_core.imports.importer import readable_name  # noqa: PLC0415 - what reads files takes a while to load

    where = f" ({readable_name(str(error.filename))})" if error.filename else ""
    return click.ClickException(
        f"The import stopped: {error.strerror or error}{where}. Put that right and import again: what is done stays."
    )


def _files_of(given: Path, report: Report) -> Iterator[Path]:
    """The files to import: the one given, or those of a folder that hold history.

    The folder's others are ignored, and what of it cannot be read is refused.
    """
    from stats_core.exports.container import is_zip  # noqa: PLC0415 - what reads files takes a while to load
    from stats_core.exports.recognise import PEEK_BYTES, has_history_name, recognised  # noqa: PLC0415
    from stats_core.imports.importer import readable_name  # noqa: PLC0415

    if not given.is_dir():
        yield given
        return
    for path in _paths_below(given, report):
        ignored = ReportedMember(readable_name(str(path)), readable_name(path.name), "holds no listening history")
        if path.is_symlink():
            ignored.reason = "is a link: name the file itself"
            report.ignored.append(ignored)
            continue
        try:
            if not path.is_file():
                continue
            with path.open("rb") as file:
                head = file.read(PEEK_BYTES)
        except OSError as error:
            report.files.append(_unreadable(path, error))
            continue
        if is_zip(head) or has_history_name(path.name) or recognised(head):
            yield path
        else:
            report.ignored.append(ignored)


def _paths_below(folder: Path, report: Report) -> list[Path]:
    """Everything in a folder and its folders that is no folder itself; links to folders are not followed."""
    found: list[Path] = []
    failures: list[OSError] = []
    for at, folders, names in os.walk(folder, onerror=failures.append):
        found += [Path(at, name) for name in names]
        found += [path for name in folders if (path := Path(at, name)).is_symlink()]
    report.files += [_unreadable(Path(error.filename), error) for error in failures]
    return sorted(found)


def _unreadable(path: Path, error: OSError) -> ReportedFile:
    from stats_core.imports.importer import readable_name  # noqa: PLC0415

    reason = f"cannot be read: {error.strerror or error}"
    nothing: dict[State, int] = dict.fromkeys(STATES, 0)
    return ReportedFile(readable_name(str(path)), readable_name(path.name), None, None, 0, nothing, "refused", reason)


def _import_path(store: Store, settings: Settings, path: Path, report: Report, show: "_Shown") -> None:
    from stats_core.imports.importer import Dropped, digest_of, import_file, import_key, readable_name  # noqa: PLC0415
    from stats_core.store import collections  # noqa: PLC0415

    try:
        digest = digest_of(path)
    except OSError as error:
        report.files.append(_unreadable(path, error))
        return
    earlier = store.get(collections.imports, import_key(report.user, digest))
    dropped = Dropped(path, path.name, digest, watcher=show.watcher(path))
    document, _ = import_file(store, settings, report.user, dropped)
    before = earlier.files if earlier and earlier.finished_at else []
    seen = {file.path for file in before if file.status == "imported"}
    report.files += [_reported(path, document, file, again=file.path in seen) for file in document.files]
    if not document.files:
        whole = ImportFile(path=readable_name(path.name), status="refused", reason=document.reason)
        report.files.append(_reported(path, document, whole, again=False))
    report.ignored += [
        ReportedMember(readable_name(str(path)), member.path, member.reason) for member in document.ignored
    ]


def _reported(path: Path, document: Import, file: ImportFile, *, again: bool) -> ReportedFile:
    from stats_core.history.ledger import every_state, seen_again  # noqa: PLC0415
    from stats_core.imports.importer import readable_name  # noqa: PLC0415

    unchanged = again and file.status == "imported"
    return ReportedFile(
        readable_name(str(path)),
        file.path,
        document.digest,
        file.generation,
        file.rows,
        every_state(seen_again(file.states) if unchanged else file.states),
        "unchanged" if unchanged else file.status,
        file.reason,
    )


class _Shown:
    """The progress bar: a file is read, then its rows find their places."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def watcher(self, path: Path) -> "Watcher":
        """Shows how the import of one file goes."""
        from stats_core.imports.importer import Watcher, readable_name  # noqa: PLC0415

        size, name = path.stat().st_size, readable_name(path.name)
        self._progress.reset(self._task, total=max(1, size), description=f"reading {name}", visible=True)
        return Watcher(
            read=lambda count: self._progress.advance(self._task, count),
            written=lambda done, rows: self._progress.update(
                self._task, description=f"storing {name}", completed=done, total=max(1, rows)
            ),
            waiting=told_to_wait,
        )


@contextmanager
def _progress() -> Iterator[_Shown]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=messages, transient=True) as progress:
        yield _Shown(progress, progress.add_task("", visible=False))


def _print(report: Report) -> None:
    table = Table("file", "generation", "rows", "what became of them", "status")
    for file in report.files:
        states = ", ".join(f"{count:,} {state}" for state, count in file.states.items() if count)
        told = escape(states or file.reason or "")
        table.add_row(escape(file.file), file.generation or "", f"{file.rows:,}", told, file.status)
    Console().print(table)
    for member in report.ignored:
        messages.print(f"ignored {member.file}: {member.reason}", highlight=False, markup=False)
    messages.print(f"{report.rows:,} rows for {report.user} in {report.seconds:.1f} s", highlight=False)
