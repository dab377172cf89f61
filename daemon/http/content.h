#pragma once

#include "daemon/http/transfer.h"

/*
 * The body of an answer as it comes: decoded, counted, kept up to its bound. curl's callbacks; none of them
 * starts or frees anything. Thread: the loop's.
 */

/* Sets the callbacks on a new handle. */
CURLcode content_watch(Transfer *transfer);

/* At the end of an answer that curl took for whole: whether its content is, too. Otherwise sets the verdict. */
void content_end(TransferRun *run);
