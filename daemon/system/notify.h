#pragma once

/*
 * What the service manager is told (sd_notify(3)); nothing where there is none. Thread: the loop's.
 */

void notify_ready(void);    /* clients may call */
void notify_stopping(void); /* draining */
