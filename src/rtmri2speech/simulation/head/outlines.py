"""Outlines of the parts of the head, from the files in ``assets/head``, where they can be seen and edited."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.assets import asset


@cache
def read_outlines(name: str) -> Mapping[str, Float64]:
    """The outlines of a file by their names, each (P, 2), cm; which coordinates they are in, the file says.

    Args:
        name: of the file, without its ending: ``soft_tissue``, ``nose``, ``brain``, ``spine`` or ``jaws``.
    """
    values = json.loads((asset("head") / f"{name}.json").read_text(encoding="utf-8"))
    found = {part: np.array(outline["points"], np.float64) for part, outline in values["outlines"].items()}
    for points in found.values():
        points.flags.writeable = False
    return MappingProxyType(found)
