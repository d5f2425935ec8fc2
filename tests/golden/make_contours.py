"""Outlines of a few named shapes of VocalTractLab's own speaker, for the tests of the phantom's pictures.

Run from the repository's root, with the extra ``simulate`` installed: ``python tests/golden/make_contours.py``.
"""

from pathlib import Path

import numpy as np
from vocaltractlab_cython import VocalTractLabApi as vtl

NAMES = (
    *("@", "a", "i", "u", "e", "o", "ll-labial-closure(a)", "tt-alveolar-closure(a)"),
    *("tb-velar-closure(a)", "tb-velar-closure(u)"),
)
KINDS = ("upper", "lower", "tongue", "epiglottis")


def main() -> None:
    outlines = [vtl.get_outlines(np.asarray(vtl.get_shape(name, "tract"))) for name in NAMES]
    arrays = {kind: np.stack([np.asarray(each[kind]) for each in outlines]).astype(np.float32) for kind in KINDS}
    # The velum of /a/ from closed to wide open: its outlines, too, depend on it.
    tract = np.asarray(vtl.get_shape("a", "tract"))
    openings = np.linspace(-0.1, 1.0, 12)
    velum = []
    for opening in openings:
        tract[7] = opening
        velum.append(np.asarray(vtl.get_outlines(tract)["upper"]))
    np.savez_compressed(
        Path(__file__).with_name("contours.npz"),
        names=np.array(NAMES),
        velum_openings=openings,
        velum_upper=np.stack(velum).astype(np.float32),
        **arrays,
    )


if __name__ == "__main__":
    main()
