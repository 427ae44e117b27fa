"""What a registered model and a feature pipeline version must say."""

import re
from collections.abc import Sequence

from portal.core.canonical import digest_of
from registry.choices import Implementation, Origin, Task
from registry.rules.stages import Candidate, unfit
from registry.rules.values import repository_problems, text_problems

TIERS = (1, 2, 3)
LONGEST_MLFLOW_NAME = 200
MLFLOW_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_. -]*[A-Za-z0-9_])?")
"""What every MLflow client can name in an address such as models:/name@alias and in a path."""
MOST_COLUMNS, LONGEST_COLUMN = 10_000, 200


def model_problems(*, tier: int, task: str, implementation: str, origin: str) -> dict[str, list[str]]:
    """Return what is wrong with what never changes about a model, by field."""
    problems: dict[str, list[str]] = {}
    if tier not in TIERS:
        problems["tier"] = ["A tier is 1 (the highest impact), 2 or 3."]
    if task not in Task.values:
        problems["task"] = [f"Choose one of {', '.join(Task.values)}."]
    if implementation not in Implementation.values:
        problems["implementation"] = [f"Choose one of {', '.join(Implementation.values)}."]
    if origin not in Origin.values:
        problems["origin"] = [f"Choose one of {', '.join(Origin.values)}."]
    elif implementation == Implementation.VENDOR and origin != Origin.VENDOR:
        problems["origin"] = ["Only a vendor's model can be a vendor's black box."]
    return problems


def record_problems(
    *,
    name: str,
    purpose: str,
    mlflow_name: str | None,
    owner_is_active: bool,
    owner: int | None,
    backup: Candidate | None,
) -> dict[str, list[str]]:
    """Return what is wrong with what a model's record says and who answers for it, by field."""
    problems = text_problems({"name": name, "purpose": purpose})
    if mlflow_name is not None and not (len(mlflow_name) <= LONGEST_MLFLOW_NAME and MLFLOW_NAME.fullmatch(mlflow_name)):
        words = f"Use at most {LONGEST_MLFLOW_NAME} letters, digits, and between them spaces, hyphens and full stops."
        problems["mlflow_name"] = [words]
    if not owner_is_active:
        problems["owner"] = ["This account is deactivated and can't own a model."]
    if backup is not None and (words := unfit(backup)):
        problems["backup"] = [words]
    elif backup is not None and backup.account == owner:
        problems["backup"] = ["The backup is somebody else than the owner."]
    return problems


def retirement_problem(*, is_retired: bool, active_in: Sequence[str], declared_in: Sequence[str] = ()) -> str | None:
    """Return why a model can't be retired now, in words; None where it can."""
    if is_retired:
        return "The model is retired already."
    if active_in:
        return f"A version of it takes live decisions in {' and '.join(active_in)}. It can be retired once none does."
    if declared_in:
        return f"It is declared as in use in {' and '.join(declared_in)}. Say there first that it is not any more."
    return None


def pipeline_version_problems(*, repository: str, commit: str, columns: Sequence[str]) -> dict[str, list[str]]:
    """Return what is wrong with the values of a feature pipeline version, by field."""
    problems = repository_problems(repository) | text_problems({"repository": repository, "commit": commit})
    texts = text_problems({str(index): name for index, name in enumerate(columns)})
    long = next((name for name in columns if len(name) > LONGEST_COLUMN), None)
    if len(columns) > MOST_COLUMNS:
        problems["columns"] = [f"Name at most {MOST_COLUMNS} columns."]
    elif long is not None:
        problems["columns"] = [f"A column has a name of at most {LONGEST_COLUMN} characters; one has {len(long)}."]
    elif not columns:
        problems["columns"] = ["Name at least one column."]
    elif texts:
        problems["columns"] = [f"Column {int(index) + 1}: {messages[0]}" for index, messages in texts.items()]
    elif len(set(columns)) < len(columns):
        problems["columns"] = ["Each column is named once."]
    return problems


def pipeline_version_digest(*, pipeline: str, repository: str, commit: str, columns: Sequence[str]) -> str:
    """Return the identity of a feature pipeline version."""
    return digest_of({"pipeline": pipeline, "repository": repository, "commit": commit, "columns": list(columns)})
