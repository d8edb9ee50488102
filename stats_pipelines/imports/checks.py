"""What must hold of every import, and what is worth a look."""

from collections.abc import Iterator
from typing import Final

import dagster as dg

from stats_core.documents.imports import Import

MOST_REJECTED: Final = 0.01
MOST_UNIDENTIFIED: Final = 0.05

CHECKS: Final = [
    dg.AssetCheckSpec(
        "ledger_balances",
        asset="imported_plays",
        blocking=True,
        description="Every row of every file ended in exactly one state: rows = the sum of the states.",
    ),
    dg.AssetCheckSpec(
        "rejected_ratio",
        asset="imported_plays",
        description=f"At most {MOST_REJECTED:.0%} of the rows are invalid. The import's document says which and why.",
    ),
    dg.AssetCheckSpec(
        "unidentified_ratio",
        asset="imported_plays",
        description=f"At most {MOST_UNIDENTIFIED:.0%} of the rows name nothing that was played.",
    ),
]


def results_of(document: Import) -> Iterator[dg.AssetCheckResult]:
    """The checks' results for one import."""
    unbalanced = [file.path for file in document.files if file.rows != sum(file.states.values())]
    files = sum(file.rows for file in document.files)
    total = sum(document.states.values())
    yield dg.AssetCheckResult(
        check_name="ledger_balances",
        passed=not unbalanced and document.rows == files == total,
        metadata={"rows": document.rows, "files": files, "states": total, "unbalanced": unbalanced},
    )
    yield _ratio("rejected_ratio", document.states.get("invalid", 0), document.rows, MOST_REJECTED)
    yield _ratio("unidentified_ratio", document.states.get("unidentified", 0), document.rows, MOST_UNIDENTIFIED)


def _ratio(check: str, count: int, rows: int, most: float) -> dg.AssetCheckResult:
    ratio = count / rows if rows else 0.0
    return dg.AssetCheckResult(
        check_name=check,
        passed=ratio <= most,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"rows": rows, "count": count, "ratio": ratio},
    )
