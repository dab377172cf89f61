/* What filters mean: as MongoDB means them, case by case. */

#include "daemon/policy/matcher.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

typedef struct MatcherCase {
        const char *filter;
        const char *document;
        bool matches;
} MatcherCase;

#define NAN_ "{\"$numberDouble\": \"NaN\"}"
#define LONG(_n) "{\"$numberLong\": \"" #_n "\"}"
#define DECIMAL(_n) "{\"$numberDecimal\": \"" #_n "\"}"
#define RE(_p, _o) "{\"$regularExpression\": {\"pattern\": \"" _p "\", \"options\": \"" _o "\"}}"

/* libbson's reader takes $type and $regex for its own notation: the tables write ?type and ?regex. */
static void restore_keys(bson_iter_t iter) {
        while (bson_iter_next(&iter)) {
                char *key = (char *)bson_iter_key(&iter);
                bson_iter_t child;

                if (*key == '?')
                        *key = '$';
                if ((BSON_ITER_HOLDS_DOCUMENT(&iter) || BSON_ITER_HOLDS_ARRAY(&iter)) &&
                        bson_iter_recurse(&iter, &child))
                        restore_keys(child);
        }
}

static bson_t *bson_of(const char *json) {
        bson_error_t error = {};
        bson_t *bson = bson_new_from_json((const uint8_t *)json, -1, &error);
        bson_iter_t iter;

        if (!bson)
                fail_msg("%s: %s", json, error.message);
        assert_true(bson_iter_init(&iter, bson));
        restore_keys(iter);
        return bson;
}

static void run(const MatcherCase *cases, size_t n) {
        for (size_t i = 0; i < n; i++) {
                _cleanup_(matcher_freep) Matcher *matcher = NULL;
                _cleanup_(user_error_deinit) UserError error = {};
                bson_t *filter = bson_of(cases[i].filter);
                bson_t *document = bson_of(cases[i].document);

                if (matcher_new(filter, &matcher, &error))
                        fail_msg("%s: %s %s", cases[i].filter, error.where, error.message);
                bson_destroy(filter); /* it was copied */
                if (matcher_matches(matcher, document) != cases[i].matches)
                        fail_msg("%s %s %s", cases[i].filter, cases[i].matches ? "misses" : "matches",
                                cases[i].document);
                bson_destroy(document);
        }
}

static void test_equality(void **state) {
        static const MatcherCase cases[] = {
                { "{}", "{\"a\": 1}", true },
                { "{\"a\": 1}", "{\"a\": 1}", true },
                { "{\"a\": 1}", "{\"a\": 1.0}", true },
                { "{\"a\": 1}", "{\"a\": " LONG(1) "}", true },
                { "{\"a\": 1}", "{\"a\": " DECIMAL(1.0) "}", true },
                { "{\"a\": 1}", "{\"a\": \"1\"}", false },
                { "{\"a\": 1}", "{\"a\": true}", false },
                { "{\"a\": " NAN_ "}", "{\"a\": " NAN_ "}", true },
                { "{\"a\": 1, \"b\": 2}", "{\"a\": 1, \"b\": 2}", true },
                { "{\"a\": 1, \"b\": 2}", "{\"a\": 1, \"b\": 3}", false },
                { "{\"a\": {\"b\": 1}}", "{\"a\": {\"b\": 1}}", true },
                { "{\"a\": {\"b\": 1}}", "{\"a\": {\"b\": 1, \"c\": 2}}", false },
                { "{\"a\": {\"b\": 1, \"c\": 2}}", "{\"a\": {\"c\": 2, \"b\": 1}}", false },
                { "{\"a\": {}}", "{\"a\": {}}", true },
                { "{\"a\": {}}", "{\"a\": {\"b\": 1}}", false },
                { "{\"a\": {\"$eq\": 1}}", "{\"a\": 1}", true },
                { "{\"a\": {\"$ne\": 1}}", "{\"a\": 1}", false },
                { "{\"a\": {\"$ne\": 1}}", "{\"a\": 2}", true },
                { "{\"a\": {\"$ne\": 1}}", "{}", true },
                { "{\"_id\": {\"$oid\": \"507f1f77bcf86cd799439011\"}}",
                        "{\"_id\": {\"$oid\": \"507f1f77bcf86cd799439011\"}}", true },
        };

        run(cases, ELEMENTSOF(cases));
}

static void test_null_and_missing(void **state) {
        static const MatcherCase cases[] = {
                { "{\"a\": null}", "{\"a\": null}", true },
                { "{\"a\": null}", "{}", true },
                { "{\"a\": null}", "{\"a\": 0}", false },
                { "{\"a\": null}", "{\"a\": [null]}", true },
                { "{\"a\": null}", "{\"a\": []}", false },
                { "{\"a\": {\"$ne\": null}}", "{}", false },
                { "{\"a\": {\"$ne\": null}}", "{\"a\": 0}", true },
                { "{\"a.b\": null}", "{\"a\": 5}", true },
                { "{\"a.b\": null}", "{\"a\": {}}", true },
                { "{\"a.b\": null}", "{}", true },
                { "{\"a.b\": null}", "{\"a\": [{\"b\": 1}, {}]}", true },
                { "{\"a.b\": null}", "{\"a\": [{\"b\": 1}]}", false },
                { "{\"a.b\": null}", "{\"a\": [1, 2]}", false },
                { "{\"a.b\": null}", "{\"a\": []}", false },
                { "{\"a\": {\"$in\": [null, 1]}}", "{}", true },
                { "{\"a\": {\"$nin\": [null]}}", "{}", false },
                { "{\"a\": {\"$gte\": null}}", "{}", true },
                { "{\"a\": {\"$lte\": null}}", "{\"a\": null}", true },
                { "{\"a\": {\"$gt\": null}}", "{\"a\": 1}", false },
                { "{\"a\": {\"$lt\": null}}", "{}", false },
                { "{\"a\": {\"$exists\": true}}", "{\"a\": null}", true },
                { "{\"a\": {\"$exists\": true}}", "{}", false },
                { "{\"a\": {\"$exists\": false}}", "{}", true },
                { "{\"a\": {\"$exists\": false}}", "{\"a\": null}", false },
                { "{\"a\": {\"$exists\": 0}}", "{}", true },
                { "{\"a.b\": {\"$exists\": true}}", "{\"a\": [{}, {\"b\": null}]}", true },
                { "{\"a.b\": {\"$exists\": false}}", "{\"a\": [1]}", true },
                { "{\"a.b\": {\"$exists\": false}}", "{\"a\": [{\"b\": 1}, {}]}", false },
        };

        run(cases, ELEMENTSOF(cases));
}

static void test_comparisons_stay_within_a_type(void **state) {
        static const MatcherCase cases[] = {
                { "{\"a\": {\"$gt\": 1}}", "{\"a\": 2}", true },
                { "{\"a\": {\"$gt\": 1}}", "{\"a\": 1}", false },
                { "{\"a\": {\"$gte\": 1}}", "{\"a\": 1.0}", true },
                { "{\"a\": {\"$lt\": 1.5}}", "{\"a\": " LONG(1) "}", true },
                { "{\"a\": {\"$lte\": " DECIMAL(1.5) "}}", "{\"a\": 1.5}", true },
                { "{\"a\": {\"$gt\": 1}}", "{\"a\": \"2\"}", false },
                { "{\"a\": {\"$gt\": \"1\"}}", "{\"a\": \"2\"}", true },
                { "{\"a\": {\"$lt\": \"1\"}}", "{\"a\": 0}", false },
                { "{\"a\": {\"$gt\": 1}}", "{}", false },
                { "{\"a\": {\"$lt\": 1}}", "{\"a\": null}", false },
                { "{\"a\": {\"$gt\": 1, \"$lt\": 3}}", "{\"a\": 2}", true },
                { "{\"a\": {\"$gt\": 1, \"$lt\": 3}}", "{\"a\": 3}", false },
                { "{\"a\": {\"$gt\": false}}", "{\"a\": true}", true },
                { "{\"a\": {\"$gt\": 0}}", "{\"a\": true}", false },
                { "{\"a\": {\"$lt\": 1}}", "{\"a\": " NAN_ "}", false },
                { "{\"a\": {\"$gt\": " NAN_ "}}", "{\"a\": 1}", false },
                { "{\"a\": {\"$gte\": " NAN_ "}}", "{\"a\": " NAN_ "}", true },
                { "{\"a\": {\"$lt\": " NAN_ "}}", "{\"a\": " NAN_ "}", false },
                { "{\"a\": {\"$gt\": {\"$minKey\": 1}}}", "{\"a\": \"x\"}", true },
                { "{\"a\": {\"$lt\": {\"$maxKey\": 1}}}", "{\"a\": \"x\"}", true },
                { "{\"a\": {\"$gt\": {\"$maxKey\": 1}}}", "{\"a\": \"x\"}", false },
                { "{\"a\": {\"$gte\": {\"$date\": \"2026-01-01T00:00:00Z\"}}}",
                        "{\"a\": {\"$date\": \"2026-11-23T00:00:00Z\"}}", true },
                { "{\"a\": {\"$gte\": {\"$date\": \"2026-01-01T00:00:00Z\"}}}", "{\"a\": \"2026-11-23\"}",
                        false },
                { "{\"a\": {\"$gt\": {\"b\": 1}}}", "{\"a\": {\"b\": 2}}", true },
        };

        run(cases, ELEMENTSOF(cases));
}

static void test_arrays(void **state) {
        static const MatcherCase cases[] = {
                { "{\"a\": 1}", "{\"a\": [1, 2]}", true },
                { "{\"a\": 3}", "{\"a\": [1, 2]}", false },
                { "{\"a\": [1, 2]}", "{\"a\": [1, 2]}", true },
                { "{\"a\": [2, 1]}", "{\"a\": [1, 2]}", false },
                { "{\"a\": [1, 2]}", "{\"a\": [[1, 2], 3]}", true },
                { "{\"a\": 1}", "{\"a\": [[1]]}", false },
                { "{\"a\": []}", "{\"a\": []}", true },
                { "{\"a\": {\"$ne\": 1}}", "{\"a\": [1, 2]}", false },
                { "{\"a\": {\"$gt\": 1, \"$lt\": 2}}", "{\"a\": [0, 5]}",
                        true }, /* different elements may do */
                { "{\"a\": {\"$in\": [2, 9]}}", "{\"a\": [1, 2]}", true },
                { "{\"a\": {\"$in\": [[1, 2]]}}", "{\"a\": [1, 2]}", true },
                { "{\"a\": {\"$nin\": [2, 9]}}", "{\"a\": [1, 2]}", false },
                { "{\"a\": {\"$in\": []}}", "{\"a\": 1}", false },
                { "{\"a\": {\"$nin\": []}}", "{\"a\": 1}", true },
                { "{\"a\": {\"$gt\": [1]}}", "{\"a\": [2]}", true },
                { "{\"a\": {\"$exists\": true}}", "{\"a\": []}", true },
                { "{\"a\": {\"?type\": \"array\"}}", "{\"a\": []}", true },
                { "{\"a\": {\"?type\": \"int\"}}", "{\"a\": [\"x\", 1]}", true },
                { "{\"a\": {\"$in\": [5, 3, 1, 4, 2]}}", "{\"a\": 4}", true },
                { "{\"a\": {\"$in\": [5, 3, 1, 4, 2]}}", "{\"a\": 6}", false },
        };

        run(cases, ELEMENTSOF(cases));
}

static void test_dotted_paths(void **state) {
        static const MatcherCase cases[] = {
                { "{\"a.b\": 1}", "{\"a\": {\"b\": 1}}", true },
                { "{\"a.b\": 1}", "{\"a\": {\"b\": 2}}", false },
                { "{\"a.b\": 1}", "{\"a.b\": 1}", false },
                { "{\"a.b\": 1}", "{\"a\": [{\"b\": 2}, {\"b\": 1}]}", true },
                { "{\"a.b\": 1}", "{\"a\": [[{\"b\": 1}]]}", false },
                { "{\"a.b\": 1}", "{\"a\": {\"b\": [0, 1]}}", true },
                { "{\"a.b.c\": 1}", "{\"a\": [{\"b\": [{\"c\": 0}, {\"c\": 1}]}]}", true },
                { "{\"a.0\": 1}", "{\"a\": [1, 2]}", true },
                { "{\"a.1\": 1}", "{\"a\": [1, 2]}", false },
                { "{\"a.0.b\": 1}", "{\"a\": [{\"b\": 1}]}", true },
                { "{\"a.1.b\": 1}", "{\"a\": [{\"b\": 1}]}", false },
                { "{\"a.1.b\": 1}", "{\"a\": [0, [{\"b\": 1}]]}", true },
                { "{\"a.0\": 1}", "{\"a\": {\"0\": 1}}", true },
                { "{\"a.0\": 1}", "{\"a\": [{\"0\": 1}]}", true },
                { "{\"a.0.0\": 7}", "{\"a\": [[7]]}", true },
                { "{\"a.b\": {\"$ne\": 1}}", "{\"a\": [{\"b\": 1}, {\"b\": 2}]}", false },
                { "{\"a.b\": {\"$ne\": 1}}", "{\"a\": 5}", true },
                { "{\"a.b\": {\"$gt\": 5}}", "{\"a\": [{\"b\": 1}, {\"b\": 6}]}", true },
        };

        run(cases, ELEMENTSOF(cases));
}

static void test_types(void **state) {
        static const MatcherCase cases[] = {
                { "{\"a\": {\"?type\": \"string\"}}", "{\"a\": \"x\"}", true },
                { "{\"a\": {\"?type\": 2}}", "{\"a\": \"x\"}", true },
                { "{\"a\": {\"?type\": \"int\"}}", "{\"a\": 1.0}", false },
                { "{\"a\": {\"?type\": \"double\"}}", "{\"a\": 1.0}", true },
                { "{\"a\": {\"?type\": \"number\"}}", "{\"a\": " LONG(1) "}", true },
                { "{\"a\": {\"?type\": \"number\"}}", "{\"a\": " DECIMAL(1) "}", true },
                { "{\"a\": {\"?type\": [\"string\", \"null\"]}}", "{\"a\": null}", true },
                { "{\"a\": {\"?type\": [\"string\", 16]}}", "{\"a\": 1}", true },
                { "{\"a\": {\"?type\": \"null\"}}", "{}", false },
                { "{\"a\": {\"?type\": \"object\"}}", "{\"a\": {}}", true },
                { "{\"a\": {\"?type\": \"objectId\"}}", "{\"a\": {\"$oid\": \"507f1f77bcf86cd799439011\"}}",
                        true },
                { "{\"a\": {\"?type\": -1}}", "{\"a\": {\"$minKey\": 1}}", true },
                { "{\"a\": {\"?type\": \"maxKey\"}}", "{\"a\": {\"$maxKey\": 1}}", true },
        };

        run(cases, ELEMENTSOF(cases));
}

static void test_logic(void **state) {
        static const MatcherCase cases[] = {
                { "{\"$or\": [{\"a\": 1}, {\"b\": 1}]}", "{\"b\": 1}", true },
                { "{\"$or\": [{\"a\": 1}, {\"b\": 1}]}", "{\"b\": 2}", false },
                { "{\"$and\": [{\"a\": 1}, {\"b\": 1}]}", "{\"a\": 1, \"b\": 1}", true },
                { "{\"$and\": [{\"a\": 1}, {\"b\": 1}]}", "{\"a\": 1}", false },
                { "{\"$nor\": [{\"a\": 1}, {\"b\": 1}]}", "{\"a\": 2}", true },
                { "{\"$nor\": [{\"a\": 1}, {\"b\": 1}]}", "{\"b\": 1}", false },
                { "{\"c\": 1, \"$or\": [{\"a\": 1}, {\"$and\": [{\"b\": 1}, {\"b\": {\"$gt\": 0}}]}]}",
                        "{\"b\": 1, \"c\": 1}", true },
                { "{\"a\": {\"$not\": {\"$gt\": 1}}}", "{\"a\": 1}", true },
                { "{\"a\": {\"$not\": {\"$gt\": 1}}}", "{\"a\": 2}", false },
                { "{\"a\": {\"$not\": {\"$gt\": 1}}}", "{}", true },
                { "{\"a\": {\"$not\": {\"$gt\": 1}}}", "{\"a\": \"x\"}", true },
                { "{\"a\": {\"$not\": {\"$gt\": 1, \"$lt\": 5}}}", "{\"a\": 9}", true },
                { "{\"a\": {\"$not\": {\"$not\": {\"$gt\": 1}}}}", "{\"a\": 2}", true },
                { "{\"a\": {\"$not\": " RE("^x", "") "}}", "{\"a\": \"xy\"}", false },
        };

        run(cases, ELEMENTSOF(cases));
}

static void test_regular_expressions(void **state) {
        static const MatcherCase cases[] = {
                { "{\"a\": {\"?regex\": \"^a.c$\"}}", "{\"a\": \"abc\"}", true },
                { "{\"a\": {\"?regex\": \"b\"}}", "{\"a\": \"abc\"}", true },
                { "{\"a\": {\"?regex\": \"B\"}}", "{\"a\": \"abc\"}", false },
                { "{\"a\": {\"?regex\": \"B\", \"?options\": \"i\"}}", "{\"a\": \"abc\"}", true },
                { "{\"a\": {\"?options\": \"i\", \"?regex\": \"B\"}}", "{\"a\": \"abc\"}", true },
                { "{\"a\": {\"?regex\": \"^b\", \"?options\": \"m\"}}", "{\"a\": \"a\\nb\"}", true },
                { "{\"a\": {\"?regex\": \"a.b\"}}", "{\"a\": \"a\\nb\"}", false },
                { "{\"a\": {\"?regex\": \"a.b\", \"?options\": \"s\"}}", "{\"a\": \"a\\nb\"}", true },
                { "{\"a\": {\"?regex\": \"a b # c\", \"?options\": \"x\"}}", "{\"a\": \"ab\"}", true },
                { "{\"a\": {\"?regex\": \"^\u00c4$\", \"?options\": \"i\"}}", "{\"a\": \"\u00e4\"}", true },
                { "{\"a\": {\"?regex\": \"^.$\"}}", "{\"a\": \"\u00e4\"}",
                        true }, /* a character, not a byte */
                { "{\"a\": {\"?regex\": \"1\"}}", "{\"a\": 1}", false },
                { "{\"a\": {\"?regex\": \"x\"}}", "{}", false },
                { "{\"a\": " RE("^x", "i") "}", "{\"a\": \"XY\"}", true },
                { "{\"a\": " RE("^x", "") "}", "{\"a\": [1, \"xy\"]}", true },
                { "{\"a\": " RE("^x", "") "}", "{\"a\": " RE("^x", "") "}", true },
                { "{\"a\": {\"$eq\": " RE("^x", "") "}}", "{\"a\": \"xy\"}", false },
                { "{\"a\": {\"$in\": [1, " RE("^x", "") "]}}", "{\"a\": \"xy\"}", true },
                { "{\"a\": {\"$nin\": [" RE("^x", "") "]}}", "{\"a\": \"xy\"}", false },
                { "{\"a\": {\"?regex\": \"a\\\\.b\"}}", "{\"a\": \"a.b\"}", true },
        };

        run(cases, ELEMENTSOF(cases));
}

/* The y at the end keeps the library from seeing at once that there is no match. */
static void test_a_regular_expression_cannot_run_for_ever(void **state) {
        static const MatcherCase hard[] = {
                { "{\"a\": {\"?regex\": \"^(x+x+)+y$\"}}",
                        "{\"a\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxzy\"}",
                        false },
        };

        run(hard, ELEMENTSOF(hard));
}

static void test_what_is_not_supported_is_refused_by_name(void **state) {
        static const struct {
                const char *filter;
                const char *where;
        } cases[] = {
                { "{\"$where\": \"1\"}", "filter.$where" },
                { "{\"$expr\": {}}", "filter.$expr" },
                { "{\"a\": {\"$size\": 1}}", "filter.a.$size" },
                { "{\"a\": {\"$gt\": 1, \"b\": 2}}", "filter.a.b" },
                { "{\"a\": {\"$elemMatch\": {\"b\": 1}}}", "filter.a.$elemMatch" },
                { "{\"$or\": [{\"a\": 1}, {\"b.c\": {\"$mod\": [2, 0]}}]}", "filter.$or[1].b.c.$mod" },
                { "{\"a\": {\"$not\": {\"$all\": [1]}}}", "filter.a.$not.$all" },
                { "{\"$and\": []}", "filter.$and" },
                { "{\"$or\": {\"a\": 1}}", "filter.$or" },
                { "{\"$or\": [1]}", "filter.$or[0]" },
                { "{\"a\": {\"$in\": 1}}", "filter.a.$in" },
                { "{\"a\": {\"$in\": [{\"$gt\": 1}]}}", "filter.a.$in" },
                { "{\"a\": {\"$not\": 1}}", "filter.a.$not" },
                { "{\"a\": {\"$not\": {}}}", "filter.a.$not" },
                { "{\"a\": {\"$ne\": " RE("x", "") "}}", "filter.a.$ne" },
                { "{\"a\": {\"$gt\": " RE("x", "") "}}", "filter.a.$gt" },
                { "{\"a\": {\"?type\": \"text\"}}", "filter.a.$type" },
                { "{\"a\": {\"?type\": []}}", "filter.a.$type" },
                { "{\"a\": {\"?type\": 99}}", "filter.a.$type" },
                { "{\"a\": {\"?regex\": \"(\"}}", "filter.a.$regex" },
                { "{\"a\": {\"?regex\": 1}}", "filter.a.$regex" },
                { "{\"a\": {\"?regex\": \"x\", \"?options\": \"q\"}}", "filter.a.$regex" },
                { "{\"a\": {\"?regex\": \"x\", \"?options\": 1}}", "filter.a.$regex" },
                { "{\"a\": {\"?options\": \"i\"}}", "filter.a.$options" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                bson_t *filter = bson_of(cases[i].filter);
                Matcher *matcher = NULL;

                if (matcher_new(filter, &matcher, &error) != -EINVAL)
                        fail_msg("%s is taken", cases[i].filter);
                assert_null(matcher);
                assert_string_equal(error.where, cases[i].where);
                assert_non_null(error.message);
                bson_destroy(filter);
        }
}

static void test_nesting_has_a_bound(void **state) {
        _cleanup_(user_error_deinit) UserError error = {};
        bson_t *filter = bson_of("{\"a\": 1}");
        Matcher *matcher = NULL;

        for (int i = 0; i < 200; i++) {
                bson_t *outer = bson_new(), array, child;

                bson_append_array_begin(outer, "$and", -1, &array);
                bson_append_document_begin(&array, "0", -1, &child);
                bson_concat(&child, filter);
                bson_append_document_end(&array, &child);
                bson_append_array_end(outer, &array);
                bson_destroy(filter);
                filter = outer;
        }

        assert_int_equal(matcher_new(filter, &matcher, &error), -EINVAL);
        assert_non_null(strstr(error.message, "nested"));
        bson_destroy(filter);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_equality),
                cmocka_unit_test(test_null_and_missing),
                cmocka_unit_test(test_comparisons_stay_within_a_type),
                cmocka_unit_test(test_arrays),
                cmocka_unit_test(test_dotted_paths),
                cmocka_unit_test(test_types),
                cmocka_unit_test(test_logic),
                cmocka_unit_test(test_regular_expressions),
                cmocka_unit_test(test_a_regular_expression_cannot_run_for_ever),
                cmocka_unit_test(test_what_is_not_supported_is_refused_by_name),
                cmocka_unit_test(test_nesting_has_a_bound),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
