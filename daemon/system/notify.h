#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/alloc.h"

/*
 * What the service manager is told; nothing where there is none. sd_notify(3) says what the words mean and how
 * they are sent. Its function waits when the manager does not read, and the loop must not: this sends the same
 * messages without waiting, and what could not be sent is sent once it can be. Of what waits only the newest is
 * kept, and the order of its words does not matter to the manager.
 *
 * Also feeds the manager's watchdog (sd_watchdog_enabled(3)) twice in each interval, from an event of the base's
 * lowest priority: a loop that hangs, or that turns but never comes to its work for all that goes before, is one
 * that has stopped. Thread: the loop's. Errors are nobody's business: who starts us by hand has no manager.
 */

struct event_base;

typedef struct Notify Notify;

/* Looks for the manager in the environment. Returns 0, or -ENOMEM; with no manager @ret_notify is NULL. */
int notify_new(struct event_base *base, Notify **ret_notify);
Notify *notify_free(Notify *notify);
DEFINE_FREEP(Notify, notify);

/* All of these accept NULL. */
void notify_ready(Notify *notify);     /* clients may call; also the end of a reload */
void notify_reloading(Notify *notify); /* notify_ready() follows */
void notify_stopping(Notify *notify);

/* The line that `systemctl status` shows; sent if it differs from the last. Cut at 255 bytes. */
void notify_status(Notify *notify, const char *line);

/* Whatever the manager waits for may take @more_us from now, if it would otherwise be over by then. */
void notify_extend(Notify *notify, uint64_t more_us);
