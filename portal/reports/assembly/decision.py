"""The request, its seats, who signed what, and who had no right to."""

import binascii
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from governance.models import ApprovalRequest, Decision, PolicyVersion
from governance.selectors.requests import state_now
from governance.selectors.signers import excluded_people
from portal.core import signatures
from portal.keys.models import PublicKey
from portal.keys.selectors import decision_keys, verifying_key


def decision_part(request: ApprovalRequest | None) -> dict[str, Any] | None:
    """Return everything about the decision; None where no approval was ever asked for."""
    if request is None:
        return None
    decisions = list(request.decisions.select_related("seat", "signer"))
    keys = decision_keys(one.key_id for one in decisions)
    signed = [_signature(one, request.bundle_digest, keys.get(one.key_id)) for one in sorted(decisions, key=_by_seat)]
    by_seat = {one["seat"]: one["name"] for one in signed}
    return {
        "request": {
            "id": request.pk,
            "state": state_now(request),
            "summary": request.summary,
            "opened_by": {"id": f"user:{request.opened_by_id}", "name": request.opened_by.name},
            "opened_at": request.opened_at.isoformat(),
            "expires_at": request.expires_at.isoformat(),
            "closed_at": request.closed_at.isoformat() if request.closed_at else None,
            "void_cause": request.void_cause,
        },
        "policy": policy_words(request.policy_version),
        "bundle": dict(request.bundle),
        "bundle_digest": request.bundle_digest,
        "seats": [
            {
                "position": seat.position,
                "title": seat.title,
                "role": seat.role,
                "meaning": seat.get_meaning_display(),
                "signed_by": by_seat.get(seat.position),
            }
            for seat in request.seats.all()
        ],
        "signatures": signed,
        "excluded": [
            {"id": f"user:{one.user.pk}", "name": one.user.name, "reasons": list(one.reasons)}
            for one in excluded_people(request)
        ],
        "keys": {key.key_id: key.pem for key in keys.values()},
    }


def policy_words(version: PolicyVersion) -> dict[str, Any]:
    """Return what identifies a policy version."""
    return {
        "id": version.pk,
        "slug": version.policy.slug,
        "title": version.policy.title,
        "number": version.number,
        "digest": version.digest,
        "published_by": version.published_by,
        "published_at": version.published_at.isoformat() if version.published_at else None,
    }


def _by_seat(one: Decision) -> int:
    return one.seat.position


def _signature(one: Decision, bundle_digest: str, registered: PublicKey | None) -> dict[str, Any]:
    key = verifying_key(registered, one.signed_at)
    return {
        "id": one.pk,
        "seat": one.seat.position,
        "seat_title": one.seat.title,
        "role": one.seat.role,
        "signer": {"id": f"user:{one.signer_id}"},
        "name": one.signer_name,
        "verdict": one.get_verdict_display(),
        "meaning": one.get_meaning_display(),
        "rationale": one.rationale,
        "bundle_digest": one.bundle_digest,
        "key_id": one.key_id,
        "envelope": one.envelope,
        "at": one.signed_at.isoformat(),
        "verified": one.bundle_digest == bundle_digest and _holds(one.envelope, bundle_digest, key),
    }


def _holds(envelope: Mapping[str, Any], bundle_digest: str, key: EllipticCurvePublicKey | None) -> bool:
    """Whether the envelope is signed by the key and states this digest; what can't be read does not hold."""
    if key is None:
        return False
    try:
        statement = json.loads(signatures.verify(envelope, key))
        return any(subject["digest"]["sha256"] == bundle_digest for subject in statement["subject"])
    except (InvalidSignature, binascii.Error, ValueError, KeyError, TypeError):
        return False
