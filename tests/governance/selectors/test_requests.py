import pytest

from governance.models import ApprovalRequest
from governance.selectors.requests import is_expired, state_now
from governance.selectors.signers import eligible_signers
from portal.accounts.choices import Role
from tests.factories.accounts import person_with
from tests.factories.governance import OpenRequestFactory

pytestmark = pytest.mark.django_db


def test_expiry_is_computed_and_leaves_nobody_to_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    request: ApprovalRequest = OpenRequestFactory.create()
    person_with(Role.APPROVER)
    assert not is_expired(request)
    assert len(eligible_signers(request)) == 1
    monkeypatch.setattr("governance.selectors.requests.now", lambda: request.expires_at)
    assert is_expired(request)
    assert state_now(request) == "expired"
    assert eligible_signers(request) == []
    assert ApprovalRequest.objects.get().state == "open"
