#pragma once

#include "ctl/call.h"

/*
 * `reqctl verify JOB`: exits 0 when all is as it should be, 1 with what is wrong and what to do. One thread.
 */
int verify_run(Call *call);
