"""Programs of the user's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rtmri2speech.errors import UserError
from rtmri2speech.programs import run_program, words_of


def test_places_that_a_line_lacks_come_last() -> None:
    assert words_of("x 'a b' {in}", "{in}", "{out}") == ["x", "a b", "{in}", "{out}"]
    assert words_of("x --to={out} {in}", "{in}", "{out}") == ["x", "--to={out}", "{in}"]


def test_what_a_program_prints_and_how_it_fails(tmp_path: Path) -> None:
    assert run_program([sys.executable, "-S", "-c", "print('ä')"], "denoise", "Try.").strip() != ""
    with pytest.raises(UserError, match="ended with 3: no") as caught:
        run_program([sys.executable, "-S", "-c", "import sys; print('no', file=sys.stderr); sys.exit(3)"], "x", "Try.")
    assert caught.value.remedy == "Try."
    with pytest.raises(UserError, match="cannot be run") as caught:
        run_program([str(tmp_path / "none")], "denoise", "Try.")
    assert caught.value.remedy == "Check the command after `denoise`."
