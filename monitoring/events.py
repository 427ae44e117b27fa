"""Events of monitoring: `data` is the subject's whole public state after the change."""

from portal.ledger.catalogue import declare

PLAN_FIXED = declare("monitoring.plan.fixed", "fixed the validation plan")
RUN_REQUESTED = declare("monitoring.run.requested", "requested a validation run")
RUN_STARTED = declare("monitoring.run.started", "started the validation run")
RUN_FINISHED = declare("monitoring.run.finished", "finished the validation run")
PROFILE_REQUESTED = declare("monitoring.profile.requested", "requested the profile")
PROFILE_STARTED = declare("monitoring.profile.started", "started the profile")
PROFILE_FINISHED = declare("monitoring.profile.finished", "finished the profile")
