"""Free text as a parameter."""

from collections.abc import Mapping
from dataclasses import dataclass

from stats_core.insights.parameters import Json, Parameter


@dataclass(frozen=True, kw_only=True)
class Text(Parameter[str]):
    """Printable text in one line; of a path, only what stands last."""

    longest: int

    @property
    def allowed(self) -> str:
        return f"printable text of 1 to {self.longest} characters"

    @property
    def schema(self) -> Mapping[str, Json]:
        return {"type": "string", "minLength": 1, "maxLength": self.longest}

    def read(self, text: str) -> str:
        last = text.replace("\\", "/").rpartition("/")[2].strip()
        if not last or len(text) > self.longest or not last.isprintable():
            raise ValueError(text)
        return last
