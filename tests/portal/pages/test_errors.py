import json
from collections.abc import Callable

import pytest
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from portal.accounts.choices import Role
from portal.core.errors import Conflict, DomainError, Forbidden, Invalid
from portal.pages import errors
from portal.pages.files import FileTooLarge
from tests.factories.accounts import UserFactory, person_with
from tests.factories.registry import SealedVersionFactory


def request_for(address: str) -> HttpRequest:
    request = RequestFactory().get(address)
    request.user = UserFactory.build()
    return request


def passed_on(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("fine")


@pytest.mark.django_db
def test_an_unknown_address_answers_404_in_words(client: Client) -> None:
    client.force_login(UserFactory.create())
    response = client.get("/nowhere")
    assert response.status_code == 404
    assert "There is nothing here that you may see." in response.content.decode()
    assert reverse("models") in response.content.decode()


@pytest.mark.django_db
def test_below_the_api_an_unknown_address_answers_a_problem_document(client: Client) -> None:
    response = client.get("/api/v1/nowhere")
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (lambda request: errors.bad_request(request, BadRequest()), 400),
        (lambda request: errors.bad_request(request, RequestDataTooBig()), 413),
        (lambda request: errors.bad_request(request, FileTooLarge(5)), 413),
        (lambda request: errors.forbidden(request, PermissionDenied()), 403),
        (lambda request: errors.not_found(request, Http404()), 404),
        (errors.server_error, 500),
        (errors.csrf_failure, 403),
    ],
)
@pytest.mark.django_db
def test_every_error_has_a_page_and_a_document(answer: Callable[[HttpRequest], HttpResponse], status: int) -> None:
    page, document = answer(request_for("/models")), answer(request_for("/api/v1/models"))
    assert (page.status_code, document.status_code) == (status, status)
    assert "<h1>" in page.content.decode()
    assert json.loads(document.content)["status"] == status
    assert json.loads(document.content)["detail"]


@pytest.mark.django_db
def test_a_form_that_is_too_large_is_told_from_one_that_can_not_be_read() -> None:
    page = errors.bad_request(request_for("/tokens"), RequestDataTooBig()).content.decode()
    assert "larger than a form may be" in page


@pytest.mark.django_db
def test_a_refusal_of_the_domain_is_a_page_in_words_with_its_status_and_fields() -> None:
    middleware = errors.DomainErrorPages(passed_on)
    refusal = Conflict("A run is open.", code="run_is_open", fields={"version": ["Wait for it."]})
    page = middleware.process_exception(request_for("/models"), refusal)
    assert page is not None
    assert page.status_code == 409
    for words in ("A run is open.", "Wait for it.", "run_is_open", "Nothing was changed."):
        assert words in page.content.decode()
    document = middleware.process_exception(request_for("/api/v1/models"), Forbidden("You may not."))
    assert document is not None
    assert json.loads(document.content) | {"code": "forbidden", "detail": "You may not."} == json.loads(
        document.content
    )


def test_a_defect_goes_on_and_what_is_fine_passes() -> None:
    middleware = errors.DomainErrorPages(passed_on)
    assert middleware.process_exception(RequestFactory().get("/"), ValueError("defect")) is None
    assert middleware(RequestFactory().get("/")).content == b"fine"


@pytest.mark.django_db
def test_a_verb_without_a_form_is_refused_on_a_page(client: Client) -> None:
    version = SealedVersionFactory.create()
    client.force_login(UserFactory.create())
    response = client.post(reverse("version_run", args=[version.model.slug, 1]))
    assert response.status_code == 404


@pytest.mark.django_db
def test_an_address_that_only_forms_send_to_says_so_when_opened(client: Client) -> None:
    answer = client.get(reverse("token_revoke", args=[1]))
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "Open the page that the form stands on." in answer.text


@pytest.mark.django_db
def test_a_form_without_its_token_is_refused_in_words() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory.create())
    response = client.post(reverse("tokens"), {"name": "x"})
    assert response.status_code == 403
    assert "This form is too old to be accepted." in response.content.decode()


@pytest.mark.parametrize(
    ("refusal", "remedy"),
    [
        (Conflict("It is used.", code="link_not_usable"), "Ask an administrator for a new one."),
        (Forbidden("You may not.", code="missing_capability"), "an administrator can grant it to you"),
        (Conflict("It moved on."), "look at what it says now"),
        (Invalid("It is empty."), "change what is named"),
    ],
)
@pytest.mark.django_db
def test_a_refusal_says_what_to_do_about_it_and_nothing_else(refusal: DomainError, remedy: str) -> None:
    page = errors.DomainErrorPages(passed_on).process_exception(request_for("/models"), refusal)
    assert page is not None
    advice = page.content.decode().partition("What you can do")[2].partition("</footer>")[0]
    assert remedy in advice
    assert advice.count("<dt>") == 1
    assert "Go to Home" in advice


@pytest.mark.django_db
def test_who_lacks_a_role_reads_which_one_and_whom_to_ask(client: Client) -> None:
    version = SealedVersionFactory.create()
    person_with(Role.ADMIN, name="Ada Admin")
    client.force_login(person_with(Role.VIEWER, team=version.model.team))
    answer = client.post(reverse("version_run", args=[version.model.slug, 1]))
    assert answer.status_code == 403
    assert "It takes the role developer or validator" in answer.text
    assert "an administrator can grant it to you. Ask Ada Admin." in answer.text


@pytest.mark.django_db
def test_who_is_signed_out_is_shown_the_door_and_no_side_bar(client: Client) -> None:
    for address in ("/nowhere", reverse("password_link", args=["u" * 43])):
        text = client.get(address).content.decode()
        assert f'href="{reverse("account_login")}">Sign in</a>' in text
        assert 'aria-label="Main"' not in text


@pytest.mark.django_db
def test_pages_open_to_all_offer_who_is_signed_out_nothing_that_asks_for_a_session(client: Client) -> None:
    text = client.get(reverse("problems")).content.decode()
    assert reverse("account_login") in text
    assert reverse("models") not in text
    assert 'role="search"' not in text
