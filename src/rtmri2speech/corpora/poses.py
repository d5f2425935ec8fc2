"""A corpus of poses, as ``rtmri2speech simulate --poses`` writes it: heads in still positions, without sound."""

from __future__ import annotations

from pathlib import Path

MANIFEST = "poses.json"
"""File that makes a folder a corpus of poses; written last."""

PLAN = ".poses.json"
"""File of an unfinished corpus: what it is to become."""


def head_file(root: Path, head: str) -> Path:
    """The file of a head."""
    return root / head / f"{head}_poses.npz"
