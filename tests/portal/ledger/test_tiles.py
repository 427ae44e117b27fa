from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.ledger import merkle, tiles

COUNT = 70_000
LEAVES = [number.to_bytes(32) for number in range(COUNT)]


class Shelf:
    """Full tiles as a table would keep them, and partial ones read as `tree_rows` reads them."""

    def __init__(self) -> None:
        self.full: dict[tuple[int, int], tiles.FullTile] = {}

    def add(self, new: list[tiles.FullTile]) -> None:
        for tile in new:
            assert (tile.level, tile.number) not in self.full
            self.full[tile.level, tile.number] = tile

    def reader(self, size: int) -> tiles.TileReader:
        def read(level: int, number: int) -> Sequence[bytes]:
            count, first = tiles.width(size, level, number), number * tiles.WIDTH
            if level == 0:
                return LEAVES[first : first + count]
            return [self.full[level - 1, at].root for at in range(first, first + count)]

        return read


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 1500), min_size=1, max_size=8))
def test_tree_grown_in_batches_has_the_root_of_its_leaves(batches: list[int]) -> None:
    edge: tiles.Edge = []
    size, shelf = 0, Shelf()
    for batch in batches:
        edge, new = tiles.extend(edge, size, LEAVES[size : size + batch])
        shelf.add(new)
        size += batch
        assert tiles.root_of(edge) == merkle.root(LEAVES[:size])
        assert [list(part) for part in tiles.edge_of(size, shelf.reader(size))] == edge[: tiles.levels(size)]


def test_three_levels_of_tiles_give_proofs_for_any_leaf_and_older_trees() -> None:
    edge, new = tiles.extend([], 0, LEAVES)
    shelf = Shelf()
    shelf.add(new)
    assert tiles.levels(COUNT) == len(edge) == 3
    for size in (1, 255, 256, 257, 65_535, 65_536, 65_537, COUNT):
        root = merkle.root(LEAVES[:size])
        tree = tiles.Tree(size, shelf.reader(size))
        for index in {0, size // 3, size - 1}:
            proof = merkle.inclusion_proof(index, size, tree.hash_of)
            assert merkle.verify_inclusion(leaf=LEAVES[index], index=index, size=size, proof=proof, root_hash=root)
        newest = tiles.Tree(COUNT, shelf.reader(COUNT))
        path = merkle.consistency_proof(size, COUNT, newest.hash_of)
        new_root = tiles.root_of(edge)
        assert merkle.verify_consistency(old=size, new=COUNT, proof=path, old_root=root, new_root=new_root)


def test_empty_tree_has_the_root_of_nothing() -> None:
    assert tiles.root_of([]) == merkle.EMPTY_ROOT
    assert tiles.extend([], 0, []) == ([], [])


@pytest.mark.parametrize(("size", "level", "number", "count"), [(0, 0, 0, 0), (300, 0, 1, 44), (300, 1, 0, 1)])
def test_width_of_a_tile_follows_the_size(size: int, level: int, number: int, count: int) -> None:
    assert tiles.width(size, level, number) == count
