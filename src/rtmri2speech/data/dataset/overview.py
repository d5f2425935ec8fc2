"""A dataset at a glance: one line, and HTML for notebooks."""

from __future__ import annotations

import base64
import html
import io
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from rtmri2speech.signal.frames import as_uint8

if TYPE_CHECKING:
    from rtmri2speech.data.dataset.layout import Dataset

_SHOWN, _SHOWN_SIZE = 6, 96


def one_line(dataset: Dataset) -> str:
    """``Dataset('x', 12 utterances, 3 speakers, 4.5 min, 27.17 frames/s)``."""
    rows = dataset.utterances
    minutes = sum(row.seconds for row in rows) / 60
    parts = [f"{len(rows)} utterances", f"{len({row.speaker for row in rows})} speakers", f"{minutes:.1f} min"]
    parts.append(f"{float(dataset.meta.features.frame_rate):.2f} frames/s" if dataset.has_frames else "sound alone")
    return f"Dataset({str(dataset.root)!r}, {', '.join(parts)})"


def as_html(dataset: Dataset) -> str:
    """The line, a table of utterances by speaker and split, and the first frames of a few utterances."""
    splits = list(dict.fromkeys(row.split for row in dataset.utterances))
    counts = Counter((row.speaker, row.split) for row in dataset.utterances)
    head = "".join(f"<th>{html.escape(split)}</th>" for split in splits)
    body = "".join(
        f"<tr><th>{html.escape(speaker)}</th>"
        + "".join(f"<td>{counts[speaker, split]}</td>" for split in splits)
        + "</tr>"
        for speaker in sorted({row.speaker for row in dataset.utterances})
    )
    table = f"<table><thead><tr><th>utterances</th>{head}</tr></thead><tbody>{body}</tbody></table>"
    image = f'<img alt="first frames" src="data:image/png;base64,{_montage(dataset)}">' if dataset.has_frames else ""
    return f"<div><p><code>{html.escape(one_line(dataset))}</code></p>{table}{image}</div>"


def _montage(dataset: Dataset) -> str:
    """First frames of utterances spread over the dataset, in a row, as a PNG in base64."""
    from PIL import Image

    rows = dataset.utterances
    row = Image.new("L", (_SHOWN_SIZE * min(_SHOWN, len(rows)), _SHOWN_SIZE))
    for place, index in enumerate(np.linspace(0, len(rows) - 1, min(_SHOWN, len(rows))).round().astype(int)):
        gray = as_uint8(np.asarray(dataset.frames(rows[index])[0]))
        row.paste(Image.fromarray(gray).resize((_SHOWN_SIZE, _SHOWN_SIZE)), (place * _SHOWN_SIZE, 0))
    file = io.BytesIO()
    row.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")
