"""Comments: all of them on a thing, with the form; and what an author does to one."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from portal.core.querysets import visible
from portal.overviews import comments as overviews
from portal.pages.confirmations import Back, Question, ask, posted
from portal.pages.doors import PageRequest, page
from portal.pages.paging import ROWS, page_of
from portal.threads.models import Comment
from portal.threads.rules import LIMIT, REASON_LIMIT, plain, text_problem
from portal.threads.services import edit_comment, require_own, require_withdrawable, withdraw_comment
from portal.ui.forms import VerbForm
from registry.models import Finding, ModelVersion, RegisteredModel
from registry.models.discussions import Commented, model_of
from registry.services.discussions import comment_on


class CommentForm(VerbForm):
    """What somebody says."""

    text = forms.CharField(
        label="Comment",
        widget=forms.Textarea(attrs={"rows": 6, "maxlength": LIMIT}),
        help_text=f"Markdown: **bold**, lists, `code`, [links](https://…). At most {LIMIT:,} characters.",
    )

    def clean_text(self) -> str:
        """Return the text as it is kept; a preview, too, reads none that is too long."""
        text = plain(self.cleaned_data["text"])
        if problem := text_problem(text):
            raise forms.ValidationError(problem)
        return text


class ReasonForm(VerbForm):
    """Why the comment of a closed account is withdrawn."""

    reason = forms.CharField(
        max_length=REASON_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It stands with the line that stays, for all who may read comments here.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page
def model_comments(request: PageRequest, slug: str) -> HttpResponse:
    """The comments on a model itself."""
    return _comments(request, visible(RegisteredModel.objects.with_names(), request.actor, slug=slug))


@require_http_methods(["GET", "HEAD", "POST"])
@page
def version_comments(request: PageRequest, slug: str, number: int) -> HttpResponse:
    """The comments on a version."""
    rows = ModelVersion.objects.select_related("model__team")
    return _comments(request, visible(rows, request.actor, model__slug=slug, number=number))


@require_http_methods(["GET", "HEAD", "POST"])
@page
def finding_comments(request: PageRequest, slug: str, number: int) -> HttpResponse:
    """The comments on a finding."""
    return _comments(request, visible(Finding.objects.with_names(), request.actor, model__slug=slug, number=number))


@require_safe
@page
def comment(request: PageRequest, pk: int) -> HttpResponse:
    """Lead to a comment among the others."""
    found = _comment(request, pk)
    return redirect(_place(overviews.subject_of(found), found))


@require_http_methods(["GET", "HEAD", "POST"])
@page
def comment_edit(request: PageRequest, pk: int) -> HttpResponse:
    """Edit one's own comment; the earlier text is kept."""
    found = _own(request, pk)
    form = CommentForm(request.POST if request.method == "POST" else None, initial={"text": found.text})
    if form.is_valid() and "preview" not in request.POST:
        edited = form.attempt(edit_comment, actor=request.actor, comment=found, **form.cleaned_data)
        if edited is not None:
            return redirect(found)
    context = {"comment": found, "form": form, "preview": _preview(request, form), "back": found.get_absolute_url()}
    return render(request, "comments/edit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def comment_withdraw(request: PageRequest, pk: int) -> HttpResponse:
    """Say what will happen, then withdraw one's own comment, or with a reason that of a closed account."""
    found = _comment(request, pk)
    require_withdrawable(request.actor, found)
    own = found.author_id == request.user.pk
    form = posted(request) if own else ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        done = form.attempt(withdraw_comment, actor=request.actor, comment=found, **form.cleaned_data)
        if done is not None:
            return redirect(found)
    told = "and when" if own else "when, and why"
    happens = [
        "Its text, and how it read before, are shown to nobody but auditors. Evidence packs made before keep it.",
        f"A line stays in its place: that you withdrew it, {told}. It can’t be brought back.",
    ]
    back = Back(found.get_absolute_url(), str(found).capitalize())
    return ask(
        request, Question(f"Withdraw {found}", happens, "Withdraw", back, danger=True), form, "comments/ask.html"
    )


def _comments(request: PageRequest, subject: Commented) -> HttpResponse:
    """Show the comments on a thing; write one more, or show how it will read.

    A page that posts in place gets the new comment among the others, another one is sent there.
    """
    form, written = CommentForm(request.POST if request.method == "POST" else None), None
    if form.is_valid() and "preview" not in request.POST:
        written = form.attempt(comment_on, actor=request.actor, subject=subject, **form.cleaned_data)
    if written is None:
        return _show(request, subject, form)
    place = _place(subject, written)
    if "HX-Request" not in request.headers:
        return redirect(place)
    shown = _show(request, subject, CommentForm(), written)
    shown["HX-Push-Url"] = place
    return shown


def _show(request: PageRequest, subject: Commented, form: CommentForm, written: Comment | None = None) -> HttpResponse:
    """Show the page of comments that the address asks for, or that on which the new one stands."""
    rows = page_of(request, overviews.comments_on(subject), _page_of(written) if written else None)
    context = {
        "subject": subject,
        "trail": _trail(subject),
        "rows": rows,
        "lines": overviews.comment_lines(request.actor, list(rows)),
        "written": written,
        "url": overviews.comments_url(subject),
        "may_write": request.actor.may("comment", model_of(subject).team_id),
        "form": form,
        "preview": "" if written else _preview(request, form),
    }
    return render(request, "comments/list.html", context, status=422 if form.errors else 200)


def _trail(subject: Commented) -> list[Back]:
    """Return the way to the thing."""
    model = model_of(subject)
    if isinstance(subject, Finding):
        rows = reverse("findings")
        own = Back(subject.get_absolute_url(), f"Finding {subject.number}")
        return [Back(rows, "Findings"), Back(f"{rows}?model={model.slug}", model.slug), own]
    last = [Back(subject.get_absolute_url(), f"v{subject.number}")] if isinstance(subject, ModelVersion) else []
    return [Back(reverse("models"), "Models"), Back(model.get_absolute_url(), model.slug), *last]


def _preview(request: PageRequest, form: CommentForm) -> str:
    """Return the text to show as it will read, where that was asked for."""
    return str(form.cleaned_data["text"]) if "preview" in request.POST and form.is_valid() else ""


def _place(subject: Commented, found: Comment) -> str:
    """Return where a comment stands: numbers have no gaps, so the number tells the page."""
    number = _page_of(found)
    return f"{overviews.comments_url(subject)}{f'?page={number}' if number > 1 else ''}#comment-{found.number}"


def _page_of(found: Comment) -> int:
    return (found.number - 1) // ROWS + 1


def _comment(request: PageRequest, pk: int) -> Comment:
    return visible(Comment.objects.with_names(), request.actor, pk=pk)


def _own(request: PageRequest, pk: int) -> Comment:
    """Return the reader's own comment; raise what the verb would raise, before a form is shown that leads nowhere."""
    found = _comment(request, pk)
    require_own(request.actor, found)
    return found
