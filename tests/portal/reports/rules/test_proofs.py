import base64
import hashlib

from hypothesis import given
from hypothesis import strategies as st

from portal.ledger import merkle
from portal.reports.rules.proofs import audit_path, proved_entry


@given(size=st.integers(1, 70), data=st.data())
def test_the_printed_path_leads_from_the_leaf_to_the_root(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(size)]
    proof = merkle.inclusion_proof(index, size, lambda start, end: merkle.root(leaves[start:end]))
    entry = {"index": index, "proof": [base64.b64encode(one).decode() for one in proof]}
    reached = leaves[index]
    for step in audit_path(entry, size):
        pair = [bytes.fromhex(step["hash"]), reached]
        reached = hashlib.sha256(b"\x01" + b"".join(pair if step["side"] == "left" else pair[::-1])).digest()
    assert reached == merkle.root(leaves)


def test_the_proved_entry_is_the_last_approval_else_the_last_entry() -> None:
    entries = [{"event": name} for name in ("governance.request.approved", "registry.release.activated", "x.y.z")]
    assert proved_entry({"ledger": {"entries": entries}}) is entries[0]
    assert proved_entry({"ledger": {"entries": entries[1:]}}) is entries[1]
    assert proved_entry({"ledger": {"entries": entries[2:]}}) is entries[2]
    assert proved_entry({"ledger": {"entries": []}}) is None
