"""Reviews: requests to decide, and the page on which one signs."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from governance.choices import Meaning, Verdict
from governance.models import ApprovalRequest
from governance.services.requests import withdraw_request
from governance.services.signing import sign
from portal.core.querysets import visible
from portal.overviews.reviews import STATES, review_overview, reviews_table
from portal.pages.doors import PageRequest, page
from portal.pages.paging import address_without_page, page_of
from portal.pages.passwords import PasswordForm
from portal.pages.saved import saved_views
from portal.ui.forms import WrittenField
from portal.ui.words import spoken


class SignForm(PasswordForm):
    """What a signature needs."""

    verdict = forms.ChoiceField(choices=Verdict.choices, widget=forms.RadioSelect)
    meaning = forms.ChoiceField(choices=Meaning.choices, initial=Meaning.APPROVAL, label="Meaning of your signature")
    rationale = WrittenField(rows=4, help_text="Kept in the audit ledger as a salted commitment.")
    shown_digest = forms.CharField(widget=forms.HiddenInput)


@require_safe
@page
def reviews(request: PageRequest) -> HttpResponse:
    """The requests that the reader may see, open ones first."""
    state = request.GET.get("state", "")
    rows = page_of(request, reviews_table(request.actor, state))
    states = [(name, spoken(name)) for name in STATES]
    context = {
        "rows": rows,
        "address": address_without_page(request),
        "state": state,
        "states": states,
        "saved": saved_views(request, "reviews"),
    }
    return render(request, "reviews/list.html", context)


@require_safe
@page
def review(request: PageRequest, pk: int) -> HttpResponse:
    """Everything needed to decide, on one page."""
    return _show(request, _request(request, pk), None)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@page
def review_sign(request: PageRequest, pk: int) -> HttpResponse:
    """Sign the decision; who comes back to the address finds the form."""
    found = _request(request, pk)
    if request.method != "POST":
        return redirect(f"{found.get_absolute_url()}#sign")
    form = SignForm(request.POST)
    if form.is_valid() and form.attempt_as(request.actor, sign, request=found) is not None:
        return redirect(found)
    return _show(request, _request(request, pk), form, status=422)


@require_POST
@page
def review_withdraw(request: PageRequest, pk: int) -> HttpResponse:
    """Take the request back."""
    found = _request(request, pk)
    withdraw_request(actor=request.actor, request=found)
    return redirect(found)


def _request(request: PageRequest, pk: int) -> ApprovalRequest:
    return visible(ApprovalRequest.objects.with_origin(), request.actor, pk=pk)


def _show(request: PageRequest, found: ApprovalRequest, form: SignForm | None, status: int = 200) -> HttpResponse:
    overview = review_overview(request.actor, found)
    form = form or SignForm(initial={"shown_digest": found.bundle_digest, "meaning": overview.meaning_for_reader})
    return render(request, "reviews/detail.html", {"overview": overview, "form": form}, status=status)
