"""Where the nodes of a directed graph stand: in layers from left to right, with few crossings (Sugiyama's method).

Cycles are broken where a walk meets them again, edges over several layers get a place in each, each layer is ordered by
the means of its neighbours, and heights follow those.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 8


@dataclass(frozen=True)
class Layout:
    """Layer and height of each node, both from 0, a node being one high; of each edge the heights in its layers.

    `routes` has, for each edge, (layer, height) from its source to its target, also where it runs against the layers.
    """

    layers: int
    height: float
    places: Mapping[Hashable, tuple[int, float]]
    routes: Mapping[tuple[Hashable, Hashable], Sequence[tuple[int, float]]]


def laid_out(nodes: Sequence[Hashable], edges: Iterable[tuple[Hashable, Hashable]]) -> Layout:
    """Return where nodes and edges go; edges to oneself and to unknown nodes are left out."""
    known = set(nodes)
    joined = list(dict.fromkeys((a, b) for a, b in edges if a != b and a in known and b in known))
    forward = _without_cycles(nodes, joined)
    layer = _layers(nodes, set(forward.values()))
    chains = _chains(forward, layer)
    rows = _ordered(nodes, layer, chains)
    height = _heights(rows, chains)
    places = {node: (layer[node], height[layer[node], node]) for node in nodes}
    routes = {
        edge: [(at, height[at, name]) for at, name in (chain if forward[edge] == edge else reversed(chain))]
        for edge, chain in chains.items()
    }
    tallest = max((value for value in height.values()), default=-1.0) + 1
    return Layout(max(layer.values(), default=-1) + 1, tallest, places, routes)


def _without_cycles(
    nodes: Sequence[Hashable], edges: Sequence[tuple[Hashable, Hashable]]
) -> dict[tuple[Hashable, Hashable], tuple[Hashable, Hashable]]:
    """Return each edge with itself, or turned round where it would close a cycle."""
    below: dict[Hashable, list[Hashable]] = {node: [] for node in nodes}
    for a, b in edges:
        below[a].append(b)
    found = {}
    state: dict[Hashable, int] = {}  # 1: on the way, 2: done
    for start in nodes:
        if start in state:
            continue
        state[start] = 1
        stack = [(start, iter(below[start]))]
        while stack:
            node, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                state[node] = 2
                stack.pop()
                continue
            closes = state.get(following) == 1
            found[node, following] = (following, node) if closes else (node, following)
            if following not in state:
                state[following] = 1
                stack.append((following, iter(below[following])))
    return found


def _layers(nodes: Sequence[Hashable], edges: set[tuple[Hashable, Hashable]]) -> dict[Hashable, int]:
    """Return the layer of each node: one beyond the last of those above it; sources move up to what they feed."""
    above: dict[Hashable, list[Hashable]] = {node: [] for node in nodes}
    below: dict[Hashable, list[Hashable]] = {node: [] for node in nodes}
    for a, b in edges:
        above[b].append(a)
        below[a].append(b)
    waiting = {node: len(above[node]) for node in nodes}
    ready = [node for node in nodes if not waiting[node]]
    layer = dict.fromkeys(nodes, 0)
    order = []
    while ready:
        node = ready.pop()
        order.append(node)
        for one in below[node]:
            layer[one] = max(layer[one], layer[node] + 1)
            waiting[one] -= 1
            if not waiting[one]:
                ready.append(one)
    for node in reversed(order):
        if not above[node] and below[node]:
            layer[node] = min(layer[one] for one in below[node]) - 1
    return layer


def _chains(
    forward: Mapping[tuple[Hashable, Hashable], tuple[Hashable, Hashable]], layer: Mapping[Hashable, int]
) -> dict[tuple[Hashable, Hashable], list[tuple[int, Hashable]]]:
    """Return, for each edge, its points from left to right: both ends, and a point of its own in each layer between."""
    chains = {}
    for edge, (a, b) in forward.items():
        between = [(at, (a, b, at)) for at in range(layer[a] + 1, layer[b])]
        chains[edge] = [(layer[a], a), *between, (layer[b], b)]
    return chains


def _ordered(
    nodes: Sequence[Hashable],
    layer: Mapping[Hashable, int],
    chains: Mapping[tuple[Hashable, Hashable], Sequence[tuple[int, Hashable]]],
) -> list[list[Hashable]]:
    rows: list[list[Hashable]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for node in nodes:
        rows[layer[node]].append(node)
    for chain in chains.values():
        for at, name in chain[1:-1]:
            if name not in rows[at]:
                rows[at].append(name)
    neighbours = _neighbours(chains)
    for sweep in range(SWEEPS):
        left_to_right = sweep % 2 == 0
        for at in range(len(rows)) if left_to_right else reversed(range(len(rows))):
            other = at - 1 if left_to_right else at + 1
            if not 0 <= other < len(rows):
                continue
            place = {(other, name): number for number, name in enumerate(rows[other])}
            means = {
                name: _mean([place[one] for one in neighbours.get((at, name), ()) if one in place], number)
                for number, name in enumerate(rows[at])
            }
            rows[at].sort(key=means.__getitem__)
    return rows


def _neighbours(
    chains: Mapping[tuple[Hashable, Hashable], Sequence[tuple[int, Hashable]]],
) -> dict[tuple[int, Hashable], list[tuple[int, Hashable]]]:
    found: dict[tuple[int, Hashable], list[tuple[int, Hashable]]] = {}
    for chain in chains.values():
        for left, right in pairwise(chain):
            found.setdefault(left, []).append(right)
            found.setdefault(right, []).append(left)
    return found


def _mean(values: Sequence[float], otherwise: float) -> float:
    """Return the mean of where the neighbours stand; without any, where one stands oneself."""
    return sum(values) / len(values) if values else otherwise


def _heights(
    rows: Sequence[Sequence[Hashable]], chains: Mapping[tuple[Hashable, Hashable], Sequence[tuple[int, Hashable]]]
) -> dict[tuple[int, Hashable], float]:
    """Return heights that keep the order, a node apart at least, near the means of the neighbours; the least is 0."""
    neighbours = _neighbours(chains)
    tallest = max((len(row) for row in rows), default=0)
    height = {
        (at, name): number + (tallest - len(row)) / 2 for at, row in enumerate(rows) for number, name in enumerate(row)
    }
    for sweep in range(SWEEPS):
        for at in range(len(rows)) if sweep % 2 else reversed(range(len(rows))):
            row = rows[at]
            wanted = [_mean([height[one] for one in neighbours.get((at, name), ())], height[at, name]) for name in row]
            for name, value in zip(row, _apart(wanted), strict=True):
                height[at, name] = value
    least = min(height.values(), default=0.0)
    return {key: value - least for key, value in height.items()}


def _apart(wanted: Sequence[float]) -> list[float]:
    """Return values near those wanted, in their order, each at least 1 beyond the one before (adjacent violators)."""
    blocks: list[tuple[float, int]] = []  # mean of wanted minus number, and how many share it
    for number, value in enumerate(wanted):
        mean, count = value - number, 1
        while blocks and blocks[-1][0] > mean:
            former, size = blocks.pop()
            mean, count = (former * size + mean * count) / (size + count), size + count
        blocks.append((mean, count))
    means = [mean for mean, count in blocks for _ in range(count)]
    return [mean + number for number, mean in enumerate(means)]
