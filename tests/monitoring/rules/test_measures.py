from monitoring.rules.measures import MEASURES, measure_named
from monitoring.stats import binary, regression


def test_everything_that_is_measured_has_a_name_for_people() -> None:
    measured = {*binary.METRICS, *binary.SEGMENT_METRICS, *regression.METRICS, *regression.SEGMENT_METRICS}
    assert measured - set(MEASURES) == set()


def test_what_is_better_is_said_as_the_engine_has_it() -> None:
    for key, higher in {**binary.HIGHER_IS_BETTER, **regression.HIGHER_IS_BETTER}.items():
        assert measure_named(key).note == ("higher is better" if higher else "lower is better")


def test_an_unknown_measure_is_spelt_out() -> None:
    assert measure_named("gini_index").title == "Gini index"
