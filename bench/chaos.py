"""What killing costs. `python bench/chaos.py [--rounds 200] [--minutes 25] [--no-long] [--broker amqp://…|own]`.

A real portal in a home of its own takes requests over REST, while in each round a random process of it is killed (-9):
tables to inspect, which short jobs do, and with `--long` validations of the demo's model, which long ones do.
lost: accepted requests without their row, jobs that did not end, events that were not ordered, a log that does not
verify. doubled: jobs that ended twice, events that stand in the log twice. left_over: processes after the stop.
`--broker own` starts a RabbitMQ for the bench alone and kills that, too; a RabbitMQ given by URL is left alone.
"""

import argparse
import base64
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psycopg

from bench import free_port, report
from bench.running import Portal, Rabbit, Row, belonging, children

PROGRAMS = ("web", "worker", "long-worker", "sequencer", "beat")
CLIENTS = 3
SETTLES_WITHIN = 240
ANSWERS_WITHIN, VALIDATES_WITHIN = 20, 60
PEOPLE = "from portal.runtime.management.commands.demo import make_people; make_people('chaos-chaos-chaos')"
DEVELOPER, TEAM, VALIDATED = "developer@example.org", "flight-operations", "/models/late-arrival/versions/1"

# A caged child that is killed itself is told from nothing that a file does: its inspection fails, and says so. Where it
# is killed while it starts, the job is tried again, but not after the third attempt.
# Everything that must be true of the tables in the end: what is wrong, and a query whose rows are the cases.
LOST = {
    "jobs that did not end": "SELECT id, kind, state FROM jobs_job WHERE state IN ('queued', 'running')",
    "snapshots without a job": """
        SELECT s.id FROM registry_datasetsnapshot s WHERE NOT EXISTS (
            SELECT FROM jobs_job j WHERE j.subject_type = 'snapshot' AND j.subject_id = s.id::text)""",
    "snapshots that nobody closed": "SELECT id FROM registry_datasetsnapshot WHERE state = 'inspecting'",
    "jobs that say other than what they worked for": """
        SELECT j.id, j.state, s.state, j.error FROM jobs_job j JOIN registry_datasetsnapshot s
            ON j.subject_type = 'snapshot' AND j.subject_id = s.id::text
        WHERE CASE j.state WHEN 'done'
            THEN s.state = 'inspecting' OR s.state = 'failed' AND s.reason NOT LIKE '%killed%'
            ELSE s.state = 'ready' END""",
    "jobs that failed for a reason of their own": """
        SELECT id, state, error FROM jobs_job
        WHERE state <> 'done' AND error ->> 'code' IS DISTINCT FROM 'worker_lost'
            AND NOT (error ->> 'code' = 'cage_unavailable' AND attempt = 3)""",
    "runs without a job": """
        SELECT r.id FROM monitoring_validationrun r WHERE NOT EXISTS (SELECT FROM jobs_job j WHERE j.id = r.job_id)""",
    "runs that nobody closed": "SELECT id, state FROM monitoring_validationrun WHERE finished_at IS NULL",
    "runs that passed without their job": """
        SELECT r.id, j.state FROM monitoring_validationrun r JOIN jobs_job j ON j.id = r.job_id
        WHERE r.state = 'passed' AND j.state <> 'done'""",
    "events that were not ordered": 'SELECT "order" FROM ledger_pendingentry',
    "indices that are missing": """
        SELECT index + 1 FROM ledger_entry e WHERE NOT EXISTS (SELECT FROM ledger_entry n WHERE n.index = e.index + 1)
            AND index < (SELECT max(index) FROM ledger_entry)""",
    "rows without their event": """
        SELECT 'dataset', d.id FROM registry_dataset d WHERE NOT EXISTS (SELECT FROM ledger_entry
            WHERE event = 'registry.dataset.registered' AND subject_id = d.id::text)
        UNION ALL SELECT 'snapshot', s.id FROM registry_datasetsnapshot s WHERE NOT EXISTS (SELECT FROM ledger_entry
            WHERE event = 'registry.snapshot.received' AND subject_id = s.id::text)
        UNION ALL SELECT 'job', j.id FROM jobs_job j WHERE NOT EXISTS (SELECT FROM ledger_entry
            WHERE event = 'jobs.job.ended' AND subject_id = j.id::text)""",
    "events without their row": """
        SELECT index FROM ledger_entry WHERE event = 'registry.dataset.registered'
            AND NOT EXISTS (SELECT FROM registry_dataset d WHERE d.id::text = subject_id)""",
}
OPEN = ("jobs that did not end", "events that were not ordered")
DOUBLED = {
    "subjects with an event twice": """
        SELECT event, subject_id, count(*) FROM ledger_entry WHERE event IN ('jobs.job.ended',
            'registry.dataset.registered', 'registry.snapshot.received') GROUP BY 1, 2 HAVING count(*) > 1""",
    "snapshots closed twice": """
        SELECT subject_id, count(*) FROM ledger_entry WHERE event IN ('registry.snapshot.ready',
            'registry.snapshot.refused', 'registry.snapshot.failed') GROUP BY 1 HAVING count(*) > 1""",
    "runs closed twice": """
        SELECT subject_id, count(*) FROM ledger_entry WHERE event = 'monitoring.run.finished'
        GROUP BY 1 HAVING count(*) > 1""",
    "events ordered twice": "SELECT event_id, count(*) FROM ledger_entry GROUP BY 1 HAVING count(*) > 1",
    "snapshots with two jobs": """
        SELECT subject_id, count(*) FROM jobs_job WHERE subject_type = 'snapshot' GROUP BY 1 HAVING count(*) > 1""",
}


@dataclass
class Load:
    """Clients that send requests until told to stop, and remember what was accepted."""

    port: int
    token: str
    stopping: threading.Event = field(default_factory=threading.Event)
    datasets: list[str] = field(default_factory=list)
    snapshots: list[tuple[str, int]] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any] | None:
        """Send one request; return the answer when it was accepted, None when it was not or nobody answered."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, f"/api/v1{path}", body, {"Authorization": f"Bearer {self.token}"} | headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException):
            self.answers["none"] += 1
            return None
        finally:
            connection.close()
        self.answers[str(answer.status)] += 1
        if answer.status >= 500 and b"/problems/unavailable" not in content:  # noqa: PLR2004
            print(f"  {method} {path}: {answer.status} {content[:200]!r}")
        return json.loads(content) if answer.status in {200, 201, 202} else None

    def await_accepted(self) -> None:
        """Wait until one more request is accepted, or for some time in vain: what is down needs no killing."""
        before, deadline = self.accepted, time.monotonic() + ANSWERS_WITHIN
        while self.accepted == before and time.monotonic() < deadline:
            time.sleep(0.05)

    @property
    def accepted(self) -> int:
        """Return how many requests were accepted."""
        return len(self.datasets) + len(self.snapshots) + len(self.runs)

    def validate(self) -> None:
        """Request a validation, wait for its end, and request the next."""
        while not self.stopping.wait(0.3):
            made = self.send("POST", f"{VALIDATED}/validation-runs", b"", {})
            if made is None:
                continue
            self.runs.append(made["id"])
            until = time.monotonic() + VALIDATES_WITHIN
            while not self.stopping.wait(0.5) and time.monotonic() < until:
                shown = self.send("GET", f"/validation-runs/{made['id']}", b"", {})
                if shown is not None and shown["finished_at"]:
                    break

    def work(self, client: int) -> None:
        """Register datasets and upload a table to each; wait a little for its inspection, as a client does."""
        number = 0
        while not self.stopping.is_set():
            number += 1
            slug = f"chaos-{client}-{number}"
            content = json.dumps({"slug": slug, "name": slug, "team": TEAM}).encode()
            if self.send("POST", "/datasets", content, {"Content-Type": "application/json"}) is None:
                self.stopping.wait(0.2)
                continue
            self.datasets.append(slug)
            table = b"day,number\n" + b"".join(b"2026-01-%02d,%d\n" % (day, number) for day in range(1, 29))
            made = self.send("POST", f"/datasets/{slug}/snapshots", table, digest_headers(table))
            if made is None:
                continue
            self.snapshots.append((slug, made["number"]))
            for _ in range(10):
                shown = self.send("GET", f"/datasets/{slug}/snapshots/{made['number']}", b"", {})
                if self.stopping.wait(0.3) or (shown is not None and shown["state"] != "inspecting"):
                    break


def digest_headers(content: bytes) -> dict[str, str]:
    """Return the headers of an upload."""
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return {"Content-Digest": f"sha-256=:{digest}:", "Content-Type": "application/octet-stream"}


def strike(portal: Portal, rabbit: Rabbit | None, chance: random.Random, *, whole: bool) -> str:
    """Kill one process, or the whole portal, which is started again; return whom."""
    assert portal.process is not None
    assert portal.process.poll() is None, "`up` ended by itself"
    if whole:
        portal.process.kill()
        portal.process.wait()
        portal.start()
        return "up"
    targets = [*PROGRAMS, "PostgreSQL", *(["broker"] if rabbit else [])]
    chance.shuffle(targets)
    for program in targets:
        if program == "broker" and rabbit is not None:
            rabbit.kill()
            rabbit.start()
            return "broker"
        main = portal.main_process(program)
        if main is None:
            continue
        # A child as often as the main process: a pool's, granian's, a session of the database.
        below = children(main)
        victim = chance.choice(below) if below and chance.random() < 0.5 else main  # noqa: PLR2004
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
            return program if victim == main else f"{program}'s child"
    return "nobody"


def settle(portal: Portal) -> float:
    """Wait until no job is open and no event pending, as long as there are fewer; return after how many seconds."""
    begin = moved = time.monotonic()
    fewest = sys.maxsize
    while (moment := time.monotonic()) - moved < SETTLES_WITHIN:
        with suppress(psycopg.Error):
            left = sum(len(portal.rows(LOST[name])) for name in OPEN)
            if left < fewest:
                fewest, moved = left, moment
            if not left:
                break
        time.sleep(0.5)
    return time.monotonic() - begin


def judge(portal: Portal, load: Load) -> tuple[int, int]:
    """Hold the tables against what was accepted; say and count what is lost and what is doubled."""
    datasets = {slug for (slug,) in portal.rows("SELECT slug FROM registry_dataset")}
    snapshots = set(
        portal.rows(
            "SELECT d.slug, s.number FROM registry_datasetsnapshot s JOIN registry_dataset d ON d.id = s.dataset_id"
        )
    )
    missing: list[Row] = [(slug,) for slug in load.datasets if slug not in datasets]
    missing += [one for one in load.snapshots if one not in snapshots]
    runs = {run for (run,) in portal.rows("SELECT id FROM monitoring_validationrun")}
    missing += [("run", run) for run in load.runs if run not in runs]
    lost = told("accepted requests without their row", missing)
    lost += sum(told(name, portal.rows(query)) for name, query in LOST.items())
    doubled = sum(told(name, portal.rows(query)) for name, query in DOUBLED.items())
    verified = portal.manage("verify_ledger")
    print(f"verify_ledger: {verified.stdout.strip() or verified.stderr.strip()}")
    lost += verified.returncode != 0
    for row in portal.rows("SELECT state, attempt, count(*) FROM jobs_job GROUP BY 1, 2 ORDER BY 1, 2"):
        print("jobs {} at attempt {}: {}".format(*row))
    return lost, doubled


def told(name: str, rows: list[Row]) -> int:
    """Say what is wrong, with the first cases; return how many."""
    if rows:
        print(f"WRONG {name}: {len(rows)}, such as {rows[:3]}")
    return len(rows)


def run(portal: Portal, rabbit: Rabbit | None, wanted: argparse.Namespace) -> dict[str, float]:
    """Start, load, kill, settle, judge and stop; return the figures."""
    chance = random.Random(wanted.seed)  # noqa: S311
    portal.start(demo=wanted.long)
    if not wanted.long:
        made = portal.manage("shell", "--verbosity", "0", "-c", PEOPLE)
        assert made.returncode == 0, made.stderr
    token = portal.manage("create_token", DEVELOPER, "--name", "chaos").stdout.strip()
    load = Load(portal.port, token)
    clients = [threading.Thread(target=load.work, args=(number,)) for number in range(CLIENTS)]
    clients += [threading.Thread(target=load.validate)] if wanted.long else []
    for client in clients:
        client.start()
    begin, done, struck = time.monotonic(), 0, Counter[str]()
    try:
        while done < wanted.rounds and time.monotonic() - begin < wanted.minutes * 60:
            load.await_accepted()
            time.sleep(chance.uniform(0.0, 1.5))
            done += 1
            struck[strike(portal, rabbit, chance, whole=done % wanted.whole_every == 0)] += 1
            if done % 10 == 0:
                print(f"round {done}: {len(load.snapshots)} uploads accepted, answers {dict(load.answers)}", flush=True)
    finally:
        load.stopping.set()
        for client in clients:
            client.join()
    print(f"killed: {dict(struck)}")
    settled = settle(portal)
    print(f"settled after {settled:.0f} s")
    lost, doubled = judge(portal, load)
    portal.stop()
    left = belonging(portal.home)
    for process in left:
        print(f"WRONG left over: {process} {Path(f'/proc/{process}/cmdline').read_bytes()!r}")
    return {
        "rounds": done,
        "lost": lost,
        "doubled": doubled,
        "left_over": len(left),
        "accepted": load.accepted,
        "validations": len(load.runs),
        "unanswered": load.answers["none"],
        "refused_5xx": sum(count for status, count in load.answers.items() if status.startswith("5")),
        "settled_s": round(settled, 1),
    }


def main() -> None:
    """Do it in a folder of its own, and print one line of JSON at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--long", action=argparse.BooleanOptionalAction, default=True, help="validations, too")
    parser.add_argument("--whole-every", type=int, default=25, help="rounds after which the whole portal is killed")
    parser.add_argument("--broker", default="", help="amqp:// URL of a RabbitMQ, or `own`; pgmq unless given")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave the home and its logs where they are")
    wanted = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="countersign-chaos-"))
    folder.chmod(0o711)  # as root, the server's user must get to its folder
    rabbit = Rabbit(folder / "rabbit") if wanted.broker == "own" else None
    dropped = (
        "DATABASE_",
        "BROKER_",
        "COUNTERSIGN_",
        "PYTEST_",
        "DJANGO_",
        "TEST_",
        "KEYS_",
        "BLOB_",
        "PUBLIC_",
        "ALLOWED_",
    )
    variables = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    port = free_port()
    variables |= {"COUNTERSIGN_HOME": str(folder / "home"), "PORT": str(port)}
    try:
        if rabbit is not None:
            rabbit.start()
            variables["BROKER_URL"] = f"amqp://guest:guest@127.0.0.1:{rabbit.port}//"
        elif wanted.broker:
            variables["BROKER_URL"] = wanted.broker
            print("skipped: killing the broker, which others may use; --broker own starts one to kill")
        portal = Portal(folder / "home", variables, port)
        figures = run(portal, rabbit, wanted)
    finally:
        for process in belonging(folder):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        if rabbit is not None and rabbit.process is not None:
            rabbit.kill()
        if wanted.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    report("chaos", figures)


if __name__ == "__main__":
    main()
