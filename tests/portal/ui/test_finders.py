import re
from pathlib import Path

from django.contrib.staticfiles import finders
from django.template.loader import get_template

from portal.ui.finders import PlotlyFinder, plotly_folder


def script() -> str:
    return (plotly_folder() / "plotly.min.js").read_text()


def test_the_script_comes_from_the_installed_package() -> None:
    assert finders.find("plotly/plotly.min.js") == str(plotly_folder() / "plotly.min.js")
    assert [path for path, _ in PlotlyFinder().list(None)] == ["plotly.min.js"]


def test_nothing_else_of_the_package_is_served() -> None:
    assert PlotlyFinder().find("plotly/datasets/iris.csv.gz") is None
    assert PlotlyFinder().find("plotly/plotly.min.js", find_all=True) != []


def test_the_sheet_holds_every_rule_that_the_script_would_inject() -> None:
    """After an update of plotly: write the rules found here into plotly.css, the last one first."""
    found = re.search(r'=\{("X,X div":.*?)\};for\(', script(), re.DOTALL)
    assert found is not None
    pairs = re.findall(r"""(?:^|,)(?:"([^"]*)"|(\w+)):(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""", found[1])
    rules = []
    for quoted, bare, double, single in pairs:
        selector = (quoted or bare).replace("X", ".js-plotly-plot .plotly").replace("Y", ".plotly-notifier")
        rules.append(f"{selector}{{{double or single}}}")
    sheet = Path(str(finders.find("countersign/plotly.css"))).read_text().splitlines()
    assert sheet[1:] == rules[::-1]


def test_pages_with_charts_stop_the_style_of_maps_that_the_script_would_inject() -> None:
    assets = get_template("components/chart_assets.html").render()
    wanted = re.findall(r'getElementById\("([0-9a-f]{64})"\)', script())
    assert wanted
    assert all(f'id="{name}"' in assets for name in wanted)


def test_the_sheet_of_the_pages_stays_under_15_kilobytes_as_served() -> None:
    assert len(Path(str(finders.find("countersign/countersign.css"))).read_bytes()) < 15_000


def test_schemes_of_the_pages_differ_in_colours_alone() -> None:
    sheet = Path(str(finders.find("countersign/countersign.css"))).read_text()
    assert "light-dark(" in sheet
    assert "prefers-color-scheme" not in sheet, "the walk of the pages looks for nothing but colours in the dark"
