"""The scanner: tissues to magnitude images, by a spoiled gradient echo and a k-space of limited size."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from pydantic import Field

from rtmri2speech.arrays import Float32, Float64, UInt8
from rtmri2speech.config import Config
from rtmri2speech.data.labels import Label
from rtmri2speech.simulation.head.contours import Contours
from rtmri2speech.simulation.head.head import SIZE, Head, Prepared, to_pixels, window
from rtmri2speech.simulation.head.tissues import SHARE_OF, TISSUE_OF, TISSUES

# Frames whose polygons are computed together.
_CHUNK = 16
# Below this share of the steady signal the approach to it is over.
_SETTLED = 5e-4
# Where the coil lies and how far it reaches, cm: in front of mouth and neck, with a weaker element behind.
_COIL = ((5.0, -2.5, 8.0, 1.0), (1.0, -9.0, 6.5, 0.35), (-11.0, -4.0, 8.0, 0.5))
_COIL_FLOOR = 0.16
# Gray value of the brightest tissue of a neutral steady frame.
_WHITE_LEVEL, _WHITE_PERCENTILE = 225.0, 99.5
# Share of the k-space radius, in lines, that is acquired in every frame: what sets the brightness of the frame.
_CENTER = 0.25
# Share of half a cosine's period the fade goes through: down to 0.21 at the edge. All the way to 0 would cost more
# resolution than the ringing that is left is worth.
_FADE = 0.7


class ScannerConfig(Config):
    """How frames are acquired."""

    subframes: int = Field(default=4, ge=1, le=32)
    """Instants drawn per frame; a multiple of 4 draws edges finest."""
    matrix: int = Field(default=140, ge=16, le=SIZE)
    """Lines and samples acquired of the frame's 256."""
    apodisation: float = Field(default=0.3, ge=0.0, le=1.0)
    """Share of the k-space radius over which the signal is faded to a fifth, against ringing."""
    tr_ms: float = Field(default=2.7, gt=0.0)
    """Repetition time."""
    te_ms: float = Field(default=1.2, gt=0.0)
    """Echo time."""
    flip_deg: float = Field(default=8.0, gt=0.0, lt=90.0)
    """Flip angle."""
    dummies: float = Field(default=95.0, ge=0.0)
    """Pulses before the first frame; with few the first frames are brighter."""
    snr: float = Field(default=22.0, gt=0.0)
    """Signal of the tongue by the standard deviation of the noise in the real part."""
    ghosting: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share of the signal that is missing from lines left out of a frame: 1 acquires only one in ``interleaves``, and
    the center of k-space."""
    interleaves: int = Field(default=4, ge=2, le=16)
    """Frames after which every line has been acquired."""


class Scanner:
    """Acquires frames of one speaker.

    Args:
        head: the speaker.
        frame_seconds: duration of a frame.
        config: the sequence.
    """

    def __init__(self, head: Head, frame_seconds: float, config: ScannerConfig | None = None) -> None:
        self.head = head
        self.config = config or ScannerConfig()
        # Pulses per frame.
        self._pulses = 1000.0 * frame_seconds / self.config.tr_ms
        self.coil = _coil()
        self._shade = (self.coil * head.texture).astype(np.float32)
        self._weights = _k_space_weights(self.config.matrix, self.config.apodisation)
        self._lines = np.flatnonzero(self._weights.any(axis=1))
        self._central = np.abs(np.fft.fftfreq(SIZE, 1.0 / SIZE))[self._lines] <= _CENTER * self.config.matrix / 2.0
        self._steady, self._excess, self._decay = spoiled_gradient_echo(self.config)
        self._steady_still = self._still(self._steady)
        self._scale = 1.0
        neutral = head.neutral.between(np.zeros(3))
        image = np.abs(self._acquire(self._object(neutral, self._steady), 0, None))
        self._scale = _WHITE_LEVEL / float(np.percentile(image, _WHITE_PERCENTILE))
        tongue = head.labels(head.prepare(head.neutral), 0) == Label.TONGUE_BODY
        self.sigma = self._scale * float(image[tongue].mean()) / self.config.snr
        """Standard deviation of the noise in the real part, gray values."""

    def signal(self, frame: int) -> Float64:
        """Signal of every tissue in a frame, counted from the start of the scan: shape (tissues,)."""
        first = self.config.dummies + frame * self._pulses
        # Mean of decay ** n over the pulses of the frame.
        mean = self._decay**first * (1.0 - self._decay**self._pulses) / (self._pulses * (1.0 - self._decay))
        return np.asarray(self._steady + self._excess * mean)

    def scan(self, contours: Contours, rng: np.random.Generator | None) -> tuple[UInt8, UInt8]:
        """Acquire T frames.

        Args:
            contours: N = 2 T + 1 instants: edge, center, edge, ... of the frames.
            rng: source of the noise; None for frames without noise.

        Returns:
            Frames (T, 256, 256) and labels at the frames' centers (T, 256, 256).

        Raises:
            ValueError: when the number of instants is even or below 3.
        """
        count = (len(contours) - 1) // 2
        if count < 1 or len(contours) != 2 * count + 1:
            raise ValueError(f"{len(contours)} instants: 2 T + 1 are needed")
        frames = np.empty((count, SIZE, SIZE), np.uint8)
        labels = np.empty((count, SIZE, SIZE), np.uint8)
        for start in range(0, count, _CHUNK):
            stop = min(start + _CHUNK, count)
            prepared = self.head.prepare(contours.between(self._instants(start, stop)))
            width = self.config.subframes + 1
            for frame in range(start, stop):
                first = (frame - start) * width
                signal = self.signal(frame)
                settled = bool(np.all(np.abs(signal - self._steady) < _SETTLED * self._steady.max()))
                image = self._image(prepared, first, self._steady if settled else signal, settled)
                magnitude = np.abs(self._acquire(image, frame, rng))
                frames[frame] = np.clip(np.rint(magnitude), 0.0, 255.0)
                labels[frame] = self.head.labels(prepared, first + self.config.subframes)
        return frames, labels

    def _instants(self, start: int, stop: int) -> Float64:
        """Of each frame the subframes, then its center; in half frames from the start."""
        steps = (np.arange(self.config.subframes) + 0.5) * 2.0 / self.config.subframes
        return np.concatenate([2.0 * frame + np.append(steps, 1.0) for frame in range(start, stop)])

    def _object(self, contours: Contours, signal: Float64) -> Float32:
        return self._image(self.head.prepare(contours.between(self._instants(0, 1))), 0, signal, True)

    def _image(self, prepared: Prepared, first: int, signal: Float64, settled: bool) -> Float32:
        """What the coil would see without limits of resolution: the mean over the subframes from ``first`` on."""
        codes = [self.head.codes(prepared, first + number, number) for number in range(self.config.subframes)]
        image = self._steady_still.copy() if settled else self._still(signal)
        image[window()] = self.head.mean(codes, signal[TISSUE_OF] * SHARE_OF)
        image *= self._shade
        return image

    def _still(self, signal: Float64) -> Float32:
        return np.asarray(np.einsum("t,trc->rc", signal.astype(np.float32), self.head.still))

    def _acquire(self, image: Float32, frame: int, rng: np.random.Generator | None) -> NDArray[np.complex64]:
        """Through k-space: crop, noise, undersampling; the complex image in gray values."""
        space = scipy.fft.fft2(image * np.float32(self._scale))
        space = space[np.ix_(self._lines, self._lines)]
        weights = self._weights[np.ix_(self._lines, self._lines)]
        if self.config.ghosting > 0.0:
            acquired = (self._lines + frame) % self.config.interleaves == 0
            share = 1.0 + self.config.ghosting * (self.config.interleaves * acquired - 1.0) * ~self._central
            space *= share.astype(np.float32)[:, None]
        if rng is not None:
            # White in k-space; so strong that the image's real part has the wanted deviation.
            level = self.sigma * SIZE**2 / np.sqrt(float((weights**2).sum()))
            noise = rng.standard_normal((*space.shape, 2), dtype=np.float32)
            space += np.float32(level) * noise.view(np.complex64)[..., 0]
        filled = np.zeros((SIZE, SIZE), np.complex64)
        filled[np.ix_(self._lines, self._lines)] = space * weights
        return np.asarray(scipy.fft.ifft2(filled, overwrite_x=True))


def spoiled_gradient_echo(
    config: ScannerConfig,
) -> tuple[Float64, Float64, Float64]:
    """Steady signal, its excess at the first pulse, and the factor by which that shrinks per pulse: (tissues,) each.

    With E1 = exp(-TR / T1) the magnetization before a pulse tends to M0 (1 - E1) / (1 - E1 cos a), and its distance
    from there shrinks by E1 cos a per pulse (Haase 1990, Magn. Reson. Med. 13, 77-89). The signal is that times sin a
    times exp(-TE / T2*).
    """
    density, t1, t2_star = np.array(TISSUES, np.float64).T
    angle = np.deg2rad(config.flip_deg)
    e1 = np.exp(-config.tr_ms / t1)
    decay = e1 * np.cos(angle)
    seen = density * np.sin(angle) * np.exp(-config.te_ms / t2_star)
    steady = seen * (1.0 - e1) / (1.0 - decay)
    return steady, seen - steady, decay


def _coil() -> Float32:
    """Sensitivity of the receiving coils, (256, 256), 1 at its highest."""
    rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float64)
    pixel = to_pixels(np.array([[0.0, 0.0], [1.0, 0.0]]))
    per_cm = abs(pixel[1, 0] - pixel[0, 0])
    power = np.full((SIZE, SIZE), _COIL_FLOOR**2)
    for x, y, reach, strength in _COIL:
        column, row = to_pixels(np.array([x, y]))
        distance = np.hypot(columns - column, rows - row) / per_cm
        power += (strength / (1.0 + (distance / reach) ** 2)) ** 2
    return np.asarray(np.sqrt(power / power.max()), dtype=np.float32)


def _k_space_weights(matrix: int, apodisation: float) -> Float32:
    """1 inside the acquired square, falling to 0.21 at its edge along a cosine, 0 outside: (256, 256), FFT order."""
    place = np.abs(np.fft.fftfreq(SIZE, 1.0 / SIZE)) / (matrix / 2.0)
    inside = place <= 1.0 if matrix == SIZE else place < 1.0
    fade = np.clip((place - (1.0 - apodisation)) / max(apodisation, 1e-9), 0.0, 1.0)
    line = np.where(inside, 0.5 * (1.0 + np.cos(np.pi * _FADE * fade)), 0.0)
    return np.asarray(line[:, None] * line[None, :], dtype=np.float32)
