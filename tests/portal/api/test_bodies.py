"""Reading JSON bodies."""

import pytest
from rest_framework import serializers

from portal.api.bodies import Body


class Inner(Body):
    number = serializers.IntegerField()


class Outer(Body):
    name = serializers.CharField()
    inner = Inner(required=False)
    more = Inner(many=True, required=False)
    share = serializers.FloatField(required=False)


def test_known_fields_pass() -> None:
    form = Outer(data={"name": "x", "inner": {"number": 1}, "more": [{"number": 2}]})
    assert form.is_valid()


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"name": "x", "Name": "y"}, {"Name": ["There is no such field."]}),
        ({"name": "x", "inner": {"number": 1, "nmber": 2}}, {"inner": {"nmber": ["There is no such field."]}}),
        ({"name": "x", "more": [{"number": 1, "a": 2}]}, {"more": {0: {"a": ["There is no such field."]}}}),
    ],
)
def test_unknown_field_is_refused_at_every_depth(body: object, errors: object) -> None:
    form = Outer(data=body)
    assert not form.is_valid()
    assert form.errors == errors


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"name": 1}, {"name": ["Send a string."]}),
        ({"name": True}, {"name": ["Send a string."]}),
        ({"name": "x", "inner": {"number": "1"}}, {"inner": {"number": ["Send a whole number."]}}),
        ({"name": "x", "inner": {"number": 1.0}}, {"inner": {"number": ["Send a whole number."]}}),
        ({"name": "x", "inner": {"number": True}}, {"inner": {"number": ["Send a whole number."]}}),
        ({"name": "x", "share": "0.5"}, {"share": ["Send a number."]}),
    ],
)
def test_values_have_the_types_of_json(body: object, errors: object) -> None:
    form = Outer(data=body)
    assert not form.is_valid()
    assert form.errors == errors


@pytest.mark.parametrize("body", [None, [], "text", 3])
def test_what_is_no_object_is_refused(body: object) -> None:
    assert not Outer(data=body).is_valid()
