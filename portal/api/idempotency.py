"""`Idempotency-Key`: the same POST twice is done once (draft-ietf-httpapi-idempotency-key-header).

What is done and the answer that is kept commit together, so a crash leaves both or neither. While a request works it
holds an advisory lock of its connection, which goes when the process dies: a second request meets the lock, and is told
to come again, or the answer. A refusal leaves nothing behind and is not kept: sent again, it is tried again.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta

from django.db import connection, transaction
from django.http import HttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.models import KeptAnswer
from portal.core.actors import Actor
from portal.core.canonical import digest_of
from portal.core.clock import now
from portal.core.errors import Conflict, Invalid

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_FOR = timedelta(hours=24)
_KEY = re.compile(r"[!-~](?:[ -~]{0,198}[!-~])?")


class KeyInvalid(Invalid):
    """The key is empty, too long, or no plain ASCII."""

    status = 400
    code = "idempotency_key_invalid"


class KeyReused(Conflict):
    """The key belongs to another request."""

    code = "idempotency_key_reused"


class FirstStillWorks(Conflict):
    """The first request with this key has not ended."""

    code = "idempotency_in_progress"
    retry_after = 1


def done_once(
    request: Request, actor: Actor, do: Callable[[], Response], *, streamed: bool, commits_itself: bool
) -> Response | HttpResponse:
    """Do what the request asks, or return what it was answered before.

    A `streamed` body is known by the digest that it declares. What `commits_itself` can't commit with its answer: a
    crash between the two lets the verb itself meet the second request. Raises KeyInvalid, KeyReused, FirstStillWorks.
    """
    key = _key_of(request)
    route = request.path[:400]
    with _locked(actor.id, route, key):
        fingerprint = _fingerprint(request, streamed=streamed)
        kept = KeptAnswer.objects.filter(actor_id=actor.id, route=route, key=key).first()
        if kept is not None and kept.created_at > now() - KEPT_FOR:
            return _again(kept, fingerprint, actor)
        with _transaction(commits_itself=commits_itself):
            response = do()
            body = JSONRenderer().render(response.data)
            KeptAnswer.objects.update_or_create(
                actor_id=actor.id,
                route=route,
                key=key,
                defaults={
                    "fingerprint": fingerprint,
                    "rights": _rights(actor),
                    "status": response.status_code,
                    "headers": dict(response.headers),
                    "body": body,
                    "created_at": now(),
                },
            )
        return response


def forget_old_answers() -> int:
    """Remove the answers that need not be kept any more; return how many."""
    return KeptAnswer.objects.filter(created_at__lte=now() - KEPT_FOR).delete()[0]


def _again(kept: KeptAnswer, fingerprint: str, actor: Actor) -> HttpResponse:
    if kept.fingerprint != fingerprint:
        raise KeyReused(f"This {HEADER} was sent with another body. Use a new key for a new request.")
    if kept.rights != _rights(actor):
        # The answer may tell what this caller (a narrower token, a role that ended) may not see.
        raise KeyReused(f"This {HEADER} was used with other rights than you have now. Look whether it was done.")
    headers = {**kept.headers, "Content-Type": "application/json", REPLAYED: "true"}
    return HttpResponse(bytes(kept.body), status=kept.status, headers=headers)


def _key_of(request: Request) -> str:
    sent = request.headers[HEADER].strip()
    # The draft sends a quoted string; most clients send it bare.
    key = sent[1:-1] if len(sent) > 1 and sent[0] == sent[-1] == '"' else sent
    if not _KEY.fullmatch(key):
        raise KeyInvalid(f"Send 1 to 200 printable ASCII characters as {HEADER}.", fields={HEADER: ["Not usable."]})
    return key


def _fingerprint(request: Request, *, streamed: bool) -> str:
    content = request.headers.get("Content-Digest", "").encode() if streamed else request.body
    return hashlib.sha256(request.META.get("QUERY_STRING", "").encode() + b"\0" + content).hexdigest()


def _rights(actor: Actor) -> str:
    return digest_of(sorted([grant.capability, grant.team_id or 0] for grant in actor.grants))


def _transaction(*, commits_itself: bool) -> AbstractContextManager[None]:
    return nullcontext() if commits_itself else transaction.atomic()


@contextmanager
def _locked(*parts: str) -> Iterator[None]:
    """Hold the lock of this caller, address and key; raises FirstStillWorks where another connection holds it."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    number = int.from_bytes(digest[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        if cursor.fetchone() != (True,):
            raise FirstStillWorks(f"A request with this {HEADER} still works. Send it again in a moment.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [number])
