#pragma once

#include "daemon/control/control.h"
#include "daemon/http/egress.h"
#include "daemon/http/engine.h"
#include "daemon/job/registry.h"
#include "daemon/spec/config.h"

/* Reads the configuration again while the daemon runs. Thread: the loop's. */

typedef struct ReloadParts ReloadParts;

/* What a reload changes in place; all of it outlives the call. */
struct ReloadParts {
        Config *config; /* in effect */
        Egress *egress;
        Engine *engine;
        Registry *registry;
        Control *control;
};

/*
 * Reads what @arguments name, as at the start. If anything is wrong, or memory runs out at whatever point,
 * nothing changes, and the log says what and where. Otherwise the log says each setting that has changed, and
 * those that are `live` in config_options are in effect when this returns; the others keep their value until the
 * daemon starts anew.
 */
void reload(const ReloadParts *parts, const ConfigArguments *arguments);
