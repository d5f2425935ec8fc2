"""The numbers of the feature clock stand in signal/defaults.py and nowhere else."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterator
from pathlib import Path

from house import FILES, SOURCE, hold, tree_of

HOME = SOURCE / "signal" / "defaults.py"
ELSEWHERE = [path for path in FILES if path != HOME]

# Sampling rate, its half (rounded or not), hop and transform length. The half is derived, so not even HOME writes it.
CLOCK = {11413, 5706, 5706.5, 420, 2048}
MEL_COUNT = 64
MEL_NAMES = {"n_mels", "num_mels", "mels", "n_mel", "mel_bins", "n_mel_bins", "mel_channels", "n_mel_channels"}


def numbers(path: Path) -> Iterator[tuple[int, float]]:
    """Line and value of every real number that the file writes."""
    with tokenize.open(path) as handle:
        for token in tokenize.generate_tokens(handle.readline):
            if token.type == tokenize.NUMBER:
                value = ast.literal_eval(token.string)
                if not isinstance(value, complex):
                    yield token.start[0], value


def mel_counts(tree: ast.AST) -> Iterator[int]:
    """Lines that give something named like a number of mel bands the literal 64, as itself or in a call."""
    for node in ast.walk(tree):
        pairs: list[tuple[str, ast.expr | None]] = []
        if isinstance(node, ast.keyword):
            pairs = [(node.arg or "", node.value)]
        elif isinstance(node, ast.Assign):
            pairs = [(name_of(target), node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign):
            pairs = [(name_of(node.target), node.value)]
        elif isinstance(node, ast.Dict):
            keys = [key.value if isinstance(key, ast.Constant) else "" for key in node.keys]
            pairs = [(str(key), value) for key, value in zip(keys, node.values, strict=True)]
        elif isinstance(node, ast.arguments):
            positional = [*node.posonlyargs, *node.args]
            with_default = positional[len(positional) - len(node.defaults) :]
            pairs = [(a.arg, d) for a, d in zip(with_default, node.defaults, strict=True)]
            pairs += [(a.arg, d) for a, d in zip(node.kwonlyargs, node.kw_defaults, strict=True)]
        for name, value in pairs:
            if name.lower() in MEL_NAMES and value is not None and is_mel_count(value):
                yield value.lineno


def name_of(target: ast.expr) -> str:
    return target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else ""


def is_mel_count(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):  # Field(64, ...)
        return any(is_mel_count(argument) for argument in value.args)
    return isinstance(value, ast.Constant) and value.value == MEL_COUNT and not isinstance(value.value, bool)


def test_clock_is_not_written_again() -> None:
    again = [(path, f"line {line}: {value:g}") for path in ELSEWHERE for line, value in numbers(path) if value in CLOCK]
    again += [(path, f"line {line}: {MEL_COUNT} mel bands") for path in ELSEWHERE for line in mel_counts(tree_of(path))]
    hold("clock", again, "take it from a FeatureConfig instead")


def test_the_searches_find_what_they_look_for() -> None:
    assert {value for _, value in numbers(HOME)} >= {11413, 420, 2048}
    assert list(mel_counts(ast.parse(HOME.read_text(encoding="utf-8"))))
    defaults = ("def f(a, mels=64): ...", "def f(*, n_mels=64): ...")
    for code in ("f(n_mels=64)", "num_mels = 64", "{'n_mels': 64}", *defaults):
        assert list(mel_counts(ast.parse(code))) == [1], code
    assert not list(mel_counts(ast.parse("f(hidden=64, n_mels=config.n_mels)")))
