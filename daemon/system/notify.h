#pragma once

/*
 * What the service manager is told (sd_notify(3)); nothing where there is none. Errors are nobody's business:
 * who starts us by hand has no service manager. Thread: the loop's.
 */

void notify_ready(void);    /* clients may call */
void notify_stopping(void); /* draining */
