/*
 * Makes the message catalog from the table of events, in the format of systemd's own: `journalctl -x` finds an
 * entry's explanation by its MESSAGE_ID. Run by the build: catalog > reqd.catalog.
 */

#include <stdio.h>

#include "common/event.h"

int main(void) {
        puts("# Made from the table of events, common/event.c.");

        for (const Event *event = events; event < events + _EVENT_N; event++)
                printf("\n-- %s\nSubject: %s\nDefined-By: reqd\nDocumentation: man:reqd(8) "
                       "man:reqctl(1)\n\n%s",
                        event->message_id, event->subject, event->explanation);

        return ferror(stdout) || fflush(stdout) == EOF;
}
