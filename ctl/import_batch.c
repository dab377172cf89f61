/* Documents that go into the store with one call. */

#include "ctl/import_batch.h"

#include <errno.h>
#include <string.h>

void import_batch_deinit(ImportBatch *batch) {
        free(batch->text);
        *batch = (ImportBatch) {};
}

bool import_batch_is_full(const ImportBatch *batch, size_t len) {
        return batch->n > 0 && (batch->n == IMPORT_BATCH_LINES || batch->len + len >= IMPORT_BATCH_BYTES);
}

int import_batch_add(ImportBatch *batch, const char *line, size_t len, size_t place) {
        if (batch->allocated - batch->len <= len) {
                size_t allocated = batch->allocated + len + IMPORT_BATCH_BYTES;
                char *text = realloc(batch->text, allocated);

                if (!text)
                        return -ENOMEM;
                batch->text = text;
                batch->allocated = allocated;
        }

        memcpy(batch->text + batch->len, line, len);
        batch->len += len;
        batch->text[batch->len++] = '\n';
        batch->places[batch->n++] = place;
        return 0;
}

void import_batch_clear(ImportBatch *batch) {
        batch->len = batch->n = 0;
}
