import pytest
from django.test import RequestFactory

from portal.accounts.models import Team
from portal.pages.paging import ROWS, address_without_page, page_of
from tests.factories.accounts import TeamFactory


@pytest.mark.django_db
@pytest.mark.parametrize(("asked", "given"), [("", 1), ("2", 2), ("99", 2), ("nonsense", 1), ("-3", 2)])
def test_a_page_that_does_not_exist_leads_to_one_that_does(asked: str, given: int) -> None:
    TeamFactory.create_batch(ROWS + 1)
    rows = page_of(RequestFactory().get("/", {"page": asked}), Team.objects.all())
    assert rows.number == given


@pytest.mark.parametrize(
    ("query", "address"), [({}, "?"), ({"page": "2"}, "?"), ({"q": "a b", "page": "2", "tier": "1"}, "?q=a+b&tier=1&")]
)
def test_the_address_keeps_filters_and_leaves_the_page_out(query: dict[str, str], address: str) -> None:
    assert address_without_page(RequestFactory().get("/", query)) == address
