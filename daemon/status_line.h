#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The daemon in one line, as `systemctl status` shows it: "2 jobs running, 1 paused: 38% of 100000 documents,
 * 412/s, 4 min left". Pure. Any thread.
 */

typedef struct StatusLine StatusLine;

#define STATUS_LINE_SIZE 256

struct StatusLine {
        const char *complaint; /* of a store that does not answer, or refuses; NULL: none */
        bool loaded;           /* the store has given its jobs; else the counts say nothing */
        bool ending;
        uint32_t in_flight; /* requests */
        uint32_t running;   /* jobs */
        uint32_t paused;

        /* Of the running jobs, all together. */
        uint64_t done; /* documents */
        uint64_t total;
        bool total_known; /* of each */
        double rate;      /* requests a second */
        double eta_s;     /* of the last to end; below 0: nobody knows */
};

/* @line has STATUS_LINE_SIZE bytes. Returns @line. */
char *status_line_format(const StatusLine *status, char *line);
