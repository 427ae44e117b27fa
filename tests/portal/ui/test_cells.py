from portal.ui.cells import labelled

HEAD = (
    '<thead><tr><th scope="col">Model</th>'
    '<th scope="col"><a href="?">Tier &amp; team<span aria-hidden="true"> ↑</span></a></th>'
    '<th scope="col"><span class="vh">Act</span></th></tr></thead>'
)


def test_a_cell_says_what_stands_at_the_head_of_its_column() -> None:
    body = '<tbody><tr><th scope="row">x</th><td class="n">1</td><td>Open</td></tr></tbody>'
    assert labelled(HEAD + body) == HEAD + (
        '<tbody><tr><th scope="row">x</th><td data-label="Tier &amp; team" class="n">1</td>'
        '<td data-label="Act">Open</td></tr></tbody>'
    )


def test_a_cell_across_columns_or_beyond_the_head_has_no_label() -> None:
    body = '<tr><td colspan="3">none</td></tr><tr><td>a</td><td>b</td><td>c</td><td>d</td></tr>'
    shown = labelled(HEAD + body)
    assert '<td colspan="3">none</td>' in shown
    assert '<td data-label="Model">a</td>' in shown
    assert "<td>d</td>" in shown


def test_a_cell_behind_one_across_columns_says_its_own_column() -> None:
    shown = labelled(HEAD + '<tr><td colspan="2">same</td><td>go</td></tr>')
    assert '<td data-label="Act">go</td>' in shown


def test_a_table_without_a_head_stays_as_it_is() -> None:
    assert labelled("<tbody><tr><td>a</td></tr></tbody>") == "<tbody><tr><td>a</td></tr></tbody>"
