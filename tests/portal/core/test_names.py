import pytest

from portal.core.names import unseen_in


@pytest.mark.parametrize("name", ["Flight delay", "Größe ½ – “x”", "می‌خواهم", "क्‍ष", "模型", "Ada\u00a0L.", " padded\n"])
def test_names_of_all_scripts_are_fine(name: str) -> None:
    assert unseen_in(name) is None


@pytest.mark.parametrize(
    "character",
    [
        "\u202e",
        "\u2066",
        "\u200b",
        "\ufeff",
        "\u00ad",
        "\x1b",
        "\n",
        "\u0085",
        "\u2028",
        "\U000e0041",
        "\u034f",
        "\ufe0f",
        "\U000e0100",
        "\u3164",
        "\u180b",
        "\u200c",
        "\u200d",
    ],
)
def test_what_is_not_seen_is_named(character: str) -> None:
    words = unseen_in(f"a{character}b")
    assert words is not None
    assert f"U+{ord(character):04X}" in words
