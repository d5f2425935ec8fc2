"""The scanner: noise of the wanted strength, resolution, streaks only where they belong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from rtmri2speech.appearance.config import LookConfig
from rtmri2speech.appearance.draws import Draws
from rtmri2speech.appearance.k_space import Sampling, acquire, draw_sampling, field_map, typical

Quiet = Callable[..., LookConfig]
Disc = Callable[..., Tensor]


def sampling(config: LookConfig, count: int = 4) -> Sampling:
    return draw_sampling(Draws(count, torch.Generator().manual_seed(3)), config.sampling)


def test_noise_has_the_deviation_that_was_asked_for(quiet: Quiet) -> None:
    images = torch.ones(4, 64, 64)
    for readout in ("cartesian", "spiral", "radial"):
        only = {name: float(name == readout) for name in ("cartesian", "spiral", "radial")}
        found = acquire(images, sampling(quiet(sampling={"noise": [0.05, 0.05], "matrix": [40.0, 60.0], **only})), 1)
        # Bright tissue counts as 1.4 times the self-weighted mean.
        assert (found.std(dim=(1, 2)) / (1.4 * 0.05)).tolist() == pytest.approx([1.0] * 4, abs=0.15), readout


def test_air_holds_rician_noise(quiet: Quiet, disc: Disc) -> None:
    images = disc(4, 64, 20.0, 20.0, 8.0)
    air = acquire(images, sampling(quiet(sampling={"noise": [0.05, 0.05]})), 1)[:, 44:, 44:]
    # The magnitude of complex noise: mean sqrt(pi / 2) sigma.
    sigma = 0.05 * typical(images)
    ratios = (air.mean(dim=(1, 2)) / sigma).tolist()
    assert ratios == pytest.approx([1.2533] * 4, abs=0.25)


def test_a_small_matrix_blurs_edges(quiet: Quiet, disc: Disc) -> None:
    images = disc(4, 128, 64.0, 64.0, 30.0)
    widths = []
    for matrix in (128.0, 32.0):
        frames = acquire(images, sampling(quiet(sampling={"matrix": [matrix, matrix], "fade": [0.5, 0.5]})), 1)
        line = frames[:, 64, 80:110]
        widths.append(((line > 0.1) & (line < 0.9)).sum(1).float().mean())
    assert widths[0] <= 2.0 and 3.0 <= widths[1] <= 8.0


@pytest.mark.parametrize("readout", ["cartesian", "spiral", "radial"])
def test_undersampling_leaves_its_traces_outside_and_turns(quiet: Quiet, disc: Disc, readout: str) -> None:
    images = disc(4, 128, 64.0, 64.0, 20.0)
    only = {name: float(name == readout) for name in ("cartesian", "spiral", "radial")}
    clean = acquire(images, sampling(quiet(sampling={"fade": [0.5, 0.5], **only})), 1)
    under = sampling(quiet(sampling={"fade": [0.5, 0.5], "undersampling": 1.0, "streaks": [0.5, 0.5], **only}))
    streaked = acquire(images, under, 1)
    outside = disc(4, 128, 64.0, 64.0, 26.0) == 0.0
    assert float(streaked[outside].mean()) > 1.5 * float(clean[outside].mean())
    later = acquire(images, under, 1, torch.full((4,), 3.0))
    assert float((later - streaked).abs().max()) > 0.01
    # The frame as a whole is as bright as before.
    assert float(streaked.mean() / clean.mean()) == pytest.approx(1.0, abs=0.2)


def test_off_resonance_blurs_at_air_and_not_inside(quiet: Quiet, disc: Disc) -> None:
    images = disc(4, 128, 64.0, 64.0, 40.0)
    field = field_map(images, typical(images), torch.zeros(4, 2))
    assert float(field[:, 64, 23:26].mean()) > 0.7 and float(field[:, 64, 64].abs().max()) < 0.1
    spiral = {"cartesian": 0.0, "radial": 0.0, "fade": [0.5, 0.5]}
    clean = acquire(images, sampling(quiet(sampling=spiral)), 1)
    blurred = acquire(images, sampling(quiet(sampling={**spiral, "off_resonance": 1.0, "cycles": [1.0, 1.0]})), 1)
    change = (blurred - clean).abs()
    assert float(change[:, 64, 20:30].amax(1).min()) > 0.1
    assert float(change[:, 60:68, 60:68].mean()) < 0.3 * float(change[:, 64, 20:30].mean())


def test_a_thick_slice_fills_narrow_air(quiet: Quiet) -> None:
    images = torch.ones(4, 128, 128)
    images[:, 63:65] = 0.0
    thin = acquire(images, sampling(quiet(sampling={"cartesian": 1.0, "spiral": 0.0, "radial": 0.0})), 1)
    given = {"thickness": [0.4, 0.4], "cartesian": 1.0, "spiral": 0.0, "radial": 0.0}
    thick = acquire(images, sampling(quiet(sampling=given)), 1)
    assert float(thin[:, 63].max()) < 0.1 and 0.15 < float(thick[:, 63].min()) < 0.4
    assert float(thick[:, 20:40].mean()) == pytest.approx(1.0, abs=0.01)


def test_motion_makes_ghosts_and_a_spike_makes_stripes(quiet: Quiet, disc: Disc) -> None:
    images = disc(4, 128, 64.0, 64.0, 30.0)
    clean = acquire(images, sampling(quiet()), 1)
    for given in ({"motion": 1.0, "motion_share": [0.015, 0.015]}, {"spike": 1.0}):
        assert float((acquire(images, sampling(quiet(sampling=given)), 1) - clean).abs().max()) > 0.02, given
