from pathlib import Path

import pytest

from stats_core.sample import SampleReport, sample_export
from tests.sample.reading import PLAYS, SEED, YEARS, Sample


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """A small sample export in the clothes asked for; each is written once."""
    folder: Path = tmp_path_factory.mktemp("samples")
    written: dict[tuple[int, bool], SampleReport] = {}

    def write(generation: int = 5, account: bool = False) -> SampleReport:
        if (generation, account) not in written:
            output = folder / f"{generation}-{account}.zip"
            written[generation, account] = sample_export(PLAYS, YEARS, SEED, generation, account, output=output)
        return written[generation, account]

    return write
