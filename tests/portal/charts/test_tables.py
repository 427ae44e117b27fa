from portal.charts.specification import Axis, ChartSpecification, Series
from portal.charts.tables import table


def test_every_value_has_a_cell_and_a_missing_one_says_so() -> None:
    chart = ChartSpecification(
        "k",
        "line",
        "T",
        "It rises.",
        Axis("week", "count", ticks=((1.0, "3 Aug"),)),
        Axis("share", "percent"),
        (
            Series("v3", (1.0, 2.0), (0.5, None), low=(0.4, None), high=(0.6, None), n=(10, 0)),
            Series("v2", (2.0,), (0.25,), role="production"),
        ),
    )
    behind = table(chart)
    assert behind.head == ("week", "v3", "Interval", "n", "v2")
    assert [tuple(cell.replace("\N{NARROW NO-BREAK SPACE}", " ") for cell in row) for row in behind.rows] == [
        ("3 Aug", "50.0 %", "[40.0,\N{NO-BREAK SPACE}60.0]", "10", ""),
        ("2", "no data", "", "0", "25.0 %"),
    ]


def test_points_of_a_reliability_chart_stand_below_each_other() -> None:
    chart = ChartSpecification(
        "k",
        "reliability",
        "T",
        "Near the diagonal.",
        Axis("predicted"),
        Axis("observed"),
        (
            Series("v2", (0.1,), (0.2,), role="production"),
            Series("v3", (0.15,), (0.15,), low=(0.1,), high=(0.2,), n=(7,)),
        ),
    )
    behind = table(chart)
    assert behind.head == ("Series", "predicted", "observed", "Interval", "n")
    assert [len(row) for row in behind.rows] == [5, 5]
