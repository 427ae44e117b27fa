from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from portal.charts.layers import Layout, laid_out

PAIRS = st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), max_size=60)


def test_a_chain_stands_in_a_line() -> None:
    layout = laid_out(["a", "b", "c"], [("a", "b"), ("b", "c")])
    assert layout.places == {"a": (0, 0.0), "b": (1, 0.0), "c": (2, 0.0)}
    assert (layout.layers, layout.height) == (3, 1.0)


def test_what_feeds_a_late_node_stands_beside_it() -> None:
    layout = laid_out(["a", "b", "c", "late"], [("a", "b"), ("b", "c"), ("late", "c")])
    assert layout.places["late"][0] == layout.places["b"][0]


def test_two_that_cross_are_turned() -> None:
    layout = laid_out(["a", "b", "x", "y"], [("a", "y"), ("b", "x")])
    height = {name: place[1] for name, place in layout.places.items()}
    assert (height["a"] < height["b"]) == (height["y"] < height["x"])


def test_a_long_edge_has_a_place_in_each_layer() -> None:
    layout = laid_out(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")])
    route = layout.routes["a", "c"]
    assert [layer for layer, _ in route] == [0, 1, 2]
    assert route[1][1] != layout.places["b"][1]


def test_nothing_is_laid_out_as_nothing() -> None:
    assert laid_out([], []) == Layout(0, 0.0, {}, {})


@given(PAIRS)
def test_whatever_the_edges_nodes_keep_apart_and_edges_reach_their_ends(pairs: list[tuple[int, int]]) -> None:
    nodes = list(dict.fromkeys(end for pair in pairs for end in pair))
    layout = laid_out(nodes, [*pairs, (99, 0), (0, 0)])
    assert set(layout.places) == set(nodes)
    for layer in range(layout.layers):
        heights = sorted(height for at, height in layout.places.values() if at == layer)
        assert all(b - a > 0.999 for a, b in pairwise(heights))
        assert all(-0.001 <= height < layout.height for height in heights)
    assert set(layout.routes) == {(a, b) for a, b in pairs if a != b}
    for (a, b), route in layout.routes.items():
        assert (route[0], route[-1]) == (layout.places[a], layout.places[b])
        assert {abs(one - other) for (one, _), (other, _) in pairwise(route)} == {1}
