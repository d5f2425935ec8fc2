from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.data.dataset.layout import SPLITS
from rtmri2speech.simulation.speaker.vowel_fitting import VOWELS
from rtmri2speech.simulation.speech.script import CONSONANTS, Script, bucket_of, text_of, write_script


def scripts(count: int, seed: int = 0) -> list[Script]:
    return [write_script(number, 6.0, np.random.default_rng((seed, number))) for number in range(count)]


def kind_of(script: Script) -> str:
    if set(script.text) & set(CONSONANTS):
        return "morae"
    (kind,) = {{1: "isolated", 2: "pairs"}.get(len(phrase), "vowels") for phrase in script.phrases}
    return kind


@pytest.fixture(scope="module")
def many() -> list[Script]:
    return scripts(140, seed=1) + scripts(140, seed=2)


def test_segments_follow_each_other_without_a_gap(many: list[Script]) -> None:
    for script in many:
        assert script.segments[0].start == 0.0
        assert all(a.end == b.start for a, b in zip(script.segments[:-1], script.segments[1:], strict=True))
        assert all(segment.end > segment.start for segment in script.segments)
        assert not script.segments[0].label and not script.segments[-1].label
        spoken = "".join(segment.label for segment in script.segments)
        assert spoken == script.text.replace("-", "").replace(" ", "")


def test_length_is_about_what_was_asked_for(many: list[Script]) -> None:
    assert all(3.0 < script.duration < 7.0 for script in many)
    short = [write_script(number, 2.0, np.random.default_rng(number)) for number in range(30)]
    assert all(script.duration < 3.0 for script in short)


def test_no_text_is_in_two_splits(many: list[Script]) -> None:
    texts: dict[str, set[str]] = {}
    for script in many:
        texts.setdefault(script.text, set()).add(script.split)
        for phrase in script.phrases:
            if len(phrase) > 2:
                texts.setdefault(text_of((phrase,)), set()).add(script.split)
    assert max(len(splits) for splits in texts.values()) == 1


def test_every_split_has_every_kind_in_its_share(many: list[Script]) -> None:
    counts = {split: sum(script.split == split for script in many) / len(many) for split in SPLITS}
    assert counts["train"] == pytest.approx(0.8, abs=0.02)
    assert counts["validation"] == pytest.approx(0.1, abs=0.02)
    for split in SPLITS:
        own = [script for script in many if script.split == split]
        assert {kind_of(script) for script in own} == {"isolated", "pairs", "vowels", "morae"}


def test_all_phones_and_all_pairs_of_vowels_are_said(many: list[Script]) -> None:
    labels = {segment.label for script in many for segment in script.segments}
    assert labels == {"", *VOWELS, *CONSONANTS}
    pairs = {phrase for script in many for phrase in script.phrases if len(phrase) == 2}
    assert len(pairs) == 20


def test_the_first_two_utterances_serve_training_and_validation() -> None:
    assert [script.split for script in scripts(2)] == ["train", "validation"]


def test_a_script_depends_on_its_numbers_alone() -> None:
    assert scripts(9)[8] == scripts(20)[8]
    assert scripts(3, seed=3) != scripts(3, seed=4)


def test_buckets_hold_their_shares() -> None:
    found = [bucket_of(str(number)) for number in range(4000)]
    assert found.count("train") / 4000 == pytest.approx(0.6, abs=0.03)
    assert found.count("test") / 4000 == pytest.approx(0.2, abs=0.03)
