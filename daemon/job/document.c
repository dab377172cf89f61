/* One document on its way. */

#include "daemon/job/document.h"

#include "daemon/job/exchange.h"

Document *document_new(bson_t *bson, WatermarkPage *page) {
        Document *document = calloc(1, sizeof(*document));

        if (!document)
                return NULL;

        document->bson = bson;
        document->page = page;
        return document;
}

Document *document_free(Document *document) {
        if (!document)
                return NULL;

        exchange_free(document->exchange);
        http_origin_unref(document->origin);
        request_texts_deinit(&document->texts);
        bson_destroy(document->bson);
        free(document);
        return NULL;
}

const bson_value_t *document_key(const Document *document, bson_iter_t *iter) {
        if (!bson_iter_init_find(iter, document->bson, "_id"))
                return NULL;

        return bson_iter_value(iter);
}
