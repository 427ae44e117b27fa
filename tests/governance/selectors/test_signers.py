import pytest

from governance.models import ApprovalRequest, Seat
from governance.selectors.bundles import what_changed
from governance.selectors.requests import state_now
from governance.selectors.signers import eligible_signers, excluded_people, signable_by
from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.accounts.selectors import actor_for_user
from portal.accounts.services.credentials import change_email
from portal.core.actors import SYSTEM
from registry.models import CardRevision, RegisteredModel
from tests.factories.accounts import TeamFactory, UserFactory, person_with
from tests.factories.governance import DecisionFactory, OpenRequestFactory, finished_run, ready_version
from tests.factories.registry import (
    CardRevisionFactory,
    FeaturePipelineVersionFactory,
    FindingFactory,
    SealedVersionFactory,
)

pytestmark = pytest.mark.django_db


def test_everybody_who_took_part_is_named_with_what_they_did() -> None:
    version = ready_version()
    people = {name: UserFactory.create(name=name, email=f"{name.lower()}@example.org") for name in "ABCDEF"}
    card_author = CardRevision.objects.get().author
    made = SealedVersionFactory.create(
        model=version.model,
        created_by=people["A"],
        submitted_by=people["B"],
        uploader=people["F"],
        training_run__owner=people["C"],
        training_run__commit_authors=["D@Example.org ", "nobody@example.org", people["A"].email],
        feature_pipeline_version=FeaturePipelineVersionFactory.create(created_by=people["E"]),
    )
    RegisteredModel.objects.filter(pk=version.model_id).update(tier=3)
    finished_run(version=made, plan=version.validation_runs.get().plan)
    opener = person_with(Role.DEVELOPER, name="Z opener")
    request: ApprovalRequest = OpenRequestFactory.create(version=made, opened_by=opener)
    assert {one.user.name: one.because for one in excluded_people(request)} == {
        "A": "registered the version, planned the release and are an author of the training commit",
        "B": "handed in the version",
        "C": "own the training run",
        "D": "are an author of the training commit",
        "E": "registered the feature pipeline version",
        "F": "uploaded a file of the version",
        card_author.name: "wrote the card",
        made.training_run.training_snapshot.created_by.name: "registered the training data",
        "Z opener": "opened the approval request",
    }


def test_author_of_the_commit_stays_excluded_under_another_address() -> None:
    version = ready_version()
    author = person_with(Role.APPROVER, team=version.model.team, name="P Two")
    made = SealedVersionFactory.create(model=version.model, training_run__commit_authors=[author.email])
    RegisteredModel.objects.filter(pk=version.model_id).update(tier=3)
    finished_run(version=made, plan=version.validation_runs.get().plan)
    request: ApprovalRequest = OpenRequestFactory.create(version=made)
    change_email(actor=SYSTEM, user=author, email="married@example.org")
    assert author.name in {one.user.name for one in excluded_people(request)}
    assert author not in eligible_signers(request)


def test_author_of_the_same_text_stays_excluded_after_another_published_it_again() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    card = CardRevision.objects.get()
    CardRevision.objects.filter(pk=card.pk).update(state="superseded")
    second = CardRevisionFactory.create(model=card.model, published_by=UserFactory.create())
    assert what_changed(request) == []
    assert {card.author, second.author, second.published_by} <= {one.user for one in excluded_people(request)}


def test_eligible_are_active_approvers_of_the_team_who_took_no_part_and_have_not_signed() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    team = request.release.model.team
    Seat.objects.create(request=request, position=2, title="Second", role="sign", meaning="review")
    nora, paul = (person_with(Role.APPROVER, team=team, name=name) for name in ("Nora", "Paul"))
    person_with(Role.APPROVER, team=TeamFactory.create())
    person_with(Role.VIEWER, team=team)
    User.objects.filter(pk=person_with(Role.APPROVER, team=team).pk).update(is_active=False)
    assert eligible_signers(request) == [nora, paul]
    able = [
        user for user in User.objects.order_by("name") if signable_by(actor_for_user(user, interactive=True), [request])
    ]
    assert able == [nora, paul]
    DecisionFactory.create(request=request, signer=nora)
    assert eligible_signers(request) == [paul]


def test_request_is_stuck_when_only_people_who_took_part_could_sign() -> None:
    opener = person_with(Role.DEVELOPER, Role.APPROVER)
    request: ApprovalRequest = OpenRequestFactory.create(opened_by=opener)
    assert eligible_signers(request) == []
    assert state_now(request) == "open"


def test_who_remediated_a_finding_about_the_model_may_not_sign_even_after_it_was_asked_for() -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    model = request.release.model
    signer = person_with(Role.APPROVER, team=model.team, name="Remediator")
    actor = actor_for_user(signer, interactive=True)
    assert signable_by(actor, [request]) == {request.pk}
    FindingFactory.create(
        model=model, version=SealedVersionFactory.create(model=model), state="in_remediation", remediator=signer
    )
    assert signable_by(actor, [request]) == set()
    assert {one.because for one in excluded_people(request) if one.user == signer} == {
        "remediated a finding about the model"
    }
    assert state_now(request) == "open"
