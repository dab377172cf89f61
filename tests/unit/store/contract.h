#pragma once

#include "daemon/store/store.h"
#include "tests/unit/unit.h"

/*
 * What every kind of store promises, as one suite of tests. A kind brings along how an empty store of
 * it is opened and the few things that store.h has no call for; everything else goes through store.h.
 *
 * The kind's functions assert: they return only when they succeeded. One thread.
 */

typedef struct Contract Contract;
typedef struct ContractCase ContractCase;
typedef struct ContractKind ContractKind;

/* A test; its state is a Contract * with an empty store. */
struct ContractCase {
        const char *name;
        CMUnitTestFunction test;
};

#define CONTRACT_CASE(_test)                                                                                 \
        { #_test, _test }

struct ContractKind {
        const char *name;

        /* Fills `store` and `database`, and `place` with whatever else this kind wants to find again. */
        void (*open)(Contract *contract);

        /* Removes what open() made; `store` has been freed. */
        void (*close)(Contract *contract);

        /* Deletes that one document, as somebody else would while a job runs. */
        void (*delete_document)(Contract *contract, const char *collection, const bson_value_t *id);

        /* Makes writing impossible for a time, and possible again; both NULL where that cannot be. */
        void (*take_away)(Contract *contract);
        void (*bring_back)(Contract *contract);

        /* Tests of this kind alone, run after the suite's. */
        const ContractCase *cases;
        size_t n_cases;
};

struct Contract {
        const ContractKind *kind;
        Store *store;
        char database[64];   /* no other test and no other run uses it */
        char collection[80]; /* "<database>.samples": made by the suite */
        void *place;
};

/* Runs the suite; returns the number of tests that failed, for main(). */
int contract_run(const ContractKind *kind);
