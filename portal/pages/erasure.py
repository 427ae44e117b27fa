"""Erasing the rows of a snapshot: what will happen, its name typed, a reason."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from portal.charts import numbers
from portal.overviews.data import snapshot_uses, snapshots_alike
from portal.pages.confirmations import Back, Question, ask
from portal.pages.data import snapshot_numbered
from portal.pages.doors import PageRequest, page
from portal.ui.forms import VerbForm
from registry.errors import NotUsable
from registry.models import DatasetSnapshot
from registry.services.erasure import erase_snapshot


class EraseForm(VerbForm):
    """The snapshot's name, and why its rows go."""

    typed = forms.CharField(label="Name of the snapshot", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), help_text="It stays with the snapshot.")


@require_http_methods(["GET", "HEAD", "POST"])
@page
def snapshot_erase(request: PageRequest, slug: str, number: int) -> HttpResponse:
    """Say what will be lost and what remains, then erase the rows."""
    snapshot = snapshot_numbered(request, slug, number)
    request.actor.require("erase_data", snapshot.dataset.team_id)
    if snapshot.blob_id is None:
        raise NotUsable(f"{snapshot} holds no bytes: there is nothing to erase.")
    form = EraseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        done = form.attempt(erase_snapshot, actor=request.actor, snapshot=snapshot, **form.cleaned_data)
        if done is not None:
            messages.success(request, f"Erased: {', '.join(map(str, done))}.")
            return redirect(snapshot)
    back = Back(snapshot.get_absolute_url(), str(snapshot))
    rows = numbers.count(snapshot.rows) if snapshot.rows is not None else "not read"
    facts = [("Digest", f"{snapshot.sha256[:12]}…"), ("Rows", rows), ("To type", str(snapshot))]
    title, happens = f"Erase the rows of {snapshot}?", _consequences(request, snapshot)
    question = Question(title, happens, "Erase the rows", back, danger=True, facts=facts)
    return ask(request, question, form, "data/confirm.html")


def _consequences(request: PageRequest, snapshot: DatasetSnapshot) -> list[str]:
    plans = ", ".join(map(str, snapshot_uses(request.actor, snapshot).plans))
    others = ", ".join(map(str, snapshots_alike(request.actor, snapshot)))
    return [
        "The bytes are removed from the store for good. Backups made before still hold them until they are deleted.",
        *([f"These snapshots of the same bytes are erased with it: {others}."] if others else []),
        *([f"Plans that hold it out validate nothing any more: {plans}."] if plans else []),
        "Open requests that cover it stay open, since their digests hold; page and pack say what nobody can recompute.",
        "Digest, schema, profile and what was measured remain, marked as erased by you: nothing recomputes them.",
    ]
