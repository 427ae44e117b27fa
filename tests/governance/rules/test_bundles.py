import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.rules.bundles import PARTS, bundle_digest, changed, complete, sentence

BUNDLE = {part: f"{number:064x}" for number, part in enumerate(PARTS)}


def test_bundle_holds_exactly_the_parts_each_with_a_digest() -> None:
    assert complete(dict(reversed(BUNDLE.items()))) == BUNDLE
    with pytest.raises(ValueError, match="tier"):
        complete({part: digest for part, digest in BUNDLE.items() if part != "tier"})
    with pytest.raises(ValueError, match="mood"):
        complete({**BUNDLE, "mood": "a"})
    with pytest.raises(ValueError, match="card"):
        complete({**BUNDLE, "card": ""})


@given(part=st.sampled_from(list(PARTS)), digest=st.text("0123456789abcdef", min_size=64, max_size=64))
def test_any_other_digest_of_any_part_is_another_bundle_and_is_named(part: str, digest: str) -> None:
    other = {**BUNDLE, part: digest}
    differs = digest != BUNDLE[part]
    assert (bundle_digest(other) != bundle_digest(BUNDLE)) is differs
    assert [one.as_dict() for one in changed(BUNDLE, other)] == (
        [{"part": part, "before": BUNDLE[part], "after": digest}] if differs else []
    )


def test_changes_are_told_in_words() -> None:
    other = {**BUNDLE, "card": "a", "tier": "b", "production": "c"}
    assert sentence(changed(BUNDLE, other)) == "card revision, version in production and tier"
    assert sentence(changed(BUNDLE, {**BUNDLE, "card": "a"})) == "card revision"
    assert [one.after for one in changed({**BUNDLE, "former": "x"}, BUNDLE)] == [""]


def test_documents_are_a_part_only_where_they_are_read() -> None:
    parts = dict.fromkeys(PARTS, "0" * 64)
    without = {name: digest for name, digest in parts.items() if name != "documents"}
    assert complete(parts).keys() == PARTS.keys()
    assert complete(without) == without
    assert [one.part for one in changed(without, parts)] == ["documents"]
