"""What the inventory costs at 10,000 models and 50,000 versions. `python bench/registry.py`, some minutes.

<page>_p50_ms, <page>_p95_ms: one reader who may see everything, one request after another, through granian as `up`
starts it: the list of models (also filtered, sorted, its last page, and as one team's member sees it), search (by a
name, by a common word, with a slip of the finger, by a column of a dataset, by a commit, by the words of a card, and
for what is nowhere), the other lists, the page of a model with hundreds of versions, a version's, two compared, one's
lineage, and the POST of a version.

import_dry_1000_s, import_1000_s: a file of 1,000 models, each with a backup, tags, a link, a contact and what it was in
use as: tried, then imported, at the service, in one transaction that is then undone.
"""

import csv
import io
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django

from bench import installation, order_entries, report, serving, session_cookie
from bench.running.readers import Asked, figures_of

MODELS, VERSIONS, TEAMS = 10_000, 50_000, 40
FURNISHED_VERSIONS = 200
"""Of the model whose page is measured, beside the one with its whole evidence."""
ENTRIES = 50_000
IMPORTED = 1_000


def fill() -> tuple[dict[str, Asked], dict[str, float]]:
    """Make the inventory and its readers; return what is asked, and what an import took."""
    from governance.services.policies import ensure_default_policy  # noqa: PLC0415  (needs `installation` first)
    from tests.factories.accounts import person_with  # noqa: PLC0415
    from tests.factories.governance import ApprovedRequestFactory  # noqa: PLC0415
    from tests.factories.inventory import make_inventory  # noqa: PLC0415
    from tests.factories.volume import more_entries, more_versions  # noqa: PLC0415

    begin = time.perf_counter()
    furnished = ApprovedRequestFactory.create().release.version
    more_versions(furnished, FURNISHED_VERSIONS)
    inventory = make_inventory(
        models=MODELS - 1,
        versions=VERSIONS - FURNISHED_VERSIONS - 1,
        teams=TEAMS,
        policy_version=ensure_default_policy(),
    )
    print(f"filled: {MODELS} models, {VERSIONS} versions, {time.perf_counter() - begin:.0f} s", flush=True)
    more_entries(inventory.versions, ENTRIES)
    order_entries()
    print(f"and {ENTRIES} entries, {time.perf_counter() - begin:.0f} s", flush=True)
    reader = person_with("developer", "approver", "validator")
    member = inventory.people[inventory.teams[0].pk][0]
    named = inventory.versions[len(inventory.versions) // 2]
    return asked(reader, member, furnished, named), imported(*inventory.people[inventory.teams[0].pk][:2])


def imported(member: Any, backup: Any) -> dict[str, float]:
    """Return how long one of a team's developers waits for the check of a file, and its import for a worker."""
    from django.db import transaction  # noqa: PLC0415

    from portal.accounts.selectors import actor_for_user  # noqa: PLC0415
    from registry.services.imports import check_models, finish_import  # noqa: PLC0415

    actor, content = actor_for_user(member, interactive=True), inventory_file(member, backup)
    begin = time.perf_counter()
    report = check_models(actor=actor, content=content)
    checked = time.perf_counter()
    if len(report.ready) != IMPORTED:
        raise RuntimeError(f"the file is wrong: {report.flaws[:3]}")
    with transaction.atomic():
        finish_import(actor=actor, report=report, tell=lambda *_: None, last_step=nullcontext)
        ended = time.perf_counter()
        transaction.set_rollback(True)
    return {"import_dry_1000_s": round(checked - begin, 2), "import_1000_s": round(ended - checked, 2)}


def inventory_file(owner: Any, backup: Any) -> bytes:
    """Return models of the owner's team as the CSV that an import takes."""
    from portal.overviews.exports import EXAMPLE  # noqa: PLC0415
    from registry.rules.imports import NAMES  # noqa: PLC0415

    team = owner.grants.select_related("team").exclude(team=None)[0].team.slug
    same = {**EXAMPLE, "team": team, "owner": owner.email, "backup": backup.email}
    file = io.StringIO()
    lines = csv.DictWriter(file, NAMES)
    lines.writeheader()
    lines.writerows({**same, "slug": f"imported-{number}"} for number in range(IMPORTED))
    return file.getvalue().encode()


def asked(reader: Any, member: Any, furnished: Any, named: Any) -> dict[str, Asked]:
    """Return the pages by the names of their figures."""
    everybodys, one_teams = {"Cookie": session_cookie(reader)}, {"Cookie": session_cookie(member)}
    token = {"Authorization": f"Bearer {secret_of(reader)}"}
    team = named.model.team.slug
    slug, number = furnished.model.slug, furnished.number
    column = named.training_run.training_snapshot.columns[3]["name"]
    pages = {
        "models": "/models",
        "models_filtered": f"/models?team={team}&tier=3&serving=true&q=mortgage",
        "models_sorted": "/models?sort=-created_at",
        "models_last": "/models?page=200",
        "search": f"/search?q={named.model.slug[:-6]}",
        "search_common": "/search?q=default",
        "search_typo": "/search?q=mortgagge+defualt",
        "search_column": f"/search?q={column}",
        "search_commit": f"/search?q={named.training_run.commit[:10]}",
        "search_card": "/search?q=unemployment+interest",
        "search_nothing": "/search?q=zeppelin",
        "model": furnished.model.get_absolute_url(),
        "version": furnished.get_absolute_url(),
        "compare": f"/compare?a={slug}:{number}&b={slug}:{number + 1}",
        "releases": "/releases",
        "findings": "/findings",
        "use_cases": "/use-cases",
        "lineage": f"/lineage?of=version:{slug}:{number}",
    }
    return {
        **{name: Asked(path, everybodys) for name, path in pages.items()},
        "models_member": Asked("/models", one_teams),
        "search_member": Asked("/search?q=default", one_teams),
        "api_models": Asked("/api/v1/models", token),
        "version_post": Asked(f"/api/v1/models/{named.model.slug}/versions", token, body=body_of(named)),
    }


def body_of(version: Any) -> dict[str, Any]:
    """Return a registration that says the same as the version's."""
    run = version.training_run
    return {
        "description": "Trained again.",
        "training_run": {
            "repository": run.repository,
            "commit": run.commit,
            "commit_authors": run.commit_authors,
            "hyperparameters": run.hyperparameters,
            "environment_lock_sha256": run.environment_lock_sha256,
            "training_snapshot": {
                "dataset": run.training_snapshot.dataset.slug,
                "number": run.training_snapshot.number,
            },
        },
    }


def secret_of(reader: Any) -> str:
    """Return a token of the reader that can do all that one can."""
    from portal.accounts.roles import TOKEN_SCOPES  # noqa: PLC0415
    from portal.accounts.selectors import actor_for_user  # noqa: PLC0415
    from portal.accounts.services.tokens import create_token  # noqa: PLC0415

    actor = actor_for_user(reader, interactive=True)
    scopes = [scope for scope in TOKEN_SCOPES if actor.may(scope, None)]
    secret: str = create_token(actor=actor, user=reader, name="bench", scopes=scopes, days=1).secret
    return secret


def main() -> None:
    """Measure, and print one line of JSON at the end."""
    with installation():
        django.setup()
        pages, times = fill()
        with serving() as port:
            figures = figures_of(port, pages)
    report("registry", {**figures, **times})


if __name__ == "__main__":
    main()
