/*
 * What the SQLite store has acknowledged is there after a power cut.
 *
 * `synchronous = FULL` syncs the WAL at each commit, so that a commit that has returned survives; with NORMAL it is
 * synced at checkpoints only, and the last acknowledged bulks could be lost: these tests fail then.
 */

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/store/contract_cases.h"
#include "tests/unit/store/power.h"

#define BULKS 60
#define BULK 50
#define ANSWER_LEN 3000 /* so that the WAL comes to a checkpoint */
#define IMAGES_MAX 40
#define EVENTS_BETWEEN 40 /* on average, from one image to the next */
#define JOB "65a000000000000000000001"

typedef struct Image Image;
typedef struct Trial Trial;

/* The disk at one moment, and what had been promised by then. */
struct Image {
        char folder[96];
        bool torn;
        int acknowledged, begun; /* bulks; each is followed by a record */
};

struct Trial {
        char folder[64];
        Store *store;
        unsigned seed;
        int acknowledged, begun;
        bool watched; /* the tables are there */
        size_t lost;  /* writes that images without unsynced writes have not */
        Image *images;
        size_t n;
};

static void take_image(Trial *trial, bool torn) {
        Image *image = &trial->images[trial->n];

        if (trial->n == IMAGES_MAX)
                return;

        trial->n++;
        snprintf(image->folder, sizeof(image->folder), "%s/%zu", trial->folder, trial->n);
        image->torn = torn;
        image->acknowledged = trial->acknowledged;
        image->begun = trial->begun;
        trial->lost += torn ? 0 : power_unsynced();
        assert_int_equal(mkdir(image->folder, 0700), 0);
        power_image(image->folder, torn, &trial->seed);
}

static void on_event(void *userdata) {
        Trial *trial = userdata;

        if (trial->watched && rand_r(&trial->seed) % EVENTS_BETWEEN == 0)
                take_image(trial, rand_r(&trial->seed) % 2);
}

static void open_store(const char *folder, Store **ret_store) {
        _cleanup_(user_error_deinit) UserError error = {};
        char uri[128];

        snprintf(uri, sizeof(uri), "sqlite:%s/store.db", folder);
        if (store_open(uri, NULL, ret_store, &error))
                fail_msg("%s: %s", uri, error.message);
}

static void import_documents(Store *store) {
        bson_t *documents[BULK];
        uint64_t inserted, skipped;

        for (int bulk = 0; bulk < BULKS; bulk++) {
                for (int i = 0; i < BULK; i++)
                        documents[i] = BCON_NEW("_id", BCON_INT32(bulk * BULK + i));
                assert_int_equal(
                        store_import(store, "test.samples", documents, BULK, &inserted, &skipped, NULL), 0);
                for (int i = 0; i < BULK; i++)
                        bson_destroy(documents[i]);
        }
}

static StoreTarget target(void) {
        StoreTarget target = {
                .collection = "test.samples",
                .field = "response",
                .meta = "reqd",
                .job_name = "samples",
                .generation = 1,
        };

        bson_oid_init_from_string(&target.job, JOB);
        return target;
}

static Outcome *outcome(int id) {
        Outcome *outcome = outcome_new();

        outcome->key = (bson_value_t) { .value_type = BSON_TYPE_INT32, .value.v_int32 = id };
        outcome->state = OUTCOME_OK;
        outcome->attempts = 1;
        outcome->value_form = OUTCOME_VALUE_JSON;
        outcome->value = malloc(ANSWER_LEN + 1);
        outcome->value_len = ANSWER_LEN;
        snprintf(outcome->value, ANSWER_LEN + 1, "\"%0*d\"", ANSWER_LEN - 2, id);
        return outcome;
}

static void write_bulk(Trial *trial, int bulk) {
        StoreTarget into = target();
        StoreResult results[BULK];
        Outcome *outcomes[BULK];

        for (int i = 0; i < BULK; i++)
                outcomes[i] = outcome(bulk * BULK + i);
        trial->begun++;
        assert_int_equal(store_write(trial->store, &into, outcomes, BULK, results, NULL), 0);
        for (int i = 0; i < BULK; i++)
                outcome_free(outcomes[i]);
}

static void save_record(Trial *trial, int bulks) {
        StoreTarget into = target();
        bson_t *record = BCON_NEW(
                "_id", BCON_OID(&into.job), "name", BCON_UTF8("samples"), "bulks", BCON_INT32(bulks));

        assert_int_equal(store_job_save(trial->store, record, NULL), 0);
        bson_destroy(record);
}

static int outcomes_in(Store *store) {
        StoreQuery query = { .selection = STORE_SELECT_PENDING, .target = target(), .resume = true };
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        bool end = false;
        int n = 0;

        assert_int_equal(store_reader_new(store, &query, NULL, &reader), 0);
        while (!end) {
                _cleanup_(store_page_freep) StorePage *page = NULL;

                assert_int_equal(store_reader_next(reader, 5000, SIZE_MAX, &page, NULL), 0);
                for (size_t i = 0; i < page->n_rows; i++)
                        n += page->rows[i].answered;
                end = page->end;
        }

        return n;
}

static int recorded_in(Store *store) {
        bson_t **records;
        bson_iter_t iter;
        int bulks = 0;
        size_t n;

        assert_int_equal(store_job_load_all(store, &records, &n, NULL), 0);
        for (size_t i = 0; i < n; i++) {
                if (bson_iter_init_find(&iter, records[i], "bulks"))
                        bulks = bson_iter_int32(&iter);
                bson_destroy(records[i]);
        }
        free(records);
        return bulks;
}

static void assert_intact(const char *folder) {
        sqlite3_stmt *statement;
        char path[128];
        sqlite3 *db;

        snprintf(path, sizeof(path), "%s/store.db", folder);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        assert_string_equal((const char *)sqlite3_column_text(statement, 0), "ok");
        sqlite3_finalize(statement);
        sqlite3_close(db);
}

/* Everything that was acknowledged is there, and no bulk by halves. */
static void assert_kept(const Image *image) {
        Store *store = NULL;
        int outcomes, recorded;

        open_store(image->folder, &store);
        outcomes = outcomes_in(store);
        recorded = recorded_in(store);
        if (outcomes % BULK || outcomes < image->acknowledged * BULK || outcomes > image->begun * BULK)
                fail_msg("%s%s: %d outcomes, %d bulks of %d acknowledged, %d begun", image->folder,
                        image->torn ? ", torn" : "", outcomes, image->acknowledged, BULK, image->begun);
        if (recorded < image->acknowledged - 1 || recorded > image->begun)
                fail_msg(
                        "%s: record %d, %d bulks acknowledged", image->folder, recorded, image->acknowledged);
        store_free(store);
        assert_intact(image->folder);
}

static void remove_folder(const char *folder) {
        DIR *dir = opendir(folder);
        struct dirent *entry;
        char path[400];

        assert_non_null(dir);
        while ((entry = readdir(dir))) {
                snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
                unlink(path);
        }
        closedir(dir);
        assert_int_equal(rmdir(folder), 0);
}

static void begin_trial(Trial *trial) {
        const char *seed = getenv("REQD_TEST_SEED");

        *trial = (Trial) { .seed = seed ? (unsigned)atol(seed) : (unsigned)time(NULL) };
        print_message("REQD_TEST_SEED=%u\n", trial->seed);
        strcpy(trial->folder, "/tmp/reqd-test-power-XXXXXX");
        assert_non_null(mkdtemp(trial->folder));
        trial->images = calloc(IMAGES_MAX, sizeof(Image));
        assert_non_null(trial->images);
        power_begin(on_event, trial);
        open_store(trial->folder, &trial->store);
        import_documents(trial->store);
}

static void end_trial(Trial *trial) {
        trial->watched = false;
        store_free(trial->store);
        power_end();
        for (size_t i = 0; i < trial->n; i++) {
                assert_kept(&trial->images[i]);
                remove_folder(trial->images[i].folder);
        }
        free(trial->images);
        remove_folder(trial->folder);
}

static void test_a_power_cut_loses_nothing_acknowledged(void **state) {
        _cleanup_free_ Trial *trial = malloc(sizeof(*trial));

        assert_non_null(trial);
        begin_trial(trial);
        trial->watched = true;
        for (int bulk = 0; bulk < BULKS; bulk++) {
                write_bulk(trial, bulk);
                trial->acknowledged++;
                save_record(trial, bulk + 1);
        }
        end_trial(trial);
        assert_true(trial->n > 20);
        assert_true(trial->lost > 0); /* or the disk has lost nothing, and nothing was tried */
}

/* The moment at which an acknowledgement is given is the one that counts. */
static void test_nothing_is_on_its_way_when_a_write_is_acknowledged(void **state) {
        _cleanup_free_ Trial *trial = malloc(sizeof(*trial));

        assert_non_null(trial);
        begin_trial(trial);
        for (int bulk = 0; bulk < BULKS / 10; bulk++) {
                write_bulk(trial, bulk);
                trial->acknowledged++;
                assert_int_equal(power_unsynced(), 0);
                take_image(trial, false);
                save_record(trial, bulk + 1);
                assert_int_equal(power_unsynced(), 0);
        }
        end_trial(trial);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_power_cut_loses_nothing_acknowledged),
                cmocka_unit_test(test_nothing_is_on_its_way_when_a_write_is_acknowledged),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
