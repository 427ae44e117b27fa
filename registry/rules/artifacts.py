"""Which files a version takes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from registry.choices import ArtifactRole
from registry.rules.model_signing import FILE_NAME

MOST = 50
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,198}[A-Za-z0-9_-]|[A-Za-z0-9]")
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
ONCE = (ArtifactRole.MODEL, ArtifactRole.ENVIRONMENT, ArtifactRole.SIGNATURE)


@dataclass(frozen=True)
class HeldFile:
    """A file that the version has already."""

    name: str
    role: str


def problems(*, name: str, role: str, held: Sequence[HeldFile]) -> dict[str, list[str]]:
    """Return what is wrong with a further file of this name and role, by field."""
    found: dict[str, list[str]] = {}
    if not NAME.fullmatch(name) or RESERVED.fullmatch(name):
        found["name"] = ["Use a plain file name: letters, digits, dots, hyphens and underscores, at most 200."]
    elif name.lower() == FILE_NAME and role != ArtifactRole.SIGNATURE:
        found["name"] = [f"{FILE_NAME} is what a signature is called. Send it in the role signature, or rename it."]
    elif name.lower() in {file.name.lower() for file in held}:
        found["name"] = [f"The version has a file {name} already."]
    if role not in ArtifactRole.values:
        found["role"] = [f"Choose one of {', '.join(ArtifactRole.values)}."]
    elif role in ONCE and role in {file.role for file in held}:
        found["role"] = [f"The version has a file of the role {role} already."]
    if len(held) >= MOST:
        found["version"] = [f"A version has at most {MOST} files."]
    return found


def digest_problem(*, role: str, received: str, declared: str, environment_lock: str) -> dict[str, list[str]]:
    """Return what is wrong with the bytes: not those declared, or another lock than the training run's."""
    if received != declared.lower():
        return {"sha256": [f"The bytes have SHA-256 {received}; declared was {declared}."]}
    if role == ArtifactRole.ENVIRONMENT and received != environment_lock:
        message = (
            f"The environment lock has SHA-256 {received}; the training run declares {environment_lock}. "
            "Send the lock that the model was trained with."
        )
        return {"sha256": [message]}
    return {}
