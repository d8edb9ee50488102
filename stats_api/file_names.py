"""Names of files as a parameter."""

from collections.abc import Mapping
from dataclasses import dataclass

from stats_core.insights.parameters import Json, Text


@dataclass(frozen=True, kw_only=True)
class FileName(Text):
    """Printable text in one line; of a path, only what stands last."""

    @property
    def allowed(self) -> str:
        return f"printable text of 1 to {self.longest} characters"

    @property
    def schema(self) -> Mapping[str, Json]:
        return {**super().schema, "minLength": 1}

    def read(self, text: str) -> str:
        last = super().read(text).replace("\\", "/").rpartition("/")[2].strip()
        if not last or not last.isprintable():
            raise ValueError(text)
        return last
