"""Who may answer for a stage of a model's pipeline."""

from dataclasses import dataclass

FEWEST_HOURS, MOST_HOURS = 1, 720


@dataclass(frozen=True)
class Candidate:
    """An account that is to own a stage or to stand in; `sees_model` when it may read the model now."""

    account: int
    is_person: bool
    is_active: bool
    sees_model: bool


def problems(*, owner: Candidate | None, backup: Candidate | None, response_hours: int | None) -> dict[str, list[str]]:
    """Return what is wrong with who is named for a stage, by field; a team that owns it needs no judging."""
    named = {"owner": owner, "backup": backup}
    found = {name: [words] for name, one in named.items() if one is not None and (words := unfit(one))}
    if owner is not None and backup is not None and owner.account == backup.account:
        found.setdefault("backup", []).append("The backup is somebody else than the owner.")
    if response_hours is not None and not FEWEST_HOURS <= response_hours <= MOST_HOURS:
        found["response_hours"] = [f"Say {FEWEST_HOURS} to {MOST_HOURS} hours."]
    return found


def unfit(one: Candidate) -> str:
    """Return why the account can't answer for anything of a model, in words; empty where it can."""
    if not one.is_person:
        return "A service account can't answer for it. Name its human owner."
    if not one.is_active:
        return "This account is deactivated and can't answer for it."
    if not one.sees_model:
        return "This person may not read the model. An administrator grants them a role in its team."
    return ""
