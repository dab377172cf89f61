/* The store contract over the store in memory. */

#include "daemon/store/memory_internal.h"
#include "tests/unit/store/contract.h"

#include <string.h>

static void open_fresh(Contract *contract) {
        UserError error = {};

        strcpy(contract->database, "test");
        if (store_open("memory:", NULL, &contract->store, &error))
                fail_msg("%s", error.message);
}

static void nothing_to_close(Contract *contract) {
}

static void delete_document(Contract *contract, const char *name, const bson_value_t *id) {
        MemoryCollection *collection = memory_collection((MemoryStore *)contract->store, name);
        size_t place;
        bool found;

        assert_non_null(collection);
        place = memory_place(collection, id, &found);
        assert_true(found);
        memory_remove(collection, place);
}

int main(void) {
        static const ContractKind kind = {
                .name = "memory",
                .open = open_fresh,
                .close = nothing_to_close,
                .delete_document = delete_document,
        };

        return contract_run(&kind);
}
