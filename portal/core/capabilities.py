"""What each capability lets one do, in words that complete "… may"; which role holds it, `accounts.roles` says."""

WORDS: dict[str, str] = {
    "add_document": "add documents about models and withdraw one's own",
    "administer": "keep the ledger and its keys",
    "answer_finding": "hold findings and say what was done about them",
    "assess_tier": "assess the tier of models",
    "cancel_job": "stop jobs",
    "challenge_finding": "raise and close findings for the second line",
    "challenge_tier": "assess tiers for the second line",
    "comment": "comment on models, versions and findings",
    "decide_use_case": "approve and reject use cases",
    "declare_release": "declare what was in use before the portal",
    "draft_policy": "draft policies (no page asks for it yet)",
    "erase_data": "erase the rows of snapshots, for good",
    "export_evidence": "make evidence packs",
    "extend_deadline": "set later deadlines for what was declared",
    "manage_tokens": "make and revoke the tokens of others",
    "manage_users": "make people and grant roles",
    "open_request": "ask for approval of a version",
    "operate_release": "stop, move and roll back releases (nothing asks for it yet)",
    "plan_validation": "fix what models are validated against",
    "propose_use_case": "propose and describe use cases",
    "publish_policy": "publish policies (no page asks for it yet)",
    "raise_finding": "raise findings about models",
    "read": "see models, data, versions and reviews",
    "read_ledger": "see the entries of the ledger",
    "read_sensitive": "see the values of sensitive columns, and take columns off that list",
    "read_withdrawn": "read the texts of withdrawn comments",
    "record_lineage": "record what depends on what, and send lineage events",
    "register_model": "register and describe models",
    "register_pipeline": "register feature pipelines",
    "register_version": "register versions and send their files",
    "request_validation": "have versions validated",
    "sign": "sign decisions on versions",
    "submit_version": "hand in versions, which seals them",
    "upload_dataset": "make datasets and send their rows",
    "verify_ledger": "verify the whole ledger",
    "withdraw_comment": "withdraw comments of people whose account is closed",
    "write_card": "write and publish model cards",
}


HOLDERS: dict[str, tuple[str, ...]] = {}
"""The roles that hold each capability, as people read them; `accounts.roles` fills it in."""


def who_may(capability: str) -> str:
    """Return who may do what a capability lets one do and who grants it, as sentences of a refusal."""
    roles = HOLDERS.get(capability, ())
    if not roles:
        return f"It takes the capability “{named(capability)}”, of no role: an administrator grants it by itself."
    spoken = roles[0] if len(roles) == 1 else f"{', '.join(roles[:-1])} or {roles[-1]}"
    return f"It takes the role {spoken} (capability “{named(capability)}”), which an administrator grants."


def named(capability: str) -> str:
    """Return a capability as people read it: "write_card" becomes "write card"."""
    return capability.replace("_", " ")


def explained(capability: str) -> str:
    """Return a capability's name and what it lets one do, as forms list it."""
    return f"{named(capability)}: {WORDS[capability]}"
