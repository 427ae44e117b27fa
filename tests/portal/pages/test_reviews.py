from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from governance.models import ApprovalRequest, Decision
from governance.selectors.bundles import what_changed
from governance.services.requests import void_request
from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.accounts.selectors import actor_for_user
from portal.core.actors import SYSTEM
from registry.choices import CardState, ReleaseState
from registry.models import Release
from registry.services.erasure import erase_snapshot
from tests.factories.accounts import PASSWORD, RoleGrantFactory, TeamFactory, person_with
from tests.factories.governance import (
    ApprovedRequestFactory,
    DecisionFactory,
    OpenRequestFactory,
    next_version,
    ready_version,
)
from tests.factories.registry import ActiveReleaseFactory, CardRevisionFactory
from tests.portal.opened import opened

pytestmark = pytest.mark.django_db


def signed_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def approver_of(request: ApprovalRequest, **columns: str) -> User:
    return person_with(Role.APPROVER, team=request.release.model.team, **columns)


def test_who_comes_back_to_the_address_of_the_form_finds_the_form(client: Client) -> None:
    request = OpenRequestFactory.create()
    back = signed_in(client, approver_of(request)).get(reverse("review_sign", args=[request.pk]))
    assert (back.status_code, back["Location"]) == (302, f"{request.get_absolute_url()}#sign")


def signature(request: ApprovalRequest, **changed: str) -> dict[str, str]:
    values = {
        "verdict": "approve",
        "meaning": "approval",
        "rationale": "Better on the same rows, and the card says where it fails.",
        "shown_digest": request.bundle_digest,
        "password": PASSWORD,
    }
    return {**values, **changed}


def against_production() -> ApprovalRequest:
    """A candidate that waits, beside a champion that was approved."""
    champion = ApprovedRequestFactory.create(version=ready_version())
    version = next_version(model=champion.release.version.model, champion=champion.release.version)
    request: ApprovalRequest = OpenRequestFactory.create(version=version)
    return request


def test_the_change_against_production_comes_first_with_intervals_margins_and_verdicts(client: Client) -> None:
    request = against_production()
    page = signed_in(client, approver_of(request)).get(request.get_absolute_url()).content.decode()
    first, gate = page.index("What changes in production"), page.index('id="gate"')
    assert page.index("<h1>") < first < gate
    table = page[first:gate]
    assert "Production, v1" in table
    assert "After this release, v2" in table
    assert "AUC" in table
    assert "acceptable: −0.0100" in table
    assert "Better" in table
    assert "Trained on" in table
    assert "Same as in production:" in table


def test_erased_rows_void_nothing_and_are_told_to_who_signs(client: Client) -> None:
    request = OpenRequestFactory.create()
    held_out = request.evaluation.run.plan.held_out
    eraser = person_with(Role.VIEWER, team=held_out.dataset.team, name="Ada")
    RoleGrantFactory.create(user=eraser, role="", capability="erase_data", team=held_out.dataset.team)
    page = signed_in(client, approver_of(request))
    told = "Evidence that can not be recomputed"
    assert told not in page.get(request.get_absolute_url()).content.decode()
    actor = actor_for_user(eraser, interactive=True)
    erase_snapshot(actor=actor, snapshot=held_out, typed=str(held_out), reason="Asked for.")
    shown = page.get(request.get_absolute_url()).content.decode()
    assert (ApprovalRequest.objects.get().state, what_changed(request)) == ("open", [])
    assert told in shown
    assert f"{held_out}</a> were erased by Ada" in shown
    page.post(reverse("review_sign", args=[request.pk]), signature(request))
    assert Decision.objects.exists()


def test_a_first_release_says_that_nothing_runs_yet(client: Client) -> None:
    request = OpenRequestFactory.create()
    page = signed_in(client, approver_of(request)).get(request.get_absolute_url()).content.decode()
    assert "nothing runs there yet: v1 would be the first" in page
    assert "nothing to compare with" in page


def test_the_page_holds_gate_segments_charts_seats_and_bundle(client: Client) -> None:
    request = against_production()
    otto = approver_of(request, name="Otto Approver")
    page = signed_in(client, otto).get(request.get_absolute_url()).content.decode()
    for check in request.policy_version.checks.all()[:3]:
        assert check.title in page
        assert check.limit in page
    assert "validation.auc_lower" in page
    assert "Segments" in page
    assert "data-chart" in page
    assert "plotly" in page
    assert "May sign: Nora Approver, Otto Approver." in page
    assert "0 of 1 signed" in page
    assert "You sign exactly this bundle of 15 parts" in page
    for digest in request.bundle.values():
        assert digest in page
    assert "Trained on four more months." in page


def test_the_gate_reads_the_same_on_the_pages_of_review_version_and_release(client: Client) -> None:
    request = OpenRequestFactory.create()
    signed_in(client, approver_of(request))
    shown = set()
    for thing in (request, request.release, request.release.version):
        page = client.get(thing.get_absolute_url()).content.decode()
        gate = page[page.index('id="gate"') :]
        shown.add(gate[: gate.index("</section>")])
    assert len(shown) == 1


def test_who_may_not_sign_reads_why_and_who_may(client: Client) -> None:
    request = OpenRequestFactory.create()
    approver_of(request, name="Nora Approver")
    page = signed_in(client, request.opened_by).get(request.get_absolute_url()).content.decode()
    assert "You may read this, not sign it." in page
    assert "you opened the approval request" in page
    assert "May sign: Nora Approver." in page
    assert 'name="password"' not in page
    assert "Who may not sign, and why" in page
    assert request.release.version.created_by.name in page


def test_a_reader_without_the_role_reads_that_it_takes_the_role(client: Client) -> None:
    request = OpenRequestFactory.create()
    viewer = person_with(Role.VIEWER, team=request.release.model.team)
    page = signed_in(client, viewer).get(request.get_absolute_url()).content.decode()
    assert "Signing takes the approver&#x27;s role" in page


def test_a_request_that_nobody_may_sign_is_shown_as_stuck(client: Client) -> None:
    request = OpenRequestFactory.create()
    page = signed_in(client, request.opened_by).get(request.get_absolute_url()).content.decode()
    assert "Stuck: nobody may sign this." in page
    assert request.release.model.team.name in page


def test_signing_makes_the_release_active_and_shows_the_signature(client: Client) -> None:
    request = against_production()
    nora = approver_of(request, name="Nora Approver")
    answer = signed_in(client, nora).post(reverse("review_sign", args=[request.pk]), signature(request), follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain[0][0] == request.get_absolute_url()
    assert "Approved." in page
    assert "1 of 1 signed" in page
    assert "Better on the same rows" in page
    assert "Nora Approver" in page
    assert 'name="password"' not in page
    assert "Production, v1" in page, "what changed is still told after it was changed"
    assert Release.objects.get(pk=request.release_id).state == ReleaseState.ACTIVE


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password": "wrong"}, "password"),
        ({"rationale": ""}, "This field is required"),
        ({"shown_digest": "0" * 64}, "another bundle"),
        ({"meaning": "review"}, "free seat"),
    ],
)
def test_a_refused_signature_keeps_what_was_written_and_says_why(
    client: Client, changed: dict[str, str], said: str
) -> None:
    request = OpenRequestFactory.create()
    values = signature(request, **changed)
    answer = signed_in(client, approver_of(request)).post(reverse("review_sign", args=[request.pk]), values)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Not signed." in page
    assert said in page
    assert values["rationale"] in page
    assert PASSWORD not in page
    assert not Decision.objects.exists()


def test_passwords_can_not_be_guessed_on_the_form_that_signs(client: Client, standing_clock: datetime) -> None:
    request = OpenRequestFactory.create()
    address = reverse("review_sign", args=[request.pk])
    guesser = signed_in(client, approver_of(request))
    for guess in range(10):
        assert (
            "This is not your password"
            in guesser.post(address, signature(request, password=f"{guess}")).content.decode()
        )
    answer = guesser.post(address, signature(request))
    assert answer.status_code == 422
    assert "Too many wrong passwords; nothing was done. Wait" in answer.content.decode()
    assert not Decision.objects.exists()


def test_after_a_refusal_the_form_carries_the_digest_that_the_page_shows_now(client: Client) -> None:
    request = OpenRequestFactory.create()
    stale = signature(request, shown_digest="0" * 64)
    page = signed_in(client, approver_of(request)).post(reverse("review_sign", args=[request.pk]), stale)
    assert f'name="shown_digest" value="{request.bundle_digest}"' in page.content.decode()


def test_own_approval_is_refused_in_words(client: Client) -> None:
    version = ready_version()
    opener = person_with(Role.DEVELOPER, Role.APPROVER, team=version.model.team)
    request = OpenRequestFactory.create(version=version, opened_by=opener)
    answer = signed_in(client, opener).post(reverse("review_sign", args=[request.pk]), signature(request))
    assert answer.status_code == 422
    assert "because you opened the approval request" in answer.content.decode()


def test_a_voided_request_says_what_changed_and_carries_no_form(client: Client) -> None:
    request = OpenRequestFactory.create()
    nora = approver_of(request)
    request.release.model.card_revisions.update(state=CardState.SUPERSEDED)
    CardRevisionFactory.create(model=request.release.model, limitations="Knows two countries.")
    assert void_request(actor=SYSTEM, request=request, event="registry.card.published")
    page = signed_in(client, nora).get(request.get_absolute_url()).content.decode()
    banner = page[page.index("Voided: what changed") : page.index("What changes in production")]
    assert "published a card revision" in banner
    assert "Card revision" in banner
    assert request.bundle["card"] in banner
    assert "Open a new request" in banner
    assert "1 of 15 parts changed" in page
    assert 'class="bad k2"' in page
    assert 'name="password"' not in page


def test_an_open_request_whose_cover_drifted_warns_before_anyone_signs(client: Client) -> None:
    request = OpenRequestFactory.create()
    ActiveReleaseFactory.create(version=next_version(model=request.release.model))
    page = signed_in(client, approver_of(request)).get(request.get_absolute_url()).content.decode()
    assert "What would be signed is no longer what this request covers." in page
    assert "version in production" in page


def test_an_expired_request_was_never_approved(client: Client) -> None:
    with opened(days_ago=15):
        request = OpenRequestFactory.create()
    page = signed_in(client, approver_of(request)).get(request.get_absolute_url()).content.decode()
    assert "Expired: never approved." in page
    assert "Never signed." in page
    assert 'name="password"' not in page


def test_a_reject_is_shown_with_its_rationale(client: Client) -> None:
    request = OpenRequestFactory.create()
    DecisionFactory.create(request=request, verdict="reject", rationale="Calibration drifts in summer.")
    page = signed_in(client, request.opened_by).get(request.get_absolute_url()).content.decode()
    assert "Rejected." in page
    assert "Calibration drifts in summer." in page


def test_only_its_opener_can_withdraw_a_request(client: Client) -> None:
    request = OpenRequestFactory.create()
    url = reverse("review_withdraw", args=[request.pk])
    assert url not in signed_in(client, approver_of(request)).get(request.get_absolute_url()).content.decode()
    assert client.post(url).status_code == 403
    assert url in signed_in(client, request.opened_by).get(request.get_absolute_url()).content.decode()
    assert "Withdrawn by who opened it." in client.post(url, follow=True).content.decode()


def test_another_teams_request_answers_404(client: Client) -> None:
    request = OpenRequestFactory.create()
    signed_in(client, person_with(Role.APPROVER, Role.DEVELOPER, team=TeamFactory.create()))
    assert client.get(request.get_absolute_url()).status_code == 404
    for verb in ("review_sign", "review_withdraw"):
        assert client.post(reverse(verb, args=[request.pk]), signature(request)).status_code == 404
    assert str(request.release.version) not in client.get(reverse("reviews")).content.decode()


def test_the_list_keeps_one_state_and_names_the_expired(client: Client) -> None:
    request = OpenRequestFactory.create()
    signed_in(client, request.opened_by)
    name = str(request.release.version)
    assert name in client.get(reverse("reviews")).content.decode()
    assert name in client.get(reverse("reviews"), {"state": "open"}).content.decode()
    assert "No request in this state." in client.get(reverse("reviews"), {"state": "rejected"}).content.decode()
    with opened(days_ago=15):
        expired = OpenRequestFactory.create(version=ready_version(team=request.release.model.team))
    page = client.get(reverse("reviews"), {"state": "expired"}).content.decode()
    assert "Expired" in page
    assert str(expired.release.version) in page
    assert name not in page
    assert str(expired.release.version) not in client.get(reverse("reviews"), {"state": "open"}).content.decode()


def test_an_empty_list_says_what_appears_here(client: Client) -> None:
    signed_in(client, person_with(Role.VIEWER, team=TeamFactory.create()))
    assert "No request yet." in client.get(reverse("reviews")).content.decode()
