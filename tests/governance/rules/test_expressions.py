import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.choices import Outcome
from governance.rules.expressions import ExpressionInvalid, compiled, evaluate
from governance.rules.variables import VARIABLES, Variable, VariableType

DOUBLE = "validation.auc_lower"
LENIENT = (
    "validation.auc_lower > 0.5 || true",
    "true || validation.auc_lower > 0.5",
    "!(validation.auc_lower < 0.5)",
    "validation.auc_lower != 0.5",
    "validation.auc_lower == validation.auc_lower || version.sealed",
    "[validation.auc_lower].all(x, x > 0.0 || true)",
    "version.sealed ? true : validation.auc_lower > 0.5",
    "validation . auc_lower > 0.5 || true",
    "validation\n.// the lower limit\nauc_lower > 0.5 || true",
    ".validation.auc_lower > 0.5 || true",
)
"""Expressions that CEL by itself finds true, whatever validation.auc_lower is."""


def outcome(source: str, **values: Any) -> Outcome:
    return evaluate(compiled(source), {name.replace("__", "."): value for name, value in values.items()}).outcome


def test_only_a_true_bool_passes() -> None:
    assert outcome("validation.auc_lower >= 0.6", validation__auc_lower=0.6) == Outcome.PASSED
    assert outcome("validation.auc_lower >= 0.6", validation__auc_lower=0.59) == Outcome.FAILED


@pytest.mark.parametrize("source", LENIENT)
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf, "0.9", True, [0.9], 1, {"a": 1}])
def test_what_cel_forgives_is_no_data_here(source: str, value: Any) -> None:
    assert outcome(source, version__sealed=True, validation__auc_lower=value) == Outcome.NO_DATA
    assert outcome(source, version__sealed=True) == Outcome.NO_DATA


@pytest.mark.parametrize("source", LENIENT)
def test_every_variable_that_is_named_is_read(source: str) -> None:
    assert DOUBLE in {variable.name for variable in compiled(source).reads}


def test_what_was_read_is_told_with_the_reason() -> None:
    found = evaluate(compiled("validation.auc_lower > 0.5 && version.sealed"), {"version.sealed": True})
    assert found.read == {"version.sealed": True, DOUBLE: None}
    assert found.message == "validation.auc_lower has no value."


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("version.seald", "undeclared reference to 'version.seald'; did you mean version.sealed?"),
        ("validation.auc >= 1", "no matching overload"),
        ("model.tier", "of type INT, not BOOL"),
        ("dyn(version.sealed)", "of type DYN, not BOOL"),
        ("validation.auc > 'a'", "no matching overload"),
        ("version.sealed &&", "Syntax error"),
        ("", "Syntax error"),
        ("true", "reads no variable"),
        ("[].all(x, x)", "reads no variable"),
        ("'version.sealed' == ''", None),
        ("has(validation.auc_lower)", "of type DOUBLE, not BOOL"),
        ("now() > 1", "undeclared reference"),
        ("(" * 500 + "version.sealed" + ")" * 500, "recursion"),
        ("version.sealed \ud800", "incompatible"),
    ],
)
def test_unusable_expression_is_refused_in_words(source: str, words: str | None) -> None:
    if words is None:  # a name in quotes only makes the check stricter
        assert [variable.name for variable in compiled(source).reads] == ["version.sealed"]
        return
    with pytest.raises(ExpressionInvalid, match=re.escape(words)):
        compiled(source)


def test_more_than_2000_characters_are_refused() -> None:
    padded = "version.sealed" + " " * (2_000 - len("version.sealed"))
    assert compiled(padded).reads
    with pytest.raises(ExpressionInvalid, match="2001 characters; 2,000 are allowed"):
        compiled(padded + " ")


def test_error_while_evaluating_is_errored_and_never_passed() -> None:
    assert outcome("1 / (model.tier - model.tier) > 0", model__tier=2) == Outcome.ERRORED
    assert outcome("[1][model.tier] == 1", model__tier=2) == Outcome.ERRORED


def test_bomb_is_stopped_and_errored() -> None:
    many = "[" + ",".join("1" for _ in range(200)) + "]"
    source = "model.tier > 0"
    for name in "abcd":
        source = f"{many}.all({name}, {source})"
    found = evaluate(compiled(source), {"model.tier": 2})
    assert (found.outcome, found.message) == (Outcome.ERRORED, "Iteration budget exceeded")


ANY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=5),
    st.lists(st.one_of(st.text(max_size=3), st.integers()), max_size=3),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)


def fits(variable: Variable, value: object) -> bool:
    """Said another way than the rule says it: the exact type, and a value that is something."""
    if variable.type is VariableType.DOUBLE:
        return type(value) is float and -math.inf < value < math.inf
    if variable.type is VariableType.STRINGS:
        return type(value) is list and value != [] and all(type(one) is str for one in value)
    wanted = {VariableType.BOOL: bool, VariableType.INT: int, VariableType.STRING: str}[variable.type]
    return type(value) is wanted and value != ""


ALWAYS_TRUE = {
    VariableType.BOOL: "true || {0}",
    VariableType.INT: "{0} > 0 || {0} <= 0",
    VariableType.DOUBLE: "!({0} < 0.0) || true",
    VariableType.STRING: "{0} == '' || {0} != ''",
    VariableType.STRINGS: "{0}.all(one, one == '') || true",
}


@given(variable=st.sampled_from(VARIABLES), value=ANY)
def test_nothing_passes_on_a_value_that_is_missing_not_finite_or_of_another_type(
    variable: Variable, value: object
) -> None:
    found = evaluate(compiled(ALWAYS_TRUE[variable.type].format(variable.name)), {variable.name: value})
    if fits(variable, value):
        assert found.outcome in {Outcome.PASSED, Outcome.ERRORED}  # an integer beyond 64 bits is an error of CEL
    else:
        assert found.outcome == Outcome.NO_DATA


WORDS = (
    "version.sealed", "model.tier", "validation.auc", "||", "&&", "!", "(", ")", "true", ">", "1", "0.5", "==", "?", ":"
)  # fmt: skip


@given(st.text(max_size=60) | st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join))
def test_whatever_is_written_is_refused_or_fails_closed_without_data(source: str) -> None:
    try:
        expression = compiled(source)
    except ExpressionInvalid:
        return
    assert evaluate(expression, {}).outcome == Outcome.NO_DATA
