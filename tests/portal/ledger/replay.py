"""What the ledger alone says of every subject: for property tests that compare it with the tables."""

import json
from typing import Any

from portal.ledger.models import Entry, PendingEntry


def replayed(subject_type: str) -> dict[str, dict[str, Any]]:
    """Return {subject id: newest data} of all entries and pending entries about subjects of this type, in order.

    Pending ones count, so that a test may compare before anything was sequenced, even inside its transaction.
    """
    payloads = [bytes(row) for row in Entry.objects.order_by("index").values_list("payload", flat=True)]
    payloads += [bytes(row) for row in PendingEntry.objects.order_by("order").values_list("payload", flat=True)]
    documents = [json.loads(payload) for payload in payloads]
    return {
        document["subject"]["id"]: document["data"]
        for document in documents
        if document["subject"]["type"] == subject_type
    }
