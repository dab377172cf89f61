#pragma once

#include <event2/event.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/http/egress.h"
#include "daemon/http/engine.h"
#include "daemon/job/registry.h"
#include "daemon/job/services.h"
#include "daemon/store/store_ops.h"

/*
 * What the flows of a job stand on, with a store whose answers are the test's: an event base, workers, a
 * store link. Everything asserts where it fails.
 */

typedef struct FakeStore FakeStore;
typedef struct JobFixture JobFixture;

typedef enum FakeCall {
        FAKE_SAVE,
        FAKE_DELETE,
        FAKE_LOAD,
        FAKE_READ,
        FAKE_WRITE,
        FAKE_COUNT,
        FAKE_TAKE,
        FAKE_RENEW,
        FAKE_RELEASE,
        _FAKE_CALL_N,
} FakeCall;

enum {
        FAKE_AWAY_AFTERWARDS = 100, /* an answer: the store does what it is told, then STORE_E_AWAY */
};

#define FAKE_BULKS_MAX 16

/* A store in memory that can also say no. Under its mutex: any thread. */
struct FakeStore {
        Store base;
        Store *memory;
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        int answers[_FAKE_CALL_N];    /* 0, STORE_E_AWAY, STORE_E_REFUSED, FAKE_AWAY_AFTERWARDS */
        bool held[_FAKE_CALL_N];      /* such calls wait inside the store */
        unsigned calls[_FAKE_CALL_N]; /* that were begun */
        size_t bulks[FAKE_BULKS_MAX]; /* outcomes of each write */
        StoreLease lease;             /* whoever has it, where the answer is STORE_E_HELD */
        bson_oid_t taken_from;        /* whom the last one to take it called dead */
};

struct JobFixture {
        struct event_base *base;
        FakeStore *store;
        Workers *workers;
        StoreLink link;
        Services services; /* without an engine */
        unsigned kicks;    /* services_kick() */
        unsigned changes;  /* of link.away */

        Registry *registry; /* job_fixture_begin_registry() */
        Engine *engine;
        Egress *egress;
};

void job_fixture_init(JobFixture *fixture);

/* Ends the workers, as the daemon does before it frees the jobs; calls that are held go on. */
void job_fixture_end_workers(JobFixture *fixture);

/* Another daemon on the same store: new workers, after those of the one before have ended. */
void job_fixture_begin_workers(JobFixture *fixture);

/*
 * A registry, not started, for ten requests at once, with an engine that is denied the usual addresses. Of
 * @options only max_jobs, lost and userdata are looked at.
 */
void job_fixture_begin_registry(JobFixture *fixture, const RegistryOptions *options);

/* The workers, then the registry and its engine; the store stays. */
void job_fixture_end_registry(JobFixture *fixture);

/* Frees what is there in the daemon's order: workers, then the link, then the store. */
void job_fixture_deinit(JobFixture *fixture);

/* The same for cmocka: *state is the fixture. */
int job_fixture_setup(void **state);
int job_fixture_teardown(void **state);

/* Lets the loop run until @until says so. */
void job_fixture_run(JobFixture *fixture, bool (*until)(const void *userdata), const void *userdata);

void fake_answer(FakeStore *store, FakeCall call, int answer); /* from now on */
void fake_hold(FakeStore *store, FakeCall call, bool held);
unsigned fake_calls(FakeStore *store, FakeCall call);

/* Waits until @n such calls have been begun. */
void fake_await(FakeStore *store, FakeCall call, unsigned n);

/* From now on what is stored lies in the store of that URI, where there is nothing yet. */
void fake_store_in(FakeStore *store, const char *uri);

/* From now on it has a lease on its jobs; before lease_init(). */
void fake_lease_out(FakeStore *store);

/* The records that are in the store: how many, and the named text of the first. */
size_t fake_records(FakeStore *store);
bool fake_record_says(FakeStore *store, const char *key, const char *text);
