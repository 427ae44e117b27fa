"""Register one more version of the demo's model: train it, describe it, send its files, hand it in."""

import base64
import hashlib
import os
import sys
from typing import Any

import flights  # docs/examples/flights.py: the rows of 2013, and how to train on them
import httpx

BASE_URL = os.environ.get("BASE_URL", "http://127.0.0.1:8000")
TOKEN = os.environ.get("TOKEN") or sys.exit("Set TOKEN to a token of yours: make one on the page Tokens.")
VERSIONS = f"{BASE_URL}/api/v1/models/late-arrival/versions"


def send(method: str, url: str, **what: Any) -> httpx.Response:
    """Send with the token; end with the portal's own words where it refuses, and in a sentence where none is met."""
    what["headers"] = {"Authorization": f"Bearer {TOKEN}"} | what.get("headers", {})
    try:
        answer = httpx.request(method, url, timeout=60, **what)
    except httpx.TransportError as error:
        sys.exit(f"No portal answers at {BASE_URL} ({error}): set BASE_URL to its address.")
    return answer if answer.is_success else sys.exit(answer.text)


model = flights.train_logistic(flights.months(flights.known_before_departure(), 1, 8, 40_000)).onnx()
lock = b"scikit-learn==1.9.0\nskl2onnx==1.20.0\n"  # of a real environment: what pip freeze prints
description = {
    "description": "The champion's recipe on eight months.",
    "training_run": {
        "repository": "https://git.example.org/flight-operations/late-arrival",
        "commit": "5f2c1e0b7a9d4c3e8b6f0a1d2c3b4a5968778695",
        "commit_authors": ["developer@example.org"],
        "hyperparameters": {"C": 1.0},
        "environment_lock_sha256": hashlib.sha256(lock).hexdigest(),
        "seed": flights.SEED,
        "training_snapshot": {"dataset": "nyc-flights-2013", "number": 2},
    },
    "feature_pipeline_version": {"pipeline": "flight-features", "number": 1},
}
number = send("POST", VERSIONS, json=description).json()["number"]
for name, role, content in (("model.onnx", "model", model), ("requirements.lock", "environment", lock)):
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    headers = {"Content-Digest": f"sha-256=:{digest}:"}  # the portal refuses other bytes than these
    send("PUT", f"{VERSIONS}/{number}/artifacts/{name}", params={"role": role}, content=content, headers=headers)
send("POST", f"{VERSIONS}/{number}/submit")
print(f"Handed in: {BASE_URL}/models/late-arrival/versions/{number}")
