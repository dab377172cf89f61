#pragma once

/*
 * One connection: reads requests one after the other, waits as long as each is to wait, and sends.
 *
 * Pipelined requests are answered in order; each begins when the one before it has ended. A client
 * that closes (or half-closes) while its request waits has given it up: the answer is dropped, as
 * common proxies do.
 */

typedef struct Conn Conn;
typedef struct Server Server;

/* Takes @fd over, also when it fails, and adds the connection to the server's list. Returns 0 or -ENOMEM. */
int conn_new(Server *server, int fd);

/* Ends it at once, whatever it was doing. */
void conn_free(Conn *conn);
