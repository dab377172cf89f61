/* A table of settings: what each type takes, what is refused and how that reads, and the way back to text. */

#include "common/option.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

typedef struct Settings Settings;

struct Settings {
        char *name;
        uint64_t count;
        uint64_t limit;
        uint64_t size;
        uint64_t duration_us;
        double rate;
        bool flag;
        uint64_t choice;
        StringList list;
        StringList empty;
        StringList map;
        char *object;
};

static const char *const colors[] = { "red", "green", NULL };

static int check_item(const char *text, UserError *error) {
        if (strcmp(text, "bad") == 0)
                return user_error_set(error, NULL, "write good", "\"%s\" is bad", text);

        return 0;
}

#define PLACE(_member) offsetof(Settings, _member)

static const Option table[] = {
        { "name", OPTION_STRING, PLACE(name), .check = check_item, .flag = "--name" },
        { "pace.count", OPTION_COUNT, PLACE(count), .fallback = "5", .min = 1, .max = 100,
                .flag = "--count" },
        { "pace.limit", OPTION_COUNT, PLACE(limit), .none = true, .zero = true, .flag = "--limit" },
        { "pace.rate", OPTION_RATE, PLACE(rate), .max = 1000, .none = true, .zero = true, .flag = "--rate" },
        { "pace.per_host", OPTION_COUNT, .later = true, .flag = "--per-host" },
        { "pace.http", OPTION_STRING, .fallback = "1.1", .later = true },
        { "size.most", OPTION_SIZE, PLACE(size), .fallback = "1MiB", .max = 1 << 30 },
        { "size.time", OPTION_DURATION, PLACE(duration_us), .fallback = "1m", .min = 1000,
                .max = 3600000000 },
        { "flag", OPTION_BOOL, PLACE(flag) },
        { "color", OPTION_CHOICE, PLACE(choice), .choices = colors, .fallback = "green" },
        { "list.some", OPTION_LIST, PLACE(list), .fallback = "a b", .check = check_item },
        { "list.none", OPTION_LIST, PLACE(empty) },
        { "map", OPTION_MAP, PLACE(map), .arg = "K=V" },
        { "object", OPTION_JSON, PLACE(object), .none = true },
        {},
};

static int setup(void **state) {
        Settings *settings = calloc(1, sizeof(*settings));

        assert_int_equal(option_set_defaults(table, settings), 0);
        *state = settings;
        return 0;
}

static int teardown(void **state) {
        options_deinit(table, *state);
        free(*state);
        return 0;
}

static void assert_item_equal(const StringList *list, size_t i, const char *item) {
        assert_true(i < list->n);
        assert_string_equal(list->items[i], item);
        assert_null(list->items[list->n]);
}

static int set_text(void *settings, const char *path, const char *text, UserError *error) {
        return option_set_text(option_find(table, path), settings, text, "here", error);
}

static int set_json(void *settings, const char *text, UserError *error) {
        _cleanup_(json_freep) JsonValue *object = NULL;

        assert_int_equal(json_parse(text, strlen(text), &object, error), 0);
        return options_set_json(table, settings, object, error);
}

static void test_defaults_are_what_the_rows_say(void **state) {
        Settings *settings = *state;

        assert_null(settings->name);
        assert_int_equal(settings->count, 5);
        assert_int_equal(settings->limit, 0);
        assert_int_equal(settings->size, 1 << 20);
        assert_int_equal(settings->duration_us, 60000000);
        assert_int_equal(settings->choice, 1);
        assert_item_equal(&settings->list, 0, "a");
        assert_item_equal(&settings->list, 1, "b");
        assert_null(settings->map.items);
}

static void test_rows_are_found_by_path_and_flag(void **state) {
        assert_string_equal(option_find(table, "pace.rate")->flag, "--rate");
        assert_string_equal(option_find_flag(table, "--rate")->path, "pace.rate");
        assert_string_equal(option_find_flag(table, "rate")->path, "pace.rate");
        assert_null(option_find(table, "pace"));
        assert_null(option_find(table, "rate"));
        assert_null(option_find_flag(table, "-rate"));
        assert_null(option_find_flag(table, ""));
}

static void test_texts_that_are_numbers(void **state) {
        static const struct {
                const char *path;
                const char *text;
                const char *back; /* as option_text() writes it */
        } cases[] = {
                { "pace.count", "1", "1" },
                { "pace.count", "100", "100" },
                { "pace.limit", "18446744073709551615", "18446744073709551615" },
                { "pace.limit", "none", "none" },
                { "size.time", "200ms", "200ms" },
                { "size.time", "30s", "30s" },
                { "size.time", "90s", "90s" },
                { "size.time", "60", "1m" },
                { "size.time", "5m", "5m" },
                { "size.time", "1h", "1h" },
                { "size.time", "1.5", "1500ms" },
                { "size.time", "0.0015", "1.5ms" },
                { "size.time", "1.000001s", "1000.001ms" },
                { "size.most", "0", "0" },
                { "size.most", "1000", "1000" },
                { "size.most", "2048", "2KiB" },
                { "size.most", "64KiB", "64KiB" },
                { "size.most", "1.5MiB", "1536KiB" },
                { "size.most", "1GiB", "1GiB" },
                { "pace.rate", "50/s", "50/s" },
                { "pace.rate", "50", "50/s" },
                { "pace.rate", "3000/min", "50/s" },
                { "pace.rate", "100/min", "100/min" },
                { "pace.rate", "100/h", "100/h" },
                { "pace.rate", "0.5/s", "30/min" },
                { "pace.rate", "0.123/h", "3.4166666666666666e-05/s" },
                { "pace.rate", "none", "none" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Option *option = option_find(table, cases[i].path);
                _cleanup_free_ char *back = NULL, *again = NULL;
                UserError error = {};

                assert_int_equal(set_text(*state, cases[i].path, cases[i].text, &error), 0);
                back = option_text(option, *state);
                assert_string_equal(back, cases[i].back);

                assert_int_equal(set_text(*state, cases[i].path, back, &error), 0);
                again = option_text(option, *state);
                assert_string_equal(again, back);
        }
}

static void test_numbers_mean_what_they_say(void **state) {
        Settings *settings = *state;
        UserError error = {};
        uint64_t number;
        double rate;

        assert_int_equal(duration_parse("1d", &number, &error), 0);
        assert_true(number == UINT64_C(86400000000));
        assert_int_equal(duration_parse("2h", &number, &error), 0);
        assert_true(number == UINT64_C(7200000000));
        assert_int_equal(duration_parse("1.1", &number, &error), 0);
        assert_true(number == 1100000);
        assert_int_equal(size_parse("2GiB", &number, &error), 0);
        assert_true(number == UINT64_C(1) << 31);
        assert_int_equal(rate_parse("100/h", &rate, &error), 0);
        assert_true(rate == 100.0 / 3600);
        assert_int_equal(rate_parse("none", &rate, &error), 0);
        assert_true(rate == 0);

        assert_int_equal(set_text(settings, "pace.rate", "90/min", &error), 0);
        assert_true(settings->rate == 1.5);
}

typedef struct WrongText WrongText;

struct WrongText {
        const char *path;
        const char *text;
        const char *error; /* NULL: what the JSON parser says is its own affair */
};

static void assert_wrong(void *settings, const WrongText *wrong) {
        const Option *option = option_find(table, wrong->path);
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_free_ char *before = option_text(option, settings), *after = NULL, *text = NULL;

        assert_int_equal(set_text(settings, wrong->path, wrong->text, &error), -EINVAL);
        text = user_error_format(&error);
        assert_string_equal(error.where, "here");
        if (wrong->error)
                assert_string_equal(text, wrong->error);

        after = option_text(option, settings);
        assert_string_equal(before, after);
}

static void test_wrong_numbers_say_what_to_write_and_change_nothing(void **state) {
        static const WrongText cases[] = {
                { "pace.count", "0", "here: 0 is too small (write 1 to 100)" },
                { "pace.count", "101", "here: 101 is too large (write 1 to 100)" },
                { "pace.count", "-1", "here: \"-1\" is not a whole number (write digits only)" },
                { "pace.count", " 5", "here: \" 5\" is not a whole number (write digits only)" },
                { "pace.count", "5x", "here: \"5x\" is not a whole number (write digits only)" },
                { "pace.count", "", "here: \"\" is not a whole number (write digits only)" },
                { "pace.count", "none", "here: \"none\" is not a whole number (write digits only)" },
                { "pace.count", "99999999999999999999",
                        "here: \"99999999999999999999\" is not a whole number (write digits only)" },
                { "pace.limit", "0", "here: 0 is too small (write more than 0 or none)" },
                { "pace.rate", "0/s",
                        "here: 0/s is too small (write more than 0 and at most 1000/s or none)" },
                { "pace.rate", "1001",
                        "here: 1001 is too large (write more than 0 and at most 1000/s or none)" },
                { "pace.rate", "5/day",
                        "here: \"5/day\" is not a rate (write 50/s, 3000/min, 100/h or none)" },
                { "pace.rate", "nan", "here: \"nan\" is not a rate (write 50/s, 3000/min, 100/h or none)" },
                { "pace.rate", "1e999",
                        "here: \"1e999\" is not a rate (write 50/s, 3000/min, 100/h or none)" },
                { "pace.rate", "-5/s", "here: \"-5/s\" is not a rate (write 50/s, 3000/min, 100/h or none)" },
                { "pace.per_host", "5", "here: per_host is not supported yet" },
                { "size.time", "30x", "here: \"30x\" is not a duration (write 200ms, 30s, 5m, 2h or 1d)" },
                { "size.time", "30 s", "here: \"30 s\" is not a duration (write 200ms, 30s, 5m, 2h or 1d)" },
                { "size.time", "0x10", "here: \"0x10\" is not a duration (write 200ms, 30s, 5m, 2h or 1d)" },
                { "size.time", "1e30d",
                        "here: \"1e30d\" is not a duration (write 200ms, 30s, 5m, 2h or 1d)" },
                { "size.time", "2h", "here: 2h is too large (write 1ms to 1h)" },
                { "size.time", "0", "here: 0 is too small (write 1ms to 1h)" },
                { "size.most", "1MB",
                        "here: \"1MB\" is not a size (write 64KiB, 1MiB or a number of bytes)" },
                { "size.most", "2GiB", "here: 2GiB is too large (write 0 to 1GiB)" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_wrong(*state, &cases[i]);
}

static void test_other_wrong_texts_change_nothing_either(void **state) {
        static const WrongText cases[] = {
                { "flag", "maybe", "here: \"maybe\" is neither yes nor no (write yes or no)" },
                { "color", "blue", "here: \"blue\" is not known here (write one of: red green)" },
                { "name", "bad", "here: \"bad\" is bad (write good)" },
                { "list.some", "c bad", "here: \"bad\" is bad (write good)" },
                { "list.some", " ", "here: nothing is named" },
                { "map", "K", "here: \"K\" has no \"=\" or \":\" in it (K=V)" },
                { "map", "=V", "here: \"=V\" has no name in front (K=V)" },
                { "object", "[1]", "here: an object is needed, not an array (write {...})" },
                { "object", "{x}", NULL },
                { "object", "{\"a\":1,\"a\":2}", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_wrong(*state, &cases[i]);
}

static void test_texts_add_to_lists_and_maps(void **state) {
        Settings *settings = *state;
        _cleanup_free_ char *list = NULL, *map = NULL;
        UserError error = {};

        assert_int_equal(set_text(settings, "list.some", "c", &error), 0);
        assert_int_equal(set_text(settings, "list.some", "d, e,f", &error), 0);
        list = option_text(option_find(table, "list.some"), settings);
        assert_string_equal(list, "a b c d e f");

        assert_int_equal(set_text(settings, "map", "a=1", &error), 0);
        assert_int_equal(set_text(settings, "map", "b: 2=3", &error), 0);
        assert_int_equal(set_text(settings, "map", "c= 4:5", &error), 0);
        assert_int_equal(set_text(settings, "map", "a=6", &error), 0);
        assert_int_equal(set_text(settings, "map", "d=", &error), 0);
        map = option_text(option_find(table, "map"), settings);
        assert_string_equal(map, "a=6\nb=2=3\nc= 4:5\nd=");
        assert_string_equal(string_map_value(settings->map.items[1]), "2=3");
}

static void test_other_texts(void **state) {
        Settings *settings = *state;
        UserError error = {};

        assert_int_equal(set_text(settings, "flag", "On", &error), 0);
        assert_true(settings->flag);
        assert_int_equal(set_text(settings, "flag", "0", &error), 0);
        assert_false(settings->flag);

        assert_int_equal(set_text(settings, "color", "RED", &error), 0);
        assert_int_equal(settings->choice, 0);

        assert_int_equal(set_text(settings, "object", " { \"b\" : 1.50, \"a\": [] } ", &error), 0);
        assert_string_equal(settings->object, "{\"b\":1.50,\"a\":[]}");
        assert_int_equal(set_text(settings, "object", "none", &error), 0);
        assert_null(settings->object);
}

static void test_json_of_every_type(void **state) {
        Settings *settings = *state;
        UserError error = {};

        assert_int_equal(
                set_json(settings,
                        "{\"name\": \"x\", \"pace\": {\"count\": 7, \"limit\": \"9\", \"rate\": 2.5},"
                        " \"size\": {\"most\": 10, \"time\": 0.25}, \"flag\": true, \"color\": \"red\","
                        " \"list\": {\"some\": [404, \"x y\"], \"none\": \"one\"},"
                        " \"map\": {\"a\": 1.50, \"b\": true, \"c\": \"\"}, \"object\": {\"k\": [1]}}",
                        &error),
                0);

        assert_string_equal(settings->name, "x");
        assert_int_equal(settings->count, 7);
        assert_int_equal(settings->limit, 9);
        assert_true(settings->rate == 2.5);
        assert_int_equal(settings->size, 10);
        assert_int_equal(settings->duration_us, 250000);
        assert_true(settings->flag);
        assert_int_equal(settings->choice, 0);
        assert_item_equal(&settings->list, 0, "404");
        assert_item_equal(&settings->list, 1, "x y");
        assert_int_equal(settings->list.n, 2);
        assert_item_equal(&settings->empty, 0, "one");
        assert_string_equal(string_map_value(settings->map.items[0]), "1.50");
        assert_string_equal(string_map_value(settings->map.items[1]), "true");
        assert_string_equal(string_map_value(settings->map.items[2]), "");
        assert_string_equal(settings->object, "{\"k\":[1]}");
}

static void test_json_replaces_lists_and_maps(void **state) {
        Settings *settings = *state;
        UserError error = {};

        assert_int_equal(
                set_json(settings, "{\"list\": {\"some\": [\"z\"]}, \"map\": {\"a\": 1}}", &error), 0);
        assert_int_equal(set_json(settings, "{\"list\": {\"some\": []}, \"map\": {\"b\": 2}}", &error), 0);
        assert_int_equal(settings->list.n, 0);
        assert_int_equal(settings->map.n, 1);
        assert_item_equal(&settings->map, 0, "b");
}

static void test_null_means_none_where_that_is_allowed(void **state) {
        Settings *settings = *state;
        UserError error = {};

        assert_int_equal(
                set_json(settings, "{\"pace\": {\"limit\": 5, \"rate\": 5}, \"object\": {}}", &error), 0);
        assert_int_equal(set_json(settings,
                                 "{\"pace\": {\"limit\": null, \"rate\": \"none\", \"per_host\": null},"
                                 " \"object\": null}",
                                 &error),
                0);
        assert_int_equal(settings->limit, 0);
        assert_true(settings->rate == 0);
        assert_null(settings->object);
}

static void test_wrong_json_says_where(void **state) {
        static const struct {
                const char *json;
                const char *error;
        } cases[] = {
                { "[]", "this must be an object, not an array" },
                { "{\"pace\": 5}", "pace: this must be an object, not a number" },
                { "{\"pace\": {\"count\": 0}}", "pace.count: 0 is too small (write 1 to 100)" },
                { "{\"pace\": {\"count\": 1.5}}",
                        "pace.count: \"1.5\" is not a whole number (write digits only)" },
                { "{\"pace\": {\"count\": null}}", "pace.count: this must be a whole number, not null" },
                { "{\"pace\": {\"count\": true}}",
                        "pace.count: this must be a whole number, not true or false" },
                { "{\"pace\": {\"per_host\": 5}}", "pace.per_host: per_host is not supported yet" },
                { "{\"pace\": {\"http\": null}}", "pace.http: http is not supported yet" },
                { "{\"pace\": {\"cuont\": 1}}",
                        "pace.cuont: \"cuont\" is not a known key (did you mean pace.count?)" },
                { "{\"count\": 1}", "count: \"count\" is not a known key (did you mean pace.count?)" },
                { "{\"paec\": {}}", "paec: \"paec\" is not a known key (did you mean pace?)" },
                { "{\"pace.count\": 1}", "pace.count: \"pace.count\" is not a known key" },
                { "{\"pace\": {\"map\": 1}}", "pace.map: \"map\" is not a known key (did you mean map?)" },
                { "{\"zzzzzzzz\": 1}", "zzzzzzzz: \"zzzzzzzz\" is not a known key" },
                { "{\"\": 1}", ": \"\" is not a known key" },
                { "{\"name\": 5}", "name: this must be a string, not a number" },
                { "{\"name\": \"a\\u0000b\"}", "name: there is a \\u0000 in this string (leave it out)" },
                { "{\"name\": \"bad\"}", "name: \"bad\" is bad (write good)" },
                { "{\"flag\": 1}", "flag: this must be true or false, not a number" },
                { "{\"size\": {\"time\": -1}}",
                        "size.time: \"-1\" is not a duration (write 200ms, 30s, 5m, 2h or 1d)" },
                { "{\"size\": {\"time\": [1]}}",
                        "size.time: this must be a duration (200ms, 30s, 5m, 2h, 1d or a number of seconds), "
                        "not an array" },
                { "{\"list\": {\"some\": [\"a\", \"bad\"]}}", "list.some[1]: \"bad\" is bad (write good)" },
                { "{\"list\": {\"some\": [{}]}}",
                        "list.some[0]: this must be a string or a number, not an object" },
                { "{\"list\": {\"some\": true}}",
                        "list.some: this must be a string or a number, not true or false" },
                { "{\"map\": {\"k\": []}}",
                        "map.k: this must be a string, a number, true or false, not an array" },
                { "{\"map\": [\"k\"]}", "map: this must be an object of strings, not an array" },
                { "{\"object\": \"{}\"}", "object: this must be an object, not a string" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                _cleanup_free_ char *text = NULL;

                assert_int_equal(set_json(*state, cases[i].json, &error), -EINVAL);
                text = user_error_format(&error);
                assert_string_equal(text, cases[i].error);
        }
}

static char *write_json(const Settings *settings) {
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(false);

        json_open_object(writer);
        options_write_json(table, settings, writer);
        json_close_object(writer);
        return strdup(json_writer_text(writer, NULL));
}

static void test_settings_are_written_in_groups_without_what_is_absent(void **state) {
        _cleanup_free_ char *text = write_json(*state);

        assert_string_equal(text, "{\"pace\":{\"count\":5},\"size\":{\"most\":\"1MiB\",\"time\":\"1m\"},"
                                  "\"flag\":false,\"color\":\"green\",\"list\":{\"some\":[\"a\",\"b\"]}}");
}

static void test_what_is_written_is_read_again_as_the_same(void **state) {
        static const char written[] =
                "{\"name\":\"n\",\"pace\":{\"count\":7,\"limit\":9,\"rate\":\"100/h\"},"
                "\"size\":{\"most\":1001,\"time\":\"250ms\"},\"flag\":true,\"color\":\"red\","
                "\"list\":{\"some\":[],\"none\":[\"x y\"]},\"map\":{\"b\":\"1\",\"a\":\"2\"},"
                "\"object\":{\"k\":1.50}}";
        _cleanup_free_ char *text = NULL;
        UserError error = {};

        assert_int_equal(set_json(*state, written, &error), 0);
        text = write_json(*state);
        assert_string_equal(text, written);
}

static void test_lists_and_maps_by_themselves(void **state) {
        StringList list = {}, map = {};

        assert_int_equal(string_list_add(&list, "a"), 0);
        assert_int_equal(string_list_add(&list, "a"), 0);
        assert_int_equal(list.n, 2);
        assert_null(list.items[2]);

        assert_int_equal(string_map_add(&map, "k", "v"), 0);
        assert_int_equal(string_map_add(&map, "k", ""), 0);
        assert_int_equal(map.n, 1);
        assert_string_equal(map.items[0], "k");
        assert_string_equal(string_map_value(map.items[0]), "");

        string_list_deinit(&list);
        string_list_deinit(&list);
        string_list_deinit(&map);
        assert_null(list.items);
}

#define TEST(_function) cmocka_unit_test_setup_teardown(_function, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_defaults_are_what_the_rows_say),
                TEST(test_rows_are_found_by_path_and_flag),
                TEST(test_texts_that_are_numbers),
                TEST(test_numbers_mean_what_they_say),
                TEST(test_wrong_numbers_say_what_to_write_and_change_nothing),
                TEST(test_other_wrong_texts_change_nothing_either),
                TEST(test_texts_add_to_lists_and_maps),
                TEST(test_other_texts),
                TEST(test_json_of_every_type),
                TEST(test_json_replaces_lists_and_maps),
                TEST(test_null_means_none_where_that_is_allowed),
                TEST(test_wrong_json_says_where),
                TEST(test_settings_are_written_in_groups_without_what_is_absent),
                TEST(test_what_is_written_is_read_again_as_the_same),
                TEST(test_lists_and_maps_by_themselves),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
