"""Phones of Japanese, and the gestures they are made from.

Labels are those of Japanese speech corpora: ``sh ch ts j f N q ky`` ... , a colon after a long vowel. Some phones are
two gestures in turn (an affricate closes, then lets air through a groove), some share one (a moraic nasal is made
where the next consonant is).
"""

from __future__ import annotations

from dataclasses import dataclass

from rtmri2speech.simulation.speaker.vowel_fitting import VOWELS


@dataclass(frozen=True)
class Gesture:
    """What one gesture does.

    Attributes:
        place: of the closure or groove, a key of :data:`rtmri2speech.simulation.speaker.voice.CRITICAL`; None for a
            glide or a breath, which close nothing.
        nasal: the velum is open.
        voiceless: the vocal folds are apart.
        onset: seconds from its release to the voice, where it is voiceless.
        shape: for a glide, the vowel it goes through; None for that of its mora.
        lips: share of the way from the vowel's lips to closed ones.
        seconds: shortest and longest duration.
    """

    place: str | None = None
    nasal: bool = False
    voiceless: bool = False
    onset: float = 0.0
    shape: str | None = None
    lips: float = 0.0
    seconds: tuple[float, float] = (0.055, 0.08)


_STOP, _NASAL = (0.075, 0.10), (0.06, 0.085)
GESTURES: dict[str, Gesture] = {
    "p": Gesture("labial", voiceless=True, onset=0.015, seconds=_STOP),
    "t": Gesture("alveolar", voiceless=True, onset=0.02, seconds=_STOP),
    "k": Gesture("velar", voiceless=True, onset=0.03, seconds=_STOP),
    "b": Gesture("labial"),
    "d": Gesture("alveolar"),
    "g": Gesture("velar"),
    "s": Gesture("sibilant", voiceless=True, seconds=(0.09, 0.13)),
    "z": Gesture("sibilant", seconds=(0.06, 0.09)),
    "m": Gesture("labial", nasal=True, seconds=_NASAL),
    "n": Gesture("alveolar", nasal=True, seconds=_NASAL),
    "ng": Gesture("velar", nasal=True, seconds=_NASAL),
    "r": Gesture("alveolar", seconds=(0.028, 0.04)),
    "h": Gesture(voiceless=True, onset=0.01, seconds=(0.06, 0.09)),
    "f": Gesture(shape="u", lips=0.7, voiceless=True, onset=0.01, seconds=(0.07, 0.10)),
    "w": Gesture(shape="u", lips=0.6, seconds=(0.05, 0.075)),
    "y": Gesture(shape="i", seconds=(0.05, 0.075)),
}
"""By label; vowels and silence are none."""

# Phones that are several gestures: each with the vowel that it is next to, None for that of the mora.
_SERIES: dict[str, tuple[tuple[str, str | None], ...]] = {
    "ts": (("t", None), ("s", None)),
    "sh": (("s", "i"),),
    "ch": (("t", "i"), ("s", "i")),
    "j": (("d", "i"), ("z", "i")),
    "hy": (("h", "i"), ("y", "i")),
    **{f"{consonant}y": ((consonant, "i"), ("y", "i")) for consonant in "kgnbpmr"},
}
# An affricate takes hardly longer than a stop, and a glide after a consonant is short.
_SHARE = {"ts": (0.6, 0.6), "ch": (0.6, 0.7), "j": (0.7, 0.7), "sh": (1.0,)}
_SHARE_OF_PALATAL = (1.0, 0.6)
_MORAIC = (0.08, 0.12)


def is_vowel(label: str) -> bool:
    """Whether a label is a vowel, long or short."""
    return label.rstrip(":") in VOWELS


def gestures_of(phone: str, vowel: str, following: str) -> list[tuple[str, str, tuple[float, float]]]:
    """The gestures of a consonant: key of :data:`GESTURES`, the vowel next to it, shortest and longest duration.

    Args:
        phone: its label.
        vowel: of its mora.
        following: the next phone's label, empty at the end of a phrase.
    """
    if phone in ("N", "q"):
        first = gestures_of(following, vowel, "")[0] if following and not is_vowel(following) else None
        if phone == "N":
            place = GESTURES[first[0]].place if first else None
            made = {"labial": "m", "alveolar": "n", "sibilant": "n"}.get(place or "", "ng")
        else:
            # The closure or groove of the consonant that follows; before a pause the tongue tip's, which is silent too.
            made = first[0] if first else "t"
        return [(made, first[1] if first else vowel, _MORAIC)]
    series = _SERIES.get(phone, ((phone, None),))
    shares = _SHARE.get(phone, _SHARE_OF_PALATAL if len(series) == 2 else (1.0,))
    return [
        (key, near or vowel, (share * GESTURES[key].seconds[0], share * GESTURES[key].seconds[1]))
        for (key, near), share in zip(series, shares, strict=True)
    ]
