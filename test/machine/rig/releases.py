"""Releases of the sample: copies with other code."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from .deploy import ROOT


def release(folder: Path, changes: Mapping[str, str]) -> Path:
    """`changes` holds the whole text of files, by their path in the release."""
    shutil.copytree(ROOT / "runtime/sample", folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path, text in changes.items():
        (folder / path).write_text(text)
    return folder
