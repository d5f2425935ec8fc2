"""A live run: frames come, are laid on the model's clock and encoded; their sound goes out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from rtmri2speech.errors import BundleError, ConfigError, MediaError
from rtmri2speech.inference.requirements import require_synthesizer
from rtmri2speech.live.arrivals import Arrivals
from rtmri2speech.live.encoding import Encoder, encoder
from rtmri2speech.live.familiar import FirstFrames
from rtmri2speech.live.frames import Missing, Slot, SourceFrame
from rtmri2speech.live.levels import GrayLevels
from rtmri2speech.live.reading import Reader
from rtmri2speech.live.report import Ending, LiveReport
from rtmri2speech.live.retiming import StreamRetiming
from rtmri2speech.live.sinks.base import Sink
from rtmri2speech.live.sources.base import Source
from rtmri2speech.live.speaking import Speaker, sound_threads
from rtmri2speech.live.streaming.chunk import with_chunk
from rtmri2speech.live.streaming.speech import FEWEST, SpeechStream, StreamOptions
from rtmri2speech.signal.frame_rate import FrameRate, frame_rate
from rtmri2speech.signal.frames import GrayLimits

if TYPE_CHECKING:
    from rtmri2speech.inference.model import Model

# Frames that may wait to be encoded or spoken, next to those of a chunk. With more the computer is behind: the next one
# is not encoded, and where that does not help, not spoken either, so that the sound comes no later and later.
_MOST_WAITING, _FAR_TOO_MANY = 3, 9
# Seconds between two looks at what else has happened.
_LOOK = 0.05
# Seconds by which the sound may be longer than the time in which its frames came, as after a first few at once.
_LONGER = 1.0


@dataclass(frozen=True)
class LiveOptions:
    """How a live run goes.

    Attributes:
        stream: look-ahead and sizes of the networks' streaming forms.
        fps: frames per second of the source, where it does not say, or what it says is wrong.
        levels: gray values of the source that become 0 and 1, for a model that normalizes by the recording.
        level_seconds: else, seconds of first frames that they are taken from.
        stall: seconds without a frame after which the run ends.
        wait: seconds that the first frame is waited for.

    Raises:
        ConfigError: for values out of range.
    """

    stream: StreamOptions = field(default_factory=StreamOptions)
    fps: FrameRate | None = None
    levels: GrayLimits | None = None
    level_seconds: float = 2.0
    stall: float = 5.0
    wait: float = 60.0

    def __post_init__(self) -> None:
        frame_rate(self.fps)
        for name in ("level_seconds", "stall", "wait"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise ConfigError(f"`{name}={value:g}`: no time to wait.", "Give seconds above 0.")
        if self.levels is not None and not self.levels[0] < self.levels[1]:
            raise ConfigError(
                f"`levels={self.levels}`: the first gray value is not below the second.", "Give the darker one first."
            )


def require_live(model: Model) -> None:
    """Refuse a model that cannot speak while frames come.

    Raises:
        BundleError: saying why.
    """
    if model.bundle.tract is not None:
        raise BundleError(
            f"{model.bundle.source}: reads a measured tract over the whole recording, which a live run does not have.",
            "Give a model of frames, such as phantom; or record first, and use: rtmri2speech synthesize",
        )
    require_synthesizer(model.bundle)


def speak_live(
    model: Model,
    source: Source,
    sinks: Sequence[Sink],
    options: LiveOptions | None = None,
    say: Callable[[str], None] = lambda line: None,
    tell: Callable[[str], None] = lambda line: None,
) -> LiveReport:
    """Make speech of frames while they come, until the source ends or stalls, or Ctrl-C.

    What was made is kept whatever happens: sinks are closed before an error is raised.

    Args:
        model: with a network of frames and a vocoder.
        source: from :func:`~rtmri2speech.live.sources.choose.choose_source`; closed afterwards.
        sinks: from :func:`~rtmri2speech.live.sinks.choose.choose_sink`; closed afterwards.
        options: how it goes.
        say: gets a line when it waits, and one when it starts.
        tell: gets a line per second of sound.

    Raises:
        BundleError: when the model reads a measured tract, lacks a stage, or makes values that are not numbers.
        MediaError: when the source cannot be read, no frame comes, or frames change their size or depth.
        UserError: when a sink cannot be written.
    """
    with ExitStack() as stack:
        closing: list[str] = []
        for sink in sinks:
            stack.callback(_close, sink, closing)
        reader = stack.enter_context(Reader(source))
        require_live(model)
        working = stack.enter_context(encoder(model))
        run = _Run(model, working, sinks, options or LiveOptions(), say, tell)
        report = run.through(reader)
    # Said when the sound is out: it takes a second to find.
    report.notes += [*closing, *run.first.notes()]
    return report


def _close(sink: Sink, notes: list[str]) -> None:
    notes += sink.close()


class _Run:
    """One run, on the thread of whoever calls."""

    def __init__(
        self,
        model: Model,
        working: Encoder,
        sinks: Sequence[Sink],
        options: LiveOptions,
        say: Callable[[str], None],
        tell: Callable[[str], None],
    ) -> None:
        self._model, self._encoder, self._sinks, self._options = model, working, sinks, options
        self._say, self._tell = say, tell
        self._stream = SpeechStream(model, with_chunk(model, working, options.stream, sound_threads()))
        self._kind = ""
        self.first = FirstFrames(model)

    def through(self, reader: Reader) -> LiveReport:
        """All frames of a source."""
        self._say(f"waiting for {reader.name}")
        reader.start(frame_rate(self._options.fps), self._model.features.frame_rate)
        first = self._wait(reader)
        self._lay_out(reader.rate)
        with Speaker(self._stream, self._sinks, self._model, self._report, self._tell) as self._speaker:
            try:
                self._loop(reader, first)
            except KeyboardInterrupt:
                self._report.ending = Ending.STOPPED
            finally:
                self._report.limits = self._levels.limits
                self._report.lost, self._report.late = self._arrivals.lost, self._arrivals.late
                self._report.left_out = self._arrivals.left_out
        self._report.notes += [*reader.notes, *self._faster()]
        return self._report

    def _faster(self) -> list[str]:
        """A remark where frames came faster than they were said to: the sound is later and later."""
        places, seconds, rate = self._arrivals.next - 1, self._arrivals.seconds, self._report.rate
        longer = places / rate - seconds
        if longer < max(_LONGER, 0.01 * seconds):
            return []
        return [
            f"frames came at {places / max(seconds, 1e-3):.2f} per second, not at {rate:.2f}: the speech is slowed "
            f"down, and the sound {longer:.1f} s longer than the run (`fps` says how many there are)"
        ]

    def _wait(self, reader: Reader) -> SourceFrame:
        until = time.monotonic() + self._options.wait
        while time.monotonic() < until:
            frame = reader.next(_LOOK)
            if frame is not None:
                return frame
            if reader.ended:
                raise MediaError(f"{reader.name}: ended without a frame.", "Check what the source sends.")
        raise MediaError(
            f"{reader.name}: no frame has come in {self._options.wait:g} s.",
            "Start the source, or wait longer: `wait`.",
        )

    def _lay_out(self, rate: Fraction) -> None:
        clock = self._model.features.frame_rate
        self._arrivals = Arrivals(rate, self._options.stall)
        self._retiming = StreamRetiming(rate, clock)
        count = math.ceil(self._options.level_seconds * rate)
        self._levels = GrayLevels(self._model.frames, self._options.levels, count)
        waits = self._stream.delay / float(clock) + self._retiming.delay
        self._report = LiveReport(float(rate), waits)
        self._say(f"{float(rate):.2f} frames per second, look-ahead {1e3 * waits:.0f} ms")
        if self._options.stream.chunk is None and self._stream.chunk > FEWEST:
            self._say(
                f"{self._stream.chunk} frames are made sound at once: with fewer, this computer would not keep up"
            )

    def _loop(self, reader: Reader, frame: SourceFrame | None) -> None:
        last = time.monotonic()
        while not (frame is None and reader.ended):
            if frame is not None:
                self._take(frame)
                last = frame.arrived
            elif time.monotonic() - last > self._options.stall:
                self._report.ending = Ending.STALLED
                break
            else:
                self._give_up_overdue(reader)
            self._speaker.check()
            deadline = self._arrivals.deadline
            wait = _LOOK if deadline is None else min(max(deadline - time.monotonic(), 0.0), _LOOK)
            frame = reader.next(wait)
        for slot in self._retiming.finish():
            self._hand_on(slot)

    def _take(self, frame: SourceFrame) -> None:
        """A frame that has come."""
        self._report.received += 1
        kind = f"{' x '.join(map(str, frame.pixels.shape[::-1]))} pixels of {8 * frame.pixels.itemsize} bits"
        self._kind = self._kind or kind
        if kind != self._kind:
            raise MediaError(
                f"Frame {self._report.received} has {kind}, those before it {self._kind}.",
                "Start again: a run has frames of one size and depth.",
            )
        missing = self._arrivals.frame(frame.number, frame.arrived)
        if missing is None:
            return
        self.first.take(frame.pixels)
        self._levels.observe(frame.pixels)
        for _ in range(missing):
            self._push(Slot(Missing.LOST, frame.arrived))
        self._push(Slot(frame.pixels, frame.arrived))

    def _give_up_overdue(self, reader: Reader) -> None:
        now, deadline = time.monotonic(), self._arrivals.deadline
        if deadline is not None and now >= deadline and not reader.ended:
            self._arrivals.give_up(now)
            self._push(Slot(Missing.LATE, now))

    def _push(self, slot: Slot) -> None:
        for made in self._retiming.push(slot):
            self._hand_on(made)

    def _hand_on(self, slot: Slot) -> None:
        if isinstance(slot.frame, Missing):
            self._speaker.missing(slot.frame, slot.arrived)
        elif self._speaker.waiting >= self._stream.chunk + _MOST_WAITING:
            self._report.skipped += 1
            if self._speaker.waiting < self._stream.chunk + _FAR_TOO_MANY:
                self._speaker.missing(Missing.LOST, slot.arrived)
        else:
            self._speaker.frame(self._encoder.submit(slot.frame, self._levels.limits), slot.arrived)
