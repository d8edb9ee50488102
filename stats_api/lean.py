"""Keeping the process lean: what it would load without anybody having asked."""

import sys
from importlib.abc import MetaPathFinder

import pyarrow as pa


class _NoPandas(MetaPathFinder):
    """Finds pandas missing."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is kept out of this process", name=fullname)


def keep_pandas_out() -> None:
    """Let Arrow find no pandas, unless this process has it already.

    Arrow looks for pandas, once, when it makes its first array and when it first turns one into NumPy's, and loads it
    if it is installed: 45 MB and most of a second in the first answer, for nothing.
    """
    if "pandas" in sys.modules:
        return
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([True, None]).to_numpy(zero_copy_only=False)
    finally:
        sys.meta_path.remove(finder)
