"""What a phantom is to become: its utterances, and what all of them have in common."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rtmri2speech.simulation.options import FRAME_RATE, PhantomOptions
from rtmri2speech.simulation.speaker.voice import VOICE_VERSION
from rtmri2speech.simulation.utterance import Job

SCHEMA = 1
"""Raised whenever the same options would give other bytes."""


def plan_of(options: PhantomOptions) -> dict[str, Any]:
    """What all utterances of a phantom have in common, as its plan holds it."""
    return {
        "version": f"{SCHEMA}.{VOICE_VERSION}",
        "seed": options.seed,
        "utterance_seconds": options.utterance_seconds,
        "scanner": options.scanner.model_dump(),
        "scanner_snr_db": options.scanner_snr_db,
        **what_is_different(options),
    }


def is_plan_of(stored: Mapping[str, Any], options: PhantomOptions) -> bool:
    """Whether a stored plan is of these options; what it leaves out is as in ordinary phantoms."""
    wanted = {**plan_of(options), **_differences(options)}
    return all(stored.get(name) == value for name, value in wanted.items())


def what_is_different(options: PhantomOptions) -> dict[str, Any]:
    """What differs from ordinary frames and scripts; a phantom of these has none of its names."""
    return {name: value for name, value in _differences(options).items() if value is not None}


def _differences(options: PhantomOptions) -> dict[str, Any]:
    """The same, with None for what is ordinary."""
    return {
        "fps": None if options.frame_rate == FRAME_RATE else str(options.frame_rate),
        "field_of_view_mm": options.field_of_view_mm,
        "pixel_mm": options.pixel_mm,
        # As JSON gives them back, with lists.
        "look": None if options.look is None else options.look.model_dump(mode="json"),
        "text": None if options.text is None else options.model_dump(mode="json", include={"text"})["text"],
    }


def plan_utterances(out: Path, index: int, name: str, share: float, options: PhantomOptions) -> list[Job]:
    """A speaker's utterances: a text's lines, or drawn ones until the speaker's share of the frames is filled.

    Utterances that are done already stay in the phantom, however few are asked for now.

    Args:
        out: folder of the phantom.
        index: position of the speaker in it.
        name: of the speaker.
        share: frames wanted.
        options: of the phantom.
    """
    # Jobs go to other processes: each with its own line of the text, not the whole.
    common = options.model_copy(update={"text": None})
    jobs: list[Job] = []
    frames = 0
    while options.text is None or len(jobs) < len(options.text):
        number = len(jobs)
        text = None if options.text is None else options.text[number]
        job = Job(out, name, number, index, common, text)
        if options.text is None and frames >= share and not job.is_done():
            break
        jobs.append(job)
        frames += job.frames
    return jobs
