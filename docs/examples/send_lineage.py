"""Tell the portal of a training by OpenLineage events, with the stock client: pip install openlineage-python."""

import hashlib
import os
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, Run, RunEvent, RunState
from openlineage.client.generated.dataset_version_dataset import DatasetVersionDatasetFacet
from openlineage.client.generated.schema_dataset import SchemaDatasetFacet, SchemaDatasetFacetFields
from openlineage.client.generated.source_code_location_job import SourceCodeLocationJobFacet
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport

BASE_URL = os.environ.get("BASE_URL", "http://127.0.0.1:8000")
TOKEN = os.environ.get("TOKEN") or sys.exit("Set TOKEN to a token of the scopes read and record_lineage.")

key = ApiKeyTokenProvider({"apiKey": TOKEN})
client = OpenLineageClient(transport=HttpTransport(HttpConfig(url=BASE_URL, endpoint="api/v1/lineage", auth=key)))

rows = b"day,late\n2026-01-01,0\n"  # of real rows: the bytes of the file that the training read
sha256 = DatasetVersionDatasetFacet(datasetVersion=hashlib.sha256(rows).hexdigest())
columns = SchemaDatasetFacet(fields=[SchemaDatasetFacetFields(name="day", type="date")])
trained_on = InputDataset(namespace="s3://flights", name="2026.csv", facets={"version": sha256, "schema": columns})
code = SourceCodeLocationJobFacet(
    type="git",
    url="https://git.example.org/flight-operations/late-arrival",
    repoUrl="https://git.example.org/flight-operations/late-arrival",
    version="5f2c1e0b7a9d4c3e8b6f0a1d2c3b4a5968778695",
)
job = Job(namespace="flight-operations", name="late-arrival.train", facets={"sourceCodeLocation": code})
run = Run(runId=str(uuid4()))


def tell(state: RunState, **more: Any) -> None:
    """Send an event of the run."""
    at = datetime.now(UTC).isoformat()
    client.emit(RunEvent(eventType=state, eventTime=at, run=run, job=job, producer="https://example.org/ci", **more))


tell(RunState.START, inputs=[trained_on])
# … the training …
tell(RunState.COMPLETE)
print(f"Told. Name the run when you register the version: {run.runId}")
