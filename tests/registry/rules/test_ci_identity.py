import base64
import json
from typing import Any

import pytest

from portal.core.clock import now
from registry.rules.ci_identity import (
    LARGEST_TOKEN,
    LEEWAY,
    Identity,
    KnownIssuer,
    NotAKeySet,
    NotTheIdentity,
    issuer_problems,
    judge,
    key_set,
    place_of,
)
from tests.factories.ci import COMMIT, ISSUER, REPOSITORY, SUBJECT, WORKFLOW, claims, identity_token, jwk, jwks

KEYS = key_set(jwks("one", "rsa two"))
GITHUB = KnownIssuer(7, **ISSUER, keys=KEYS)
AT, DAY = now().timestamp(), 86_400


def judged(token: str, *, issuer: KnownIssuer = GITHUB, repository: str = REPOSITORY) -> Identity:
    return judge(token, issuers=[issuer], repository=repository, commit=COMMIT, at=now().timestamp())


def unsigned(token: str, **header: Any) -> str:
    """Return the token with this header and a signature that nobody made."""
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}.AAAA"


@pytest.mark.parametrize("seed", ["one", "rsa two"])
def test_a_job_of_the_repository_at_the_commit_is_who_its_token_says(seed: str) -> None:
    assert judged(identity_token(seed)) == Identity("github", ISSUER["issuer"], SUBJECT, WORKFLOW, 7, seed)


def test_gitlab_says_it_in_its_own_claims() -> None:
    issuer = KnownIssuer(7, **ISSUER | {"provider": "gitlab"}, keys=KEYS)
    said = claims(repository=None, workflow_ref=None, project_path="lending/limits", aud=["countersign"], nbf=None)
    assert judged(identity_token("one", said), issuer=issuer).workflow == ""
    with pytest.raises(NotTheIdentity, match="another repository"):
        judged(identity_token("one"), issuer=issuer)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"iss": "https://elsewhere.example.org"}, "issuer is not registered"),
        ({"iss": None}, "issuer is not registered"),
        ({"aud": "other"}, "another audience"),
        ({"aud": None}, "another audience"),
        ({"exp": int(AT) - LEEWAY - 1}, "expired"),
        ({"exp": None}, "lacks its times"),
        ({"exp": True}, "lacks its times"),
        ({"iat": None, "nbf": None}, "lacks its times"),
        ({"iat": int(AT) + LEEWAY + DAY}, "not valid yet"),
        ({"nbf": int(AT) + LEEWAY + DAY}, "not valid yet"),
        ({"repository": "lending/other"}, "another repository"),
        ({"repository": None}, "another repository"),
        ({"sha": "0" * 40}, "another commit"),
        ({"sha": None}, "another commit"),
        ({"sub": None}, "no subject"),
        ({"sub": "x" * 501}, "no subject"),
        ({"sub": "a\nb"}, "no subject"),
        ({"workflow_ref": 7}, "no subject"),
    ],
)
def test_what_a_token_says_otherwise_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(NotTheIdentity, match=words) as refused:
        judged(identity_token("one", claims(**changes)))
    assert "eyJ" not in str(refused.value)


def test_clocks_may_differ_a_little() -> None:
    at = int(now().timestamp())
    assert judged(identity_token("one", claims(exp=at - LEEWAY + 30)))
    assert judged(identity_token("one", claims(iat=at + LEEWAY - 5, nbf=None)))


@pytest.mark.parametrize(
    "repository",
    ["https://evil.example.org/lending/limits", "https://git.example.org/x/lending/limits", "nothing", ""],
)
def test_a_repository_elsewhere_of_the_same_name_is_another_one(repository: str) -> None:
    with pytest.raises(NotTheIdentity, match="another repository"):
        judged(identity_token("one"), repository=repository)


def test_a_forged_token_is_refused() -> None:
    token = identity_token("one")
    head, _, signature = token.split(".")
    longer = identity_token("one", claims(exp=int(AT) + 9_000)).split(".")[1]
    for forged, words in {
        identity_token("stranger", kid="one"): "signature does not fit",
        identity_token("stranger"): "key that is not registered",
        identity_token("one", alg="RS256"): "key that is not registered",
        identity_token("one", alg="HS256"): "no other algorithm",
        identity_token("one", crit=["b64"]): "crit",
        unsigned(token, alg="none"): "no other algorithm",
        unsigned(token, alg=["ES256"], kid="one"): "no other algorithm",
        unsigned(token, alg="ES256", kid="one"): "signature does not fit",
        unsigned(token, alg="RS256", kid="rsa two"): "signature does not fit",
        f"{head}.{longer}.{signature}": "signature does not fit",
    }.items():
        with pytest.raises(NotTheIdentity, match=words):
            judged(forged)


@pytest.mark.parametrize(
    "text", ["", "a.b", "a.b.c", "é.é.é", "W10.W10.AA", "e30.e30.", "..", "[" * 9_000, "a" * (LARGEST_TOKEN + 1)]
)
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(NotTheIdentity, match="token"):
        judged(text)


def test_a_set_of_keys_keeps_what_checks_tokens() -> None:
    published = [jwk("one") | {"x5c": ["MII"]}, jwk("rsa two"), jwk("rsa three") | {"alg": "RS512"}]
    published += [jwk("four") | {"use": "enc"}, {"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "five"}]
    found = key_set({"keys": published})
    assert [one["kid"] for one in found] == ["one", "rsa two"]
    assert all("x5c" not in one for one in found)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "no JWKS"),
        ([], "no JWKS"),
        ({"keys": {}}, "no JWKS"),
        ({"keys": ["one"]}, "no JWKS"),
        ({"keys": []}, "None of the keys"),
        ({"keys": [{"kty": ["EC"]}]}, "None of the keys"),
        ({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}, "private or secret"),
        ({"keys": [jwk("one") | {"d": "AA"}]}, "private or secret"),
        ({"keys": [jwk("one") | {"kid": None}]}, "as texts"),
        ({"keys": [jwk("one") | {"x": "AA"}]}, "no public key"),
        ({"keys": [jwk("one") | {"x": "A A"}]}, "no public key"),
        ({"keys": [jwk("one") | {"crv": "P-384"}]}, "P-256 alone"),
        ({"keys": [jwk("rsa two") | {"n": "1234567"}]}, "bits|no public key"),
        ({"keys": [jwk("one"), jwk("one")]}, "same “kid”"),
        ({"keys": [jwk(str(number)) for number in range(21)]}, "at most 20"),
    ],
)
def test_what_checks_no_token_is_refused(found: object, words: str) -> None:
    with pytest.raises(NotAKeySet, match=words):
        key_set(found)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("provider", "jenkins"), ("issuer", "http://ci.example.org"), ("issuer", "https://CI.example.org"),
        ("issuer", ""), ("audience", " "), ("audience", "a\0b"), ("host", "https://git.example.org"), ("host", "-"),
    ],
)  # fmt: skip
def test_an_issuer_is_described_in_full(field: str, value: str) -> None:
    assert issuer_problems(**ISSUER) == {}
    assert set(issuer_problems(**ISSUER | {field: value})) == {field}


@pytest.mark.parametrize(
    "repository",
    [
        "https://git.example.org/lending/limits", "https://git.example.org/Lending/Limits.git/",
        "ssh://git@git.example.org/lending/limits.git", "git@git.example.org:lending/limits.git",
    ],
)  # fmt: skip
def test_one_repository_has_many_spellings(repository: str) -> None:
    assert place_of(repository) == ("git.example.org", "lending/limits")
