#pragma once

#include "daemon/job/registry.h"

/* What the files of the registry share; nobody else includes this. Thread: the loop's; nothing blocks. */

/* Takes over a job that the store knows; its next turn begins it. */
void registry_add(Registry *registry, Job *job);

/* The job of exactly that name or id, or NULL. */
Job *registry_lookup(const struct JobList *jobs, const char *name);

/* Fills @error with why the record of that name is left alone. */
void registry_unreadable(const Registry *registry, const char *name, UserError *error);

/* Why the store's jobs are not known: returns REGISTRY_E_AWAY or _REFUSED, with @error filled. */
int registry_not_loaded(const Registry *registry, UserError *error);
