/* What the flows of a job stand on, with a store whose answers are the test's. */

#include "tests/unit/job/fixture.h"

#include <errno.h>
#include <event2/thread.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

typedef struct FakeReader FakeReader;

struct FakeReader {
        StoreReader base;
        StoreReader *memory;
};

static FakeStore *fake_of(Store *base) {
        return (FakeStore *)base;
}

/* Begins a call: waits while it is held. Returns its answer; *@ret_does: whether it does what it is told. */
static int begin(FakeStore *store, FakeCall call, bool *ret_does) {
        int answer;

        pthread_mutex_lock(&store->mutex);
        store->calls[call]++;
        pthread_cond_broadcast(&store->changed);
        while (store->held[call])
                pthread_cond_wait(&store->changed, &store->mutex);
        answer = store->answers[call];
        pthread_mutex_unlock(&store->mutex);

        *ret_does = answer == 0 || answer == FAKE_AWAY_AFTERWARDS;
        return answer == FAKE_AWAY_AFTERWARDS ? STORE_E_AWAY : answer;
}

static int answer_of(int answer, StoreFailure *failure) {
        return answer ? store_fail(answer, failure, 7, answer == STORE_E_AWAY ? "gone fishing" : "not today")
                      : 0;
}

static int fake_job_save(Store *base, const bson_t *record, StoreFailure *failure) {
        bool does;
        int answer = begin(fake_of(base), FAKE_SAVE, &does);
        int r = does ? store_job_save(fake_of(base)->memory, record, failure) : 0;

        return r ? r : answer_of(answer, failure);
}

static int fake_job_delete(Store *base, const bson_oid_t *id, StoreFailure *failure) {
        bool does;
        int answer = begin(fake_of(base), FAKE_DELETE, &does);
        int r = does ? store_job_delete(fake_of(base)->memory, id, failure) : 0;

        return r ? r : answer_of(answer, failure);
}

static int fake_job_load_all(Store *base, bson_t ***ret_records, size_t *ret_n, StoreFailure *failure) {
        bool does;
        int answer = begin(fake_of(base), FAKE_LOAD, &does);

        return answer ? answer_of(answer, failure)
                      : store_job_load_all(fake_of(base)->memory, ret_records, ret_n, failure);
}

static int fake_write(Store *base, const StoreTarget *target, Outcome *const *outcomes, size_t n,
        StoreResult *ret_results, StoreFailure *failure) {
        FakeStore *store = fake_of(base);
        bool does;
        int answer, r;

        pthread_mutex_lock(&store->mutex);
        store->bulks[store->calls[FAKE_WRITE] % FAKE_BULKS_MAX] = n;
        pthread_mutex_unlock(&store->mutex);

        answer = begin(store, FAKE_WRITE, &does);
        r = does ? store_write(store->memory, target, outcomes, n, ret_results, failure) : 0;
        return r ? r : answer_of(answer, failure);
}

static int fake_check_filter(
        Store *base, const char *collection, const bson_t *filter, StoreFailure *failure) {
        return store_check_filter(fake_of(base)->memory, collection, filter, failure);
}

static int fake_reader_new(
        Store *base, const StoreQuery *query, const bson_value_t *after, StoreReader **ret_reader) {
        FakeReader *reader = calloc(1, sizeof(*reader));
        int r = reader ? store_reader_new(fake_of(base)->memory, query, after, &reader->memory) : -ENOMEM;

        if (r)
                free(reader);
        else
                *ret_reader = &reader->base;
        return r;
}

static void fake_reader_free(StoreReader *base) {
        store_reader_free(((FakeReader *)base)->memory);
        free(base);
}

static int fake_reader_next(
        StoreReader *base, size_t max_rows, size_t max_bytes, StorePage **ret_page, StoreFailure *failure) {
        bool does;
        int answer = begin(fake_of(base->store), FAKE_READ, &does);

        return answer ? answer_of(answer, failure)
                      : store_reader_next(
                                ((FakeReader *)base)->memory, max_rows, max_bytes, ret_page, failure);
}

static void fake_reader_rest(StoreReader *base) {
        store_reader_rest(((FakeReader *)base)->memory);
}

static int fake_count(Store *base, const StoreQuery *query, uint64_t *ret_count, StoreFailure *failure) {
        bool does;
        int answer = begin(fake_of(base), FAKE_COUNT, &does);

        return answer ? answer_of(answer, failure)
                      : store_count(fake_of(base)->memory, query, ret_count, failure);
}

static void fake_free(Store *base) {
        FakeStore *store = fake_of(base);

        store_free(store->memory);
        pthread_cond_destroy(&store->changed);
        pthread_mutex_destroy(&store->mutex);
        free(store);
}

static int fake_lease_take(Store *base, const StoreOwner *owner, const bson_oid_t *dead,
        StoreLease *ret_lease, StoreFailure *failure) {
        FakeStore *store = fake_of(base);
        bool does;
        int answer = begin(store, FAKE_TAKE, &does);

        if (dead) {
                store->taken_from = *dead;
                return 0;
        }
        if (answer != STORE_E_HELD)
                return answer_of(answer, failure);

        pthread_mutex_lock(&store->mutex);
        *ret_lease = store->lease;
        pthread_mutex_unlock(&store->mutex);
        return answer;
}

static int fake_lease_renew(Store *base, const StoreOwner *owner, StoreFailure *failure) {
        bool does;
        int answer = begin(fake_of(base), FAKE_RENEW, &does);

        return answer == STORE_E_HELD ? answer : answer_of(answer, failure);
}

static int fake_lease_release(Store *base, const StoreOwner *owner, StoreFailure *failure) {
        bool does;

        return answer_of(begin(fake_of(base), FAKE_RELEASE, &does), failure);
}

static const StoreOps fake_ops = {
        .kind = "fake",
        .free = fake_free,
        .check_filter = fake_check_filter,
        .reader_new = fake_reader_new,
        .reader_free = fake_reader_free,
        .reader_next = fake_reader_next,
        .reader_rest = fake_reader_rest,
        .count = fake_count,
        .write = fake_write,
        .job_save = fake_job_save,
        .job_delete = fake_job_delete,
        .job_load_all = fake_job_load_all,
};

static const StoreOps fake_lease_ops = {
        .kind = "fake",
        .free = fake_free,
        .count = fake_count,
        .job_save = fake_job_save,
        .job_load_all = fake_job_load_all,
        .lease_take = fake_lease_take,
        .lease_renew = fake_lease_renew,
        .lease_release = fake_lease_release,
};

void fake_store_in(FakeStore *store, const char *uri) {
        store_free(store->memory);
        assert_int_equal(store_open(uri, NULL, &store->memory, NULL), 0);
}

void fake_lease_out(FakeStore *store) {
        store->base.ops = &fake_lease_ops;
}

static FakeStore *fake_new(void) {
        FakeStore *store = calloc(1, sizeof(*store));

        assert_non_null(store);
        store->base.ops = &fake_ops;
        store->base.address = strdup("fake:");
        pthread_mutex_init(&store->mutex, NULL);
        pthread_cond_init(&store->changed, NULL);
        assert_int_equal(store_open("memory:", NULL, &store->memory, NULL), 0);
        return store;
}

void fake_answer(FakeStore *store, FakeCall call, int answer) {
        pthread_mutex_lock(&store->mutex);
        store->answers[call] = answer;
        pthread_mutex_unlock(&store->mutex);
}

void fake_hold(FakeStore *store, FakeCall call, bool held) {
        pthread_mutex_lock(&store->mutex);
        store->held[call] = held;
        pthread_cond_broadcast(&store->changed);
        pthread_mutex_unlock(&store->mutex);
}

unsigned fake_calls(FakeStore *store, FakeCall call) {
        unsigned n;

        pthread_mutex_lock(&store->mutex);
        n = store->calls[call];
        pthread_mutex_unlock(&store->mutex);
        return n;
}

void fake_await(FakeStore *store, FakeCall call, unsigned n) {
        pthread_mutex_lock(&store->mutex);
        while (store->calls[call] < n)
                pthread_cond_wait(&store->changed, &store->mutex);
        pthread_mutex_unlock(&store->mutex);
}

static size_t look(FakeStore *store, const char *key, const char *text, bool *ret_says) {
        bson_t **records;
        bson_iter_t iter;
        size_t n;

        assert_int_equal(store_job_load_all(store->memory, &records, &n, NULL), 0);
        *ret_says = n && key && bson_iter_init_find(&iter, records[0], key) && BSON_ITER_HOLDS_UTF8(&iter) &&
                    strcmp(bson_iter_utf8(&iter, NULL), text) == 0;
        for (size_t i = 0; i < n; i++)
                bson_destroy(records[i]);
        free(records);
        return n;
}

size_t fake_records(FakeStore *store) {
        bool says;

        return look(store, NULL, NULL, &says);
}

bool fake_record_says(FakeStore *store, const char *key, const char *text) {
        bool says;

        look(store, key, text, &says);
        return says;
}

static void on_kick(void *userdata) {
        ((JobFixture *)userdata)->kicks++;
}

static void on_changed(void *userdata) {
        ((JobFixture *)userdata)->changes++;
}

void job_fixture_init(JobFixture *fixture) {
        *fixture = (JobFixture) {};
        alarm(60); /* a test may wait for what never comes */
        evthread_use_pthreads();
        fixture->base = event_base_new();
        assert_non_null(fixture->base);
        fixture->store = fake_new();
        assert_int_equal(workers_new(fixture->base, &fixture->workers), 0);
        assert_int_equal(store_link_init(&fixture->link, fixture->base, &fixture->store->base,
                                 fixture->workers, on_changed, fixture),
                0);
        fixture->services = (Services) {
                .base = fixture->base,
                .workers = fixture->workers,
                .link = &fixture->link,
                .kick = on_kick,
                .userdata = fixture,
        };
}

void job_fixture_end_workers(JobFixture *fixture) {
        for (FakeCall call = 0; call < _FAKE_CALL_N; call++)
                fake_hold(fixture->store, call, false);
        workers_free(TAKE_PTR(fixture->workers));
}

void job_fixture_begin_workers(JobFixture *fixture) {
        assert_int_equal(workers_new(fixture->base, &fixture->workers), 0);
}

void job_fixture_begin_registry(JobFixture *fixture, const RegistryOptions *options) {
        EngineOptions engine = { .max_in_flight = 10, .max_idle = 10 };
        RegistryOptions registry = *options;

        engine.egress = fixture->egress = egress_new();
        assert_int_equal(engine_new(fixture->base, &engine, &fixture->engine), 0);
        registry.max_in_flight = engine.max_in_flight;
        registry.base = fixture->base;
        registry.store = &fixture->store->base;
        registry.workers = fixture->workers;
        registry.engine = fixture->engine;
        assert_int_equal(registry_new(&registry, &fixture->registry), 0);
}

void job_fixture_end_registry(JobFixture *fixture) {
        job_fixture_end_workers(fixture);
        registry_free(fixture->registry);
        engine_free(fixture->engine);
        egress_free(fixture->egress);
}

void job_fixture_deinit(JobFixture *fixture) {
        job_fixture_end_workers(fixture);
        store_link_deinit(&fixture->link);
        store_free(&fixture->store->base);
        event_base_free(fixture->base);
}

int job_fixture_setup(void **state) {
        JobFixture *fixture = calloc(1, sizeof(*fixture));

        assert_non_null(fixture);
        job_fixture_init(fixture);
        *state = fixture;
        return 0;
}

int job_fixture_teardown(void **state) {
        job_fixture_deinit(*state);
        free(*state);
        return 0;
}

void job_fixture_run(JobFixture *fixture, bool (*until)(const void *userdata), const void *userdata) {
        while (!until(userdata))
                event_base_loop(fixture->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
}
