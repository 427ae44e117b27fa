"""CEL behind a small interface that fails closed.

CEL by itself is lenient: `missing || true`, `[].all(...)` and `!(NaN < x)` are true, and errors come back as values.
So an expression is compiled against the typed table of variables, every variable that it names must be usable before
it is evaluated, whatever a short circuit would make of it, and only a BOOL that is true passes.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from governance.choices import Outcome
from governance.rules.variables import BY_NAME, Variable, VariableType, unusable

MOST_CHARACTERS = 2_000
_TYPES = {
    VariableType.BOOL: cel.Type.BOOL,
    VariableType.INT: cel.Type.INT,
    VariableType.DOUBLE: cel.Type.DOUBLE,
    VariableType.STRING: cel.Type.STRING,
    VariableType.STRINGS: cel.Type.List(cel.Type.STRING),
}
_GAP = r"(?:\s|//[^\n]*\n)*"
"""What CEL allows between a name and its dot."""


class ExpressionInvalid(ValueError):
    """The expression can't be used; says why in words."""


@dataclass(frozen=True)
class Expression:
    """A checked expression and the variables that it names."""

    source: str
    reads: tuple[Variable, ...]
    program: Any


@dataclass(frozen=True)
class Evaluation:
    """What an expression came to; `message` says why it is neither passed nor failed."""

    outcome: Outcome
    read: Mapping[str, object]
    message: str = ""


@lru_cache(maxsize=1024)
def compiled(source: str) -> Expression:
    """Return the checked expression.

    Raises ExpressionInvalid for typos, wrong types, other results than a bool, more than 2,000 characters, and an
    expression that reads nothing.
    """
    if len(source) > MOST_CHARACTERS:
        raise ExpressionInvalid(f"The expression has {len(source)} characters; {MOST_CHARACTERS:,} are allowed.")
    _compile(source, tuple(BY_NAME.values()))
    reads = tuple(variable for variable in BY_NAME.values() if _names(source, variable))
    if not reads:
        raise ExpressionInvalid("The expression reads no variable.")
    # Only what was found is declared: a variable that the search missed would be undeclared, not silently absent.
    return Expression(source, reads, _compile(source, reads))


def evaluate(expression: Expression, values: Mapping[str, object]) -> Evaluation:
    """Return passed only for a BOOL that is true with every named variable usable; no data, errored or failed else."""
    read = {variable.name: values.get(variable.name) for variable in expression.reads}
    lacking = [reason for variable in expression.reads if (reason := unusable(variable, values))]
    if lacking:
        return Evaluation(Outcome.NO_DATA, read, "; ".join(lacking) + ".")
    try:
        result = expression.program.eval(data=read)
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:
        return Evaluation(Outcome.ERRORED, read, _words(str(error)))
    if result.type() == cel.Type.BOOL:
        return Evaluation(Outcome.PASSED if result.value() is True else Outcome.FAILED, read)
    return Evaluation(Outcome.ERRORED, read, _words(str(result.value())))


def _compile(source: str, variables: tuple[Variable, ...]) -> Any:
    environment = cel.NewEnv(variables={variable.name: _TYPES[variable.type] for variable in variables})
    try:
        program = environment.compile(source)
    except (RuntimeError, TypeError) as error:
        raise ExpressionInvalid(_words(str(error))) from error
    if program.return_type() != cel.Type.BOOL:
        raise ExpressionInvalid(f"The expression is of type {program.return_type().name()}, not BOOL.")
    return program


def _names(source: str, variable: Variable) -> bool:
    """Whether the text names the variable; a mention inside quotes counts, which only makes the check stricter."""
    pattern = (_GAP + r"\." + _GAP).join(re.escape(part) for part in variable.name.split("."))
    return re.search(rf"(?<!\w){pattern}(?!\w)", source) is not None


def _words(error: str) -> str:
    """Return CEL's message in one line, with the variable that was probably meant."""
    first = error.split("\n", 1)[0]
    text = re.sub(r"^(?:[A-Z_]+: )?(?:ERROR: )?(?:<input>:)?", "", first)
    text = re.sub(r" \(in container ''\)| \[[A-Z_]+\]$", "", text).strip()
    undeclared = re.search(r"undeclared reference to '([^']+)'", text)
    if undeclared and (near := difflib.get_close_matches(undeclared[1], list(BY_NAME), n=1)):
        text += f"; did you mean {near[0]}?"
    return text[:500]
