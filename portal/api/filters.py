"""Filters that more than one list has."""

import django_filters


class OfTeam(django_filters.FilterSet):  # type: ignore[misc]
    """Rows of one team."""

    team = django_filters.CharFilter(field_name="team__slug", label="Slug of the team.")
