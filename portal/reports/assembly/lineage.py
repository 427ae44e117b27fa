"""What the released version is made of and where it comes from."""

from collections.abc import Iterable
from typing import Any

from monitoring.choices import ProfileState
from portal.overviews.profiles import column_lines, newest_profile
from portal.overviews.sights import sight_of_nobody
from portal.threads.models import Comment
from registry.choices import CardState
from registry.models import (
    CardRevision,
    DatasetSnapshot,
    Datasheet,
    Document,
    FeaturePipelineVersion,
    Finding,
    ModelVersion,
    PipelineStage,
    TierAssessment,
    TrainingRun,
)


def version_part(version: ModelVersion) -> dict[str, Any]:
    """Return a version's identity, files and training."""
    return {
        "id": version.pk,
        "number": version.number,
        "state": version.state,
        "reason": version.reason,
        "description": version.description,
        "digest": version.digest,
        "signature": version.signature,
        "claims": version.claims,
        "created_by": {"id": f"user:{version.created_by_id}", "name": version.created_by.name},
        "created_at": version.created_at.isoformat(),
        "submitted_by": (
            {"id": f"user:{version.submitted_by_id}", "name": version.submitted_by.name}
            if version.submitted_by
            else None
        ),
        "sealed_at": version.sealed_at.isoformat() if version.sealed_at else None,
        "artifacts": [
            {
                "id": one.pk,
                "role": one.get_role_display(),
                "name": one.name,
                "sha256": one.sha256,
                "size": one.size,
                "media_type": one.media_type,
                "inspection": one.inspection,
            }
            for one in version.artifacts.all()
        ],
        "training": _training(version.training_run),
        "feature_pipeline": _pipeline(version.feature_pipeline_version),
    }


def stage_part(row: PipelineStage) -> dict[str, Any]:
    """Return a stage of the model's pipeline with who answers for it when the pack is made."""
    owner = f"team:{row.owner_team_id}" if row.owner_team_id else f"user:{row.owner_user_id}"
    return {
        "stage": row.stage,
        "state": row.state,
        "owner": {"id": owner, "name": row.owner.name} if row.owner else None,
        "backup": {"id": f"user:{row.backup_id}", "name": row.backup.name} if row.backup else None,
        "response_hours": row.response_hours,
    }


def finding_part(row: Finding) -> dict[str, Any]:
    """Return a finding that is not closed when the pack is made."""
    return {
        "id": row.pk,
        "number": row.number,
        "version": f"v{row.version.number}" if row.version else None,
        "stage": row.stage,
        "severity": row.severity,
        "state": row.state,
        "title": row.title,
        "line": row.line,
        "raised_by": {"id": f"user:{row.raised_by_id}", "name": row.raised_by.name},
        "raised_at": row.raised_at.isoformat(),
        "holder": {"id": f"user:{row.holder_id}", "name": row.holder.name} if row.holder else None,
        "due": row.due.isoformat() if row.due else None,
    }


def document_part(row: Document, state: str) -> dict[str, Any]:
    """Return a document about the model as it stands when the pack is made; its file is left out."""
    return {
        "id": row.pk,
        "number": row.number,
        "kind": row.kind,
        "title": row.title,
        "state": state,
        "sha256": row.sha256,
        "media_type": row.media_type,
        "received_at": row.received_at.isoformat() if row.received_at else None,
        "signed_by": row.signed_by,
        "signed_on": row.signed_on.isoformat() if row.signed_on else None,
        "valid_from": row.valid_from.isoformat(),
        "valid_until": row.valid_until.isoformat() if row.valid_until else None,
        "added_by": {"id": f"user:{row.added_by_id}", "name": row.added_by.name},
    }


def comment_part(row: Comment) -> dict[str, Any]:
    """Return a comment as it reads when the pack is made; the digest alone of one that was withdrawn."""
    return {
        "id": row.pk,
        "number": row.number,
        "author": {"id": row.author.actor_id, "name": row.author.name},
        "state": row.state,
        "text": None if row.is_withdrawn else row.text,
        "salt": None if row.is_withdrawn else row.salt,
        "digest": row.digest,
        "written_at": row.written_at.isoformat(),
        "edited_at": row.edited_at.isoformat() if row.edited_at else None,
        "withdrawn_at": row.withdrawn_at.isoformat() if row.withdrawn_at else None,
    }


def assessment_part(row: TierAssessment | None) -> dict[str, Any] | None:
    """Return what the model's tier rests on when the pack is made; None where it was given by hand."""
    if row is None:
        return None
    return {
        "id": row.pk,
        "number": row.number,
        "tier": row.tier,
        "computed_tier": row.computed_tier,
        "exposure": row.exposure,
        "purpose": row.purpose,
        "complexity": row.complexity,
        "answers": row.answers,
        "rationale": row.rationale,
        "questionnaire_version": row.questionnaire_version,
        "questionnaire_digest": row.questionnaire_digest,
        "independent": row.independent,
        "assessed_by": {"id": f"user:{row.assessed_by_id}", "name": row.assessed_by.name},
        "assessed_at": row.assessed_at.isoformat(),
    }


def card_part(version: ModelVersion, covered: Iterable[str]) -> dict[str, Any] | None:
    """Return the card revision that the decision covers, else the published one; None where there is none."""
    rows = CardRevision.objects.filter(model_id=version.model_id).select_related("author").order_by("-number")
    card = rows.filter(digest__in=list(covered)).first() or rows.filter(state=CardState.PUBLISHED).first()
    if card is None:
        return None
    return {
        "id": card.pk,
        "number": card.number,
        "state": card.state,
        "digest": card.digest,
        "author": {"id": f"user:{card.author_id}", "name": card.author.name},
        "published_at": card.published_at.isoformat() if card.published_at else None,
        "intended_use": card.intended_use,
        "limitations": card.limitations,
        "out_of_scope_use": card.out_of_scope_use,
    }


def snapshot_part(snapshot: DatasetSnapshot, use: str) -> dict[str, Any]:
    """Return what identifies and describes the rows of a snapshot."""
    return {
        "id": snapshot.pk,
        "use": use,
        "name": str(snapshot),
        "dataset": snapshot.dataset.slug,
        "sha256": snapshot.sha256,
        "size": snapshot.size,
        "media_type": snapshot.media_type,
        "rows": snapshot.rows,
        "columns": snapshot.columns,
        "time_column": snapshot.time_column,
        "period_start": snapshot.period_start.isoformat() if snapshot.period_start else None,
        "period_end": snapshot.period_end.isoformat() if snapshot.period_end else None,
        "erased": _erasure(snapshot),
        "profile": _profile(snapshot),
        "datasheet": _datasheet(snapshot.dataset.datasheets.select_related("written_by").first()),
    }


def _erasure(snapshot: DatasetSnapshot) -> dict[str, Any] | None:
    """Return who erased the rows, when and why; None where they are held."""
    if snapshot.erased_at is None or snapshot.erased_by is None:
        return None
    return {
        "at": snapshot.erased_at.isoformat(),
        "by": {"id": f"user:{snapshot.erased_by_id}", "name": snapshot.erased_by.name},
        "reason": snapshot.erasure_reason,
    }


def _profile(snapshot: DatasetSnapshot) -> dict[str, Any] | None:
    """Return what each column holds, in short; a pack is handed on, so that sensitive ones are masked for everybody."""
    profile = newest_profile(snapshot)
    if profile is None or profile.state != ProfileState.DONE:
        return None
    lines = column_lines(snapshot, profile, sight_of_nobody(snapshot.dataset))
    return {
        "id": profile.pk,
        "digest": profile.digest,
        "finished_at": profile.finished_at.isoformat() if profile.finished_at else None,
        "columns": [
            {
                "name": one.name,
                "kind": one.kind,
                "masked": one.masked,
                "missing": one.missing,
                "told": one.told,
                "summary": one.summary,
            }
            for one in lines
        ],
    }


def _datasheet(sheet: Datasheet | None) -> dict[str, Any] | None:
    """Return what a dataset is by the datasheet in force when the pack is made; None where nobody wrote one."""
    if sheet is None:
        return None
    return {
        "id": sheet.pk,
        "number": sheet.number,
        "says": sheet.says,
        "sensitive": sheet.sensitive,
        "digest": sheet.digest,
        "written_by": {"id": f"user:{sheet.written_by_id}", "name": sheet.written_by.name},
        "written_at": sheet.written_at.isoformat(),
    }


def _training(run: TrainingRun) -> dict[str, Any]:
    return {
        "id": run.pk,
        "repository": run.repository,
        "commit": run.commit,
        "commit_told": run.commit_words,
        "hyperparameters": run.hyperparameters,
        "environment_lock_sha256": run.environment_lock_sha256,
        "seed": run.seed,
        "owner": {"id": f"user:{run.owner_id}", "name": run.owner.name},
        "snapshot_sha256": run.training_snapshot.sha256,
        "snapshot": str(run.training_snapshot),
    }


def _pipeline(version: FeaturePipelineVersion | None) -> dict[str, Any] | None:
    if version is None:
        return None
    return {
        "id": version.pk,
        "name": str(version),
        "repository": version.repository,
        "commit": version.commit,
        "columns": version.columns,
        "digest": version.digest,
    }
