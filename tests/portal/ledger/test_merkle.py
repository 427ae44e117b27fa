import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.ledger import merkle

LEAVES = [merkle.leaf_hash(str(number).encode()) for number in range(300)]
sizes = st.integers(1, len(LEAVES))


def by_definition(leaves: list[bytes]) -> bytes:
    """The root as RFC 6962, section 2.1 defines it, recursively."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = merkle.split(len(leaves))
    return merkle.node_hash(by_definition(leaves[:middle]), by_definition(leaves[middle:]))


def range_hash(start: int, end: int) -> bytes:
    return merkle.root(LEAVES[start:end])


# From the reference vectors of RFC 6962 implementations (certificate-transparency).
INPUTS = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]


def test_roots_are_those_of_the_published_vectors() -> None:
    leaves = [merkle.leaf_hash(data) for data in INPUTS]
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.root(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root(leaves[:2]).hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    assert merkle.root(leaves[:7]).hex() == "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"


@given(sizes)
def test_root_is_that_of_the_definition(size: int) -> None:
    assert merkle.root(LEAVES[:size]) == by_definition(LEAVES[:size])


@given(st.data())
def test_inclusion_proof_verifies_and_only_for_its_leaf(data: st.DataObject) -> None:
    size = data.draw(sizes)
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, range_hash)
    root = merkle.root(LEAVES[:size])

    def holds(leaf: bytes, at: int, path: list[bytes]) -> bool:
        return merkle.verify_inclusion(leaf=leaf, index=at, size=size, proof=path, root_hash=root)

    assert holds(LEAVES[index], index, proof)
    assert not holds(merkle.leaf_hash(b"other"), index, proof)
    assert not holds(LEAVES[index], index, [*proof, proof[0] if proof else root])
    other = data.draw(st.integers(0, size))
    if other != index:
        assert not holds(LEAVES[index], other, proof)
    if proof:
        broken = data.draw(st.integers(0, len(proof) - 1))
        assert not holds(LEAVES[index], index, [p if n != broken else merkle.leaf_hash(p) for n, p in enumerate(proof)])
        assert not holds(LEAVES[index], index, proof[:-1])


@given(st.data())
def test_consistency_proof_verifies_and_only_between_its_trees(data: st.DataObject) -> None:
    new = data.draw(sizes)
    old = data.draw(st.integers(1, new))
    proof = merkle.consistency_proof(old, new, range_hash)
    old_root, new_root = merkle.root(LEAVES[:old]), merkle.root(LEAVES[:new])

    def holds(path: list[bytes], before: bytes = old_root, after: bytes = new_root) -> bool:
        return merkle.verify_consistency(old=old, new=new, proof=path, old_root=before, new_root=after)

    assert holds(proof)
    assert not holds(proof, before=merkle.leaf_hash(b"other"))
    assert not holds(proof, after=merkle.leaf_hash(b"other"))
    assert not holds([*proof, old_root])
    if proof:
        broken = data.draw(st.integers(0, len(proof) - 1))
        assert not holds([p if n != broken else merkle.leaf_hash(p) for n, p in enumerate(proof)])
        assert not holds(proof[:-1])


def test_proofs_are_refused_outside_the_tree() -> None:
    with pytest.raises(ValueError, match="leaf 5 is not in a tree of 5"):
        merkle.inclusion_proof(5, 5, range_hash)
    with pytest.raises(ValueError, match="no consistency proof from 6 to 5"):
        merkle.consistency_proof(6, 5, range_hash)
    assert not merkle.verify_inclusion(leaf=LEAVES[0], index=-1, size=1, proof=[], root_hash=LEAVES[0])
    assert not merkle.verify_consistency(old=0, new=1, proof=[], old_root=b"", new_root=LEAVES[0])
