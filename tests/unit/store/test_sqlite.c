/* The store contract over SQLite, and what only that kind promises: the file, its views, its locks. */

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store/sqlite_internal.h"
#include "tests/unit/store/contract_cases.h"

/* A folder of its own, with the file in it; the connection is somebody else's. */
typedef struct Place {
        char folder[64];
        char path[80];
        char uri[96];
        sqlite3 *other;
} Place;

static void open_fresh(Contract *contract) {
        Place *place = calloc(1, sizeof(*place));
        UserError error = {};

        assert_non_null(place);
        strcpy(place->folder, "/tmp/reqd-test-sqlite-XXXXXX");
        assert_non_null(mkdtemp(place->folder));
        snprintf(place->path, sizeof(place->path), "%s/store.db", place->folder);
        snprintf(place->uri, sizeof(place->uri), "sqlite:%s", place->path);

        strcpy(contract->database, "test");
        contract->place = place;
        if (store_open(place->uri, NULL, &contract->store, &error))
                fail_msg("%s", error.message);
        assert_int_equal(sqlite3_open(place->path, &place->other), SQLITE_OK);
}

static void remove_place(Contract *contract) {
        static const char *const names[] = { "store.db", "store.db-wal", "store.db-shm", "store.db.lock",
                "other", "other.lock" };
        Place *place = contract->place;

        sqlite3_close(place->other);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char path[128];

                snprintf(path, sizeof(path), "%s/%s", place->folder, names[i]);
                unlink(path);
        }
        assert_int_equal(rmdir(place->folder), 0);
        free(place);
}

static void execute(Contract *contract, const char *sql) {
        Place *place = contract->place;

        if (sqlite3_exec(place->other, sql, NULL, NULL, NULL) != SQLITE_OK)
                fail_msg("%s: %s", sql, sqlite3_errmsg(place->other));
}

/* The rows of a query as sqlite3 shows them: columns by |, rows by lines. */
static void assert_query(Contract *contract, const char *sql, const char *expected) {
        Place *place = contract->place;
        char text[4096] = "";
        sqlite3_stmt *statement;

        if (sqlite3_prepare_v2(place->other, sql, -1, &statement, NULL) != SQLITE_OK)
                fail_msg("%s: %s", sql, sqlite3_errmsg(place->other));
        while (sqlite3_step(statement) == SQLITE_ROW)
                for (int i = 0; i < sqlite3_column_count(statement); i++) {
                        const char *value = (const char *)sqlite3_column_text(statement, i);

                        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", value ? value : "",
                                i + 1 < sqlite3_column_count(statement) ? "|" : "\n");
                }
        sqlite3_finalize(statement);
        assert_string_equal(text, expected);
}

static void delete_document(Contract *contract, const char *collection, const bson_value_t *id) {
        Place *place = contract->place;
        char *sql = sqlite3_mprintf("DELETE FROM documents WHERE collection = %Q AND doc ->> '$._id' = %d",
                collection, id->value.v_int32);

        execute(contract, sql);
        assert_int_equal(sqlite3_changes(place->other), 1);
        sqlite3_free(sql);
}

static void take_away(Contract *contract) {
        execute(contract, "BEGIN EXCLUSIVE");
}

static void bring_back(Contract *contract) {
        execute(contract, "ROLLBACK");
}

static void the_file_is_for_its_owner_and_group(void **state) {
        Contract *contract = *state;
        Place *place = contract->place;
        mode_t mask = umask(0);
        struct stat st;

        umask(mask);
        assert_int_equal(stat(place->path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0660 & ~mask);
}

static void a_wrong_place_is_an_error_at_once(void **state) {
        static const struct {
                const char *uri;
                const char *message;
        } cases[] = {
                { "sqlite:", "names no file" },
                { "sqlite::memory:", "names no file" },
                { "sqlite:/no/such/folder/store.db", "No such file" },
                { "sqlite:/", "cannot" },
                { "mysql://u:secret@h/db", "not a kind of store" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                Store *store = NULL;

                assert_true(store_open(cases[i].uri, NULL, &store, &error) < 0);
                assert_null(store);
                if (!strstr(error.message, cases[i].message))
                        fail_msg("%s: %s", cases[i].uri, error.message);
                assert_null(strstr(error.message, "secret"));
        }
}

/* Makes a second file of @sql, or of text that is no database, and says what opening it comes to. */
static void assert_not_opened(Contract *contract, const char *sql, const char *message) {
        _cleanup_(user_error_deinit) UserError error = {};
        Place *place = contract->place;
        char path[80], uri[96];
        Store *store = NULL;
        sqlite3 *db;
        FILE *file;

        snprintf(path, sizeof(path), "%s/other", place->folder);
        snprintf(uri, sizeof(uri), "sqlite:%s", path);
        unlink(path);
        if (sql) {
                assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
                assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
                sqlite3_close(db);
        } else {
                file = fopen(path, "w");
                assert_non_null(file);
                fprintf(file, "%0200d", 7);
                fclose(file);
        }

        assert_true(store_open(uri, NULL, &store, &error) < 0);
        if (!strstr(error.message, message))
                fail_msg("%s", error.message);
}

static void what_is_not_ours_is_left_alone(void **state) {
        Contract *contract = *state;

        assert_not_opened(contract, "CREATE TABLE documents (x)", "another program");
        assert_not_opened(contract, "PRAGMA application_id = 7; CREATE TABLE t (x)", "another program");
        assert_not_opened(
                contract, "PRAGMA application_id = 1919250788; PRAGMA user_version = 99", "newer reqd");
        assert_not_opened(contract, NULL, "not a database");
}

static void a_store_that_was_closed_is_found_again(void **state) {
        Contract *contract = *state;
        Place *place = contract->place;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_1, 1);
        StoreTarget target = target_of(contract, JOB_1, 1);
        UserError error = {};

        given_numbers(contract, 3);
        write_one(contract, &target, ok_outcome(contract->store, "2", "{}"));
        contract->store = store_free(contract->store);
        assert_int_equal(store_open(place->uri, NULL, &contract->store, &error), 0);
        assert_ids(contract, &query, "[1, 3]");
}

static void a_second_daemon_is_kept_out(void **state) {
        Contract *contract = *state;
        Place *place = contract->place;
        _cleanup_(user_error_deinit) UserError error = {};
        Store *second;

        assert_true(store_open(place->uri, NULL, &second, &error) < 0);
        assert_non_null(strstr(error.message, "another reqd"));
}

static void the_wal_stays_for_those_who_may_only_read(void **state) {
        Contract *contract = *state;
        Place *place = contract->place;
        char wal[96];

        given_numbers(contract, 3);
        sqlite3_close(place->other);
        place->other = NULL;
        contract->store = store_free(contract->store);
        snprintf(wal, sizeof(wal), "%s-wal", place->path);
        assert_int_equal(access(wal, F_OK), 0);
}

static void given_three_with_two_outcomes(Contract *contract) {
        StoreTarget target = target_of(contract, JOB_1, 1);
        Outcome *failed = failed_outcome("3", REASON_HTTP_STATUS, 404);

        given_documents(contract, "[{\"_id\": {\"$oid\": \"507f1f77bcf86cd799439011\"}, \"x\": \"ä\"},"
                                  " {\"_id\": \"b\"}, {\"_id\": 3}]");
        write_one(contract, &target, ok_outcome(contract->store, "\"b\"", "{\"n\": 12345678901234567890.0}"));
        failed->error = strdup("Not \"Found\"");
        failed->body = strdup("<p>");
        failed->body_len = 3;
        write_one(contract, &target, failed);
}

static void the_view_shows_documents_as_mongodb_would(void **state) {
        Contract *contract = *state;

        given_three_with_two_outcomes(contract);
        assert_query(contract, "SELECT document FROM \"test.samples\" ORDER BY _id",
                "{\"_id\":3,\"reqd\":{\"id\":{\"$oid\":\"" JOB_1 "\"},\"job\":\"samples\",\"gen\":1,"
                "\"state\":\"failed\",\"reason\":\"http_status\",\"status\":404,\"attempts\":3,"
                "\"at\":{\"$date\":\"2026-11-23T12:00:00.123Z\"},\"ms\":{\"dns\":0.0,\"connect\":0.0,"
                "\"tls\":0.0,\"wait\":0.0,\"total\":0.0},\"bytes\":0,\"n\":100,"
                "\"error\":\"Not \\\"Found\\\"\",\"body\":\"<p>\"}}\n"
                "{\"_id\":{\"$oid\":\"507f1f77bcf86cd799439011\"},\"x\":\"ä\"}\n"
                "{\"_id\":\"b\",\"response\":{\"n\":12345678901234567890.0},\"reqd\":{\"id\":"
                "{\"$oid\":\"" JOB_1 "\"},\"job\":\"samples\",\"gen\":1,\"state\":\"ok\","
                "\"status\":200,\"attempts\":1,\"at\":{\"$date\":\"2026-11-23T12:00:00.123Z\"},"
                "\"ms\":{\"dns\":0.0,\"connect\":0.0,\"tls\":0.0,\"wait\":0.0,\"total\":0.0},"
                "\"bytes\":29,\"n\":100}}\n");
}

static void the_view_has_columns_to_count_by(void **state) {
        Contract *contract = *state;

        given_three_with_two_outcomes(contract);
        assert_query(contract,
                "SELECT _id, response, job, gen, state, reason, status, attempts, at, ms_total, bytes, error"
                " FROM \"test.samples\" ORDER BY _id",
                "3||samples|1|failed|http_status|404|3|2026-11-23T12:00:00.123Z|0.0|0|Not \"Found\"\n"
                "507f1f77bcf86cd799439011|||||||||||\n"
                "b|{\"n\": 12345678901234567890.0}|samples|1|ok||200|1|2026-11-23T12:00:00.123Z|0.0|29|\n");
}

static void other_fields_have_a_view_of_their_own(void **state) {
        Contract *contract = *state;
        StoreTarget target = target_of(contract, JOB_1, 1), second = target_of(contract, JOB_2, 1);

        given_numbers(contract, 1);
        second.field = "it's.a \\ \"field\"";
        second.meta = "m";
        write_one(
                contract, &second, ok_outcome(contract->store, "1", "0")); /* no JSON path: stored, no view */
        target.field = "it's";
        target.meta = "a.b";
        write_one(contract, &target, ok_outcome(contract->store, "1", "[7]"));
        assert_query(contract,
                "SELECT document ->> '$.\"it''s\"[0]', document ->> '$.\"a.b\".job', response"
                " FROM \"test.samples:it's:a.b\"",
                "7|samples|[7]\n");
        assert_query(contract, "SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name",
                "test.samples\ntest.samples:it's:a.b\n");
        assert_ids(contract, &(StoreQuery) { .selection = STORE_SELECT_PENDING, .target = second }, "[]");
}

static void the_view_shows_the_newest_meta_and_the_answer(void **state) {
        Contract *contract = *state;
        StoreTarget first = target_of(contract, JOB_1, 1), second = target_of(contract, JOB_2, 1);
        Outcome *later = failed_outcome("1", REASON_DNS, 0);

        given_numbers(contract, 1);
        write_one(contract, &first, ok_outcome(contract->store, "1", "\"a\""));
        later->at_ms += 1000;
        second.job_name = "again";
        write_one(contract, &second, later);
        assert_query(contract, "SELECT response, job, state, reason FROM \"test.samples\"",
                "\"a\"|again|failed|dns\n");
}

static void what_looks_like_extended_json_is_only_json(void **state) {
        Contract *contract = *state;
        StoreTarget target = target_of(contract, JOB_1, 1);
        bson_t *document;
        bson_iter_t response, child;

        given_numbers(contract, 1);
        write_one(contract, &target, ok_outcome(contract->store, "1", "{\"$numberLong\": \"1\"}"));
        document = whole_document(contract, "1");
        assert_true(bson_iter_init_find(&response, document, "response"));
        assert_true(BSON_ITER_HOLDS_DOCUMENT(&response) && bson_iter_recurse(&response, &child));
        assert_true(bson_iter_next(&child));
        assert_string_equal(bson_iter_key(&child), "$numberLong");
        assert_true(BSON_ITER_HOLDS_UTF8(&child));
        bson_destroy(document);
}

static void a_long_read_by_somebody_else_stops_nothing(void **state) {
        Contract *contract = *state;
        StoreTarget target = target_of(contract, JOB_1, 1);

        given_numbers(contract, 3);
        execute(contract, "BEGIN; SELECT * FROM documents");
        assert_int_equal(
                write_one(contract, &target, ok_outcome(contract->store, "1", "{}")), STORE_RESULT_STORED);
        assert_query(contract, "SELECT count(*) FROM outcomes", "0\n"); /* it still reads what it read */
        execute(contract, "COMMIT");
        assert_query(contract, "SELECT count(*) FROM outcomes", "1\n");
}

static void a_full_disk_is_refused(void **state) {
        _cleanup_free_ char *json = malloc(4 * 1024 * 1024);
        Contract *contract = *state;
        Place *place = contract->place;
        StoreTarget target = target_of(contract, JOB_1, 1);
        StoreResult result = STORE_RESULT_GONE;
        StoreFailure failure = {};
        Outcome *outcome;

        assert_non_null(json);
        memset(json, 'x', 4 * 1024 * 1024 - 1);
        json[0] = json[4 * 1024 * 1024 - 2] = '"';
        json[4 * 1024 * 1024 - 1] = '\0';
        given_numbers(contract, 1);
        outcome = ok_outcome(contract->store, "1", json);

        /* Only the writer's own connection counts pages: the store's is reached through its layout. */
        assert_int_equal(sqlite3_exec(((SqliteStore *)contract->store)->writer.db,
                                 "PRAGMA max_page_count = 100", NULL, NULL, NULL),
                SQLITE_OK);
        assert_int_equal(
                store_write(contract->store, &target, &outcome, 1, &result, &failure), STORE_E_REFUSED);
        assert_int_equal(failure.code, SQLITE_FULL);
        assert_int_equal(result, STORE_RESULT_GONE); /* untouched */
        assert_query(contract, "SELECT count(*) FROM outcomes", "0\n");
        assert_int_equal(sqlite3_get_autocommit(((SqliteStore *)contract->store)->writer.db), 1);
        assert_non_null(place);
        outcome_free(outcome);
}

static void a_document_that_is_no_json_is_refused_and_not_skipped(void **state) {
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_1, 1);
        StoreFailure failure = {};
        StorePage *page = NULL;

        given_numbers(contract, 2);
        execute(contract, "UPDATE documents SET doc = '{\"_id\": 2, ' WHERE doc ->> '$._id' = 2");
        assert_int_equal(store_reader_new(contract->store, &query, NULL, &reader), 0);
        assert_int_equal(store_reader_next(reader, 10, SIZE_MAX, &page, &failure), STORE_E_REFUSED);
        assert_non_null(strstr(failure.message, "JSON"));
        assert_null(page);

        /* The reader stands where it stood. */
        execute(contract, "UPDATE documents SET doc = '{\"_id\": 2}' WHERE NOT json_valid(doc)");
        page = next_page(reader, 10, SIZE_MAX);
        assert_int_equal(page->n_rows, 2);
        store_page_free(page);
}

static void an_edited_document_is_read_with_its_id_first(void **state) {
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        _cleanup_(store_page_freep) StorePage *page = NULL;
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_1, 1);
        bson_iter_t iter;

        given_numbers(contract, 1);
        execute(contract, "UPDATE documents SET doc = '{\"x\": 7, \"_id\": 1}'");
        assert_int_equal(store_reader_new(contract->store, &query, NULL, &reader), 0);
        page = next_page(reader, 10, SIZE_MAX);
        assert_int_equal(page->n_rows, 1);
        assert_true(bson_iter_init(&iter, page->rows[0].document) && bson_iter_next(&iter));
        assert_string_equal(bson_iter_key(&iter), "_id");
        assert_field(page->rows[0].document, "x", "7");
}

static void numbers_of_documents_stay_readable(void **state) {
        Contract *contract = *state;

        given_documents(
                contract, "[{\"_id\": 1, \"x\": 0.1, \"y\": 2.0, \"z\": {\"$numberDouble\": \"NaN\"}}]");
        assert_query(contract, "SELECT doc ->> '$.x', doc ->> '$.y', doc FROM documents",
                "0.1|2.0|{\"_id\":1,\"x\":0.1,\"y\":2.0,\"z\": { \"$numberDouble\" : \"NaN\" } }\n");
}

/* The test server of the suite cannot look for it. */
static void a_document_whose_id_is_nan_is_found(void **state) {
        Contract *contract = *state;
        StoreTarget target = target_of(contract, JOB_1, 1);

        given_documents(contract, "[{\"_id\": {\"$numberDouble\": \"NaN\"}}]");
        assert_int_equal(write_one(contract, &target,
                                 ok_outcome(contract->store, "{\"$numberDouble\": \"NaN\"}", "1")),
                STORE_RESULT_STORED);
}

static void a_text_that_is_not_utf8_is_not_imported(void **state) {
        Contract *contract = *state;
        bson_t document = BSON_INITIALIZER;
        bson_t *documents[] = { &document };
        uint64_t inserted = 0, skipped = 0;
        StoreFailure failure = {};

        bson_append_utf8(&document, "x", -1, "\xff", 1);
        assert_int_equal(store_import(contract->store, contract->collection, documents, 1, &inserted,
                                 &skipped, &failure),
                STORE_E_REFUSED);
        assert_non_null(strstr(failure.message, "UTF-8"));
        bson_destroy(&document);
}

static size_t count_descriptors(void) {
        DIR *dir = opendir("/proc/self/fd");
        size_t n = 0;

        assert_non_null(dir);
        while (readdir(dir))
                n++;
        closedir(dir);
        return n;
}

/*
 * SQLite cannot close a database's descriptor while the process holds locks through another one, but
 * gives it to the next connection.
 */
static void readers_come_and_go_without_leaving_descriptors(void **state) {
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_1, 1);
        StoreReader *readers[8];
        size_t after_first = 0;

        given_numbers(contract, 8);
        for (int round = 0; round < 3; round++) {
                for (size_t i = 0; i < ELEMENTSOF(readers); i++) {
                        assert_int_equal(store_reader_new(contract->store, &query, NULL, &readers[i]), 0);
                        store_page_free(next_page(readers[i], 1, SIZE_MAX));
                }
                for (size_t i = 0; i < ELEMENTSOF(readers); i++)
                        store_reader_rest(readers[i]);
                assert_int_equal(count_of(contract, &query), 8);
                for (size_t i = 0; i < ELEMENTSOF(readers); i++)
                        store_reader_free(readers[i]);

                if (round == 0)
                        after_first = count_descriptors();
        }

        assert_int_equal(count_descriptors(), after_first);
}

int main(void) {
        static const ContractCase cases[] = {
                CONTRACT_CASE(the_file_is_for_its_owner_and_group),
                CONTRACT_CASE(a_wrong_place_is_an_error_at_once),
                CONTRACT_CASE(what_is_not_ours_is_left_alone),
                CONTRACT_CASE(a_store_that_was_closed_is_found_again),
                CONTRACT_CASE(a_second_daemon_is_kept_out),
                CONTRACT_CASE(the_wal_stays_for_those_who_may_only_read),
                CONTRACT_CASE(the_view_shows_documents_as_mongodb_would),
                CONTRACT_CASE(the_view_has_columns_to_count_by),
                CONTRACT_CASE(other_fields_have_a_view_of_their_own),
                CONTRACT_CASE(the_view_shows_the_newest_meta_and_the_answer),
                CONTRACT_CASE(what_looks_like_extended_json_is_only_json),
                CONTRACT_CASE(a_long_read_by_somebody_else_stops_nothing),
                CONTRACT_CASE(a_full_disk_is_refused),
                CONTRACT_CASE(a_document_that_is_no_json_is_refused_and_not_skipped),
                CONTRACT_CASE(an_edited_document_is_read_with_its_id_first),
                CONTRACT_CASE(numbers_of_documents_stay_readable),
                CONTRACT_CASE(a_document_whose_id_is_nan_is_found),
                CONTRACT_CASE(a_text_that_is_not_utf8_is_not_imported),
                CONTRACT_CASE(readers_come_and_go_without_leaving_descriptors),
        };
        static const ContractKind kind = {
                .name = "sqlite",
                .open = open_fresh,
                .close = remove_place,
                .delete_document = delete_document,
                .take_away = take_away,
                .bring_back = bring_back,
                .cases = cases,
                .n_cases = ELEMENTSOF(cases),
        };

        return contract_run(&kind);
}
