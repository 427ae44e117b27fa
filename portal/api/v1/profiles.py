"""Profiles of snapshots: what each column holds; of sensitive columns, name and type to who lacks the grant."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring.models import ColumnProfile, SnapshotProfile
from monitoring.services.profiles import request_profile
from portal.api.v1.data import snapshot_named
from portal.api.views import Door, Listing, accepted
from portal.core.errors import NotFound
from portal.overviews.profiles import newest_profile
from portal.overviews.sights import Sight, sight_of
from registry.models import DatasetSnapshot


class ProfileSerializer(serializers.ModelSerializer[SnapshotProfile]):
    """A profile as the API shows it; its columns are a list of their own once it is `done`."""

    dataset = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        source="snapshot.dataset", slug_field="slug", read_only=True
    )
    snapshot = serializers.SlugRelatedField(slug_field="number", read_only=True)  # type: ignore[var-annotated]
    job = serializers.IntegerField(source="job_id", read_only=True, allow_null=True)

    class Meta:
        model = SnapshotProfile
        fields = ["dataset", "snapshot", "state", "reason", "job", "digest", "requested_at", "finished_at"]


class ColumnSerializer(serializers.ModelSerializer[ColumnProfile]):
    """A column in short; `summary` is null where it is masked."""

    masked = serializers.SerializerMethodField()
    summary = serializers.SerializerMethodField()

    class Meta:
        model = ColumnProfile
        fields = ["position", "name", "type", "kind", "masked", "summary"]

    @property
    def sight(self) -> Sight:
        """What the caller may see; a door that does not say is a defect."""
        return self.context["sight"]  # type: ignore[no-any-return]

    def get_masked(self, row: ColumnProfile) -> bool:
        """Whether values are kept from the caller."""
        return self.sight.masks(row.name)

    def get_summary(self, row: ColumnProfile) -> dict[str, Any] | None:
        """Counts, missing values, range, mean, number of levels."""
        return self.sight.of(row.summary, row.name)


class ColumnDetailSerializer(ColumnSerializer):
    """A column in full; `cells` has quantiles and counts by cell, level or period, null where it is masked."""

    cells = serializers.SerializerMethodField()

    class Meta(ColumnSerializer.Meta):
        fields = [*ColumnSerializer.Meta.fields, "cells"]

    def get_cells(self, row: ColumnProfile) -> dict[str, Any] | None:
        """What a comparison with other rows needs."""
        return self.sight.of(row.cells, row.name)


class ProfileDetail(Door, generics.RetrieveAPIView[SnapshotProfile]):
    """The profile of a snapshot: the one that counts, else the newest that came to nothing."""

    serializer_class = ProfileSerializer
    queryset = SnapshotProfile.objects.none()

    def get_object(self) -> SnapshotProfile:
        """Return the profile."""
        return _profile_of(_snapshot(self))

    @extend_schema(request=None, responses={202: ProfileSerializer})
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Have a snapshot profiled that has no profile, or none that was done."""
        made = request_profile(actor=self.actor, snapshot=_snapshot(self))
        return accepted(ProfileSerializer(made).data, "api_profile", request, slug=slug, number=number)


class _OfColumns(Door):
    """Whatever shows columns knows first what the caller may see of them."""

    queryset = ColumnProfile.objects.none()

    def get_serializer_context(self) -> dict[str, Any]:
        """Return the context with what the caller may see."""
        context = dict(super().get_serializer_context())
        if "slug" not in self.kwargs:  # while the schema is described
            return context
        return context | {"sight": sight_of(self.actor, _snapshot(self).dataset)}


class ProfileColumns(_OfColumns, Listing):
    """List the columns of a profile in short; `order=oldest` is the order of the file."""

    serializer_class = ColumnSerializer

    def get_queryset(self) -> Any:
        """Return the columns."""
        return _profile_of(_snapshot(self)).columns.defer("cells")


class ProfileColumn(_OfColumns, generics.RetrieveAPIView[ColumnProfile]):
    """One column of a profile in full, by its place in the file, from 1."""

    serializer_class = ColumnDetailSerializer

    def get_object(self) -> ColumnProfile:
        """Return the column."""
        found = _profile_of(_snapshot(self)).columns.filter(position=self.kwargs["position"]).first()
        if found is None:
            raise NotFound("The profile has no column at this place.")
        return found


def _snapshot(door: Door) -> DatasetSnapshot:
    return snapshot_named(door.request, door.kwargs["slug"], door.kwargs["number"])


def _profile_of(snapshot: DatasetSnapshot) -> SnapshotProfile:
    found = newest_profile(snapshot)
    if found is None:
        raise NotFound("The snapshot has no profile. Ask for it with POST.")
    return found
