"""The ledger: entries by filter, one entry with its proof."""

from django import forms
from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.accounts.selectors import people_known_to
from portal.core.actors import SYSTEM, Actor
from portal.core.errors import NotFound
from portal.ledger.catalogue import TYPES
from portal.ledger.selectors import EntryFilter, proof_for
from portal.overviews.audit import AuditPage, audit_page, entry_overview, ledger_state, proof_name
from portal.pages.doors import PageRequest, page
from portal.pages.saved import saved_views
from registry.models import RegisteredModel

INSTANT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class EntriesForm(forms.Form):
    """Which entries to show; everything stands in the address."""

    event = forms.ChoiceField(required=False, label="What")
    actor = forms.ChoiceField(required=False, label="Who")
    subject = forms.RegexField(
        r"^[a-z_]+:[^:\s]+$",
        required=False,
        label="Subject",
        widget=forms.TextInput(attrs={"placeholder": "version:7"}),
        error_messages={"invalid": "A subject is written as type:id, such as version:7."},
    )
    topic = forms.CharField(
        required=False, label="Model or topic", widget=forms.TextInput(attrs={"placeholder": "a model's name"})
    )
    since = forms.DateTimeField(required=False, label="From, UTC", widget=INSTANT)
    until = forms.DateTimeField(required=False, label="Before, UTC", widget=INSTANT)
    before = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict, *, reader: Actor) -> None:
        super().__init__(data)
        events = sorted((event.name, event.sentence) for event in TYPES.values())
        people = [(user.actor_id, user.name) for user in people_known_to(reader)]
        self.fields["event"].choices = [("", "Anything"), *events]  # type: ignore[attr-defined]
        self.fields["actor"].choices = [("", "Anyone"), (SYSTEM.id, SYSTEM.name), *people]  # type: ignore[attr-defined]

    def wanted(self, actor: Actor) -> EntryFilter:
        """Return the filter that valid values mean; a model's name stands for its topic."""
        given = self.cleaned_data
        kind, _, key = given["subject"].partition(":")
        return EntryFilter(
            event=given["event"] or None,
            actor_id=given["actor"] or None,
            subject_type=kind or None,
            subject_id=key or None,
            topic=_topic(actor, given["topic"]) or None,
            since=given["since"],
            until=given["until"],
        )


@require_safe
@page
def audit(request: PageRequest) -> HttpResponse:
    """The entries that the reader may see, newest first, and how the log stands."""
    form = EntriesForm(request.GET, reader=request.actor)
    entries = AuditPage([], None)
    if form.is_valid():
        entries = audit_page(request.actor, form.wanted(request.actor), before=form.cleaned_data["before"])
    query = request.GET.copy()
    query.pop("before", None)
    address = f"?{query.urlencode()}&" if query else "?"
    context = {
        "state": ledger_state(),
        "form": form,
        "entries": entries,
        "address": address,
        "filtered": any(query.values()),
        "in_force": sum(bool(query.get(name)) for name in form.fields),
        "saved": saved_views(request, "audit", usable=form.is_valid()),
        "reads_all": request.actor.teams_for("read_ledger") is None,
    }
    return render(request, "audit/list.html", context)


@require_safe
@page
def entry(request: PageRequest, index: int) -> HttpResponse:
    """One entry: what it says, its leaf hash, and the proof that the signed log holds it."""
    try:
        overview = entry_overview(request.actor, index)
    except NotFound as unknown:
        raise Http404 from unknown
    return render(request, "audit/entry.html", {"overview": overview})


@require_safe
@page
def proof(request: PageRequest, index: int) -> HttpResponse:
    """All that verifies the entry without us, as a file."""
    try:
        document = proof_for(request.actor, index)
    except NotFound as unknown:
        raise Http404 from unknown
    response = JsonResponse(document)
    response["Content-Disposition"] = f'attachment; filename="{proof_name(index)}"'
    return response


def _topic(actor: Actor, text: str) -> str:
    if not text or ":" in text:
        return text
    model = RegisteredModel.objects.visible_to(actor).filter(slug=text).first()
    return f"model:{model.pk}" if model else text
