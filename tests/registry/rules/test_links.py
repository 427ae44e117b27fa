import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.links import (
    MOST,
    Contact,
    Link,
    contacts_of,
    contacts_text,
    kept,
    links_of,
    links_text,
    problems,
)

words = st.text(st.characters(categories=["L", "N", "P", "Zs"], exclude_characters=";"), max_size=30)
LINKS = st.lists(
    st.builds(Link, words.filter(str.strip), st.sampled_from(["https://a.example/", "https://b.example?x=1"]))
)
CONTACTS = st.lists(st.builds(Contact, words.filter(str.strip), words, words))


@given(LINKS, CONTACTS)
def test_what_is_kept_comes_out_of_its_text_as_it_was(links: list[Link], contacts: list[Contact]) -> None:
    shown, asked = kept(links), kept(contacts)
    assert kept(links_of(links_text(shown))) == shown
    assert kept(contacts_of(contacts_text(asked))) == asked


def test_a_line_is_a_link_and_the_last_word_its_address() -> None:
    assert links_of("\r\n Run book  https://a.example/x \n\nWiki https://b.example") == [
        Link("Run book", "https://a.example/x"), Link("Wiki", "https://b.example"),
    ]  # fmt: skip
    assert links_text([]) == contacts_text([]) == ""
    assert kept([Link("A", "https://a"), Link(" A", "https://a")]) == [{"title": "A", "url": "https://a"}]


def test_a_line_is_a_contact_with_what_is_known_of_it() -> None:
    assert contacts_of("Vera; support; vera@example.org\nDesk\nOps;;+49 30 1") == [
        Contact("Vera", "support", "vera@example.org"), Contact("Desk"), Contact("Ops", "", "+49 30 1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("address", "href"),
    [
        ("vera@example.org", "mailto:vera@example.org"),
        ("https://a.example/ask", "https://a.example/ask"),
        ("+49 30 1", ""),
        ("", ""),
        ("javascript:alert(1)", ""),
        ("vera@example.org?bcc=all@example.org", ""),
        ("http://a.example", ""),
    ],
)
def test_only_mail_and_pages_over_https_are_led_to(address: str, href: str) -> None:
    assert Contact("Vera", address=address).href == href


@pytest.mark.parametrize(
    "link",
    [
        Link("A", "http://a.example"),
        Link("A", "javascript:alert(1)"),
        Link("A", "https://user:secret@a.example"),
        Link("A", "https://a .example"),
        Link("A", "https://-a.example"),
        Link("A", "https://a.example/\u202e"),
        Link("A", "https://a.example/" + "x" * 2_000),
        Link("", "https://a.example"),
        Link("A\nB", "https://a.example"),
        Link("A\u200b", "https://a.example"),
        Link("x" * 201, "https://a.example"),
        Link("\ud800", "https://a.example"),
    ],
)
def test_what_is_no_link_is_refused(link: Link) -> None:
    assert problems([link], []).keys() == {"links"}


@pytest.mark.parametrize(
    "contact",
    [
        Contact(""),
        Contact("A;B"),
        Contact("Vera, support, vera@example.org"),
        Contact("A", "b\nc"),
        Contact("A", "", "x" * 201),
        Contact("A\u202e"),
    ],
)
def test_what_is_no_contact_is_refused(contact: Contact) -> None:
    assert problems([], [contact]).keys() == {"contacts"}


def test_a_model_has_so_many_at_most() -> None:
    link, contact = Link("A", "https://a.example"), Contact("A")
    assert problems([link] * MOST, [contact] * MOST) == {}
    assert problems([link] * (MOST + 1), [contact] * (MOST + 1)).keys() == {"links", "contacts"}
