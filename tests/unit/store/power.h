#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A disk whose power can be cut, for SQLite: a VFS over the system's own that knows what of each file has been synced
 * and what is still on its way. Only what was synced is sure to survive; of the writes since, an image may have none,
 * or any of them, the last part of one missing. One thread, one at a time.
 *
 * Source: sqlite.org/c3ref/io_methods.html; the wording of fsync(2).
 */

/* Called whenever something was written, cut off or synced. */
typedef void (*power_event_fn)(void *userdata);

/* Every database that is opened from now on is on this disk. @event: or NULL. */
void power_begin(power_event_fn event, void *userdata);

/* The system's own disk is the default again; all databases are closed. */
void power_end(void);

/* Writes and cuts that no sync has followed yet, of all files. */
size_t power_unsynced(void);

/*
 * Writes the files into @folder as a power cut at this moment could leave them, under the names that they have.
 * @torn: with a random part of what was not synced; else with none of it.
 */
void power_image(const char *folder, bool torn, unsigned *seed);
