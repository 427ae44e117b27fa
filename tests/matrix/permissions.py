"""Who may do what: every address and method, by role. `login` sends to the sign-in page; what is not here is a 405.

Validator, policy steward, auditor and admin hold their role for every team; the others in the team whose things are
asked for; "other team" is a developer elsewhere. Below /api/ each calls by a token with every scope.
"""

ROLES = (
    "anonymous", "viewer", "developer", "validator", "approver", "operator", "policy_steward", "auditor", "admin",
    "other_team",
)  # fmt: skip
TABLE = """
#                              anon  view   dev valid  appr  oper  stew audit admin other
GET  account_login              200   302   302   302   302   302   302   302   302   302
POST account_login              302   302   302   302   302   302   302   302   302   302
GET  account_logout             302   200   200   200   200   200   200   200   200   200
POST account_logout             302   302   302   302   302   302   302   302   302   302
GET  account_reauthenticate   login   200   200   200   200   200   200   200   200   200
POST account_reauthenticate   login   302   302   302   302   302   302   302   302   302
GET  home                     login   200   200   200   200   200   200   200   200   200
GET  quick_start              login   200   200   200   200   200   200   200   200   200
GET  search                   login   200   200   200   200   200   200   200   200   200
GET  keyboard                 login   200   200   200   200   200   200   200   200   200
POST view_save                login   302   302   302   302   302   302   302   302   302
POST view_delete              login   404   302   404   404   404   404   404   404   404
GET  use_cases                login   200   200   200   200   200   200   200   200   200
GET  use_case                 login   200   200   200   200   200   200   200   404   404
GET  use_case_propose         login   403   200   403   403   403   403   403   403   200
POST use_case_propose         login   403   302   403   403   403   403   403   403   422
GET  use_case_change          login   403   200   403   403   403   403   403   404   404
POST use_case_change          login   403   302   403   403   403   403   403   404   404
GET  use_case_approve         login   403   403   200   403   403   403   403   404   404
POST use_case_approve         login   403   403   302   403   403   403   403   404   404
GET  use_case_reject          login   403   403   200   403   403   403   403   404   404
POST use_case_reject          login   403   403   302   403   403   403   403   404   404
GET  use_case_not_a_model     login   403   403   200   403   403   403   403   404   404
POST use_case_not_a_model     login   403   403   302   403   403   403   403   404   404
GET  use_case_retire          login   403   200   403   403   403   403   403   404   404
POST use_case_retire          login   403   302   403   403   403   403   403   404   404
GET  models                   login   200   200   200   200   200   200   200   200   200
GET  model                    login   200   200   200   200   200   200   200   404   404
GET  model_use_case           login   403   200   403   403   403   403   403   404   404
POST model_use_case           login   403   302   403   403   403   403   403   404   404
GET  card                     login   200   200   200   200   200   200   200   404   404
POST card                     login   422   302   422   422   422   422   422   404   404
POST card_publish             login   403   302   403   403   403   403   403   404   404
GET  stage                    login   200   200   200   200   200   200   200   404   404
POST stage                    login   422   302   422   422   422   422   422   404   404
GET  version                  login   200   200   200   200   200   200   200   404   404
GET  compare                  login   200   200   200   200   200   200   200   404   404
POST version_run              login   403   302   302   403   403   403   403   404   404
GET  version_release          login   302   302   302   302   302   302   302   404   404
POST version_release          login   422   302   422   422   422   422   422   404   404
GET  validation_run           login   200   200   200   200   200   200   200   404   404
GET  validation_run_progress  login   200   200   200   200   200   200   200   404   404
POST job_cancel               login   403   302   302   403   302   403   403   404   404
GET  reviews                  login   200   200   200   200   200   200   200   200   200
GET  review                   login   200   200   200   200   200   200   200   404   404
GET  review_sign              login   302   302   302   302   302   302   302   404   404
POST review_sign              login   422   422   422   302   422   422   422   404   404
POST review_withdraw          login   403   302   403   403   403   403   403   404   404
GET  releases                 login   200   200   200   200   200   200   200   200   200
GET  release                  login   200   200   200   200   200   200   200   404   404
POST release_evidence         login   403   302   302   302   302   403   302   404   404
GET  release_packs            login   200   200   200   200   200   200   200   404   404
GET  evidence                 login   200   200   200   200   200   200   200   404   404
GET  policies                 login   200   200   200   200   200   200   200   200   200
GET  policy                   login   200   200   200   200   200   200   200   200   200
GET  datasets                 login   200   200   200   200   200   200   200   200   200
GET  dataset                  login   200   200   200   200   200   200   200   404   404
GET  snapshot                 login   200   200   200   200   200   200   200   404   404
GET  audit                    login   200   200   200   200   200   200   200   200   200
GET  entry                    login   200   200   200   200   200   200   200   404   404
GET  entry_proof              login   200   200   200   200   200   200   200   404   404
GET  keys                     login   200   200   200   200   200   200   200   200   200
GET  tokens                   login   200   200   200   200   200   200   200   200   200
POST tokens                   login   200   200   200   200   200   200   200   422   200
POST token_revoke             login   404   302   404   404   404   404   404   404   404
GET  own_account              login   200   200   200   200   200   200   200   200   200
GET  own_password             login   200   200   200   200   200   200   200   200   200
POST own_password             login   302   302   302   302   302   302   302   302   302
POST own_session_end          login   404   302   404   404   404   404   404   404   404
GET  password_link              200   200   200   200   200   200   200   200   200   200
POST password_link              302   302   302   302   302   302   302   302   302   302
GET  service_tokens           login   404   404   404   404   404   404   404   200   404
POST service_tokens           login   404   404   404   404   404   404   404   200   404
GET  admin                    login   403   403   403   403   403   403   403   200   403
GET  admin_people             login   403   403   403   403   403   403   403   200   403
GET  admin_person_new         login   403   403   403   403   403   403   403   200   403
POST admin_person_new         login   403   403   403   403   403   403   403   200   403
GET  admin_person             login   403   403   403   403   403   403   403   200   403
GET  admin_person_password    login   403   403   403   403   403   403   403   200   403
POST admin_person_password    login   403   403   403   403   403   403   403   200   403
GET  admin_person_email       login   403   403   403   403   403   403   403   200   403
POST admin_person_email       login   403   403   403   403   403   403   403   302   403
GET  admin_person_deactivate  login   403   403   403   403   403   403   403   200   403
POST admin_person_deactivate  login   403   403   403   403   403   403   403   302   403
GET  admin_person_reactivate  login   403   403   403   403   403   403   403   200   403
POST admin_person_reactivate  login   403   403   403   403   403   403   403   302   403
GET  admin_grant_give         login   403   403   403   403   403   403   403   200   403
POST admin_grant_give         login   403   403   403   403   403   403   403   302   403
GET  admin_grant_confirm      login   403   403   403   403   403   403   403   200   403
POST admin_grant_confirm      login   403   403   403   403   403   403   403   302   403
GET  admin_grant_revoke       login   403   403   403   403   403   403   403   200   403
POST admin_grant_revoke       login   403   403   403   403   403   403   403   302   403
GET  admin_change_confirm     login   403   403   403   403   403   403   403   200   403
POST admin_change_confirm     login   403   403   403   403   403   403   403   200   403
GET  admin_change_withdraw    login   403   403   403   403   403   403   403   200   403
POST admin_change_withdraw    login   403   403   403   403   403   403   403   302   403
GET  admin_teams              login   403   403   403   403   403   403   403   200   403
POST admin_teams              login   403   403   403   403   403   403   403   302   403
GET  admin_team               login   403   403   403   403   403   403   403   200   403
POST admin_team               login   403   403   403   403   403   403   403   302   403
GET  admin_service_accounts   login   403   403   403   403   403   403   403   200   403
POST admin_service_accounts   login   403   403   403   403   403   403   403   302   403
GET  admin_token_revoke       login   403   403   403   403   403   403   403   200   403
POST admin_token_revoke       login   403   403   403   403   403   403   403   302   403
GET  problems                   200   200   200   200   200   200   200   200   200   200
GET  problem_type               200   200   200   200   200   200   200   200   200   200
GET  style                    login   404   200   404   404   404   404   404   404   200
GET  livez                      200   200   200   200   200   200   200   200   200   200
# Nothing orders the ledger in these tests, and nobody's session or token opens the metrics.
GET  readyz                     503   503   503   503   503   503   503   503   503   503
GET  metrics                    401   401   401   401   401   401   401   401   401   401
POST csp_report                 204   204   204   204   204   204   204   204   204   204
#                              anon  view   dev valid  appr  oper  stew audit admin other
GET  try_the_api               login  200   200   200   200   200   200   200   200   200
GET  api_schema                 401   200   200   200   200   200   200   200   200   200
GET  api_whoami                 401   200   200   200   200   200   200   200   200   200
GET  api_use_cases              401   200   200   200   200   200   200   200   200   200
POST api_use_cases              401   403   201   403   403   403   403   403   422   422
GET  api_use_case               401   200   200   200   200   200   200   200   404   404
PATCH api_use_case               401   403   200   403   403   403   403   403   404   404
POST api_use_case_decision      401   403   403   200   403   403   403   403   404   404
POST api_use_case_retire        401   403   200   403   403   403   403   403   404   404
GET  api_models                 401   200   200   200   200   200   200   200   200   200
POST api_models                 401   403   201   403   403   403   403   403   422   422
GET  api_model                  401   200   200   200   200   200   200   200   404   404
POST api_model_use_case         401   403   200   403   403   403   403   403   404   404
GET  api_datasets               401   200   200   200   200   200   200   200   200   200
POST api_datasets               401   403   201   403   403   403   403   403   422   422
GET  api_dataset                401   200   200   200   200   200   200   200   404   404
GET  api_snapshots              401   200   200   200   200   200   200   200   404   404
POST api_snapshots              401   403   202   403   403   403   403   403   404   404
GET  api_snapshot               401   200   200   200   200   200   200   200   404   404
GET  api_pipelines              401   200   200   200   200   200   200   200   200   200
POST api_pipelines              401   403   201   403   403   403   403   403   422   422
GET  api_pipeline               401   200   200   200   200   200   200   200   404   404
GET  api_pipeline_versions      401   200   200   200   200   200   200   200   404   404
POST api_pipeline_versions      401   403   201   403   403   403   403   403   404   404
GET  api_pipeline_version       401   200   200   200   200   200   200   200   404   404
GET  api_versions               401   200   200   200   200   200   200   200   404   404
POST api_versions               401   403   201   403   403   403   403   403   404   404
GET  api_version                401   200   200   200   200   200   200   200   404   404
PUT  api_artifact               401   403   201   403   403   403   403   403   404   404
POST api_version_submit         401   403   202   403   403   403   403   403   404   404
GET  api_runs                   401   200   200   200   200   200   200   200   404   404
POST api_runs                   401   403   202   202   403   403   403   403   404   404
GET  api_comparison             401   200   200   200   200   200   200   200   404   404
GET  api_sbom                   401   404   404   404   404   404   404   404   404   404
GET  api_run                    401   200   200   200   200   200   200   200   404   404
GET  api_plans                  401   200   200   200   200   200   200   200   404   404
POST api_plans                  401   403   403   201   403   403   403   403   404   404
GET  api_plan                   401   200   200   200   200   200   200   200   404   404
GET  api_stages                 401   200   200   200   200   200   200   200   404   404
PUT  api_stage                  401   403   200   403   403   403   403   403   404   404
GET  api_cards                  401   200   200   200   200   200   200   200   404   404
POST api_cards                  401   403   201   403   403   403   403   403   404   404
GET  api_card                   401   200   200   200   200   200   200   200   404   404
POST api_card_publish           401   403   200   403   403   403   403   403   404   404
GET  api_releases               401   200   200   200   200   200   200   200   404   404
POST api_releases               401   403   201   403   403   403   403   403   404   404
GET  api_release                401   200   200   200   200   200   200   200   404   404
POST api_request_open           401   403   201   403   403   403   403   403   404   404
GET  api_request                401   200   200   200   200   200   200   200   404   404
GET  api_packs                  401   200   200   200   200   200   200   200   404   404
POST api_packs                  401   403   202   202   202   202   403   202   404   404
GET  api_pack                   401   200   200   200   200   200   200   200   404   404
GET  api_pack_file              401   200   200   200   200   200   200   200   404   404
GET  api_jobs                   401   200   200   200   200   200   200   200   200   200
GET  api_keys                   401   200   200   200   200   200   200   200   200   200
GET  api_job                    401   200   200   200   200   200   200   200   404   404
POST api_job_cancel             401   403   202   202   403   202   403   403   404   404
"""


def rows() -> dict[str, dict[str, str]]:
    """Return {"METHOD name": {role: outcome}}."""
    lines = [line.split() for line in TABLE.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {f"{method} {name}": dict(zip(ROLES, cells, strict=True)) for method, name, *cells in lines}
