/* Settings that are a count or a share: what they take, what is refused, and the way back to text. */

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/option.h"
#include "tests/unit/unit.h"

typedef struct Settings Settings;

struct Settings {
        CountOrShare share;
};

static const Option table[] = {
        { "stop.share", OPTION_SHARE, offsetof(Settings, share), .none = true, .flag = "--share" },
        {},
};

static int set_json(Settings *settings, const char *text, UserError *error) {
        _cleanup_(json_freep) JsonValue *json = NULL;

        assert_int_equal(json_parse(text, strlen(text), &json, error), 0);
        return options_set_json(table, settings, json, error);
}

static void assert_written(const Settings *settings, const char *json) {
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(false);

        json_open_object(writer);
        options_write_json(table, settings, writer);
        json_close_object(writer);
        assert_string_equal(json_writer_text(writer, NULL), json);
}

static void test_counts_and_shares_are_read_and_written(void **state) {
        static const struct {
                const char *text;
                CountOrShare value;
                const char *json;
        } cases[] = {
                { "100", { .count = 100 }, "{\"stop\":{\"share\":100}}" },
                { "1", { .count = 1 }, "{\"stop\":{\"share\":1}}" },
                { "5%", { .percent = 5 }, "{\"stop\":{\"share\":\"5%\"}}" },
                { "0.1%", { .percent = 0.1 }, "{\"stop\":{\"share\":\"0.1%\"}}" },
                { "100%", { .percent = 100 }, "{\"stop\":{\"share\":\"100%\"}}" },
                { "none", {}, "{}" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                _cleanup_free_ char *text = NULL;
                Settings settings = { { .count = 7 } };

                assert_int_equal(option_set_text(&table[0], &settings, cases[i].text, "here", &error), 0);
                assert_int_equal(settings.share.count, cases[i].value.count);
                assert_true(settings.share.percent == cases[i].value.percent);
                text = option_text(&table[0], &settings);
                assert_string_equal(text, cases[i].text);
                assert_written(&settings, cases[i].json);
                if (i + 1 < ELEMENTSOF(cases)) {
                        Settings again = {};

                        assert_int_equal(set_json(&again, cases[i].json, &error), 0);
                        assert_memory_equal(&again, &settings, sizeof(again));
                }
        }
}

static void test_null_in_json_is_none(void **state) {
        _cleanup_(user_error_deinit) UserError error = {};
        Settings settings = { { .percent = 5 } };

        assert_int_equal(set_json(&settings, "{\"stop\": {\"share\": null}}", &error), 0);
        assert_true(settings.share.count == 0 && settings.share.percent == 0);
}

static void test_what_is_neither_is_refused_and_changes_nothing(void **state) {
        static const char *const cases[] = { "", "0", "0%", "-1", "-5%", "1.5", "101%", "5 %", "%", "many",
                "1e999", "0x10", "nan" };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                Settings settings = { { .count = 7 } };

                if (option_set_text(&table[0], &settings, cases[i], "here", &error) != -EINVAL)
                        fail_msg("\"%s\" was taken", cases[i]);
                assert_string_equal(error.where, "here");
                assert_string_equal(error.hint, "write a number such as 100, or a share such as 5%");
                assert_int_equal(settings.share.count, 7);
        }
}

static void test_json_of_another_type_is_refused(void **state) {
        static const char *const cases[] = { "true", "[5]", "{}" };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                _cleanup_free_ char *text = NULL;
                Settings settings = {};

                assert_true(asprintf(&text, "{\"stop\": {\"share\": %s}}", cases[i]) > 0);
                assert_int_equal(set_json(&settings, text, &error), -EINVAL);
                assert_non_null(strstr(error.message, "a count or a share (100 or \"5%\")"));
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_counts_and_shares_are_read_and_written),
                cmocka_unit_test(test_null_in_json_is_none),
                cmocka_unit_test(test_what_is_neither_is_refused_and_changes_nothing),
                cmocka_unit_test(test_json_of_another_type_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
