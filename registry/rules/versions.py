"""What a version must declare, what its inspection comes to, and its digest."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from portal.core.canonical import canonical_json, digest_of
from registry.choices import ArtifactRole, Implementation
from registry.rules.kinds import STORED
from registry.rules.values import DIGEST, repository_problems, text_problems, unrecordable

FORMAT = "countersign/version/1"
MOST_CLAIMS = 100
MOST_AUTHORS, LONGEST_ADDRESS = 100, 254
MOST_HYPERPARAMETERS = 65_536
"""Bytes of their canonical JSON."""
LONGEST_METRIC = 60
HOLDS: Mapping[str, frozenset[str]] = {
    Implementation.SCIKIT_LEARN: frozenset({"skops", "onnx", "pickle"}),
    Implementation.ONNX: frozenset({"onnx"}),
    Implementation.LIGHTGBM: frozenset({"lightgbm", "onnx", "pickle"}),
    Implementation.XGBOOST: frozenset({"xgboost", "onnx", "pickle"}),
    Implementation.CATBOOST: frozenset({"catboost", "onnx", "pickle"}),
    Implementation.PYTORCH: frozenset({"onnx", "pt2", "pickle"}),
    Implementation.SPREADSHEET: frozenset({"xlsx", "ods"}),
}
"""Which kinds of model file an implementation takes; a pickle gets as far as here only where the team may have one."""


@dataclass(frozen=True)
class Claim:
    """A metric as the submitter says; without n or snapshot it is not comparable."""

    metric: str
    value: float
    n: int | None = None
    snapshot_sha256: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what the version keeps."""
        return asdict(self)


@dataclass(frozen=True)
class FoundFile:
    """What inspection says of one file: verdict is accepted, refused or failed."""

    name: str
    role: str
    verdict: str
    reason: str
    detected: str
    signature: Mapping[str, Any] | None
    details: Mapping[str, Any]


@dataclass(frozen=True)
class Conclusion:
    """What an inspection comes to: the verb (seal, quarantine, fail), why, and the model's signature."""

    verb: str
    reason: str
    signature: Mapping[str, Any]


@dataclass(frozen=True)
class VersionParts:
    """Everything a version consists of. Descriptions and addresses are left out: a digest can't be erased."""

    model: str
    task: str
    implementation: str
    artifacts: Sequence[Mapping[str, Any]]
    training_run: Mapping[str, Any]
    feature_pipeline_version: str | None
    signature: Mapping[str, Any]
    claims: Sequence[Mapping[str, Any]]


def claim_problems(claims: Sequence[Claim]) -> dict[str, list[str]]:
    """Return what is wrong with claims, by field."""
    problems: dict[str, list[str]] = {}
    if len(claims) > MOST_CLAIMS:
        return {"claims": [f"Claim at most {MOST_CLAIMS} metrics."]}
    for index, claim in enumerate(claims):
        field = f"claims.{index}"
        if isinstance(claim.value, bool) or unrecordable(claim.value):
            problems[f"{field}.value"] = ["A claimed value is a finite number."]
        if text_problems({"metric": claim.metric}) or len(claim.metric) > LONGEST_METRIC:
            problems[f"{field}.metric"] = [f"Name the metric, in at most {LONGEST_METRIC} characters."]
        if claim.n is not None and (claim.n < 1 or unrecordable(claim.n)):
            problems[f"{field}.n"] = ["The number of rows is at least 1."]
        if claim.snapshot_sha256 is not None and not DIGEST.fullmatch(claim.snapshot_sha256):
            problems[f"{field}.snapshot_sha256"] = ["A SHA-256 is 64 lower-case hexadecimal digits."]
    said = [(claim.metric, claim.snapshot_sha256) for claim in claims]
    if len(set(said)) < len(said):
        problems["claims"] = ["Each metric is claimed once for a snapshot."]
    return problems


def author_addresses(commit_authors: Sequence[str]) -> set[str]:
    """Return the addresses of a commit's authors as accounts have them, each once."""
    return {address.strip().lower() for address in commit_authors}


def training_problems(
    *,
    repository: str,
    commit: str,
    commit_authors: Sequence[str],
    hyperparameters: Mapping[str, Any],
    environment_lock_sha256: str,
    seed: int | None,
    hardware: str = "",
) -> dict[str, list[str]]:
    """Return what is wrong with the declaration of a training run, by field."""
    problems = repository_problems(repository) | text_problems(
        {"repository": repository, "commit": commit}, {"hardware": hardware}
    )
    if not commit_authors or text_problems({str(index): author for index, author in enumerate(commit_authors)}):
        problems["commit_authors"] = ["Name every author of the commit by e-mail address."]
    elif len(commit_authors) > MOST_AUTHORS or max(map(len, commit_authors)) > LONGEST_ADDRESS:
        problems["commit_authors"] = [f"Name at most {MOST_AUTHORS} authors, each in {LONGEST_ADDRESS} characters."]
    if (reason := unrecordable(hyperparameters)) is not None:
        problems["hyperparameters"] = [reason]
    elif (size := len(canonical_json(dict(hyperparameters)))) > MOST_HYPERPARAMETERS:
        problems["hyperparameters"] = [f"They take {size} bytes as JSON; the limit is {MOST_HYPERPARAMETERS}."]
    if not DIGEST.fullmatch(environment_lock_sha256):
        problems["environment_lock_sha256"] = ["A SHA-256 is 64 lower-case hexadecimal digits."]
    if seed is not None and unrecordable(seed):
        problems["seed"] = ["A seed is an integer of at most 53 bits."]
    return {f"training_run.{name}": messages for name, messages in problems.items()}


def conclude(files: Sequence[FoundFile], implementation: str) -> Conclusion:
    """Return what the inspection of all files comes to; only when each is accepted can the version be sealed."""
    failed = [f"{file.name}: {file.reason}" for file in files if file.verdict not in {"accepted", "refused"}]
    refused = [f"{file.name}: {reason}" for file in files if (reason := _refusal(file, implementation)) is not None]
    models = [file for file in files if file.role == ArtifactRole.MODEL and file.verdict == "accepted"]
    if refused:
        return Conclusion("quarantine", "\n".join(refused), {})
    if failed:
        return Conclusion("fail", "\n".join(failed), {})
    if len(models) == 1 and models[0].detected in STORED:
        return Conclusion("seal", "", {})
    if len(models) != 1 or models[0].signature is None:
        return Conclusion("fail", "The version has no model file whose inputs and outputs could be read.", {})
    return Conclusion("seal", "", models[0].signature)


def _refusal(file: FoundFile, implementation: str) -> str | None:
    if file.verdict == "refused":
        return file.reason
    if file.verdict != "accepted":
        return None
    if file.role == ArtifactRole.MODEL and file.detected not in HOLDS.get(implementation, frozenset()):
        return f"This is a model of the kind {file.detected}; the model is registered as {implementation}."
    reason = unrecordable({"signature": file.signature, "details": file.details})
    return None if reason is None else f"What the file says of itself can't be recorded. {reason}"


def version_digest(parts: VersionParts) -> str:
    """Return the identity of a version: the same parts have the same digest, whatever their order."""
    artifacts = sorted((dict(artifact) for artifact in parts.artifacts), key=lambda one: str(one["name"]))
    return digest_of(
        {
            "format": FORMAT,
            "model": parts.model,
            "task": parts.task,
            "implementation": parts.implementation,
            "artifacts": artifacts,
            "training_run": dict(parts.training_run),
            "feature_pipeline_version": parts.feature_pipeline_version,
            "signature": dict(parts.signature),
            "claims": [dict(claim) for claim in parts.claims],
        }
    )
