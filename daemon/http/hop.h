#pragma once

#include "daemon/http/transfer.h"

/*
 * What is checked and noted while curl carries a transfer through its hops: curl's callbacks. They decide
 * nothing but whether to go on; none of them starts or frees anything. Thread: the loop's.
 */

/* Sets the callbacks on a new handle. */
CURLcode hop_watch(Transfer *transfer);

/*
 * Tells the origin that its name has been looked up, if this transfer was to do it: as soon as a socket is
 * wanted, at the latest when the transfer ends.
 */
void hop_end_lookup(Transfer *transfer, bool found);

/* Sets our own verdict, which goes before curl's. @reason: static. Returns -1. */
int hop_refuse(TransferRun *run, HttpResult verdict, const char *reason);
