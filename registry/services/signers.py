"""Signatures over a version's files: keys of those who supply them, and the portal's own over what it sealed."""

from django.db import transaction

from portal.accounts.models import Team
from portal.accounts.services.authority import require_now
from portal.core.actors import Actor
from portal.core.canonical import canonical_json
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.core.names import name_errors
from portal.keys.services import decision_key
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append
from registry.choices import ArtifactRole, VersionState
from registry.errors import NotUsable
from registry.events import SIGNER_REGISTERED, SIGNER_WITHDRAWN
from registry.models import ModelVersion, SignerKey
from registry.rules.model_signing import FILE_NAME, bundle_of
from registry.rules.signer_keys import NotAKey, public_key
from registry.services.rows import author_of


@transaction.atomic
def register_signer(*, actor: Actor, team: Team, name: str, pem: str) -> SignerKey:
    """Register a public key: what it signs counts for the team's versions. Raises Forbidden, and Invalid by field."""
    require_now(actor, "administer")
    fields: dict[str, list[str]] = {}
    if wrong := name_errors(name):
        fields["name"] = wrong
    try:
        key_id, normal, curve = public_key(pem)
        if SignerKey.objects.filter(team=team, key_id=key_id).exists():
            fields["pem"] = ["The team has this key already. One that was withdrawn does not come back."]
    except NotAKey as refused:
        fields["pem"] = [str(refused)]
    if fields:
        raise Invalid("The key can't be registered; see the fields.", fields=fields)
    row = SignerKey.objects.create(
        team=team, name=name.strip(), key_id=key_id, pem=normal, curve=curve,
        registered_by_id=author_of(actor), registered_at=now(),
    )  # fmt: skip
    _record(row, actor=actor, event=SIGNER_REGISTERED)
    return row


@transaction.atomic
def withdraw_signer(*, actor: Actor, key: SignerKey) -> SignerKey:
    """Let a key count no more, for good; what it verified before stays said. Raises Forbidden; safe to repeat."""
    require_now(actor, "administer")
    row = SignerKey.objects.select_for_update().get(pk=key.pk)
    if row.withdrawn_at is None:
        row.withdrawn_by_id, row.withdrawn_at = author_of(actor), now()
        row.save(update_fields=["withdrawn_by", "withdrawn_at"])
        _record(row, actor=actor, event=SIGNER_WITHDRAWN)
    return row


@transaction.atomic
def sign_files(*, actor: Actor, version: ModelVersion) -> bytes:
    """Return a `model.sig` over the files of a sealed version, made now with the key that signs decisions.

    Web alone has that key, so it is made where it is asked for, not by the worker that seals. Raises Forbidden,
    NotUsable for what is not sealed, and KeyNotCurrent.
    """
    actor.require("read", version.model.team_id)
    if version.state != VersionState.SEALED:
        state = version.get_state_display().lower()
        raise NotUsable(f"{version} is {state}; the portal signs the files of sealed versions.")
    rows = list(version.artifacts.all())
    own = {row.name: row.sha256 for row in rows if row.role != ArtifactRole.SIGNATURE}
    ignored = {FILE_NAME} | {row.name for row in rows if row.role == ArtifactRole.SIGNATURE}
    return canonical_json(bundle_of(name=str(version), files=own, ignored=sorted(ignored), key=decision_key()))


def _record(row: SignerKey, *, actor: Actor, event: EventType) -> None:
    append(
        actor=actor,
        event=event,
        subject=Subject("signer_key", str(row.pk), row.name, row.team_id),
        data=row.public_state(),
        private={"name": row.name},
        topics=(f"team:{row.team_id}", f"key:{row.key_id}"),
    )
