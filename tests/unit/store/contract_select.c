/* Which documents a selection gives: the script's rule, retries, resuming, and export. */

#include <string.h>

#include "tests/unit/store/contract_cases.h"

/* Five documents: 1 ok, 2 failed by status 500, 3 failed by timeout, 4 and 5 without an outcome. */
static void given_a_job_half_done(Contract *contract) {
        StoreTarget target = target_of(contract, JOB_1, 1);

        given_documents(contract, "[{\"_id\": 1, \"n\": 1}, {\"_id\": 2, \"n\": 2}, {\"_id\": 3, \"n\": 3},"
                                  " {\"_id\": 4, \"n\": 4}, {\"_id\": 5, \"n\": 5}]");
        write_one(contract, &target, ok_outcome(contract->store, "1", "{\"a\": 1}"));
        write_one(contract, &target, failed_outcome("2", REASON_HTTP_STATUS, 500));
        write_one(contract, &target, failed_outcome("3", REASON_TIMEOUT, 0));
}

static void a_filter_narrows_every_selection(void **state) {
        static const struct {
                StoreSelection selection;
                int32_t generation;
                const char *filter;
                const char *expected;
        } cases[] = {
                { STORE_SELECT_PENDING, 1, "{\"n\": {\"$gt\": 4}}", "[5]" },
                { STORE_SELECT_PENDING, 1, "{\"n\": {\"$in\": [1, 2, 4]}}", "[4]" },
                { STORE_SELECT_PENDING, 1, "{}", "[4, 5]" },
                { STORE_SELECT_FAILED, 2, "{\"n\": {\"$lt\": 3}}", "[2]" },
                { STORE_SELECT_FAILED, 2, "{\"n\": 1}", "[]" },
                { STORE_SELECT_ALL, 1, "{\"$or\": [{\"n\": 1}, {\"n\": 5}]}", "[1, 5]" },
                { STORE_SELECT_ALL, 1, "{\"reqd.state\": \"failed\"}", "[2, 3]" },
                { STORE_SELECT_ALL, 1, "{\"response.a\": 1}", "[1]" },
                { STORE_SELECT_ALL, 1, "{\"reqd\": {\"$exists\": false}}", "[4, 5]" },
        };
        Contract *contract = *state;

        given_a_job_half_done(contract);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                StoreQuery query = query_of(contract, cases[i].selection, JOB_1, cases[i].generation);
                bson_t *filter = bson_of(cases[i].filter);

                query.filter = filter;
                assert_ids(contract, &query, cases[i].expected);
                bson_destroy(filter);
        }
}

static void what_has_its_result_field_is_not_pending(void **state) {
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_1, 1);

        given_documents(contract,
                "[{\"_id\": 1, \"response\": null}, {\"_id\": 2, \"response\": {\"a\": 1}},"
                " {\"_id\": 3, \"x\": {\"response\": 1}}, {\"_id\": 4, \"y\": \"response\"}]");
        assert_ids(contract, &query, "[3, 4]");

        query.target.field = "other";
        assert_ids(contract, &query, "[1, 2, 3, 4]");
}

static void a_second_job_takes_only_what_is_unanswered(void **state) {
        static const char *const fields[] = { "n", NULL };
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_2, 1);
        StoreTarget second = target_of(contract, JOB_2, 1);
        Outcome *later = ok_outcome(contract->store, "2", "{}");

        given_a_job_half_done(contract);
        assert_ids(contract, &query, "[2, 3, 4, 5]");
        query.fields = fields;
        assert_ids(contract, &query, "[2, 3, 4, 5]");

        later->at_ms += 1000;
        assert_int_equal(write_one(contract, &second, later), STORE_RESULT_STORED);
        assert_ids(contract, &query, "[3, 4, 5]");

        /* The second job's outcome has replaced the first's: only 3 is still a failure of the first. */
        query = query_of(contract, STORE_SELECT_FAILED, JOB_1, 2);
        assert_ids(contract, &query, "[3]");
}

static void jobs_with_fields_of_their_own_do_not_meet(void **state) {
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_2, 1);
        StoreTarget second = target_of(contract, JOB_2, 1);

        given_a_job_half_done(contract);
        query.target.field = second.field = "detail";
        query.target.meta = second.meta = "reqd_detail";
        assert_ids(contract, &query, "[1, 2, 3, 4, 5]");

        write_one(contract, &second, ok_outcome(contract->store, "1", "{\"b\": 2}"));
        assert_ids(contract, &query, "[2, 3, 4, 5]");

        query = query_of(contract, STORE_SELECT_PENDING, JOB_1, 1);
        assert_ids(contract, &query, "[4, 5]");
}

static void a_second_job_reads_what_the_first_one_stored(void **state) {
        static const char *const fields[] = { "response", NULL };
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        _cleanup_(store_page_freep) StorePage *page = NULL;
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_2, 1);
        bson_t *filter = bson_of("{\"reqd.state\": \"ok\"}");

        given_a_job_half_done(contract);
        query.target.field = "detail";
        query.target.meta = "reqd_detail";
        query.filter = filter;
        query.fields = fields;
        assert_int_equal(store_reader_new(contract->store, &query, NULL, &reader), 0);
        bson_destroy(filter);

        page = next_page(reader, 10, SIZE_MAX);
        assert_int_equal(page->n_rows, 1);
        assert_field(page->rows[0].document, "_id", "1");
        assert_field(page->rows[0].document, "response", "{\"a\": 1}");
}

static void failed_ones_of_earlier_generations_are_taken_as_retry_says(void **state) {
        static const struct {
                int32_t generation;
                const char *retry;
                const char *expected;
        } cases[] = {
                { 2, NULL, "[2, 3]" },
                { 1, NULL, "[]" },
                { 2, "{}", "[2, 3]" },
                { 2, "{\"reason\": [\"timeout\"]}", "[3]" },
                { 2, "{\"reason\": [\"timeout\", \"http_status\"]}", "[2, 3]" },
                { 2, "{\"status\": [500]}", "[2]" },
                { 2, "{\"status\": [404, 500]}", "[2]" },
                { 2, "{\"reason\": [\"http_status\"], \"status\": [404]}", "[]" },
                { 2, "{\"reason\": [\"tls\"]}", "[]" },
        };
        Contract *contract = *state;

        given_a_job_half_done(contract);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                StoreQuery query = query_of(contract, STORE_SELECT_FAILED, JOB_1, cases[i].generation);
                bson_t *retry = cases[i].retry ? bson_of(cases[i].retry) : NULL;

                query.retry = retry;
                assert_ids(contract, &query, cases[i].expected);
                bson_destroy(retry);
        }
}

static void assert_answered(
        const StoreRow *row, OutcomeState state, FailureReason reason, uint32_t attempts) {
        assert_true(row->answered);
        assert_int_equal(row->state, state);
        assert_int_equal(row->reason, reason);
        assert_int_equal(row->attempts, attempts);
}

static void resuming_gives_the_answered_ones_too_and_says_how(void **state) {
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        _cleanup_(store_page_freep) StorePage *page = NULL;
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_1, 1);
        const bson_value_t after = { .value_type = BSON_TYPE_INT32, .value.v_int32 = 1 };

        given_a_job_half_done(contract);
        query.resume = true;
        assert_ids(contract, &query, "[1, 2, 3, 4, 5]");

        assert_int_equal(store_reader_new(contract->store, &query, &after, &reader), 0);
        page = next_page(reader, 10, SIZE_MAX);
        assert_int_equal(page->n_rows, 4);
        assert_answered(&page->rows[0], OUTCOME_FAILED, REASON_HTTP_STATUS, 3);
        assert_answered(&page->rows[1], OUTCOME_FAILED, REASON_TIMEOUT, 3);
        assert_false(page->rows[2].answered);
        assert_false(page->rows[3].answered);
}

static void resuming_gives_the_answered_ones_whatever_the_filter_says_by_now(void **state) {
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_PENDING, JOB_1, 1);
        bson_t *filter = bson_of("{\"n\": 5, \"response\": {\"$exists\": false}}");

        given_a_job_half_done(contract);
        query.filter = filter;
        query.resume = true;
        assert_ids(contract, &query, "[1, 2, 3, 5]");
        assert_int_equal(count_of(contract, &query), 4);
        bson_destroy(filter);
}

static void what_a_generation_has_answered_is_given_by_itself(void **state) {
        static const char *const id_only[] = { NULL };
        const bson_value_t after = { .value_type = BSON_TYPE_INT32, .value.v_int32 = 1 };
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        _cleanup_(store_page_freep) StorePage *page = NULL;
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_ANSWERED, JOB_1, 1);
        StoreTarget again = target_of(contract, JOB_1, 2);
        bson_t *filter = bson_of("{\"n\": 5}");

        given_a_job_half_done(contract);
        query.filter = filter;
        assert_ids(contract, &query, "[1, 2, 3]");
        assert_int_equal(count_of(contract, &query), 3);
        bson_destroy(filter);

        query.filter = NULL;
        query.fields = id_only;
        assert_int_equal(store_reader_new(contract->store, &query, &after, &reader), 0);
        page = next_page(reader, 10, SIZE_MAX);
        assert_true(page->end);
        assert_int_equal(page->n_rows, 2);
        assert_answered(&page->rows[0], OUTCOME_FAILED, REASON_HTTP_STATUS, 3);
        assert_answered(&page->rows[1], OUTCOME_FAILED, REASON_TIMEOUT, 3);
        assert_field(page->rows[0].document, "n", NULL);
        assert_field(page->rows[0].document, "reqd", NULL);

        write_one(contract, &again, ok_outcome(contract->store, "3", "{}"));
        assert_ids(contract, &query, "[1, 2]");
        query.target.generation = 2;
        assert_ids(contract, &query, "[3]");
        query = query_of(contract, STORE_SELECT_ANSWERED, JOB_2, 1);
        assert_ids(contract, &query, "[]");
}

static void resuming_a_retry_gives_what_that_generation_answered(void **state) {
        _cleanup_(store_reader_freep) StoreReader *reader = NULL;
        _cleanup_(store_page_freep) StorePage *page = NULL;
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_FAILED, JOB_1, 2);
        StoreTarget again = target_of(contract, JOB_1, 2);

        given_a_job_half_done(contract);
        write_one(contract, &again, ok_outcome(contract->store, "3", "{}"));
        assert_ids(contract, &query, "[2]");

        query.resume = true;
        assert_int_equal(store_reader_new(contract->store, &query, NULL, &reader), 0);
        page = next_page(reader, 10, SIZE_MAX);
        assert_int_equal(page->n_rows, 2);
        assert_false(page->rows[0].answered);
        assert_answered(&page->rows[1], OUTCOME_OK, REASON_NONE, 1);
}

static void counts_agree_with_reading(void **state) {
        static const struct {
                StoreSelection selection;
                int32_t generation;
                bool resume;
                const char *filter;
                uint64_t expected;
        } cases[] = {
                { STORE_SELECT_PENDING, 1, false, NULL, 2 },
                { STORE_SELECT_PENDING, 1, true, NULL, 5 },
                { STORE_SELECT_PENDING, 1, false, "{\"n\": {\"$gte\": 5}}", 1 },
                { STORE_SELECT_FAILED, 2, false, NULL, 2 },
                { STORE_SELECT_FAILED, 3, true, NULL, 2 },
                { STORE_SELECT_ALL, 1, false, NULL, 5 },
                { STORE_SELECT_ALL, 1, false, "{\"reqd.state\": \"ok\"}", 1 },
        };
        Contract *contract = *state;

        given_a_job_half_done(contract);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                StoreQuery query = query_of(contract, cases[i].selection, JOB_1, cases[i].generation);
                bson_t *filter = cases[i].filter ? bson_of(cases[i].filter) : NULL;

                query.filter = filter;
                query.resume = cases[i].resume;
                assert_int_equal(count_of(contract, &query), cases[i].expected);
                bson_destroy(filter);
        }
}

/* What a job has stored is read back without anything else of the documents. */
static void outcomes_are_read_back_by_themselves(void **state) {
        static const char *const both[] = { "response", "reqd", NULL }, *const meta[] = { "reqd", NULL };
        _cleanup_(store_reader_freep) StoreReader *all_reader = NULL, *failed_reader = NULL;
        _cleanup_(store_page_freep) StorePage *all = NULL, *failed = NULL;
        Contract *contract = *state;
        StoreQuery query = query_of(contract, STORE_SELECT_ALL, JOB_1, 1);
        bson_t *filter = bson_of("{\"$or\": [{\"n\": 5}, {\"reqd.id\": {\"$oid\": \"" JOB_1 "\"}}]}");

        given_a_job_half_done(contract);
        query.filter = filter;
        query.fields = both;
        assert_ids(contract, &query, "[1, 2, 3, 5]");
        assert_int_equal(store_reader_new(contract->store, &query, NULL, &all_reader), 0);
        all = next_page(all_reader, 10, SIZE_MAX);
        assert_field(all->rows[0].document, "response", "{\"a\": 1}");
        assert_field(all->rows[0].document, "n", NULL);
        assert_field(all->rows[1].document, "response", NULL);
        assert_true(bson_has_field(all->rows[1].document, "reqd.reason"));
        assert_field(all->rows[3].document, "reqd", NULL);

        query = query_of(contract, STORE_SELECT_FAILED, JOB_1, 2);
        query.fields = meta;
        assert_int_equal(store_reader_new(contract->store, &query, NULL, &failed_reader), 0);
        failed = next_page(failed_reader, 10, SIZE_MAX);
        assert_int_equal(failed->n_rows, 2);
        assert_true(bson_has_field(failed->rows[0].document, "reqd.status"));
        assert_field(failed->rows[0].document, "n", NULL);
        bson_destroy(filter);
}

const ContractCase contract_select_cases[] = {
        CONTRACT_CASE(a_filter_narrows_every_selection),
        CONTRACT_CASE(what_has_its_result_field_is_not_pending),
        CONTRACT_CASE(a_second_job_takes_only_what_is_unanswered),
        CONTRACT_CASE(jobs_with_fields_of_their_own_do_not_meet),
        CONTRACT_CASE(a_second_job_reads_what_the_first_one_stored),
        CONTRACT_CASE(failed_ones_of_earlier_generations_are_taken_as_retry_says),
        CONTRACT_CASE(resuming_gives_the_answered_ones_too_and_says_how),
        CONTRACT_CASE(resuming_gives_the_answered_ones_whatever_the_filter_says_by_now),
        CONTRACT_CASE(what_a_generation_has_answered_is_given_by_itself),
        CONTRACT_CASE(resuming_a_retry_gives_what_that_generation_answered),
        CONTRACT_CASE(counts_agree_with_reading),
        CONTRACT_CASE(outcomes_are_read_back_by_themselves),
};

const size_t contract_n_select_cases = ELEMENTSOF(contract_select_cases);
