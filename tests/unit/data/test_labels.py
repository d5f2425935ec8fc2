"""Labels of files that name them otherwise, and classes of labels."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.data.labels import (
    CLASSES,
    TONGUE,
    Label,
    class_of_label,
    label_names,
    label_of_class,
    renumbered,
)


def test_every_class_has_a_label_of_its_own() -> None:
    assert class_of_label()[label_of_class()].tolist() == list(range(len(CLASSES)))
    assert label_of_class()[class_of_label()[Label.TONGUE_TIP]] == Label.TONGUE_BODY
    assert len({int(class_of_label()[label]) for label in TONGUE}) == 1


def test_values_follow_their_names() -> None:
    values = np.array([[0, 1], [2, 3]], np.int64)
    found = renumbered(values, ["velum", "tongue", "background", "mouth"], {"mouth": Label.UPPER_LIP})
    assert found.dtype == np.uint8
    assert found.tolist() == [[Label.VELUM, Label.TONGUE_BODY], [Label.BACKGROUND, Label.UPPER_LIP]]
    todays = np.arange(len(Label), dtype=np.uint8)
    assert renumbered(todays, label_names()) is todays


@pytest.mark.parametrize(
    ("values", "names", "problem"),
    [
        ([0], ["nose"], "a label 'nose'"),
        ([0], ["lips"], "a label 'lips'"),  # which of them?
        ([0, 2], ["velum", "jaw"], "a label of value 2"),
        ([-1], ["velum", "jaw"], "a label of value -1"),
        ([0.5], ["velum"], "float64"),
    ],
)
def test_values_without_a_meaning_are_refused(values: list[float], names: list[str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        renumbered(np.array(values), names)
