"""The demo's people, and what this home knows of its demo."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from portal.accounts.choices import Line, Role
from portal.env import BASE_DIR
from portal.runtime.installation import write_private

SCRIPT = BASE_DIR / "docs" / "examples" / "flights_demo.py"
"""The documented example: a client that knows nothing of this code."""
OWNERS, SECOND_LINE = "flight-operations", "model-risk"
TEAMS = ((OWNERS, "Flight operations", Line.FIRST), (SECOND_LINE, "Model risk", Line.SECOND))


@dataclass(frozen=True)
class Person:
    """Somebody with one role, in one team or (None) in all."""

    email: str
    name: str
    role: str
    team: str | None = None


ADMINS = (
    Person("admin@example.org", "Amara Nwosu", Role.ADMIN),
    Person("second-admin@example.org", "Bruno Keller", Role.ADMIN),
)
"""The second confirms what the first grants."""
PEOPLE = (
    Person("viewer@example.org", "Vera Sand", Role.VIEWER, OWNERS),
    Person("developer@example.org", "Dana Okafor", Role.DEVELOPER, OWNERS),
    Person("validator@example.org", "Victor Reyes", Role.VALIDATOR),
    Person("approver@example.org", "Aiko Brandt", Role.APPROVER),
    Person("operator@example.org", "Omar Haddad", Role.OPERATOR, OWNERS),
    Person("steward@example.org", "Signe Holm", Role.POLICY_STEWARD),
    Person("auditor@example.org", "Paula Dietrich", Role.AUDITOR),
)
SPONSOR = PEOPLE[0]
"""Who reads, and wants the model."""
DEVELOPER, VALIDATOR, APPROVER = (
    next(person for person in PEOPLE if person.role == role) for role in (Role.DEVELOPER, Role.VALIDATOR, Role.APPROVER)
)


@dataclass(frozen=True)
class Record:
    """What is known of the demo: the password of all its people, and whether it was made to its end."""

    password: str
    finished: bool

    @classmethod
    def new(cls) -> "Record":
        """Return the record of a demo that begins, with a password of its own."""
        return cls(f"demo-{secrets.token_hex(2)}-{secrets.token_hex(2)}", finished=False)

    @classmethod
    def read(cls, home: Path) -> "Record | None":
        """Return this home's record; None where no demo was begun."""
        path = _path(home)
        return cls(**json.loads(path.read_text())) if path.exists() else None

    def write(self, home: Path) -> None:
        """Keep the record in the home, for its owner's eyes (0600)."""
        write_private(_path(home), asdict(self))


def told(home: Path) -> Iterator[str]:
    """Yield what a person should know of the demo, line by line; nothing where none was begun."""
    record = Record.read(home)
    if record is None:
        return
    if not record.finished:
        yield "The demo was interrupted while it filled the portal, and is not begun twice."
        yield f"To have it whole: stop, move {home} away, start again."
    yield f"Demo logins; the password of all is {record.password}"
    for person in (*PEOPLE, *ADMINS):
        yield f"  {Role(person.role).label:<16} {person.email:<26} {person.name}"


def _path(home: Path) -> Path:
    return home / "run" / "demo.json"
