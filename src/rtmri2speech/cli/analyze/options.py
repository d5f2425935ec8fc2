"""Options that commands under ``analyze`` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Many

Target = Literal["energy", "log-energy", "centroid", "adaptive"]
Fill = Literal["darken", "blur", "freeze", "neighbourhood"]

Bands = Annotated[list[str] | None, Many, Parameter(name="--formant-band")]
Video = Annotated[Path, Parameter(name=["VIDEO", "--video"])]
Out = Annotated[Path, Parameter(name=["--out", "--output-dir"], help="Folder to write to.")]
Ceiling = Annotated[
    float | None,
    Parameter(
        help="Highest frequency of five formants, Hz; by the speaker's F0 if not given: 5000, or 5500 from 155 Hz."
    ),
]
Columns = Annotated[Literal[1, 2], Parameter(help="Width of figures: 1 for a column (85 mm), 2 for a page (174 mm).")]
