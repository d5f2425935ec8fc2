"""``rtmri2speech bundle``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from rtmri2speech.cli.console import Flag, ModelFile


def bundle(
    *,
    acoustic: ModelFile,
    vocoder: ModelFile,
    out: Path = Path("model.safetensors"),
    half: Annotated[bool, Flag] = False,
) -> int:
    """Join an acoustic model and a vocoder in one file that synthesize can use.

    Parameters
    ----------
    acoustic
        From train acoustic or import acoustic.
    vocoder
        From train vocoder or import hifigan.
    out
        The file to write.
    half
        Store the weights in half precision: half the size, the same sound for all practical purposes.
    """
    from rtmri2speech.models.bundle.model_file import join, load_bundle, save_bundle

    save_bundle(join(load_bundle(acoustic), load_bundle(vocoder)), out, half=half)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")
    return 0
