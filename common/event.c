/* What the journal tells: the one table of events. */

#include "common/event.h"

const Event events[_EVENT_N] = {
        [EVENT_STARTED] = { "started", "2048601f45774ff2ab3af21774e1f2f1", LOG_LEVEL_NOTICE, "reqd listens",
                "The daemon has read its configuration and answers on its socket. Unfinished jobs go\n"
                "on by themselves as soon as the store gives them. `reqctl status` shows them,\n"
                "`reqctl config` the settings and where each comes from.\n" },
        [EVENT_STOPPING] = { "stopping", "95e40c9ee2e64b4a8e18ae1374162241", LOG_LEVEL_NOTICE,
                "reqd is ending",
                "The daemon was asked to end. It starts no further request; those in flight\n"
                "(IN_FLIGHT=) end and are stored, until the deadline. What has no outcome by then is\n"
                "sent again at the next start.\n" },
        [EVENT_DRAIN_CUT_SHORT] = { "drain-cut-short", "4daa27969b86438a8949c7ed0a8a87cf", LOG_LEVEL_WARNING,
                "reqd ended before everything in flight was stored",
                "The deadline passed, or a second signal came. Nothing is lost: the documents that\n"
                "have no outcome yet are sent again at the next start, which repeats their requests.\n"
                "If the store was away, see why; if answers take longer than the deadline, give the\n"
                "jobs a shorter timeout: reqctl set JOB timeout=20s.\n" },
        [EVENT_STOPPED] = { "stopped", "0419769411864404b65fc817462e6d1a", LOG_LEVEL_NOTICE, "reqd has ended",
                "Everything in flight was stored. Unfinished jobs go on at the next start.\n" },
        [EVENT_RELOADED] = { "reloaded", "9677759fe764452a952b9e5d5491521d", LOG_LEVEL_NOTICE,
                "reqd has read its configuration again",
                "Each setting that changed has an entry of its own. Settings that need a restart say\n"
                "so there.\n" },
        [EVENT_RELOAD_REFUSED] = { "reload-refused", "7a589f8441ed406d95f548545cc424a7", LOG_LEVEL_ERROR,
                "reqd kept its old configuration",
                "The configuration is not valid, and nothing of it was applied. Mend the file and\n"
                "line that the message names, try it with `reqd --check-config`, and reload again.\n" },
        [EVENT_SETTING_CHANGED] = { "setting-changed", "d2355047309a4af8b94c74f0e65a14d9", LOG_LEVEL_NOTICE,
                "A setting of reqd has changed",
                "SETTING= names it, OLD= and NEW= are its values. `reqctl config` shows all of them\n"
                "and where each comes from.\n" },
        [EVENT_STORE_LOST] = { "store-lost", "4bbf2dccfc22485ca811f0e053374663", LOG_LEVEL_WARNING,
                "The store does not answer",
                "No new request starts while answers cannot be stored; what is in flight ends and\n"
                "waits in memory, which is bounded. The daemon asks the store again by itself, and\n"
                "goes on when it is back. See whether the server runs and can be reached; `reqctl\n"
                "status` shows its last complaint.\n" },
        [EVENT_STORE_BACK] = { "store-back", "79b134931f0147128cece96106b93f83", LOG_LEVEL_NOTICE,
                "The store answers again", "Everything that waited is stored, then requests start again.\n" },
        [EVENT_STORE_REFUSES] = { "store-refuses", "56b246578b6142f5a308b5cd1766e564", LOG_LEVEL_ERROR,
                "The store refuses what reqd writes",
                "The store answered no, for all and not for one document: rights were taken away, its\n"
                "disk is full, or it is read-only. ERROR= is its own number for that. Nothing is\n"
                "lost: what it did not take is kept. Mend the store; a job that paused for this goes\n"
                "on with: reqctl resume @JOB@\n" },
        [EVENT_LEASE_LOST] = { "lease-lost", "75aeb2fd1d1e4c899fac3be26a33b1a7", LOG_LEVEL_ERROR,
                "Another reqd is at work on this store",
                "One daemon at a time owns the jobs of a store. This one found that another has them,\n"
                "or has taken them over because this one could not renew its lease in time: it was\n"
                "stopped, or cut off from the store. It ends without writing anything more; nothing is\n"
                "lost, and the other one goes on. `reqctl status` against that one shows the jobs.\n" },
        [EVENT_DESCRIPTORS_SHORT] = { "descriptors-short", "4c17ea14419b41efa977f55f8b8064e4",
                LOG_LEVEL_WARNING, "File descriptors are too few",
                "A request in flight takes up to two; LIMIT= there are, WANTED= would do. Raise\n"
                "LimitNOFILE= (systemctl edit reqd) or lower MaxInFlight= in reqd.conf. Meanwhile fewer\n"
                "requests run at once; no document fails for it.\n" },
        [EVENT_CLIENTS_TURNED_AWAY] = { "clients-turned-away", "acc2bde03fb74dcaa3b77f3537413788",
                LOG_LEVEL_WARNING, "Clients are turned away, as file descriptors are short",
                "No descriptor is left for another client of the socket. Clients of root and of the\n"
                "daemon's own user still come in on a few that are kept aside; others are told\n"
                "org.reqd.Busy. Jobs go on with what they have, and no document fails for it. Such an\n"
                "entry comes at most once a minute. Raise LimitNOFILE= of reqd.service, or lower\n"
                "MaxInFlight=.\n" },
        [EVENT_JOB_SUBMITTED] = { "job-submitted", "0ddd609329f841038f0228e1f60a17ba", LOG_LEVEL_NOTICE,
                "Job @JOB@ was submitted",
                "The store has taken the job. UID= is the user who submitted it. `reqctl show @JOB@`\n"
                "prints the job file.\n" },
        [EVENT_JOB_BEGUN] = { "job-begun", "700874db65ef4ecfa4c97c877a2d6e8c", LOG_LEVEL_INFO,
                "Job @JOB@ is at work",
                "A generation begins, or goes on where it was before a restart. Follow it with:\n"
                "reqctl wait @JOB@\n" },
        [EVENT_JOB_PAUSED] = { "job-paused", "522bc2503f614d34bab5686784850d8c", LOG_LEVEL_NOTICE,
                "Job @JOB@ is paused",
                "It starts nothing more; what is in flight ends and is stored. REASON= says why, UID=\n"
                "who asked for it (absent: the job paused by itself). It goes on with: reqctl resume\n"
                "@JOB@\n"
                "\n"
                "After `too many failures` see `reqctl errors @JOB@` first. After `limit reached`\n"
                "raise or drop the limit: reqctl resume @JOB@ --limit none. After `store refuses`\n"
                "mend the store first.\n" },
        [EVENT_JOB_RESUMED] = { "job-resumed", "830de4da59d743e4a87b8d762641eea7", LOG_LEVEL_NOTICE,
                "Job @JOB@ goes on",
                "It starts requests again, where it had stopped. UID= is the user who asked for it.\n" },
        [EVENT_JOB_CHANGED] = { "job-changed", "78d96a72b24b45a9834559daaf1ce4e2", LOG_LEVEL_NOTICE,
                "Settings of job @JOB@ have changed",
                "SETTINGS= are the new values, UID= the user who asked for them. They hold at once\n"
                "and over restarts; `reqctl show @JOB@` prints the job file as it holds now.\n" },
        [EVENT_JOB_RETRIED] = { "job-retried", "f4e04b2cc5d143daae543c41e9b65572", LOG_LEVEL_NOTICE,
                "Failed documents of job @JOB@ are sent again",
                "A new generation was opened over the documents that failed; an answer that is stored\n"
                "stays. UID= is the user who asked for it.\n" },
        [EVENT_JOB_CANCELLED] = { "job-cancelled", "3aad90b6167c4b598faf24edeae6f6ed", LOG_LEVEL_NOTICE,
                "Job @JOB@ is cancelled",
                "It starts nothing more, and that is final; what is in flight ends and is stored.\n"
                "Documents without an outcome stay as they are: a new job over the same collection\n"
                "takes them. UID= is the user who asked for it.\n" },
        [EVENT_JOB_DONE] = { "job-done", "5e42c1748b394badac944c1b0502bd81", LOG_LEVEL_NOTICE,
                "Job @JOB@ is done",
                "Every document has its outcome. OK=, FAILED= and GONE= count them. If some failed,\n"
                "`reqctl errors @JOB@` says why, and `reqctl retry @JOB@` sends them again.\n" },
        [EVENT_JOB_DELETED] = { "job-deleted", "a80ea2d968b94744bc75306199663c79", LOG_LEVEL_NOTICE,
                "Job @JOB@ was deleted",
                "The daemon has forgotten it; the outcomes stay with the documents. UID= is the user\n"
                "who asked for it.\n" },
        [EVENT_JOB_FAILURES] = { "job-failures", "7932898a37dc461ab894a208e44467c8", LOG_LEVEL_WARNING,
                "Documents of job @JOB@ have failed",
                "FAILED= of them in the last SECONDS= seconds (0: just now), and each reason as a field\n"
                "of its own, such as TIMEOUT=. Such an entry comes at most once in ten seconds a job;\n"
                "what failed in a job's last seconds is in its totals when it is done. `reqctl errors\n"
                "@JOB@` groups all failures and says what to do.\n" },
        [EVENT_JOB_RECORD_REFUSED] = { "job-record-refused", "a047df35d985467bb443a499569c70d3",
                LOG_LEVEL_WARNING, "The store does not take the record of job @JOB@",
                "What was asked of the job holds, but is not stored: after a restart the job would be as\n"
                "the store knows it. ERROR= is the store's own number for why. The record is written\n"
                "again every two seconds. Mend the store: rights, a full disk, or read-only.\n" },
        [EVENT_JOB_ANSWERS_LOST] = { "job-answers-lost", "dc4a956705e44c6c8f4ed5baa5662792", LOG_LEVEL_ERROR,
                "Answers of job @JOB@ are not stored, as it has ended",
                "The store refused LOST= answers, and the job ended before it would take them. Their\n"
                "documents are as they were: a new job over the same collection sends their requests\n"
                "again. To keep such answers, mend the store and resume a job rather than cancel it.\n" },
        [EVENT_JOB_UNREADABLE] = { "job-unreadable", "5d781717755f4857ad0289f00f8faf82", LOG_LEVEL_ERROR,
                "The record of a job is not understood",
                "The store holds a job that this version cannot read, and the daemon leaves it alone:\n"
                "it does not run, and its record stays as it is. Was it written by a newer version,\n"
                "or changed by hand? The record is in the collection reqd_jobs.\n" },
        [EVENT_ORIGIN_LEFT_ALONE] = { "origin-left-alone", "70f00575f6b74229a11eb258c044adcb",
                LOG_LEVEL_WARNING, "An API is left alone, as it mostly fails",
                "More than half of the last answers of ORIGIN= were 429, 5xx, timeouts or failed\n"
                "connections (FAILING= is their share). One request at a time asks again, after a\n"
                "second at first and up to half a minute later; the first good answer ends this.\n"
                "Documents wait meanwhile and none fails for it. `reqctl status JOB` shows the\n"
                "origin. If it answers 429, give the job fewer requests: reqctl set JOB\n"
                "concurrency=-50% or rate=10/s.\n" },
        [EVENT_ORIGIN_BACK] = { "origin-back", "1ff78f47ff6144f3baeadbcab2ae8b25", LOG_LEVEL_NOTICE,
                "An API that was left alone answers again",
                "ORIGIN= answered a single request well, and is asked as before.\n" },
        [EVENT_ORIGIN_HELD] = { "origin-held", "6ced6fc5a70e40fca3a0e85cc6fab428", LOG_LEVEL_NOTICE,
                "An API asked for a long wait",
                "ORIGIN= said, by Retry-After or by what it tells of its rate limit, that it wants no\n"
                "request for SECONDS= seconds. All jobs heed that, for an hour at most; waits of less\n"
                "than half a minute are not told here. If this comes often, set a rate that the API\n"
                "allows: reqctl set JOB rate=50/min.\n" },
        [EVENT_LOG_DROPPED] = { "log-dropped", "a1798eae62b84543bbb9aed2d23baca8", LOG_LEVEL_WARNING,
                "Entries of the log were lost",
                "The reader of the log (journald, or whoever reads standard error) did not keep up,\n"
                "and the daemon does not wait for it. DROPPED= entries are missing here. Jobs and\n"
                "outcomes are not touched by this.\n" },
};
