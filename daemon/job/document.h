#pragma once

#include <bson/bson.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/alloc.h"
#include "common/heap.h"
#include "daemon/http/engine.h"
#include "daemon/job/watermark.h"
#include "daemon/policy/origin_pace.h"
#include "daemon/spec/template.h"

/*
 * One document on its way: from the page it was read in until its outcome is with the writer. One place
 * holds it at a time: the queue, an exchange, a lane. Thread: the loop's.
 */

typedef struct Document Document;
typedef struct Exchange Exchange;
typedef struct Dispatcher Dispatcher;
typedef struct Lane Lane;

TAILQ_HEAD(DocumentList, Document);
typedef struct DocumentList DocumentList;

struct Document {
        TAILQ_ENTRY(Document) entry; /* of the list that it stands in */
        Dispatcher *dispatcher;      /* once its first attempt was begun */
        WatermarkPage *page;
        bson_t *bson;        /* _id and the projected fields; owned */
        RequestTexts texts;  /* once it has been looked at for dispatch */
        HttpOrigin *origin;  /* likewise; held */
        Exchange *exchange;  /* the attempt under way, or NULL; owned */
        OriginTicket ticket; /* of that attempt */
        Lane *lane;          /* that it waits in, or NULL */
        bool ahead;          /* of the others in its lane, once it is due */
        HeapItem due;        /* when it is to be retried, while it waits for that */
        uint32_t attempts;   /* begun so far */
        uint32_t n;          /* requests in flight when it was last sent, itself included */
};

/* Takes over @bson; @page outlives it. NULL without memory; then @bson stays the caller's. */
Document *document_new(bson_t *bson, WatermarkPage *page);

/* It stands in no list, and no answer will come for it any more. Accepts NULL. Returns NULL. */
Document *document_free(Document *document);
DEFINE_FREEP(Document, document);

/* Its _id; points into the document and @iter. NULL where it has none, which the feeder lets nobody see. */
const bson_value_t *document_key(const Document *document, bson_iter_t *iter);
