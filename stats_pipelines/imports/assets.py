"""The inbox, and the plays that were imported from it."""

import dagster as dg

from stats_core.documents.imports import Import
from stats_core.documents.words import STATES
from stats_core.errors import StatsError
from stats_core.imports.inbox import parsed_key
from stats_pipelines.imports.checks import CHECKS, results_of
from stats_pipelines.imports.partitions import imports
from stats_pipelines.resources import StoreResource

FILE_TAG = "stats/file"
"""Where below the inbox a run's file lay when it was asked for. A hint: a rerun needs none."""
MOST_FILES_SHOWN = 200

import_inbox = dg.AssetSpec(
    "import_inbox",
    description="The watched folder: Spotify's exports, dropped by hand or uploaded. `<inbox>/<listener>` is a "
    "listener's own; everything else is the default listener's.",
    group_name="imports",
    kinds={"file"},
    owners=["team:listening"],
)


@dg.asset(
    deps=[import_inbox],
    partitions_def=imports,
    description="The plays of one dropped file, ZIP or JSON. Every row ends in one counted state. Materialize a "
    "partition again, or re-execute its run, to read the file again from the archive with today's code: what is "
    "there already stays as it is.",
    group_name="imports",
    kinds={"python", "spotify"},
    owners=["team:listening"],
    pool="plays",
    check_specs=CHECKS,
)
def imported_plays(context: dg.AssetExecutionContext, stats: StoreResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Import the file that the partition stands for; a refused one fails, and says why."""
    # pandas: half a second that only runs pay, not the code server's start.
    from stats_core.imports.importer import Watcher  # noqa: PLC0415
    from stats_core.imports.inbox_claims import take_in  # noqa: PLC0415
    from stats_core.store.leases import described  # noqa: PLC0415

    watcher = Watcher(waiting=lambda holder: context.log.info(f"Waiting for {described(holder)}."))
    try:
        key = parsed_key(context.partition_key)
        hint = context.run.tags.get(FILE_TAG)
        taken = take_in(stats.store, stats.settings, key, hint=hint, run_id=context.run.run_id, watcher=watcher)
    except StatsError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    document = taken.document
    if document.status == "refused":
        raise dg.Failure(
            f"Refused: {document.reason}", metadata={"set_aside": str(taken.set_aside)}, allow_retries=False
        )
    return dg.MaterializeResult(
        metadata={**metadata_of(document), "unchanged": taken.unchanged, "from_archive": taken.from_archive},
        data_version=dg.DataVersion(document.digest),
        check_results=list(results_of(document)),
    )


def metadata_of(document: Import) -> dict[str, dg.MarkdownMetadataValue | int | str]:
    """An import in numbers, as Dagster's UI shows it."""
    return {
        "dagster/partition_row_count": document.rows,
        "listener": document.user,
        "file": document.name,
        "status": document.status,
        "generations": ", ".join(document.generations) or "none",
        "bytes": document.size,
        **{state: document.states.get(state, 0) for state in STATES},
        "first_play": str(document.first_play or "none"),
        "last_play": str(document.last_play or "none"),
        "ledger": dg.MetadataValue.md(ledger_table(document)),
    }


def ledger_table(document: Import) -> str:
    """The states of each file's rows, as a table in Markdown."""
    lines = [f"| file | generation | status | rows | {' | '.join(STATES)} |", "|---" * (4 + len(STATES)) + "|"]
    for file in document.files[:MOST_FILES_SHOWN]:
        states = " | ".join(f"{file.states.get(state, 0):,}" for state in STATES)
        path = file.path.replace("|", "\\|")
        lines.append(f"| {path} | {file.generation or ''} | {file.reason or file.status} | {file.rows:,} | {states} |")
    if len(document.files) > MOST_FILES_SHOWN:
        lines.append(f"\n{len(document.files) - MOST_FILES_SHOWN:,} more files.")
    return "\n".join(lines)
