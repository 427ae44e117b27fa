import re
from collections.abc import Callable
from datetime import UTC, datetime

from django import forms
from django.core.paginator import Paginator

from portal.ui.forms import VerbForm
from portal.ui.style_sample import SampleJob, SamplePart, sample_charts

DIGEST = "7c1e09d4b6a83f52" * 4
Render = Callable[..., str]


class NameForm(VerbForm):
    name = forms.CharField(help_text="Lower case.")
    note = forms.CharField(required=False)
    kinds = forms.MultipleChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.CheckboxSelectMultiple)
    verdict = forms.ChoiceField(choices=[("approve", "Approve"), ("reject", "Reject")], widget=forms.RadioSelect)


def refused() -> NameForm:
    form = NameForm({"name": "<x>", "kinds": ["a"], "verdict": "reject"})
    form.add_error("name", "Use lower case.")
    form.add_error(None, "Not registered here.")
    return form


def test_a_card_names_its_question(rendered: Render) -> None:
    shown = rendered('{% card title aside="12 parts" id="gate" %}<p>in it</p>{% endcard %}', title="<Gate>")
    assert shown == (
        '<section class="card" id="gate"><header><h2>&lt;Gate&gt;</h2><small class="row">12 parts</small></header>'
        "<p>in it</p></section>"
    )


def test_a_table_can_be_reached_and_has_a_name(rendered: Render) -> None:
    shown = rendered('{% table "Checks" %}<tbody></tbody>{% endtable %}')
    assert '<div class="scroll" role="region" aria-label="Checks" tabindex="0"><table><tbody></tbody></table>' in shown


def test_a_cell_of_a_table_is_labelled_for_narrow_screens(rendered: Render) -> None:
    rows = "<thead><tr><th>Gate</th></tr></thead><tbody><tr><td>passed</td></tr></tbody>"
    assert '<td data-label="Gate">passed</td>' in rendered("{% table 'Checks' %}" + rows + "{% endtable %}")


def test_a_field_ties_label_help_and_error_to_its_control(rendered: Render) -> None:
    shown = rendered("{% field form.name %}", form=refused())
    assert '<label for="id_name">' in shown
    assert 'aria-invalid="true"' in shown
    assert 'aria-describedby="id_name_helptext id_name_error"' in shown
    assert 'id="id_name_helptext"' in shown
    assert 'id="id_name_error"' in shown


def test_an_optional_field_says_so(rendered: Render) -> None:
    assert "<small>optional</small>" in rendered("{% field form.note %}", form=NameForm())
    assert "optional" not in rendered("{% field form.name %}", form=NameForm())


def test_several_choices_are_a_group_with_a_legend(rendered: Render) -> None:
    shown = rendered("{% field form.kinds %}", form=refused())
    assert "<fieldset" in shown
    assert "<legend>Kinds" in shown
    assert shown.count('type="checkbox"') == 2


def test_a_choice_says_what_happens(rendered: Render) -> None:
    shown = rendered("{% choices form.verdict hints %}", form=refused(), hints={"reject": "Ends this request."})
    assert "Ends this request." in shown
    assert shown.count('type="radio"') == 2
    assert shown.count("checked") == 1


def test_the_summary_links_to_the_fields(rendered: Render) -> None:
    shown = rendered('{% form_errors form "Not registered." %}', form=refused())
    assert 'role="alert"' in shown
    assert '<a href="#id_name">Name</a>' in shown
    assert "Not registered here." in shown
    assert rendered("{% form_errors form %}", form=NameForm()) == ""


def test_a_sort_keeps_the_filters_and_turns_at_the_second_click(rendered: Render) -> None:
    first = rendered('{% sortable "Name" "slug" %}', "/models?tier=1&page=3")
    assert 'href="?tier=1&amp;sort=slug"' in first
    second = rendered('{% sortable "Name" "slug" %}', "/models?sort=slug")
    assert 'aria-sort="ascending"' in second
    assert 'href="?sort=-slug"' in second


def test_the_foot_of_a_table_leads_to_its_neighbours(rendered: Render) -> None:
    shown = rendered('{% paging rows way "models" %}', rows=Paginator(range(9), 4).page(2), way="?tier=1&")
    assert "5 to 8 of 9 models" in shown
    assert 'href="?tier=1&amp;page=1"' in shown
    assert 'href="?tier=1&amp;page=3"' in shown


def test_a_job_tells_done_total_and_what_it_does(rendered: Render) -> None:
    shown = rendered('{% job work "Validation" %}', work=SampleJob("running", 131, 214, "Resampling days"))
    assert '<progress max="214" value="131"' in shown
    assert "131 of 214. Resampling days" in shown


def test_a_signed_seat_carries_the_seal_and_a_waiting_one_an_empty_ring(rendered: Render) -> None:
    signed = rendered(
        '{% seat "Approver" "signed" name="Ada" when=when value=value %}',
        when=datetime(2026, 11, 22, tzinfo=UTC),
        value=DIGEST,
    )
    assert "<ellipse" in signed
    assert "<ellipse" not in rendered('{% seat "Approver" "waiting" %}')


def test_a_bundle_marks_what_differs_by_words_too(rendered: Render) -> None:
    parts = [SamplePart("card", DIGEST, changed=True), SamplePart("policy", DIGEST)]
    assert rendered("{% bundle parts %}", parts=parts).count("differs from production") == 1
    assert rendered("{% bundle parts broken=True %}", parts=parts).count("<b>changed</b>") == 1


def test_a_post_button_is_a_form(rendered: Render) -> None:
    shown = rendered('{% post_button "/jobs/1/cancel" "Cancel" "small" %}')
    assert '<form method="post" action="/jobs/1/cancel">' in shown
    assert "csrfmiddlewaretoken" in shown


def test_a_chart_has_a_sentence_data_and_the_table_behind_it(rendered: Render) -> None:
    [chart] = [chart for chart in sample_charts() if chart.key == "segments"]
    shown = rendered("{% chart chart %}", chart=chart)
    assert f'role="img" aria-label="{chart.description}"' in shown
    assert '<script id="segments-data" type="application/json">' in shown
    assert "<summary>Numbers behind the chart</summary>" in shown
    assert "no data" in shown


def test_an_empty_state_says_what_to_do_first(rendered: Render) -> None:
    shown = rendered('{% nothing "models" "No model yet." "Start here." %}<a href="/">Quick start</a>{% endnothing %}')
    assert "<b>No model yet.</b>" in shown
    assert '<a href="/">Quick start</a>' in shown


def test_a_confirmation_says_what_happens_and_posts_without_a_script(rendered: Render) -> None:
    shown = rendered(
        '{% confirm "/reviews/7/withdraw" "Withdraw…" "Withdraw request #7" %}<p>It ends.</p>{% endconfirm %}'
    )
    name = "confirm-reviews-7-withdraw"
    assert f'popovertarget="{name}">Withdraw…</button>' in shown
    assert f'id="{name}" popover role="dialog" aria-labelledby="{name}-title" method="post"' in shown
    assert 'action="/reviews/7/withdraw"' in shown
    assert re.search('name="csrfmiddlewaretoken" value="[A-Za-z0-9]{64}"', shown)
    assert "<p>It ends.</p>" in shown


def test_a_snippet_has_a_button_that_copies_it(rendered: Render) -> None:
    shown = rendered('{% snippet "The command" id="c" %}a < b{% endsnippet %}')
    assert '<pre tabindex="0" role="group" aria-label="The command"><code id="c">a < b</code></pre>' in shown
    assert 'data-copy="" aria-label="Copy The command"' in shown


def test_what_became_of_a_text_is_marked_and_escaped(rendered: Render) -> None:
    shown = rendered("{% difference before after %}", before="Knows <b>", after="Knows five")
    assert shown == '<span class="diff">Knows <del>&lt;b&gt;</del> <ins>five</ins></span>'


def test_what_is_read_or_broken_says_so(rendered: Render) -> None:
    shown = rendered('{% loading "Reading." 2 %}{% broken "Not read." "Why." %}{% endbroken %}')
    assert '<div class="loading" role="status"><span class="vh">Reading.</span><i></i><i></i></div>' in shown
    assert 'role="alert"' in shown
    assert "<b>Not read.</b>" in shown
