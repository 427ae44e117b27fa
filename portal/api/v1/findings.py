"""Findings about models and their versions, and what is done to them."""

from collections.abc import Callable, Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.models import User
from portal.accounts.selectors import people_known_to
from portal.api.bodies import Body
from portal.api.v1.models import model_named
from portal.api.v1.releases import version_numbered
from portal.api.views import Door, Listing, actor_of, created
from portal.core.querysets import visible
from portal.overviews.findings import FindingFilter
from registry.choices import FindingVerb, Severity, Stage
from registry.models import Finding, FindingMove
from registry.services import findings as services

DUE = "Until when it is remediated and verified."
HOLDER = "Address of a person who may read the model and answer for findings."
VERBS: Mapping[str, tuple[Callable[..., Finding], frozenset[str]]] = {
    FindingVerb.HAND_OVER: (services.hand_over, frozenset({"holder", "due", "comment"})),
    FindingVerb.START: (services.start_remediation, frozenset({"comment"})),
    FindingVerb.HAND_IN: (services.hand_in_remediation, frozenset({"comment"})),
    FindingVerb.CLOSE: (services.close_finding, frozenset({"comment"})),
    FindingVerb.SEND_BACK: (services.send_back, frozenset({"comment"})),
    FindingVerb.REOPEN: (services.reopen_finding, frozenset({"comment", "holder", "due"})),
    FindingVerb.CHANGE_SEVERITY: (services.change_severity, frozenset({"comment", "severity"})),
}
"""Each move with its service and the fields that it takes."""
MOVES = [(verb.value, verb.label) for verb in FindingVerb if verb in VERBS]


def _person(**kwargs: Any) -> Any:
    return serializers.SlugRelatedField(slug_field="email", read_only=True, **kwargs)


class FindingSerializer(serializers.ModelSerializer[Finding]):
    """A finding as the API shows it; one holder at a time."""

    model = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    version = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        slug_field="number", read_only=True, allow_null=True, help_text="Null: the model as a whole."
    )
    overdue = serializers.BooleanField(source="is_overdue", read_only=True)
    holder = _person(allow_null=True)
    raised_by = _person()

    class Meta:
        model = Finding
        fields = [
            "model", "number", "version", "stage", "severity", "state", "overdue", "title", "description", "holder",
            "held_since", "due", "line", "raised_by", "raised_at",
        ]  # fmt: skip


class MoveSerializer(serializers.ModelSerializer[FindingMove]):
    """One thing that was done, and how the finding stood afterwards."""

    move = serializers.CharField(source="verb", read_only=True)
    by = _person()
    holder = _person(allow_null=True)
    state_before = serializers.CharField(read_only=True, help_text="Empty where it was raised.")

    class Meta:
        model = FindingMove
        fields = ["move", "by", "at", "state_before", "state", "severity", "holder", "due", "comment"]


class FindingDetailSerializer(FindingSerializer):
    """One finding with its whole history, the oldest first."""

    history = MoveSerializer(source="moves", many=True, read_only=True)

    class Meta(FindingSerializer.Meta):
        fields = [*FindingSerializer.Meta.fields, "history"]


class RaiseFindingSerializer(Body):
    """What somebody found."""

    title = serializers.CharField(max_length=200)
    description = serializers.CharField(help_text="What is wrong, how one sees it, and what would be right.")
    severity = serializers.ChoiceField(choices=Severity.choices)
    stage = serializers.ChoiceField(choices=Stage.choices, help_text="Where in the pipeline it lies.")
    version = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=2**31 - 1, help_text="Null: the model as a whole."
    )
    holder = serializers.EmailField(required=False, allow_null=True, help_text=HOLDER)
    due = serializers.DateTimeField(required=False, allow_null=True, help_text=DUE)


class MoveFindingSerializer(Body):
    """What is done to a finding; each move takes some of these fields and refuses the others."""

    move = serializers.ChoiceField(choices=MOVES)
    comment = serializers.CharField(
        required=False, allow_blank=True, help_text="What was done, or why; only `hand_over` and `start` go without."
    )
    holder = serializers.EmailField(
        required=False, allow_null=True, help_text=f"{HOLDER} For `hand_over` and `reopen`."
    )
    due = serializers.DateTimeField(required=False, allow_null=True, help_text=f"{DUE} For `hand_over` and `reopen`.")
    severity = serializers.ChoiceField(choices=Severity.choices, required=False, help_text="For `change_severity`.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse fields that the move does not read, and say which it lacks."""
        _, taken = VERBS[attrs["move"]]
        needed = {FindingVerb.HAND_OVER: "holder", FindingVerb.CHANGE_SEVERITY: "severity"}.get(attrs["move"])
        found = {name: ["This move does not take it."] for name in attrs if name not in {"move", *taken}}
        if needed and not attrs.get(needed):
            found[needed] = ["This move needs it."]
        if found:
            raise serializers.ValidationError(found)
        return attrs


class AllFindings(Listing):
    """List the findings about every model that the caller may see."""

    serializer_class = FindingSerializer
    queryset = Finding.objects.none()
    filterset_class = FindingFilter

    def get_queryset(self) -> Any:
        """Return the findings the caller may see."""
        return Finding.objects.visible_to(self.actor).with_names()


class FindingList(Listing):
    """List and raise findings about a model."""

    serializer_class = FindingSerializer
    queryset = Finding.objects.none()
    filterset_class = FindingFilter

    def get_queryset(self) -> Any:
        """Return the model's findings."""
        return model_named(self.request, self.kwargs["slug"]).findings.with_names()

    @extend_schema(request=RaiseFindingSerializer, responses={201: FindingDetailSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Raise a finding about the model, or about one of its versions."""
        model = model_named(request, slug)
        form = RaiseFindingSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        if (version := values.get("version")) is not None:
            values["version"] = version_numbered(model, version)
        values["holder"] = _holder_named(request, values.get("holder"))
        made = services.raise_finding(actor=self.actor, model=model, **values)
        data = FindingDetailSerializer(made).data
        return created(data, "api_finding", request, slug=slug, number=made.number)


class FindingDetail(Door, generics.RetrieveAPIView[Finding]):
    """One finding with its history."""

    serializer_class = FindingDetailSerializer
    queryset = Finding.objects.none()

    def get_object(self) -> Finding:
        """Return the finding."""
        return finding_numbered(self.request, self.kwargs["slug"], self.kwargs["number"])


class FindingMoves(Door):
    """Do something to a finding."""

    serializer_class = FindingDetailSerializer
    queryset = Finding.objects.none()

    @extend_schema(request=MoveFindingSerializer, responses={200: FindingDetailSerializer})
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Hand the finding over, remediate it, judge it, open it again, or change its severity."""
        found = finding_numbered(request, slug, number)
        form = MoveFindingSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        verb, taken = VERBS[values.pop("move")]
        if "holder" in taken:
            values["holder"] = _holder_named(request, values.get("holder"))
            values.setdefault("due", found.due)
        values.setdefault("comment", "")
        verb(actor=self.actor, finding=found, **values)
        return Response(FindingDetailSerializer(finding_numbered(request, slug, number)).data)


def finding_numbered(request: Request, slug: str, number: int) -> Finding:
    """Return a model's finding with its history, if the caller may see it."""
    rows = Finding.objects.with_names().prefetch_related("moves__by", "moves__holder")
    return visible(rows, actor_of(request), model__slug=slug, number=number)


def _holder_named(request: Request, email: str | None) -> User | None:
    """Return whom the address names among those the caller knows; whether they fit is a rule's."""
    if email is None:
        return None
    found = people_known_to(actor_of(request)).filter(email=email.lower()).first()
    if found is None:
        raise serializers.ValidationError({"holder": ["Nobody of your teams has this address."]})
    return found
