from __future__ import annotations

import pytest

from rtmri2speech.errors import ConfigError
from rtmri2speech.sharding import Shard, share_of


@pytest.mark.parametrize("count", [1, 2, 3, 8, 20])
def test_shares_are_alike_and_make_up_the_whole(count: int) -> None:
    items = [f"video{number}" for number in range(10)]
    shares = [Shard(index, count).share(items) for index in range(1, count + 1)]
    assert sorted(item for share in shares for item in share) == items
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_share_is_read_from_text() -> None:
    assert Shard.of("3/8") == Shard(3, 8) and Shard.of(" 1 / 1 ") == Shard(1, 1)
    assert Shard.of(None) is None and Shard.of(Shard(2, 3)) == Shard(2, 3)
    assert str(Shard(3, 8)) == "3/8"
    assert share_of(None, "abc") == ["a", "b", "c"] and share_of(Shard(2, 2), "abc") == ["b"]


@pytest.mark.parametrize("text", ["0/8", "9/8", "3", "3/", "/8", "a/b", "1/0", "-1/8", "1.5/2", ""])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no share") as caught:
        Shard.of(text)
    assert text in caught.value.problem and "1/8 to 8/8" in caught.value.remedy
