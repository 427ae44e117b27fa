"""The tree in tiles of 256 hashes (C2SP tlog-tiles, height 8), and the right edge that grows. Pure.

The edge is, per level, the hashes of the tile that is not full yet. A full tile's root is one hash of the level above.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from portal.ledger.merkle import EMPTY_ROOT, node_hash, root, split

HEIGHT = 8
WIDTH = 1 << HEIGHT
HASH_BYTES = 32

Edge = list[list[bytes]]
TileReader = Callable[[int, int], Sequence[bytes]]
"""(level, number) -> the hashes the tile holds in the tree at hand."""


@dataclass(frozen=True)
class FullTile:
    """A tile that will not change any more."""

    level: int
    number: int
    hashes: bytes
    root: bytes


def levels(size: int) -> int:
    """Return how many levels of tiles a tree of this size has."""
    return -(-size.bit_length() // HEIGHT)


def width(size: int, level: int, number: int) -> int:
    """Return how many hashes a tile holds in a tree of this size."""
    return max(0, min(WIDTH, (size >> HEIGHT * level) - WIDTH * number))


def edge_of(size: int, read: TileReader) -> Edge:
    """Read the right edge of a tree."""
    counts = [size >> HEIGHT * level for level in range(levels(size))]
    return [list(read(level, count // WIDTH)) if count % WIDTH else [] for level, count in enumerate(counts)]


def extend(edge: Edge, size: int, leaves: Sequence[bytes]) -> tuple[Edge, list[FullTile]]:
    """Add leaf hashes to a tree of `size` leaves; return the new edge and the tiles that became full."""
    result: Edge = []
    tiles: list[FullTile] = []
    added: Sequence[bytes] = leaves
    level = 0
    while added or level < len(edge):
        hashes = [*(edge[level] if level < len(edge) else ()), *added]
        number = size >> HEIGHT * (level + 1)
        roots: list[bytes] = []
        for start in range(0, len(hashes) - WIDTH + 1, WIDTH):
            chunk = hashes[start : start + WIDTH]
            roots.append(root(chunk))
            tiles.append(FullTile(level, number, b"".join(chunk), roots[-1]))
            number += 1
        result.append(hashes[len(roots) * WIDTH :])
        added, level = roots, level + 1
    return result, tiles


def root_of(edge: Edge) -> bytes:
    """Return the root of the tree with this edge."""
    result: bytes | None = None
    for hashes in edge:
        end = len(hashes)
        while end:
            count = end & -end
            part = root(hashes[end - count : end])
            result = part if result is None else node_hash(part, result)
            end -= count
    return EMPTY_ROOT if result is None else result


class Tree:
    """A tree of the first `size` leaves, read from tiles; each tile is read once."""

    def __init__(self, size: int, read: TileReader) -> None:
        self.size = size
        self._read = read
        self._tiles: dict[tuple[int, int], Sequence[bytes]] = {}

    def hash_of(self, start: int, end: int) -> bytes:
        """Return the root over leaves `start` to `end` - 1, a range that proofs ask for."""
        count = end - start
        if count & (count - 1) == 0:
            return self._perfect(start, count)
        middle = start + split(count)
        return node_hash(self.hash_of(start, middle), self.hash_of(middle, end))

    def _perfect(self, start: int, count: int) -> bytes:
        level = (count.bit_length() - 1) // HEIGHT
        number, offset = divmod(start >> HEIGHT * level, WIDTH)
        if (level, number) not in self._tiles:
            self._tiles[level, number] = self._read(level, number)
        return root(self._tiles[level, number][offset : offset + (count >> HEIGHT * level)])
