"""Feature pipelines and their versions."""

from collections.abc import Sequence

from django.db import transaction

from portal.accounts.models import Team
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.ledger.catalogue import Subject
from portal.ledger.services import append
from registry.errors import PipelineVersionExists
from registry.events import PIPELINE_REGISTERED, PIPELINE_VERSION_REGISTERED
from registry.models import FeaturePipeline, FeaturePipelineVersion
from registry.rules.registration import pipeline_version_digest, pipeline_version_problems
from registry.rules.values import slug_problems, text_problems
from registry.services.rows import author_of, create_under_slug, next_number


@transaction.atomic
def register_pipeline(*, actor: Actor, slug: str, name: str, team: Team) -> FeaturePipeline:
    """Register a feature pipeline of a team. Raises Forbidden, Invalid and SlugTaken."""
    actor.require("register_pipeline", team.pk)
    if problems := slug_problems(slug) | text_problems({"name": name}):
        raise Invalid("The feature pipeline can't be registered; see the fields.", fields=problems)
    pipeline = create_under_slug(
        lambda: FeaturePipeline.objects.create(slug=slug, name=name.strip(), team=team, created_at=now()), slug
    )
    append(
        actor=actor,
        event=PIPELINE_REGISTERED,
        subject=Subject("feature_pipeline", str(pipeline.pk), pipeline.slug, team.pk),
        data=pipeline.public_state(),
        private={"name": pipeline.name},
        topics=(f"feature_pipeline:{pipeline.pk}",),
    )
    return pipeline


@transaction.atomic
def register_pipeline_version(
    *, actor: Actor, pipeline: FeaturePipeline, repository: str, commit: str, columns: Sequence[str]
) -> FeaturePipelineVersion:
    """Register the pipeline's next version, which never changes. Raises Forbidden, Invalid, PipelineVersionExists."""
    actor.require("register_pipeline", pipeline.team_id)
    pipeline = FeaturePipeline.objects.select_for_update().get(pk=pipeline.pk)
    if problems := pipeline_version_problems(repository=repository, commit=commit, columns=columns):
        raise Invalid("The feature pipeline version can't be registered; see the fields.", fields=problems)
    digest = pipeline_version_digest(pipeline=pipeline.slug, repository=repository, commit=commit, columns=columns)
    same = pipeline.versions.filter(digest=digest).first()
    if same is not None:
        raise PipelineVersionExists(f"This is version {same.number} of the pipeline already. Use that one.")
    version = FeaturePipelineVersion.objects.create(
        pipeline=pipeline, number=next_number(pipeline.versions.all()), repository=repository, commit=commit,
        columns=list(columns), digest=digest, created_by_id=author_of(actor), created_at=now(),
    )  # fmt: skip
    append(
        actor=actor,
        event=PIPELINE_VERSION_REGISTERED,
        subject=Subject("feature_pipeline_version", str(version.pk), str(version), pipeline.team_id),
        data=version.public_state(),
        topics=(f"feature_pipeline:{pipeline.pk}", f"feature_pipeline_version:{version.pk}"),
    )
    return version
