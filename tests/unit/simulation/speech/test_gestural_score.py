from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtmri2speech.simulation.speaker.vocaltractlab import GLOTTIS, STATE_RATE, TRACT, VocalTract
from rtmri2speech.simulation.speaker.voice import Voice
from rtmri2speech.simulation.speech.gestural_score import (
    LARYNX_CM_PER_OCTAVE,
    GesturalScore,
    compose_score,
    smooth_steps,
)
from rtmri2speech.simulation.speech.script import Script, Segment, write_script

Pair = tuple[Script, GesturalScore]


def said(voice: Voice, number: int) -> Pair:
    rng = np.random.default_rng(number)
    script = write_script(number, 5.0, rng)
    return script, compose_score(script, voice, VocalTract(), script.duration + 0.1, rng)


def mora(*phones: tuple[str, float]) -> Script:
    """Silence, phones of one phrase of /a/ morae, silence."""
    segments, time = [Segment("", 0.0, 0.4, "", -1)], 0.4
    for label, length in phones:
        segments.append(Segment(label, time, time + length, "a", 0))
        time += length
    segments.append(Segment("", time, time + 0.4, "", -1))
    return Script(0, "train", (("a",) * sum(label == "a" for label, _ in phones),), tuple(segments))


def played(script: Script, voice: Voice) -> GesturalScore:
    return compose_score(script, voice, VocalTract(), script.duration, np.random.default_rng(0))


def column(score: GesturalScore, name: str) -> np.ndarray:
    return score.tract[:, TRACT.index(name)]


@settings(deadline=None, max_examples=50)
@given(
    st.floats(-5, 5),
    st.lists(st.tuples(st.floats(0.2, 0.8), st.floats(0.02, 0.3), st.floats(-3, 3)), max_size=6),
)
def test_steps_end_where_the_changes_add_up(start: float, changes: list[tuple[float, float, float]]) -> None:
    times = np.linspace(-1.0, 2.0, 3001)
    values = smooth_steps(times, start, changes)
    assert values[0] == pytest.approx(start)
    assert values[-1] == pytest.approx(start + sum(amount for _, _, amount in changes))
    # Speed is bounded by twice the mean speed of the movements that overlap.
    bound = sum(2.0 * abs(amount) / width for _, width, amount in changes)
    assert np.abs(np.diff(values)).max() <= bound * 1e-3 + 1e-9


def test_articulators_move_smoothly_and_within_their_limits(voice: Voice) -> None:
    own = VocalTract()
    low, high = own.low, own.high
    for number in (0, 1, 2):
        _, score = said(voice, number)
        assert (score.tract >= low - 1e-9).all() and (score.tract <= high + 1e-9).all()
        # No jump: a state (5 ms) moves nothing by more than a tenth of its range.
        assert (np.abs(np.diff(score.tract, axis=0)).max(axis=0) < 0.1 * (high - low)).all()


def test_a_closure_is_closed_from_begin_to_end_and_open_beside_it(voice: Voice) -> None:
    for label in ("b", "d", "g", "n", "k"):
        script = mora(("a", 0.15), (label, 0.08), ("a", 0.15))
        score = played(script, voice)
        own = VocalTract()
        for place, closed in ((0.1, True), (0.5, True), (0.9, True), (-0.9, False), (1.9, False)):
            time = script.segments[2].start + place * 0.08
            area = own.tube(score.tract_at(np.array([time]))[0])[1][15:].min()
            assert (area < 0.05) == closed, (label, place, area)


def test_a_short_vowel_between_closures_still_opens(voice: Voice) -> None:
    script = mora(("a", 0.12), ("g", 0.06), ("a", 0.08), ("k", 0.08), ("a", 0.12))
    score = played(script, voice)
    middle = script.segments[3].start + 0.04
    assert VocalTract().tube(score.tract_at(np.array([middle]))[0])[1][15:].min() > 0.05


def test_the_velum_is_down_in_nasals_and_at_rest_and_up_in_vowels(voice: Voice) -> None:
    script = mora(("a", 0.3), ("m", 0.08), ("a", 0.3))
    velum = column(played(script, voice), "VO")

    def at(time: float) -> float:
        return float(velum[round(time * STATE_RATE)])

    assert at(0.02) > 0.3 and at(script.segments[2].start + 0.04) > 0.3
    assert at(0.5) < 0.0 and at(script.segments[3].start + 0.2) < 0.0


def test_voiceless_sounds_open_the_folds_and_silence_has_no_pressure(voice: Voice) -> None:
    script = mora(("a", 0.2), ("s", 0.12), ("a", 0.2))
    score = played(script, voice)
    folds, pressure = (score.glottis[:, GLOTTIS.index(name)] for name in ("XB", "PR"))
    hiss = round((script.segments[2].start + 0.06) * STATE_RATE)
    assert folds[hiss] > 0.08 and not score.voiced[hiss]
    assert folds[round(0.5 * STATE_RATE)] < 0.02 and score.voiced[round(0.5 * STATE_RATE)]
    assert pressure[:40].max() == 0.0 and not score.voiced[:40].any()
    f0 = score.f0_at(np.array([0.1, 0.5, script.segments[2].start + 0.06]))
    assert f0[0] == 0.0 and f0[1] > 60 and f0[2] == 0.0


def test_a_higher_voice_has_a_higher_larynx(voice: Voice) -> None:
    octaves, heights = [], []
    for number in range(1, 8):
        # Of one vowel, so that only the voice moves the larynx.
        script = mora(("a", 0.5), ("a", 0.5), ("a", 0.5))
        score = compose_score(script, voice, VocalTract(), script.duration, np.random.default_rng(number))
        steady = slice(round(0.8 * STATE_RATE), round(1.7 * STATE_RATE))
        octaves.append(np.log2(score.glottis[steady, GLOTTIS.index("F0")] / voice.speaker.f0))
        heights.append(column(score, "HY")[steady])
    slope = np.polyfit(np.concatenate(octaves), np.concatenate(heights), 1)[0]
    assert slope == pytest.approx(LARYNX_CM_PER_OCTAVE, rel=0.3)
    # Not by F0 alone: the picture is no exact pitch meter.
    residual = np.concatenate(heights) - np.polyval(
        np.polyfit(np.concatenate(octaves), np.concatenate(heights), 1), np.concatenate(octaves)
    )
    assert residual.std() > 0.01


def test_a_vowel_never_scatters_into_a_consonant(voice: Voice) -> None:
    own = VocalTract()
    for number in range(0, 42, 7):
        script = write_script(number, 5.0, np.random.default_rng(number))
        score = compose_score(script, voice, own, script.duration, np.random.default_rng(number))
        for segment in script.segments:
            if segment.label:
                middle = score.tract_at(np.array([(segment.start + segment.end) / 2]))[0]
                # The larynx, which F0 moves, leaves a little more freedom.
                assert own.narrowest(middle) > 0.6 * own.narrowest(voice.vowels[segment.label].tract), segment


def test_loudness_rate_and_melody_vary(voice: Voice) -> None:
    scores = [said(voice, number)[1] for number in (2, 9, 16, 23)]
    loud = [score.glottis[:, GLOTTIS.index("PR")].max() for score in scores]
    assert np.ptp(loud) > 300
    f0 = np.concatenate([score.f0_at(np.arange(0, 5, 0.02)) for score in scores])
    voiced = f0[f0 > 0]
    assert np.log2(voiced.max() / voiced.min()) > 0.4
    assert voiced.min() > 0.5 * voice.speaker.f0 and voiced.max() < 2.2 * voice.speaker.f0
