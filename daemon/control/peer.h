#pragma once

#include "daemon/control/control.h"

/*
 * One connection: frames in, one call at a time, replies out. Thread: the loop's; nothing here blocks.
 * Callbacks of libevent come later, from the loop: no function here frees the peer but peer_free().
 */

/*
 * Takes over @fd, also where it fails. The peer adds itself to the control's list, and frees itself when its
 * connection ends. Returns 0 or -ENOMEM.
 */
int peer_new(Control *control, int fd, uid_t uid, pid_t pid, Peer **ret_peer);

/* Writes what the connection takes at once: the loop that would write it later is about to end. */
void peer_flush(Peer *peer);

/* Ends the connection at once; its call, if there is one, is told. */
void peer_free(Peer *peer);

/* Writes an error of org.reqd that answers no call into @writer; its text and NUL are the frame. */
void peer_write_refusal(JsonWriter *writer, const char *name, const char *message, const char *hint);

/* Sends an error that answers no call, and ends the connection once it is written. */
void peer_refuse(Peer *peer, const char *name, const char *message, const char *hint);

/* Sends what @writer holds as one frame, copied. Without memory the connection ends instead. */
void peer_send(Peer *peer, const JsonWriter *writer);

/* The peer's call has ended; its next frame may be looked at. */
void peer_next(Peer *peer);

/* Bytes written that the peer has not taken yet. */
size_t peer_backlog(const Peer *peer);
