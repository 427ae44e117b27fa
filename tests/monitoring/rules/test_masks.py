from monitoring.rules.masks import MASKED, TOO_FEW, masked_levels, masked_results, unquoted

SEGMENTS = [
    {"column": "town", "level": "Lana", "n": 900, "events": 90, "n_units": 30, "assessed": True, "reason": ""},
    {"column": "town", "level": "Laas", "n": 3, "events": 1, "n_units": 2, "assessed": False, "reason": "3 rows."},
    {"column": "town", "level": "(other levels)", "n": 500, "events": 9, "n_units": 9, "assessed": True, "reason": ""},
    {"column": "open", "level": "yes", "n": 3, "events": 1, "n_units": 2, "assessed": False, "reason": "3 rows."},
]
MEASURED = [
    {"slice_column": column, "slice_level": level, "value": 0.7, "lower": 0.6, "upper": 0.8, "n": 3, "n_units": 2,
     "reason": "as is"}
    for column, level in (("", ""), ("town", "Lana"), ("town", "Laas"), ("town", "nowhere"), ("open", "yes"))
]  # fmt: skip
RESULTS = {"segments": SEGMENTS, "measurements": MEASURED, "positive": "Lana", "n": 1_403}


def is_town(column: str) -> bool:
    return column == "town"


def test_levels_are_numbered_from_the_largest_and_small_ones_come_last() -> None:
    found = masked_levels(RESULTS, is_town)
    assert {level: tuple(told) for (_, level), told in found.items()} == {
        "Lana": ("masked 1", False), "(other levels)": ("masked 2", False), "Laas": ("masked 3", True),
    }  # fmt: skip


def test_results_lose_names_and_of_small_levels_every_count() -> None:
    shown = masked_results(RESULTS, is_town, label="town")
    assert not any(level in str(shown) for level in ("Lana", "Laas", "nowhere", "other levels"))
    assert shown["segments"][0] == SEGMENTS[0] | {"level": "masked 1"}
    small = {"level": "masked 3", "n": None, "events": None, "n_units": None, "reason": TOO_FEW}
    assert shown["segments"][1] == SEGMENTS[1] | small
    assert shown["measurements"][1] == MEASURED[1] | {"slice_level": "masked 1"}
    hidden = {"value": None, "lower": None, "upper": None, "n": None, "n_units": None, "reason": TOO_FEW}
    assert shown["measurements"][2] == MEASURED[2] | {"slice_level": "masked 3"} | hidden
    assert shown["measurements"][3] == MEASURED[3] | {"slice_level": MASKED} | hidden, "an unlisted level tells nothing"
    assert (shown["positive"], shown["segments"][3], shown["measurements"][4]) == (MASKED, SEGMENTS[3], MEASURED[4])


def test_where_nothing_is_masked_results_are_as_they_were() -> None:
    assert masked_results(RESULTS, lambda _: False, label="town") == RESULTS
    assert masked_results({}, is_town, label="town") == {}


def test_words_end_where_a_library_begins_to_speak() -> None:
    assert "Lana" not in unquoted("The model can't score the rows: unknown categories: ['Lana'].")
    assert unquoted("The table has no rows.") == "The table has no rows."
