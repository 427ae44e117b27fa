"""What a registered model and a feature pipeline version must say."""

from collections.abc import Sequence

from portal.core.canonical import digest_of
from registry.choices import Implementation, Task
from registry.rules.values import repository_problems, text_problems

TIERS = (1, 2, 3)
MOST_COLUMNS, LONGEST_COLUMN = 10_000, 200


def model_problems(
    *, name: str, purpose: str, tier: int, task: str, implementation: str, owner_is_active: bool
) -> dict[str, list[str]]:
    """Return what is wrong with the values of a model, by field."""
    problems = text_problems({"name": name, "purpose": purpose})
    if tier not in TIERS:
        problems["tier"] = ["A tier is 1 (the highest impact), 2 or 3."]
    if task not in Task.values:
        problems["task"] = [f"Choose one of {', '.join(Task.values)}."]
    if implementation not in Implementation.values:
        problems["implementation"] = [f"Choose one of {', '.join(Implementation.values)}."]
    if not owner_is_active:
        problems["owner"] = ["This account is deactivated and can't own a model."]
    return problems


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
