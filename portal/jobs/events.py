"""Events of jobs. Apps close by reaction on JOB_ENDED what an unfinished job worked for."""

from portal.ledger.catalogue import declare

JOB_CANCEL_REQUESTED = declare("jobs.job.cancel_requested", "asked the job to stop")
JOB_ENDED = declare("jobs.job.ended", "ended the job")
