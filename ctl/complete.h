#pragma once

/*
 * What a shell offers when somebody presses TAB: `reqctl __complete WORD...` prints what the last word may
 * become, one candidate a line, "candidate<TAB>help". The scripts of the shells (completion/) only ask; what is
 * offered falls out of the tables, and the names of jobs are the daemon's. One thread.
 */

/* The word that stands for it in argv[1]; never shown to people. */
#define COMPLETE_COMMAND "__complete"

/*
 * @words: what is typed after `reqctl`, the last one being unfinished or empty. Prints nothing where a file
 * is wanted, or nothing fits; silent, too, where the daemon cannot be asked. Returns an ExitCode or a
 * negative code.
 */
int complete_run(int n_words, char *const words[]);
