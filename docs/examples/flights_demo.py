"""From an empty portal to a model in production, over REST: will this flight arrive more than 15 minutes late.

Three versions of one model: a champion that is approved and active, a candidate that waits for review, and one that a
gate stops, about which the second line raised a finding; a question and its answer; documents about the model; beside
it a second, in LightGBM, that is measured on the same rows. `manage.py demo` runs this script; with accounts of your
own it runs as

    BASE_URL=… TEAM=… TOKEN=… VALIDATOR_TOKEN=… SPONSOR_EMAIL=… SIGNER_EMAIL=… SIGNER_PASSWORD=… \
        python docs/examples/flights_demo.py
"""

import hashlib
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import flights
import httpx
import pandas as pd
from portal_client import Browser, Json, Portal, Refused, environment_lock

MODEL, DATASET, PIPELINE = "late-arrival", "nyc-flights-2013", "flight-features"
CHALLENGER = "arrival-challenger"
REPOSITORY = "https://git.example.org/flight-operations/late-arrival"
USE_CASE: Json = {
    "slug": "late-arrival-warning",
    "name": "Warn of late arrivals",
    "purpose": "Connecting passengers choose another flight in time, instead of missing theirs.",
    "affected_persons": "Passengers of flights from New York: a wrong warning or a missing one costs them time.",
    "decision": "Whether to warn the passengers of a flight, an hour before departure, that it is likely to be late.",
}
ANSWERS = {
    "volume": "many",
    "loss": "noticeable",
    "persons": "convenience",
    "use": "operations",
    "autonomy": "overruled",
    "reversal": "easily",
    "method": "explained",
    "data": "joined",
    "dependence": "apart",
}
FALLBACK = "No warning is sent; passengers see the timetable."
PLAN: Json = {
    "label_column": flights.LABEL,
    "unit_column": flights.DAY,
    "slices": ["carrier", "origin"],
    "threshold": 0.3,
}
CARD: Json = {
    "intended_use": "Warn connecting passengers, an hour before departure from a New York airport, that their flight "
    "is likely to arrive more than 15 minutes late, so that they can choose another connection.",
    "limitations": "Learned from flights of 2013 that were flown; it knows nothing of cancellations. Scores are too "
    "high in calm months, and it has not seen carriers that came later. Small carriers are not assessed.",
    "out_of_scope_use": "Rating crews or carriers, deciding compensation, planning slots, or any other airport.",
}


def say(name: str, text: str) -> None:
    """Print one line for one step."""
    print(f"  {name:<12} {text}", flush=True)


@dataclass(frozen=True)
class Snapshot:
    """Rows, and the name and digest under which the portal holds them."""

    rows: pd.DataFrame
    number: int
    sha256: str

    @property
    def reference(self) -> Json:
        """How requests name it."""
        return {"dataset": DATASET, "number": self.number}


def commit() -> str:
    """Return a name for the code that trains: what a CI would take from git."""
    return hashlib.sha256(Path(flights.__file__).read_bytes()).hexdigest()[:40]


def upload(portal: Portal) -> list[Snapshot]:
    """Upload spring, spring with summer, and the months held out; wait until all have been inspected."""
    rows = flights.known_before_departure()
    sent = []
    for sample in (
        flights.months(rows, 1, 4, 20_000),
        flights.months(rows, 1, 8, 40_000),
        flights.months(rows, 9, 12, 12_000),
    ):
        content = flights.parquet(sample)
        answer = portal.send_rows(DATASET, content, time_column=flights.DAY)
        sent.append(Snapshot(sample, answer["number"], answer["sha256"]))
    for snapshot in sent:
        portal.wait_for_rows(DATASET, snapshot.number)
    say("Data", f"{len(sent)} snapshots inspected; {len(sent[-1].rows)} flights of September to December held out")
    return sent


def register_version(
    portal: Portal,
    trained: flights.Trained,
    snapshot: Snapshot,
    claims: list[Json],
    description: str,
    *,
    model: str = MODEL,
) -> int:
    """Register a version with its files, hand it in, and return its number."""
    lock = environment_lock()
    run = {
        "repository": REPOSITORY,
        "commit": commit(),
        "commit_authors": [os.environ.get("COMMIT_AUTHOR", "developer@example.org")],
        "hyperparameters": trained.hyperparameters,
        "environment_lock_sha256": hashlib.sha256(lock).hexdigest(),
        "seed": flights.SEED,
        "training_snapshot": snapshot.reference,
    }
    body = {
        "description": description,
        "training_run": run,
        "feature_pipeline_version": {"pipeline": PIPELINE, "number": 1},
        "claims": claims,
    }
    name, content = trained.file()
    return portal.register_version(model, body, {name: ("model", content), "requirements.lock": ("environment", lock)})


def wait_for_run(portal: Portal, number: int, model: str = MODEL) -> Json:
    """Return the version's validation run once it has ended; the portal starts it when the version is sealed."""
    portal.wait_for_seal(model, number)
    listed = portal.wait(
        f"/models/{model}/versions/{number}/validation-runs",
        lambda answer: any(run["finished_at"] for run in answer["results"]),
    )
    run: Json = listed["results"][0]
    return run


def in_words(run: Json) -> str:
    """Return a run's state with its AUC, or with why it did not pass."""
    auc = next((m for m in run["measurements"] if m["name"] == "auc" and not m["slice_column"]), None)
    if run["state"] != "passed" or auc is None:
        return f"{run['state']}: {run['cause']}"
    return f"passed, AUC {auc['value']:.3f} ({auc['lower']:.3f} to {auc['upper']:.3f})"


def ask_for_approval(portal: Portal, number: int, summary: str) -> Json:
    """Plan a release to production and open its approval request; raises Refused where the gate stops it."""
    plan = {"version": number, "environment": "production", "fallback": FALLBACK}
    release = portal.post(f"/models/{MODEL}/releases", plan)
    return portal.post(f"/releases/{release['id']}/approval-requests", {"summary": summary})


def agree_on_use_case(developer: Portal, second: Portal, team: str) -> None:
    """Propose what the model is for, and have the second line decide about exactly that."""
    sponsor = os.environ["SPONSOR_EMAIL"]
    proposed = developer.post("/use-cases", {**USE_CASE, "team": team, "sponsor": sponsor})
    slug = USE_CASE["slug"]
    decision = {
        "verdict": "approve",
        "shown_digest": proposed["digest"],
        "rationale": "The timetable decides today; a wrong warning can be taken back, and nobody is refused anything.",
    }
    decided = second.post(f"/use-cases/{slug}/decision", decision)
    say("Use case", f"{slug} is {decided['state'].replace('_', ' ')}, with a sponsor: {sponsor}")


def describe(developer: Portal, team: str) -> None:
    """Register what does not change with a version: model, dataset, feature pipeline, card."""
    developer.post(
        "/models",
        {
            "slug": MODEL,
            "name": "Late arrival",
            "purpose": "Whether to warn passengers that this flight will arrive more than 15 minutes late.",
            "team": team,
            "mlflow_name": MODEL,
            "tags": ["Passenger facing", "pilot"],
            "contacts": [
                {"name": "Vera Sand", "role": "sponsor", "address": "viewer@example.org"},
                {"name": "Dispatch desk", "role": "stops the warnings", "address": "+1 212 555 0100"},
            ],
            "links": [{"title": "How dispatchers use it", "url": "https://wiki.example.org/late-arrival"}],
            "tier": 2,
            "task": "binary",
            "implementation": "scikit-learn",
        },
    )
    developer.post(f"/models/{MODEL}/use-case", {"use_case": USE_CASE["slug"]})
    description = "Flights from New York in 2013 that arrived, with what was known before departure."
    developer.post(
        "/datasets", {"slug": DATASET, "name": "New York flights 2013", "description": description, "team": team}
    )
    developer.post("/feature-pipelines", {"slug": PIPELINE, "name": "Flight features", "team": team})
    made = {"repository": REPOSITORY, "commit": commit(), "columns": list(flights.FEATURES)}
    developer.post(f"/feature-pipelines/{PIPELINE}/versions", made)
    say("Model", f"{MODEL} registered, with dataset and feature pipeline")
    revision = developer.post(f"/models/{MODEL}/card-revisions", CARD)
    developer.post(f"/models/{MODEL}/card-revisions/{revision['number']}/publish")
    say("Card", f"revision {revision['number']} published")


def name_owners(developer: Portal, second: Portal, team: str) -> None:
    """Say who answers for the stages of the pipeline; monitoring is left open, so the portal marks it."""
    me, validator = developer.get("/whoami")["email"], second.get("/whoami")["email"]
    owners: dict[str, Json] = {
        "ingestion": {"owner_team": team, "backup": me, "response_hours": 24},
        "features": {"owner": me, "response_hours": 24},
        "training": {"owner": me, "response_hours": 24},
        "validation": {"owner": validator, "response_hours": 48},
        "deployment": {"owner_team": team, "backup": me, "response_hours": 4},
    }
    for stage, body in owners.items():
        developer.put(f"/models/{MODEL}/stages/{stage}", body)
    left = developer.get(f"/models/{MODEL}/stages")["without_owner"]
    say("Stages", f"{len(owners)} have an owner, {left} does not yet")


def assess_tier(developer: Portal, second: Portal) -> None:
    """Answer how much rests on the model: first who builds it, then the second line, whose answers count."""
    asked = second.get("/tier-questionnaire")
    for portal, words in (
        (developer, "Some 300,000 flights a year; a wrong warning costs a passenger time, no money."),
        (second, "As the team answered it, after reading a month of warnings and the complaints about them."),
    ):
        body = {"shown_digest": asked["digest"], "answers": ANSWERS, "rationale": words}
        made = portal.post(f"/models/{MODEL}/tier-assessments", body)
    levels = ", ".join(f"{axis} {made[axis]}" for axis in ("exposure", "purpose", "complexity"))
    say("Tier", f"{made['tier']} by {levels}; assessed by the second line")


def approve(page: str, base_url: str) -> None:
    """Sign the request on this page as its approver would in a browser: no token can."""
    with Browser(base_url, os.environ["SIGNER_EMAIL"], os.environ["SIGNER_PASSWORD"]) as browser:
        browser.sign(
            page,
            verdict="approve",
            meaning="approval",
            rationale="Calibrated on four months it has not seen; a missed warning leaves passengers where they were.",
        )


def put_in_production(developer: Portal, base_url: str, number: int) -> None:
    """Wait for the champion's validation, ask for its approval and have somebody else sign."""
    say("Champion", f"v{number} validation {in_words(wait_for_run(developer, number))}")
    request = ask_for_approval(developer, number, "The first version; until now the timetable alone decided.")
    approve(request["page"], base_url)
    release = developer.get(f"/approval-requests/{request['id']}")["release"]
    say("", f"v{number} signed by {os.environ['SIGNER_EMAIL']} in a browser; its release is {release['state']}")


def challenge(developer: Portal, candidate: int, eager: int) -> None:
    """Ask for the approval of both: one waits for a person, one is stopped by the gate."""
    say("Candidate", f"v{candidate} validation {in_words(wait_for_run(developer, candidate))}")
    summary = "Eight months instead of four, more columns: it ranks better, and log loss falls."
    say("", f"v{candidate} waits for review at {ask_for_approval(developer, candidate, summary)['page']}")
    say("Stopped", f"v{eager} validation {in_words(wait_for_run(developer, eager))}")
    try:
        ask_for_approval(developer, eager, "Finds more of the late flights.")
    except Refused as refused:
        say("", f"v{eager}: {refused.detail}")


def find_fault(developer: Portal, second: Portal, number: int) -> None:
    """Have the second line raise a finding about a version, and who made it begin to remediate it."""
    body = {
        "title": "Probabilities are far too high",
        "description": "On the held-out months the version expects far more late flights than there were: classes were "
        "weighted, and nothing took that back. Right would be probabilities whose calibration slope and intercept lie "
        "within the policy's limits.",
        "severity": "high",
        "stage": "training",
        "version": number,
        "holder": developer.get("/whoami")["email"],
        "due": (datetime.now(UTC) + timedelta(days=10)).isoformat(),
    }
    found = second.post(f"/models/{MODEL}/findings", body)
    moves = f"/models/{MODEL}/findings/{found['number']}/moves"
    begun = developer.post(moves, {"move": "start", "comment": "Recalibrating on July and August."})
    say("Finding", f"{found['number']}, {begun['severity']}, about v{number}: {begun['state'].replace('_', ' ')}")


def talk_it_over(developer: Portal, second: Portal, candidate: int) -> None:
    """Ask and answer beside the candidate that waits for review, and beside the finding: neither binds anybody."""
    version, finding = f"/models/{MODEL}/versions/{candidate}/comments", f"/models/{MODEL}/findings/1/comments"
    said = (
        (second, version, "Small carriers get **no interval of their own**. Will *Limitations* say which ones?"),
        (developer, version, "Yes, in the next revision of the card: OO, HA, YV and F9, which fly least."),
        (second, finding, "Slope and intercept are in the run; the card of v1 shows how it looked before."),
    )
    for portal, path, text in said:
        portal.post(path, {"text": text})
    say("Comments", f"{len(said)} on the candidate and on the finding")


def add_documents(developer: Portal, second: Portal) -> None:
    """Add what people wrote about the model: minutes of the second line, and an assessment that ends soon."""
    today = datetime.now(UTC).date()
    kept = (
        (second, "minutes", "Minutes on the use of late-arrival", None, b"Agreed: warnings only, no rebooking.\n"),
        (developer, "assessment", "Impact on passengers", today + timedelta(days=20), b"A wrong warning costs time.\n"),
    )
    for portal, kind, title, until, text in kept:
        said = {"signed_by": "Sam Sponsor, head of operations", "signed_on": str(today - timedelta(days=1))}
        body = {"kind": kind, "title": title, "sha256": hashlib.sha256(text).hexdigest(), **said}
        made = portal.post(f"/models/{MODEL}/documents", {**body, "valid_until": str(until) if until else None})
        portal.upload("PUT", f"/models/{MODEL}/documents/{made['number']}/file", text)
    say("Documents", f"{len(kept)} that count while they are valid; one ends in 20 days")


def measure_challenger(developer: Portal, second: Portal, summer: Snapshot, held_out: Snapshot) -> None:
    """Register a second model that answers the same question in LightGBM, and have it measured on the same rows."""
    body = {
        "slug": CHALLENGER,
        "name": "Arrival challenger",
        "purpose": "The same question, answered by LightGBM: what another library would gain.",
        "team": os.environ["TEAM"],
        "tier": 3,
        "task": "binary",
        "implementation": "lightgbm",
    }
    developer.post("/models", body)
    second.post(f"/models/{CHALLENGER}/validation-plans", {"held_out": held_out.reference, "specification": PLAN})
    trained = flights.train_lightgbm(summer.rows)
    claims = trained.claims(held_out.rows, held_out.sha256)
    words = "LightGBM's trees on January to August, with words as categories."
    number = register_version(developer, trained, summer, claims, words, model=CHALLENGER)
    said = in_words(wait_for_run(developer, number, CHALLENGER))
    say("Challenger", f"{CHALLENGER} v{number}, in LightGBM, validation {said}")


def main() -> None:
    """Run the example against BASE_URL."""
    base_url = os.environ["BASE_URL"]
    with Portal(base_url, os.environ["TOKEN"]) as developer, Portal(base_url, os.environ["VALIDATOR_TOKEN"]) as second:
        agree_on_use_case(developer, second, os.environ["TEAM"])
        describe(developer, os.environ["TEAM"])
        assess_tier(developer, second)
        name_owners(developer, second, os.environ["TEAM"])
        spring, summer, held_out = upload(developer)
        plan = second.post(f"/models/{MODEL}/validation-plans", {"held_out": held_out.reference, "specification": PLAN})
        say("Plan", f"fixed by the second line, resampling by {plan['specification']['unit_column']}")

        logistic = flights.train_logistic(spring.rows)
        claims = logistic.claims(held_out.rows, held_out.sha256)
        words = "Logistic regression on January to April."
        champion = register_version(developer, logistic, spring, claims, words)
        boosted = flights.train_boosted(summer.rows)  # while the portal inspects and validates
        put_in_production(developer, base_url, champion)

        claims = boosted.claims(held_out.rows, held_out.sha256)
        words = "Boosted trees on January to August; destination, weekday and more of the weather."
        candidate = register_version(developer, boosted, summer, claims, words)
        forest = flights.train_forest(summer.rows)
        claims = forest.claims(summer.rows, summer.sha256)  # on the rows it was trained on: the portal will notice
        words = "Deep trees with classes weighted, to catch more late flights."
        eager = register_version(developer, forest, summer, claims, words)
        challenge(developer, candidate, eager)
        find_fault(developer, second, eager)
        talk_it_over(developer, second, candidate)
        add_documents(developer, second)
        measure_challenger(developer, second, summer, held_out)


if __name__ == "__main__":
    try:
        main()
    except (Refused, TimeoutError, httpx.TransportError) as problem:
        sys.exit(f"  {problem}")
