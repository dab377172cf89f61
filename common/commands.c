/* The table of commands: what is typed, what is called, and what help says. */

#include "common/commands.h"

#include <string.h>

const CommandOption command_global_options[] = {
        { "--socket", 0, "PATH", "where reqd listens (default: $REQD_SOCKET, then /run/reqd/reqd.sock)" },
        { "--json", 0, NULL, "print the daemon's own reply, on one line" },
        { "--no-color", 0, NULL, "no colors, as with NO_COLOR in the environment" },
        { "--help", 'h', NULL, "say how the command is used" },
        { "--version", 0, NULL, "print the version" },
        {},
};

static const CommandOption submit_options[] = {
        { "--follow", 0, NULL, "show progress until the job ends or pauses" },
        { "--paused", 0, NULL, "store the job, but start nothing until it is resumed" },
        {},
};

static const CommandOption resume_options[] = {
        { "--limit", 0, "N", "documents to start in all before the job pauses again, or none" },
        {},
};

static const CommandOption retry_options[] = {
        { "--reason", 0, "REASON", "only documents that failed for this reason" },
        { "--status", 0, "STATUS", "only documents that failed with this HTTP status" },
        {},
};

static const CommandOption wait_options[] = {
        { "--for", 0, "STATE", "what to wait for: done (the default), or paused, which then exits 0" },
        { "--timeout", 0, "TIME", "give up after this time (200ms, 30s, 5m, 2h) and exit 124" },
        {},
};

static const CommandOption import_options[] = {
        { "--csv", 0, NULL, "the file is CSV with a header line (default: if its name ends in .csv)" },
        {},
};

static const CommandOption export_options[] = {
        { "--filter", 0, "JSON", "only documents that match" },
        {},
};

static const CommandOption logs_options[] = {
        { "--follow", 'f', NULL, "go on with new entries as they come" },
        { "--lines", 'n', "N", "only the last N entries" },
        { "--explain", 'x', NULL, "explain each entry, and say what to do" },
        {},
};

const Command commands[] = {
        { "status", COMMAND_JOB_OPTIONAL, .method = "GetStatus", .job_method = "GetJob",
                .help = "the daemon and its jobs, one line each; or everything about one job" },
        { "submit", .args = "[NAME|FILE.json|-]", .max_args = 1, .options = submit_options,
                .job_options = true, .method = "Submit",
                .help = "check, store and start a job; options change what the file says" },
        { "try", .args = "[NAME|FILE.json|JOB]", .max_args = 1, .job_options = true, .later = true,
                .help = "make one exchange from the first pending document, store nothing" },
        { "set", COMMAND_JOB_OPTIONAL, .args = "KEY=VALUE...", .min_args = 1, .max_args = COMMAND_ARGS_ANY,
                .live_keys = true, .method = "Set",
                .help = "change a job while it runs, such as concurrency=200 or rate=50/s" },
        { "pause", COMMAND_JOB_OPTIONAL, .method = "Pause",
                .help = "start nothing more; what is in flight ends and is stored" },
        { "resume", COMMAND_JOB_OPTIONAL, .options = resume_options, .method = "Resume",
                .help = "go on with a paused job" },
        { "cancel", COMMAND_JOB_OPTIONAL, .method = "Cancel",
                .help = "end a job for good; what is in flight ends and is stored" },
        { "retry", COMMAND_JOB_REQUIRED, .options = retry_options, .method = "Retry",
                .help = "send an ended job's failed documents again, as its next generation" },
        { "wait", COMMAND_JOB_OPTIONAL, .options = wait_options, .method = "Watch",
                .help = "wait until a job ends or pauses" },
        { "top", COMMAND_JOB_OPTIONAL, .later = true, .help = "watch and steer the jobs on a live screen" },
        { "errors", COMMAND_JOB_REQUIRED, .method = "GetErrors",
                .help = "failures by reason, with example documents and what to do" },
        { "results", COMMAND_JOB_REQUIRED, .later = true, .help = "documents with their outcomes" },
        { "report", COMMAND_JOB_REQUIRED, .later = true, .help = "one HTML page about a job" },
        { "verify", COMMAND_JOB_REQUIRED, .method = "Verify",
                .help = "count again from the store whether every document has exactly one outcome" },
        { "import", .args = "DB.COLL FILE|-", .min_args = 2, .max_args = 2, .options = import_options,
                .method = "Import",
                .help = "read documents into the store: Extended JSON, one on a line, or CSV" },
        { "export", .args = "DB.COLL [FILE]", .min_args = 1, .max_args = 2, .options = export_options,
                .method = "Export",
                .help = "write a collection with its outcomes: Extended JSON, one document on a line" },
        { "show", COMMAND_JOB_REQUIRED, .method = "Show", .help = "the job file as it holds now" },
        { "delete", COMMAND_JOB_REQUIRED, .method = "Delete", .help = "forget an ended job; outcomes stay" },
        { "config", .method = "GetConfig", .help = "the daemon's settings and where each comes from" },
        { "events", .later = true, .help = "stream changes of state" },
        { "logs", COMMAND_JOB_REQUIRED, .options = logs_options, .help = "the journal's entries of a job" },
        { "metrics", .later = true, .help = "counters as OpenMetrics text" },
        { "doctor", .later = true, .help = "what is wrong with this installation" },
        { "help", .args = "[COMMAND]", .max_args = 1, .help = "say how a command is used" },
        {},
};

const Command *command_find(const char *name) {
        for (const Command *command = commands; command->name; command++)
                if (strcmp(command->name, name) == 0)
                        return command;

        return NULL;
}

const CommandOption *command_option_find(const CommandOption *options, const char *flag) {
        for (const CommandOption *option = options; option && option->flag; option++)
                if (strcmp(option->flag, flag) == 0)
                        return option;

        return NULL;
}

const CommandOption *command_option_find_shorthand(const CommandOption *options, char shorthand) {
        for (const CommandOption *option = options; option && option->flag; option++)
                if (option->shorthand && option->shorthand == shorthand)
                        return option;

        return NULL;
}
