"""``rtmri2speech prepare-tracts``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rtmri2speech.cli.batch.distribution import HERE, ClusterOptions, note_share
from rtmri2speech.cli.console import Device, Workers, progress, report_failures


def prepare_tracts(
    dataset: Path,
    /,
    *,
    out: Annotated[Path | None, Parameter(name=["--out", "--out-dir"])] = None,
    looks: int = 4,
    people_looks: int = 1,
    look: str = "random",
    pixel_mm: float | None = None,
    segmenter: str = "segmenter",
    seed: int = 0,
    max_minutes: float | None = None,
    device: Device = "auto",
    workers: Workers = 0,
    cluster: ClusterOptions = HERE,
) -> int:
    """Measure the vocal tract in a dataset's videos, for train acoustic --kind tract.

    Writes tracts.json and ID_inputs.npz: distances, lips, velum, larynx, formants of the tube and their uncertainty on
    the clock of the mel, with the mel, F0 and formants of the sound. A second run measures only what is missing or
    changed.

    Parameters
    ----------
    dataset
        A dataset made by prepare; its videos have to be where they were.
    out
        Folder to write to; by default DATASET/tracts.
    looks
        Random looks of every simulated video: it is measured as the segmenter finds it under each of them.
    people_looks
        Looks of any other video; the first is the video as it is.
    look
        What random looks are drawn from: one that comes with the program, or a YAML file.
    pixel_mm
        Size of a pixel of the videos, mm, where they are not simulated; by default it is estimated from the length of
        the tract.
    segmenter
        The model file of train segmenter; by default the segmenter that comes with the program.
    seed
        Of the looks.
    max_minutes
        Begin no video after so many minutes, and leave the rest out, to be measured by a later run.
    device
        Where frames are made and labeled; auto takes a GPU if there is one, which all processes share.
    cluster
        More than one machine.
    """
    from rtmri2speech.assets import find_model
    from rtmri2speech.preparation.tracts.prepare_tracts import prepare_tracts as run

    with progress("Measuring", "videos") as bar, cluster.engine(workers):
        summary = run(
            dataset,
            out,
            looks=looks,
            people_looks=people_looks,
            look=look,
            segmenter=find_model(segmenter),
            pixel_mm=pixel_mm,
            seed=seed,
            max_minutes=max_minutes,
            device=device,
            workers=workers,
            progress=bar,
            shard=cluster.share(),
        )
    print(f"{summary}.")
    note_share(summary.shard)
    return report_failures(summary.failures)
