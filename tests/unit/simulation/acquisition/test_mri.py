from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from rtmri2speech.data.labels import Label
from rtmri2speech.errors import ConfigError
from rtmri2speech.simulation.acquisition.mri import Scanner, ScannerConfig, spoiled_gradient_echo
from rtmri2speech.simulation.head.contours import Contours
from rtmri2speech.simulation.head.head import SIZE, Head, to_pixels
from rtmri2speech.simulation.head.tissues import FAT, MUSCLE, TISSUES

FRAME_SECONDS = 0.0368
# Long after the beginning of the scan.
STEADY = ScannerConfig(dummies=5000)


def scanner_of(head: Head, config: ScannerConfig = STEADY) -> Scanner:
    return Scanner(head, FRAME_SECONDS, config)


def still(shape: Contours, frames: int) -> Contours:
    return shape.between(np.zeros(2 * frames + 1))


def moving(shapes: Contours, frames: int) -> Contours:
    return shapes.between(np.linspace(0.0, 1.0, 2 * frames + 1))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_shapes(head: Head, contours: Callable[..., Contours]) -> None:
    frames, labels = scanner_of(head).scan(still(contours("a"), 3), rng())
    assert frames.shape == labels.shape == (3, SIZE, SIZE)
    assert frames.dtype == labels.dtype == np.uint8


def test_the_same_random_numbers_give_the_same_bytes(head: Head, contours: Callable[..., Contours]) -> None:
    course = moving(contours("a", "i"), 4)
    first, regions = scanner_of(head, ScannerConfig()).scan(course, rng(7))
    again, _ = scanner_of(Head(contours("@"), seed=3), ScannerConfig()).scan(course, rng(7))
    other, others_regions = scanner_of(head, ScannerConfig()).scan(course, rng(8))
    assert (first == again).all()
    assert (first != other).any() and (regions == others_regions).all()


def test_chunks_leave_no_trace(head: Head, contours: Callable[..., Contours]) -> None:
    course = moving(contours("a", "i"), 20)
    frames, labels = scanner_of(head).scan(course, None)
    last = Contours(*(getattr(course, name)[36:] for name in ("upper", "lower", "tongue", "epiglottis", "velum")))
    tail, tail_labels = scanner_of(head).scan(last, None)
    assert (np.abs(frames[18:].astype(int) - tail) <= 1).all()
    assert (labels[18:] == tail_labels).all()


def test_nothing_flickers_that_does_not_move(head: Head, contours: Callable[..., Contours]) -> None:
    frames, labels = scanner_of(head).scan(still(contours("e"), 5), None)
    assert (frames == frames[0]).all() and (labels == labels[0]).all()


def test_first_frames_are_too_bright_and_then_steady(head: Head, contours: Callable[..., Contours]) -> None:
    frames, _ = scanner_of(head, ScannerConfig()).scan(still(contours("@"), 36), None)
    mean = frames.mean(axis=(1, 2))
    steady = scanner_of(head).scan(still(contours("@"), 1), None)[0].mean()
    assert mean[0] / steady == pytest.approx(1.7, abs=0.2)
    assert (np.diff(mean[:12]) < 0).all()
    assert mean[28:] == pytest.approx(steady, rel=0.02)  # a second later


def test_steady_signal_is_that_of_ernst(head: Head) -> None:
    config = ScannerConfig(te_ms=1e-6)
    steady, excess, decay = spoiled_gradient_echo(config)
    number = TISSUES.index(MUSCLE)
    # Pulse by pulse.
    magnetization, angle = 1.0, np.deg2rad(config.flip_deg)
    signals = []
    for _ in range(3000):
        signals.append(MUSCLE.density * magnetization * np.sin(angle))
        relaxed = np.exp(-config.tr_ms / MUSCLE.t1_ms)
        magnetization = 1.0 - (1.0 - magnetization * np.cos(angle)) * relaxed
    assert steady[number] == pytest.approx(signals[-1])
    assert steady[number] + excess[number] * decay[number] ** 50 == pytest.approx(signals[50])
    assert steady[TISSUES.index(FAT)] > 1.5 * steady[number]
    scanner = scanner_of(head, config)
    pulses = 1000.0 * FRAME_SECONDS / config.tr_ms
    first = int(config.dummies)
    assert scanner.signal(0)[number] == pytest.approx(np.mean(signals[first : first + round(pulses)]), rel=0.02)


def test_a_frame_lasts_as_long_as_it_is_told(head: Head) -> None:
    short, long = Scanner(head, 0.02), Scanner(head, 0.04)
    assert long.signal(0) == pytest.approx(0.5 * (short.signal(0) + short.signal(1)))
    with pytest.raises(ConfigError, match="frame_ms"):
        ScannerConfig.parse({"frame_ms": 40.0}, "scanner")


def test_noise_is_as_strong_as_configured(head: Head, contours: Callable[..., Contours]) -> None:
    config = ScannerConfig(dummies=5000, snr=12.0)
    scanner = scanner_of(head, config)
    course = still(contours("@"), 24)
    noisy, labels = scanner.scan(course, rng())
    clean, _ = scanner.scan(course, None)
    tongue = clean[0][labels[0] == Label.TONGUE_BODY].astype(float)
    assert scanner.sigma == pytest.approx(tongue.mean() / config.snr, rel=0.02)
    inside = labels[0] == Label.TONGUE_BODY
    assert noisy[:, inside].astype(float).std(axis=0).mean() == pytest.approx(scanner.sigma, rel=0.05)
    # Far outside the head, the magnitude of pure noise is Rayleigh's.
    corner = noisy[:, 200:250, 5:25].astype(float)
    assert corner.mean() == pytest.approx(scanner.sigma * np.sqrt(np.pi / 2.0), rel=0.1)


def test_a_frame_is_the_mean_of_its_subframes(head: Head, contours: Callable[..., Contours]) -> None:
    config = ScannerConfig(dummies=5000, subframes=8, matrix=SIZE, apodisation=0.0)
    course = contours("a", "i").between(np.linspace(0.0, 0.4, 3))
    blurred = scanner_of(head, config).scan(course, None)[0][0].astype(float)
    parts = []
    for instant in (np.arange(8) + 0.5) / 8 * 2.0:
        moment = course.between(np.full(3, instant))
        parts.append(scanner_of(head, config).scan(moment, None)[0][0].astype(float))
    mean = np.mean(parts, axis=0)
    assert np.abs(blurred - mean).mean() < 0.5
    # And not one of them: the tongue moves by several pixels.
    assert np.abs(blurred - parts[3]).max() > 40.0
    assert np.abs(blurred - mean).max() < 0.5 * np.abs(blurred - parts[3]).max()


def test_labels_are_those_of_the_middle(head: Head, contours: Callable[..., Contours]) -> None:
    course = moving(contours("a", "i"), 3)
    _, labels = scanner_of(head).scan(course, None)
    prepared = head.prepare(course.between(np.array([1.0, 3.0, 5.0])))
    for frame in range(3):
        assert (labels[frame] == head.labels(prepared, frame)).all()


@pytest.mark.parametrize("matrix", [64, 140])
def test_k_space_ends_at_the_matrix(head: Head, matrix: int, contours: Callable[..., Contours]) -> None:
    config = ScannerConfig(dummies=5000, matrix=matrix)
    frame = scanner_of(head, config).scan(still(contours("@"), 1), None)[0][0].astype(float)
    power = np.abs(np.fft.fft2(frame)) ** 2
    # Rounding and the magnitude, which folds negative ripples up, leave a little.
    place = np.abs(np.fft.fftfreq(SIZE, 1.0 / SIZE))
    outside = (place[:, None] > matrix / 2 + 2) | (place[None, :] > matrix / 2 + 2)
    assert power[outside].sum() < 2e-3 * power.sum()
    everything = ScannerConfig(dummies=5000, matrix=SIZE, apodisation=0.0)
    full = scanner_of(head, everything).scan(still(contours("@"), 1), None)[0][0]
    assert (np.abs(np.fft.fft2(full.astype(float)))[outside] ** 2).sum() > 5 * power[outside].sum()


def test_ghosts_change_from_frame_to_frame_and_average_out(head: Head, contours: Callable[..., Contours]) -> None:
    course = still(contours("@"), 4)
    ghosts = scanner_of(head, ScannerConfig(dummies=5000, ghosting=0.1)).scan(course, None)[0].astype(float)
    clean = scanner_of(head).scan(course, None)[0].astype(float)
    assert np.abs(ghosts[0] - ghosts[1]).mean() > 0.3
    assert np.abs(ghosts[0] - clean[0]).max() > 5.0
    lit = clean[0] > 40.0
    assert np.abs(ghosts.mean(axis=0) - clean[0])[lit].mean() < np.abs(ghosts[0] - clean[0])[lit].mean() / 2


@pytest.mark.parametrize("ghosting", [0.1, 0.3, 1.0])
def test_ghosts_leave_the_brightness_as_it_is(head: Head, ghosting: float, contours: Callable[..., Contours]) -> None:
    config = ScannerConfig(dummies=5000, ghosting=ghosting)
    frames = scanner_of(head, config).scan(still(contours("@"), 8), None)[0].astype(float)
    # Where a ghost falls on air, the magnitude rectifies it: a little remains.
    assert frames.mean(axis=(1, 2)) == pytest.approx(frames.mean(), rel=0.02 * ghosting)
    # What is finer than the center of k-space comes and goes.
    spectrum = np.abs(np.fft.fft2(frames))[:, 30:60, :8]
    assert np.abs(np.diff(spectrum, axis=0)).mean() > 0.5 * ghosting * spectrum.mean()


def test_grey_values_use_the_range(head: Head, contours: Callable[..., Contours]) -> None:
    frame = scanner_of(head).scan(still(contours("a"), 1), rng())[0][0]
    assert np.percentile(frame, 99.9) > 200
    assert (frame == 255).mean() < 0.01
    assert frame[200:250, 5:25].mean() < 15


def test_wrong_numbers_are_refused(head: Head, contours: Callable[..., Contours]) -> None:
    with pytest.raises(ValueError, match="2 T \\+ 1"):
        scanner_of(head, ScannerConfig()).scan(contours("a", "i"), rng())
    with pytest.raises(ConfigError):
        ScannerConfig.parse({"matrix": 300}, "scanner")
    with pytest.raises(ConfigError, match="matrix"):
        ScannerConfig.parse({"matrx": 100}, "scanner")


def test_bright_and_dark_tissue(head: Head, contours: Callable[..., Contours]) -> None:
    frames, labels = scanner_of(head).scan(still(contours("@"), 1), None)
    picture: NDArray[np.float64] = frames[0].astype(np.float64)
    mean = {region: picture[labels[0] == region].mean() for region in Label}
    assert mean[Label.AIRWAY] < 0.25 * mean[Label.TONGUE_BODY]
    assert mean[Label.UPPER_LIP] > mean[Label.TONGUE_BODY]
    assert mean[Label.VELUM] > 2 * mean[Label.AIRWAY]


def test_the_windpipe_is_dark_and_only_what_can_move_moves(head: Head, contours: Callable[..., Contours]) -> None:
    shapes = contours("a", "i")
    frames, labels = scanner_of(head).scan(moving(shapes, 6), rng())
    picture = frames.astype(float)
    below = [0.5 * (upper[0] + lower[0]) - (0.0, 0.9) for upper, lower in zip(shapes.upper, shapes.lower, strict=True)]
    for frame, (column, row) in zip((0, -1), np.rint(to_pixels(np.array(below))).astype(int), strict=True):
        tissue = picture[frame][labels[frame] == Label.LARYNX].mean()
        assert picture[frame, row - 2 : row + 3, column - 1 : column + 2].mean() < 0.5 * tissue
    changes = np.abs(picture[-1] - picture[0])
    tongue = (labels[0] == Label.TONGUE_BODY) != (labels[-1] == Label.TONGUE_BODY)
    brain, spine = (slice(20, 70), slice(110, 190)), (slice(150, 220), slice(160, 190))
    noise = 2.0 / np.sqrt(np.pi) * scanner_of(head).sigma
    assert changes[tongue].mean() > 5.0 * noise
    for place in (brain, spine):
        assert changes[place].mean() == pytest.approx(noise, rel=0.1)
