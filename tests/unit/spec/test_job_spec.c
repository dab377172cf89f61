/*
 * Job files: defaults, what is refused and how that reads, the text that two files are compared by, live
 * changes.
 */

#include "daemon/spec/job_spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

#define COLLECTION "\"collection\": \"test.samples\""

static int spec_new(const char *json, JobSpec **ret_spec, UserError *error) {
        _cleanup_(json_freep) JsonValue *object = NULL;
        int r;

        r = json_parse(json, strlen(json), &object, error);
        return r ? r : job_spec_new(object, ret_spec, error);
}

static JobSpec *spec_of(const char *json) {
        UserError error = {};
        JobSpec *spec = NULL;

        assert_int_equal(spec_new(json, &spec, &error), 0);
        assert_null(error.message);
        return spec;
}

static void assert_refused(const char *json, const char *text) {
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_free_ char *told = NULL;
        JobSpec *spec = NULL;

        assert_int_equal(spec_new(json, &spec, &error), -EINVAL);
        assert_null(spec);
        told = user_error_format(&error);
        assert_string_equal(told, text);
}

/* An otherwise right job file with one member more. */
static char *with_member(const char *member) {
        char *json;

        assert_true(asprintf(&json, "{" COLLECTION ", %s}", member) > 0);
        return json;
}

static void test_a_collection_is_all_that_a_job_needs(void **state) {
        _cleanup_(job_spec_freep) JobSpec *spec = spec_of("{" COLLECTION "}");

        assert_string_equal(spec->name, "samples");
        assert_string_equal(spec->collection, "test.samples");
        assert_null(spec->filter);
        assert_null(spec->filter_bson);
        assert_string_equal(job_spec_methods[spec->request.method], "GET");
        assert_string_equal(spec->request.url, "{+url}");
        assert_int_equal(spec->request.timeout_us, 30000000);
        assert_int_equal(spec->request.redirects, 5);
        assert_string_equal(spec->result.field, "response");
        assert_string_equal(spec->result.meta, "reqd");
        assert_int_equal(spec->result.parse, RESULT_PARSE_JSON);
        assert_int_equal(spec->result.max_bytes, 1048576);
        assert_int_equal(spec->pace.concurrency, 100);
        assert_true(spec->pace.rate == 0);
        assert_int_equal(spec->retry.attempts, 5);
        assert_int_equal(spec->retry.backoff_us, 1000000);
        assert_int_equal(spec->retry.max_backoff_us, 60000000);
        assert_int_equal(spec->stop.limit, 0);
        assert_string_equal(request_template_fields(spec->templates)[0], "url");
}

static void test_every_key_has_its_place(void **state) {
        _cleanup_(job_spec_freep) JobSpec *spec = spec_of(
                "{\"name\": \"n-1\", \"collection\": \"db.a.b\", \"filter\": {\"x\": {\"$gt\": 1}},"
                " \"request\": {\"method\": \"post\", \"url\": \"http://h/{id}\", \"query\": {\"q\": 1},"
                " \"headers\": {\"A\": \"b\"}, \"timeout\": 1.5, \"redirects\": 0},"
                " \"expect\": {\"status\": [200, \"404\", \"3xx\"]},"
                " \"result\": {\"field\": \"f\", \"meta\": \"m\", \"parse\": \"text\", \"max_bytes\": 100},"
                " \"pace\": {\"concurrency\": 7, \"rate\": \"100/h\"},"
                " \"retry\": {\"attempts\": 1, \"backoff\": \"10ms\", \"max_backoff\": \"20ms\", \"on\": "
                "[\"tls\"]},"
                " \"stop\": {\"limit\": 9}}");

        assert_string_equal(spec->name, "n-1");
        assert_string_equal(spec->collection, "db.a.b");
        assert_string_equal(spec->filter, "{\"x\":{\"$gt\":1}}");
        assert_true(bson_has_field(spec->filter_bson, "x.$gt"));
        assert_string_equal(job_spec_methods[spec->request.method], "POST");
        assert_string_equal(string_map_value(spec->request.query.items[0]), "1");
        assert_string_equal(spec->request.headers.items[0], "A");
        assert_int_equal(spec->request.timeout_us, 1500000);
        assert_int_equal(spec->request.redirects, 0);
        assert_true(status_set_has(&spec->expected, 200));
        assert_false(status_set_has(&spec->expected, 201));
        assert_true(status_set_has(&spec->expected, 399));
        assert_true(status_set_has(&spec->expected, 404));
        assert_int_equal(spec->result.parse, RESULT_PARSE_TEXT);
        assert_int_equal(spec->result.max_bytes, 100);
        assert_true(spec->pace.rate == 100.0 / 3600);
        assert_int_equal(spec->retry.backoff_us, 10000);
        assert_int_equal(spec->stop.limit, 9);
}

static void test_methods_that_may_be_repeated(void **state) {
        for (size_t i = 0; job_spec_methods[i]; i++) {
                JobSpec spec = { .request.method = i };
                bool dangerous =
                        strcmp(job_spec_methods[i], "POST") == 0 || strcmp(job_spec_methods[i], "PATCH") == 0;

                assert_int_equal(job_spec_idempotent(&spec), !dangerous);
        }
}

static void test_wrong_job_files_say_where(void **state) {
        static const struct {
                const char *json;
                const char *error;
        } cases[] = {
                { "[]", "this must be an object, not an array" },
                { "{}", "collection: the job names no collection (write DB.COLL, such as test.samples)" },
                { "{\"collection\": \"test.a b\"}", "name: \"a b\" cannot be the name of a job (write 1 to "
                                                    "64 letters, digits, dots, dashes and "
                                                    "underlines, no dot or dash in front)" },
                { "{" COLLECTION ", \"pace\": {\"concurency\": 5}}",
                        "pace.concurency: \"concurency\" is not a known key (did you mean "
                        "pace.concurrency?)" },
                { "{" COLLECTION ", \"concurrency\": 5}",
                        "concurrency: \"concurrency\" is not a known key (did you mean pace.concurrency?)" },
                { "{" COLLECTION ", \"result\": {\"meta\": \"response\"}}",
                        "result.meta: \"response\" is the field for the body already (write two names)" },
                { "{" COLLECTION ", \"retry\": {\"backoff\": \"2m\"}}",
                        "retry.backoff: this is longer than max_backoff (write a longer max_backoff as "
                        "well)" },
                { "{" COLLECTION ", \"expect\": {\"status\": []}}",
                        "expect.status: no status would be ok (write 2xx)" },
                { "{" COLLECTION ", \"expect\": {\"status\": [200, \"6xx\"]}}",
                        "expect.status[1]: \"6xx\" is neither a status nor a class of them (write 2xx, or "
                        "100 to 599)" },
                { "{" COLLECTION ", \"retry\": {\"on\": [\"429\", \"redirect\"]}}",
                        "retry.on[1]: \"redirect\" is nothing that can be retried (write 429, 5xx, timeout, "
                        "connect, "
                        "dns, tls or protocol)" },
                { "{" COLLECTION ", \"request\": {\"timeout\": \"30x\"}}",
                        "request.timeout: \"30x\" is not a duration (write 200ms, 30s, 5m, 2h or 1d)" },
                { "{" COLLECTION ", \"request\": {\"url\": \"\"}}",
                        "request.url: the URL is empty (write {+url}, or https://api.example.com/{id})" },
                { "{" COLLECTION ", \"request\": {\"url\": \"http://h/{id\"}}",
                        "request.url: column 10: this { is not closed (close it, or write %7B for a brace)" },
                { "{" COLLECTION ", \"request\": {\"method\": \"FETCH\"}}",
                        "request.method: \"FETCH\" is not known here (write one of: GET HEAD POST PUT PATCH "
                        "DELETE "
                        "OPTIONS)" },
                { "{" COLLECTION ", \"request\": {\"headers\": {\"A b\": \"c\"}}}",
                        "request.headers.A b: \"A b\" cannot be a header's name (letters, digits and "
                        "dashes)" },
                { "{" COLLECTION ", \"filter\": []}", "filter: this must be an object, not an array" },
                { "{" COLLECTION ", \"filter\": \"{}\"}", "filter: this must be an object, not a string" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_refused(cases[i].json, cases[i].error);
}

static void test_what_comes_later_is_known_by_name(void **state) {
        static const struct {
                const char *member;
                const char *error;
        } cases[] = {
                { "\"request\": {\"json\": {}}", "request.json: json is not supported yet" },
                { "\"request\": {\"body\": \"x\"}", "request.body: body is not supported yet" },
                { "\"request\": {\"form\": {}}", "request.form: form is not supported yet" },
                { "\"request\": {\"http\": \"1.1\"}", "request.http: http is not supported yet" },
                { "\"expect\": {\"match\": []}", "expect.match: match is not supported yet" },
                { "\"result\": {\"into\": \"a.b\"}", "result.into: into is not supported yet" },
                { "\"result\": {\"select\": [\"a\"]}", "result.select: select is not supported yet" },
                { "\"result\": {\"parse\": \"binary\"}",
                        "result.parse: binary is not supported yet (write json or text)" },
                { "\"pace\": {\"per_host\": 5}", "pace.per_host: per_host is not supported yet" },
                { "\"pace\": {\"concurrency\": \"auto\"}",
                        "pace.concurrency: auto is not supported yet (write a number)" },
                { "\"request\": {\"headers\": {\"A\": \"${credential:x}\"}}",
                        "request.headers.A: column 1: ${credential:...} is not supported yet" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *json = with_member(cases[i].member);

                assert_refused(json, cases[i].error);
        }
}

static void test_null_is_as_good_as_absent_where_nothing_is_the_default(void **state) {
        job_spec_free(
                spec_of("{" COLLECTION ", \"filter\": null, \"request\": {\"json\": null, \"body\": null},"
                        " \"result\": {\"into\": null, \"select\": null}, \"pace\": {\"rate\": null},"
                        " \"stop\": {\"limit\": null, \"failures\": null}}"));
}

static void test_failures_are_a_number_or_a_share(void **state) {
        JobSpec *spec = spec_of("{" COLLECTION ", \"stop\": {\"failures\": \"2.5%\"}}");

        assert_true(spec->stop.failures.percent == 2.5 && spec->stop.failures.count == 0);
        job_spec_free(spec);
        spec = spec_of("{" COLLECTION ", \"stop\": {\"failures\": 100}}");
        assert_true(spec->stop.failures.percent == 0 && spec->stop.failures.count == 100);
        job_spec_free(spec);
}

/* Only whether the value is taken; how the error reads is above. */
static void test_bounds(void **state) {
        static const struct {
                const char *member;
                bool valid;
        } cases[] = {
                { "\"pace\": {\"concurrency\": 1}", true },
                { "\"pace\": {\"concurrency\": 100000}", true },
                { "\"pace\": {\"concurrency\": 100001}", false },
                { "\"pace\": {\"concurrency\": 0}", false },
                { "\"request\": {\"timeout\": \"1ms\"}", true },
                { "\"request\": {\"timeout\": \"1h\"}", true },
                { "\"request\": {\"timeout\": 3601}", false },
                { "\"request\": {\"timeout\": 0}", false },
                { "\"request\": {\"redirects\": 50}", true },
                { "\"request\": {\"redirects\": 51}", false },
                { "\"result\": {\"max_bytes\": \"16MiB\"}", true },
                { "\"result\": {\"max_bytes\": 16777217}", false },
                { "\"result\": {\"max_bytes\": 0}", false },
                { "\"retry\": {\"attempts\": 100}", true },
                { "\"retry\": {\"attempts\": 101}", false },
                { "\"retry\": {\"attempts\": 0}", false },
                { "\"pace\": {\"rate\": \"1000000/s\"}", true },
                { "\"pace\": {\"rate\": 1000001}", false },
                { "\"pace\": {\"rate\": \"0.1/h\"}", true },
                { "\"pace\": {\"rate\": \"0.01/h\"}", false },
                { "\"pace\": {\"rate\": 0}", false },
                { "\"pace\": {\"rate\": \"none\"}", true },
                { "\"stop\": {\"limit\": 1}", true },
                { "\"stop\": {\"limit\": 0}", false },
                { "\"stop\": {\"limit\": \"none\"}", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *json = with_member(cases[i].member);
                _cleanup_(user_error_deinit) UserError error = {};
                _cleanup_(job_spec_freep) JobSpec *spec = NULL;

                assert_int_equal(spec_new(json, &spec, &error), cases[i].valid ? 0 : -EINVAL);
        }
}

static void test_names_of_jobs_collections_and_fields(void **state) {
        static const struct {
                const char *key; /* a member of a job file, with %s for the name */
                const char *name;
                bool valid;
        } cases[] = {
                { "\"name\": \"%s\"", "a", true },
                { "\"name\": \"%s\"", "A.b_c-9", true },
                { "\"name\": \"%s\"", "_a", true },
                { "\"name\": \"%s\"", "0123456789012345678901234567890123456789012345678901234567890123",
                        true },
                { "\"name\": \"%s\"", "01234567890123456789012345678901234567890123456789012345678901234",
                        false },
                { "\"name\": \"%s\"", "507f1f77bcf86cd799439011", false },
                { "\"name\": \"%s\"", "507f1f77bcf86cd79943901g", true },
                { "\"name\": \"%s\"", "507f1f77bcf86cd79943901", true },
                { "\"name\": \"%s\"", "", false },
                { "\"name\": \"%s\"", ".a", false },
                { "\"name\": \"%s\"", "-a", false },
                { "\"name\": \"%s\"", "a/b", false },
                { "\"name\": \"%s\"", "a\\nb", false },
                { "\"name\": \"%s\"", "a\\u0000b", false },
                { "\"name\": \"%s\"", "\xc3\xbc", false },
                { "\"name\": \"x\", \"collection\": \"%s\"", "db.coll", true },
                { "\"name\": \"x\", \"collection\": \"%s\"", "db.a.b", true },
                { "\"name\": \"x\", \"collection\": \"%s\"", "db.a b", true },
                { "\"name\": \"x\", \"collection\": \"%s\"", "coll", false },
                { "\"name\": \"x\", \"collection\": \"%s\"", ".coll", false },
                { "\"name\": \"x\", \"collection\": \"%s\"", "db.", false },
                { "\"name\": \"x\", \"collection\": \"%s\"", "db..a", false },
                { "\"name\": \"x\", \"collection\": \"%s\"", "db.a.", false },
                { "\"name\": \"x\", \"collection\": \"%s\"", "d b.a", false },
                { "\"name\": \"x\", \"collection\": \"%s\"", "d/b.a", false },
                { "\"name\": \"x\", \"collection\": \"%s\"", "db.$a", false },
                { "\"name\": \"x\", \"collection\": \"%s\"", "db.a\\u0000b", false },
                { "\"name\": \"x\", \"collection\": \"%s\"", "db.a\\nb", false },
                { "\"name\": \"x\", \"collection\": \"%s\"", "db.reqd_jobs", false },
                { "\"name\": \"x\", \"collection\": \"%s\"", "db.reqd_jobs2", true },
                { COLLECTION ", \"result\": {\"field\": \"%s\"}", "f", true },
                { COLLECTION ", \"result\": {\"field\": \"%s\"}", "a b\xc3\xbc$", true },
                { COLLECTION ", \"result\": {\"field\": \"%s\"}", "", false },
                { COLLECTION ", \"result\": {\"field\": \"%s\"}", "a.b", false },
                { COLLECTION ", \"result\": {\"field\": \"%s\"}", "$a", false },
                { COLLECTION ", \"result\": {\"meta\": \"%s\"}", "_id", false },
                { COLLECTION ", \"result\": {\"meta\": \"%s\"}", "_id2", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                bool named = strstr(cases[i].key, "collection") != NULL;
                _cleanup_(user_error_deinit) UserError error = {};
                _cleanup_(job_spec_freep) JobSpec *spec = NULL;
                char member[256], json[512];

                snprintf(member, sizeof(member), cases[i].key, cases[i].name);
                snprintf(json, sizeof(json), "{%s%s}", named ? "" : COLLECTION ", ", member);
                assert_int_equal(spec_new(json, &spec, &error), cases[i].valid ? 0 : -EINVAL);
        }
}

static void test_long_collections_are_refused(void **state) {
        for (int len = 120; len <= 121; len++) {
                _cleanup_(user_error_deinit) UserError error = {};
                _cleanup_(job_spec_freep) JobSpec *spec = NULL;
                char json[256];

                snprintf(json, sizeof(json), "{\"name\": \"x\", \"collection\": \"db.%0*d\"}", len - 3, 0);
                assert_int_equal(spec_new(json, &spec, &error), len == 120 ? 0 : -EINVAL);
        }
}

static void test_filters_are_extended_json(void **state) {
        static const struct {
                const char *filter;
                bool valid;
        } cases[] = {
                { "{}", true },
                { "{\"_id\": {\"$oid\": \"507f1f77bcf86cd799439011\"}}", true },
                { "{\"at\": {\"$gt\": {\"$date\": \"2026-11-23T12:00:00Z\"}}}", true },
                { "{\"a\": {\"$in\": [1, {\"$numberLong\": \"5\"}]}}", true },
                { "{\"a\": \"x\\u0000y\"}", true },
                { "{\"a\": {\"$type\": 2}}", true },
                { "{\"a\": {\"$regex\": \"x\", \"$exists\": true}}", true },
                { "{\"_id\": {\"$oid\": \"zz\"}}", false },
                { "{\"a\": {\"$numberLong\": \"x\"}}", false },
                { "{\"a\": {\"$date\": \"soon\"}}", false },
                { "{\"a\": 1, \"a\": 2}", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                _cleanup_(job_spec_freep) JobSpec *spec = NULL;
                char json[256];

                snprintf(json, sizeof(json), "{" COLLECTION ", \"filter\": %s}", cases[i].filter);
                assert_int_equal(spec_new(json, &spec, &error), cases[i].valid ? 0 : -EINVAL);
        }
}

static void test_the_text_of_a_spec_has_all_defaults(void **state) {
        _cleanup_(job_spec_freep) JobSpec *spec = spec_of("{" COLLECTION "}");
        _cleanup_free_ char *text = job_spec_text(spec);

        assert_string_equal(text,
                "{\"name\":\"samples\",\"collection\":\"test.samples\","
                "\"request\":{\"method\":\"GET\",\"url\":\"{+url}\",\"timeout\":\"30s\",\"redirects\":5},"
                "\"expect\":{\"status\":[\"2xx\"]},"
                "\"result\":{\"field\":\"response\",\"meta\":\"reqd\",\"parse\":\"json\",\"max_bytes\":"
                "\"1MiB\"},"
                "\"pace\":{\"concurrency\":100},"
                "\"retry\":{\"attempts\":5,\"backoff\":\"1s\",\"max_backoff\":\"1m\"}}");
}

/* A file that says the same in other words is the same file. */
static void test_equal_specs_have_equal_texts(void **state) {
        _cleanup_(job_spec_freep) JobSpec *short_one = spec_of("{" COLLECTION ", \"filter\": {\"a\":1}}");
        _cleanup_(job_spec_freep) JobSpec *long_one =
                spec_of("{\"retry\": {\"max_backoff\": 60, \"attempts\": \"5\"}, \"filter\": {\"a\" : 1},"
                        " \"pace\": {\"rate\": \"none\", \"concurrency\": 1e2}, \"stop\": {\"limit\": null},"
                        " \"result\": {\"max_bytes\": 1048576, \"parse\": \"JSON\"}, \"name\": \"samples\","
                        " \"request\": {\"method\": \"get\", \"timeout\": \"0.5m\", \"headers\": {}},"
                        " \"expect\": {\"status\": \"2xx\"}, " COLLECTION "}");
        _cleanup_free_ char *short_text = job_spec_text(short_one), *long_text = job_spec_text(long_one);

        assert_string_equal(short_text, long_text);
}

/*
 * The stored text must not become another job: above all, a default retry.on is not one that is written out.
 */
static void test_the_text_makes_the_same_spec_again(void **state) {
        static const char *const jobs[] = {
                "{" COLLECTION "}",
                "{" COLLECTION ", \"request\": {\"method\": \"POST\"}}",
                "{" COLLECTION
                ", \"request\": {\"method\": \"POST\"}, \"retry\": {\"on\": [408, 425, 429, \"5xx\","
                " \"timeout\", \"connect\", \"dns\"]}}",
                "{" COLLECTION
                ", \"filter\": {\"b\": 1.50, \"a\": \"\\u0000\\u00fc\"}, \"request\": {\"query\":"
                " {\"z\": true, \"a\": 1.0}, \"headers\": {\"X\": \"{{x}\", \"A\": \"\"}, \"redirects\": 0,"
                " \"timeout\": 0.0015}, \"pace\": {\"rate\": \"7/min\"}, \"stop\": {\"limit\": 3},"
                " \"result\": {\"max_bytes\": 1000}}",
        };

        for (size_t i = 0; i < ELEMENTSOF(jobs); i++) {
                _cleanup_(job_spec_freep) JobSpec *spec = spec_of(jobs[i]), *again = NULL;
                _cleanup_free_ char *text = job_spec_text(spec), *text_again = NULL;

                again = spec_of(text);
                text_again = job_spec_text(again);
                assert_string_equal(text, text_again);
                assert_memory_equal(&spec->retry_on.statuses, &again->retry_on.statuses, sizeof(StatusSet));
                assert_int_equal(spec->retry_on.reasons, again->retry_on.reasons);
                assert_int_equal(spec->retry_on.written_out, again->retry_on.written_out);
                assert_true(spec->pace.rate == again->pace.rate);
        }
}

static void test_retry_on_changes_the_text_even_as_its_default(void **state) {
        _cleanup_(job_spec_freep) JobSpec *plain = spec_of("{" COLLECTION "}");
        _cleanup_(job_spec_freep) JobSpec *written =
                spec_of("{" COLLECTION
                        ", \"retry\": {\"on\": [\"408\", \"425\", \"429\", \"5xx\", \"timeout\", \"connect\","
                        " \"dns\"]}}");
        _cleanup_free_ char *plain_text = job_spec_text(plain), *written_text = job_spec_text(written);

        assert_memory_equal(&plain->retry_on.statuses, &written->retry_on.statuses, sizeof(StatusSet));
        assert_int_equal(plain->retry_on.reasons, written->retry_on.reasons);
        assert_string_not_equal(plain_text, written_text);
}

static void test_flags_are_those_of_the_manual(void **state) {
        static const char *const flags[] = {
                "--collection",
                "--filter",
                "--method",
                "--url",
                "--query",
                "--header",
                "--timeout",
                "--redirects",
                "--expect-status",
                "--field",
                "--meta",
                "--parse",
                "--max-bytes",
                "--concurrency",
                "--rate",
                "--attempts",
                "--backoff",
                "--max-backoff",
                "--retry-on",
                "--limit",
                "--json-body",
                "--body",
                "--form",
                "--into",
                "--select",
                "--per-host",
                "--failures",
        };
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(flags); i++)
                assert_non_null(option_find_flag(job_spec_options, flags[i]));

        for (const Option *row = job_spec_options; row->path; row++) {
                n += row->flag ? 1 : 0;
                assert_non_null(row->help);
                assert_true(!row->flag || row->arg);
        }

        assert_int_equal(n, ELEMENTSOF(flags));
        assert_int_equal(option_find_flag(job_spec_options, "--concurrency")->shorthand, 'n');
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_collection_is_all_that_a_job_needs),
                cmocka_unit_test(test_every_key_has_its_place),
                cmocka_unit_test(test_methods_that_may_be_repeated),
                cmocka_unit_test(test_wrong_job_files_say_where),
                cmocka_unit_test(test_what_comes_later_is_known_by_name),
                cmocka_unit_test(test_null_is_as_good_as_absent_where_nothing_is_the_default),
                cmocka_unit_test(test_failures_are_a_number_or_a_share),
                cmocka_unit_test(test_bounds),
                cmocka_unit_test(test_names_of_jobs_collections_and_fields),
                cmocka_unit_test(test_long_collections_are_refused),
                cmocka_unit_test(test_filters_are_extended_json),
                cmocka_unit_test(test_the_text_of_a_spec_has_all_defaults),
                cmocka_unit_test(test_equal_specs_have_equal_texts),
                cmocka_unit_test(test_the_text_makes_the_same_spec_again),
                cmocka_unit_test(test_retry_on_changes_the_text_even_as_its_default),
                cmocka_unit_test(test_flags_are_those_of_the_manual),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
