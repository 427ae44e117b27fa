"""Models: the table, also as a file, one model, its card, its use case."""

from typing import Any

import django_filters
from django import forms
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.core.querysets import visible
from portal.overviews import inventory
from portal.overviews.declared import today
from portal.overviews.models import model_overview, open_request_of, teams_of_models
from portal.overviews.use_cases import linkable
from portal.pages.doors import PageRequest, page
from portal.pages.paging import address_without_page, keys_of_page
from portal.pages.saved import saved_views
from portal.pages.spreadsheets import csv_file
from portal.ui.forms import VerbForm, WrittenField
from registry.choices import CardState, Implementation
from registry.models import CardRevision, RegisteredModel, UseCase
from registry.services import cards
from registry.services.models import link_model

IN_PRODUCTION = [("", "Any"), ("true", "In production"), ("false", "Not in production")]
IN_SERVICE = [("", "Any"), ("false", "In service"), ("true", "Retired")]


class ModelFilter(inventory.InventoryFilter):
    """The filters of the models table, as people see them."""

    team = django_filters.ChoiceFilter(field_name="team__slug", empty_label="All teams")

    def __init__(self, *args: Any, teams: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["team"].extra["choices"] = teams
        self.filters["serving"].extra["widget"] = forms.Select(choices=IN_PRODUCTION)
        self.filters["retired"].extra["widget"] = forms.Select(choices=IN_SERVICE)


class CardForm(VerbForm):
    """What the next revision of a card says."""

    intended_use = WrittenField()
    limitations = WrittenField()
    out_of_scope_use = WrittenField()


class LinkForm(VerbForm):
    """The use case that a model serves."""

    use_case = forms.ModelChoiceField(
        UseCase.objects.none(),
        to_field_name="slug",
        required=False,
        empty_label="No use case",
        help_text="Those of the model’s team that are neither rejected nor retired.",
    )

    def __init__(self, *args: Any, model: RegisteredModel, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["use_case"].queryset = linkable(model)  # type: ignore[attr-defined]


@require_safe
@page
def models(request: PageRequest) -> HttpResponse:
    """The models that the reader may see."""
    sort, columns = request.GET.get("sort", "slug"), inventory.chosen(request.GET.getlist("columns"))
    found = _narrowed(request)
    rows: Any = keys_of_page(request, inventory.sorted_keys(found.qs, sort))
    rows.object_list = inventory.in_order(list(rows.object_list), columns)
    context = {
        "filter": found,
        "in_force": sum(bool(request.GET.get(name)) for name in ModelFilter.base_filters),
        "rows": rows,
        "address": address_without_page(request),
        "sort": sort,
        "columns": inventory.COLUMNS,
        "today": today(),
        "shown": {column.key for column in columns},
        "chosen": bool(request.GET.getlist("columns")),
        "query": request.GET.urlencode(),
        "saved": saved_views(request, "models"),
        "may_register": request.actor.teams_for("register_model") != frozenset(),
    }
    return render(request, "models/list.html", context)


@require_safe
@page
def models_csv(request: PageRequest) -> StreamingHttpResponse:
    """The same models as a file, all of them; with every column, unless some are chosen."""
    names = request.GET.getlist("columns")
    columns = inventory.chosen(names) if names else inventory.COLUMNS
    return csv_file(inventory.lines(keys_asked_for(request), columns), "models")


def keys_asked_for(request: PageRequest) -> list[int]:
    """Return the keys of the models that the table would show on all its pages, in its order."""
    return list(inventory.sorted_keys(_narrowed(request).qs, request.GET.get("sort", "slug")))


def _narrowed(request: PageRequest) -> ModelFilter:
    rows = RegisteredModel.objects.visible_to(request.actor)
    return ModelFilter(request.GET, queryset=rows, teams=teams_of_models(request.actor))


@require_safe
@page
def model(request: PageRequest, slug: str) -> HttpResponse:
    """One model: production now, versions, stages with their owners, releases, card, timeline."""
    found = visible(RegisteredModel.objects.with_names(), request.actor, slug=slug)
    context = {
        "overview": model_overview(request.actor, found),
        "may_register": _takes_versions(found) and request.actor.may("register_version", found.team_id),
        "may_assign": request.actor.may("register_model", found.team_id),
        "may_link": found.retired_at is None and request.actor.may("register_model", found.team_id),
        "may_declare": found.retired_at is None and request.actor.may("declare_release", found.team_id),
    }
    return render(request, "models/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def card(request: PageRequest, slug: str) -> HttpResponse:
    """A model's card: the published revision, drafts, and a form for the next."""
    found = visible(RegisteredModel.objects.with_names(), request.actor, slug=slug)
    revisions = list(found.card_revisions.select_related("author"))
    published = next((r for r in revisions if r.state == CardState.PUBLISHED), None)
    form = CardForm(request.POST or None, initial=_initial(published))
    if request.method == "POST" and form.is_valid():
        drafted = form.attempt(cards.draft_card, actor=request.actor, model=found, **form.cleaned_data)
        if drafted is not None:
            return redirect("card", slug=slug)
    may_write = found.retired_at is None and request.actor.may("write_card", found.team_id)
    context = {
        "model": found,
        "published": published,
        "revisions": revisions,
        "form": form,
        "may_write": may_write,
        "open_request": open_request_of(found),
    }
    return render(request, "models/card.html", context, status=422 if form.errors else 200)


@require_POST
@page
def card_publish(request: PageRequest, slug: str, number: int) -> HttpResponse:
    """Publish a drafted revision."""
    revision = visible(CardRevision.objects.select_related("model"), request.actor, model__slug=slug, number=number)
    cards.publish_card(actor=request.actor, revision=revision)
    return redirect("card", slug=slug)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def model_use_case(request: PageRequest, slug: str) -> HttpResponse:
    """Say which use case a model serves."""
    found = visible(RegisteredModel.objects.with_names(), request.actor, slug=slug)
    request.actor.require("register_model", found.team_id)
    initial = {"use_case": found.use_case.slug if found.use_case else None}
    form = LinkForm(request.POST if request.method == "POST" else None, model=found, initial=initial)
    if form.is_valid():
        linked = form.attempt(link_model, actor=request.actor, model=found, **form.cleaned_data)
        if linked is not None:
            return redirect(linked)
    context = {"model": found, "form": form}
    return render(request, "models/use_case.html", context, status=422 if form.errors else 200)


def _initial(published: CardRevision | None) -> dict[str, Any]:
    if published is None:
        return {}
    return {name: getattr(published, name) for name in ("intended_use", "limitations", "out_of_scope_use")}


def _takes_versions(model: RegisteredModel) -> bool:
    return model.retired_at is None and model.implementation != Implementation.VENDOR
