/* JSON made up at random, with the BSON that it means. */

#include "daemon/store/json_bson.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

/*
 * One seed gives one value, as often as it is asked for: that is how of equal members the text gets all
 * and the BSON the last.
 */
typedef struct Random Random;

struct Random {
        uint64_t state;
};

static uint32_t next(Random *random, uint32_t below) {
        random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (uint32_t)(random->state >> 33) % below;
}

#define KEYS_N 6
#define MEMBERS_MAX 5

/* As in the text, and as in the BSON. */
static const char *const keys[KEYS_N][2] = {
        { "a", "a" },
        { "\\u0062", "b" },
        { "", "" },
        { "x\\ny", "x\ny" },
        { "$ref", "$ref" },
        { "\xc3\xa4\xf0\x9f\x98\x80", "\xc3\xa4\xf0\x9f\x98\x80" },
};

static const char *const strings[][2] = {
        { "", "" },
        { "plain", "plain" },
        { "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t" },
        { "\\u00e4\\uD83D\\ude00", "\xc3\xa4\xf0\x9f\x98\x80" },
        { "\xe4\xb8\xad", "\xe4\xb8\xad" },
};

typedef struct Members Members;

/* Of an object or an array: the keys (not used of an array) and the values' seeds. */
struct Members {
        uint32_t n;
        uint32_t key[MEMBERS_MAX];
        uint64_t seed[MEMBERS_MAX];
};

static Members members_of(Random *random) {
        Members members = { .n = next(random, MEMBERS_MAX + 1) };

        for (uint32_t i = 0; i < members.n; i++) {
                members.key[i] = next(random, KEYS_N);
                (void)next(random, 1);
                members.seed[i] = random->state;
        }

        return members;
}

static void write_space(FILE *out, Random *random) {
        fputs((const char *[]) { "", "", " ", "\n\t" }[next(random, 4)], out);
}

static void write_text(FILE *out, uint64_t seed, int depth) {
        Random random = { seed }, space = { ~seed };
        uint32_t kind = next(&random, depth > 0 ? 8 : 6);
        Members members;

        write_space(out, &space);
        switch (kind) {
        case 0:
                fputs("null", out);
                break;
        case 1:
                fputs("true", out);
                break;
        case 2:
                fprintf(out, "%d", (int)next(&random, 1000) - 500);
                break;
        case 3:
                fprintf(out, "%u0000000000", 1 + next(&random, 1000));
                break;
        case 4:
                fprintf(out, "%u.5", next(&random, 1000));
                break;
        case 5:
                fprintf(out, "\"%s\"", strings[next(&random, ELEMENTSOF(strings))][0]);
                break;
        default:
                members = members_of(&random);
                fputc(kind == 6 ? '[' : '{', out);
                for (uint32_t i = 0; i < members.n; i++) {
                        if (i > 0)
                                fputc(',', out);
                        write_space(out, &space);
                        if (kind == 7)
                                fprintf(out, "\"%s\":", keys[members.key[i]][0]);
                        write_text(out, members.seed[i], depth - 1);
                }
                fputc(kind == 6 ? ']' : '}', out);
        }
        write_space(out, &space);
}

static void append_value(bson_t *bson, const char *key, uint64_t seed, int depth);

static void append_array(bson_t *bson, const Members *members, int depth) {
        for (uint32_t i = 0; i < members->n; i++) {
                char index[16];

                snprintf(index, sizeof(index), "%u", i);
                append_value(bson, index, members->seed[i], depth);
        }
}

static void append_object(bson_t *bson, const Members *members, int depth) {
        bool done[KEYS_N] = {};

        for (uint32_t i = 0; i < members->n; i++) {
                uint32_t last = i;

                for (uint32_t j = i; j < members->n; j++)
                        if (members->key[j] == members->key[i])
                                last = j;
                if (!done[members->key[i]])
                        append_value(bson, keys[members->key[i]][1], members->seed[last], depth);
                done[members->key[i]] = true;
        }
}

static void append_value(bson_t *bson, const char *key, uint64_t seed, int depth) {
        Random random = { seed };
        uint32_t kind = next(&random, depth > 0 ? 8 : 6);
        const char *string;
        Members members;
        bson_t child;

        switch (kind) {
        case 0:
                assert_true(BSON_APPEND_NULL(bson, key));
                break;
        case 1:
                assert_true(BSON_APPEND_BOOL(bson, key, true));
                break;
        case 2:
                assert_true(BSON_APPEND_INT32(bson, key, (int)next(&random, 1000) - 500));
                break;
        case 3:
                assert_true(BSON_APPEND_INT64(bson, key, (1 + (int64_t)next(&random, 1000)) * 10000000000));
                break;
        case 4:
                assert_true(BSON_APPEND_DOUBLE(bson, key, next(&random, 1000) + 0.5));
                break;
        case 5:
                string = strings[next(&random, ELEMENTSOF(strings))][1];
                assert_true(BSON_APPEND_UTF8(bson, key, string));
                break;
        case 6:
                members = members_of(&random);
                assert_true(BSON_APPEND_ARRAY_BEGIN(bson, key, &child));
                append_array(&child, &members, depth - 1);
                assert_true(bson_append_array_end(bson, &child));
                break;
        default:
                members = members_of(&random);
                assert_true(BSON_APPEND_DOCUMENT_BEGIN(bson, key, &child));
                append_object(&child, &members, depth - 1);
                assert_true(bson_append_document_end(bson, &child));
        }
}

static void test_random_json_becomes_the_bson_it_means(void **state) {
        for (uint64_t seed = 1; seed <= 5000; seed++) {
                bson_t expected = BSON_INITIALIZER;
                _cleanup_free_ char *text = NULL;
                JsonBody body = {};
                size_t len;
                FILE *out = open_memstream(&text, &len);

                assert_non_null(out);
                write_text(out, seed * 7919, 5);
                fclose(out);
                append_value(&expected, "", seed * 7919, 5);

                assert_int_equal(json_body_parse(text, len, true, &body, NULL, 0), 0);
                if (!bson_equal(body.bson, &expected))
                        fail_msg("seed %u: %.*s", (unsigned)seed, (int)len, text);

                json_body_deinit(&body);
                bson_destroy(&expected);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_random_json_becomes_the_bson_it_means),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
