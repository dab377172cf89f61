#pragma once

#include "daemon/job/registry.h"

/* What the files of the registry share; nobody else includes this. Thread: the loop's. */

/* Takes over a job that the store knows; its next turn begins it. */
void registry_add(Registry *registry, Job *job);

/* The job of exactly that name or id, deleted ones aside; or NULL. */
Job *registry_lookup(const Registry *registry, const char *name);
