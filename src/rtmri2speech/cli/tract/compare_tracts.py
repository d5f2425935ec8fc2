"""``rtmri2speech compare-tracts``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Flag, Many
from rtmri2speech.cli.flags import print_notes


def compare_tracts(
    first: Annotated[list[Path], Parameter(consume_multiple=True, negative="")],
    *,
    second: Annotated[list[Path], Parameter(name="--with", consume_multiple=True, negative="")],
    out: Annotated[Path, Parameter(name=["--out", "--output-dir"])],
    textgrid: Annotated[list[Path], Many] | None = None,
    tier: str | None = None,
    label: Annotated[list[str], Many] | None = None,
    relative: Annotated[bool, Flag] = False,
    names: Annotated[list[str], Many] | None = None,
    columns: Literal[1, 2] = 2,
    seed: int = 0,
) -> None:
    """Compare the vocal tracts of two speakers or conditions, section by section from glottis to lips.

    Tracts are those that tract wrote (NAME_tract.npz), each with NAME.TextGrid, or a table of intervals, next to it.
    Writes OUT/comparison.csv (differences of areas per vowel and section, with 95 % intervals of the bootstrap over
    tokens), comparison_measures.csv (the same for constrictions and formants), and comparison.pdf, .svg and .png.

    Parameters
    ----------
    first
        Files of one speaker or condition.
    second
        Files of the other; differences are these minus the first.
    out
        Folder to write to.
    textgrid
        Annotations that are not next to the files or have other names: one per file, those of the first side first.
    tier
        Their tier of phones; found by itself if not given.
    label
        Labels that are compared; vowels of Japanese, ARPAbet and the IPA if none is given.
    relative
        Compare areas as multiples of the mean area of each token: shapes, without sizes.
    names
        Names of the two sides in figure and messages; by default those of the recordings.
    columns
        Width of the figure: 1 for a column (85 mm), 2 for a page (174 mm).
    seed
        Seed of the bootstrap.
    """
    from rtmri2speech.vocal_tract.gestures.figures import draw_comparison
    from rtmri2speech.vocal_tract.gestures.recordings import compare_tracts as compare

    found = compare(
        first,
        second,
        textgrid=textgrid or (),
        tier=tier,
        label=label or (),
        relative=relative,
        names=names or (),
        seed=seed,
    )
    files = [*found.save(out), *draw_comparison(out / "comparison", found, columns)]
    print_notes(found.notes)
    print(f"{files[0]}: {found}; {len(files)} files in {out}")
