"""Columns, constraints and querysets of the registry."""

from registry.models.cards import CardRevision
from registry.models.ci_issuers import CiIssuer
from registry.models.data import Dataset, DatasetSnapshot
from registry.models.datasheets import Datasheet
from registry.models.discussions import Discussion
from registry.models.documents import Document
from registry.models.findings import Finding, FindingMove
from registry.models.lineage import LineageEdge
from registry.models.lineage_runs import LineageEvent, LineageRun
from registry.models.models import RegisteredModel
from registry.models.pipelines import FeaturePipeline, FeaturePipelineVersion
from registry.models.releases import Release
from registry.models.runs import TrainingRun
from registry.models.signers import SignerKey
from registry.models.stages import PipelineStage
from registry.models.tiers import TierAssessment
from registry.models.use_cases import UseCase
from registry.models.versions import Artifact, ModelVersion

__all__ = [
    "Artifact",
    "CardRevision",
    "CiIssuer",
    "Dataset",
    "DatasetSnapshot",
    "Datasheet",
    "Discussion",
    "Document",
    "FeaturePipeline",
    "FeaturePipelineVersion",
    "Finding",
    "FindingMove",
    "LineageEdge",
    "LineageEvent",
    "LineageRun",
    "ModelVersion",
    "PipelineStage",
    "RegisteredModel",
    "Release",
    "SignerKey",
    "TierAssessment",
    "TrainingRun",
    "UseCase",
]
