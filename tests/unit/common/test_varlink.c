/* What a Varlink message must look like, and that what is written is read again as the same. */

#include "common/varlink.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

static void test_calls_are_read(void **state) {
        static const struct {
                const char *frame;
                const char *method;
                bool parameters, oneway, more, upgrade;
        } cases[] = {
                { "{\"method\":\"org.reqd.GetStatus\"}", "org.reqd.GetStatus" },
                { "{\"method\":\"a.B\",\"parameters\":{\"job\":\"x\"}}", "a.B", .parameters = true },
                { "{\"parameters\":{},\"more\":true,\"method\":\"a.B\"}", "a.B", .parameters = true,
                        .more = true },
                { "{\"method\":\"a.B\",\"oneway\":true,\"more\":false}", "a.B", .oneway = true },
                { "{\"method\":\"a.B\",\"upgrade\":true,\"parameters\":null}", "a.B", .upgrade = true },
                { " {\"method\":\"a.B\",\"unknown\":[1]} \n", "a.B" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(varlink_call_deinit) VarlinkCall call = {};
                UserError error = {};

                assert_int_equal(
                        varlink_call_parse(cases[i].frame, strlen(cases[i].frame), &call, &error), 0);
                assert_string_equal(call.method, cases[i].method);
                assert_int_equal(call.parameters != NULL, cases[i].parameters);
                assert_int_equal(call.oneway, cases[i].oneway);
                assert_int_equal(call.more, cases[i].more);
                assert_int_equal(call.upgrade, cases[i].upgrade);
        }
}

static void test_malformed_calls_are_refused_with_a_reason(void **state) {
        static const struct {
                const char *frame;
                const char *where; /* NULL: any */
        } cases[] = {
                { "", NULL },
                { "GET / HTTP/1.1\r\n\r\n", NULL },
                { "{\"method\":\"a.B\"", NULL },
                { "{\"method\":\"a.B\"}{\"method\":\"a.B\"}", NULL },
                { "{\"method\":\"a.B\",\"method\":\"a.C\"}", NULL },
                { "{\"method\":\"\xc0\x80\"}", NULL },
                { "[]", NULL },
                { "null", NULL },
                { "\"org.reqd.GetStatus\"", NULL },
                { "{}", "method" },
                { "{\"method\":null}", "method" },
                { "{\"method\":5}", "method" },
                { "{\"method\":\"a.B\",\"parameters\":[]}", "parameters" },
                { "{\"method\":\"a.B\",\"parameters\":\"x\"}", "parameters" },
                { "{\"method\":\"a.B\",\"more\":1}", "more" },
                { "{\"method\":\"a.B\",\"oneway\":\"true\"}", "oneway" },
                { "{\"method\":\"a.B\",\"upgrade\":{}}", "upgrade" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                VarlinkCall call = { .method = "untouched" };

                assert_int_equal(
                        varlink_call_parse(cases[i].frame, strlen(cases[i].frame), &call, &error), -EINVAL);
                assert_non_null(error.message);
                assert_string_equal(call.method, "untouched");
                if (cases[i].where)
                        assert_string_equal(error.where, cases[i].where);
        }
}

static void test_a_nul_inside_a_frame_is_no_json(void **state) {
        static const char frame[] = "{\"method\":\"a.B\"}\0{\"method\":\"a.B\"}";
        _cleanup_(user_error_deinit) UserError error = {};
        VarlinkCall call;

        assert_int_equal(varlink_call_parse(frame, sizeof(frame) - 1, &call, &error), -EINVAL);
}

static void test_replies_are_read(void **state) {
        static const struct {
                const char *frame;
                const char *error;
                bool parameters, continues;
        } cases[] = {
                { "{}", NULL },
                { "{\"parameters\":{\"a\":1}}", NULL, .parameters = true },
                { "{\"continues\":true,\"parameters\":{}}", NULL, .parameters = true, .continues = true },
                { "{\"error\":\"org.reqd.NoSuchJob\",\"parameters\":{\"message\":\"no\"}}",
                        "org.reqd.NoSuchJob", .parameters = true },
                { "{\"error\":null,\"continues\":null}", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(varlink_reply_deinit) VarlinkReply reply = {};
                UserError error = {};

                assert_int_equal(
                        varlink_reply_parse(cases[i].frame, strlen(cases[i].frame), &reply, &error), 0);
                assert_int_equal(reply.parameters != NULL, cases[i].parameters);
                assert_int_equal(reply.continues, cases[i].continues);
                assert_int_equal(reply.error != NULL, cases[i].error != NULL);
                if (reply.error)
                        assert_string_equal(reply.error, cases[i].error);
        }
}

static void test_malformed_replies_are_refused(void **state) {
        static const char *const frames[] = {
                "",
                "[]",
                "5",
                "{\"parameters\":[]}",
                "{\"error\":5}",
                "{\"continues\":\"yes\"}",
                "{\"a\":}",
        };

        for (size_t i = 0; i < ELEMENTSOF(frames); i++) {
                _cleanup_(user_error_deinit) UserError error = {};
                VarlinkReply reply;

                assert_int_equal(varlink_reply_parse(frames[i], strlen(frames[i]), &reply, &error), -EINVAL);
                assert_non_null(error.message);
        }
}

static void test_messages_are_written(void **state) {
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(false);

        assert_non_null(writer);

        varlink_call_begin(writer, "org.reqd.Watch", true);
        json_member_string(writer, "job", "x");
        varlink_call_end(writer);
        assert_string_equal(json_writer_text(writer, NULL),
                "{\"method\":\"org.reqd.Watch\",\"more\":true,\"parameters\":{\"job\":\"x\"}}");

        varlink_call_begin(writer, "org.reqd.GetStatus", false);
        varlink_call_end(writer);
        assert_string_equal(
                json_writer_text(writer, NULL), "{\"method\":\"org.reqd.GetStatus\",\"parameters\":{}}");

        varlink_reply_begin(writer);
        json_member_int(writer, "inserted", 2);
        varlink_reply_end(writer, true);
        assert_string_equal(
                json_writer_text(writer, NULL), "{\"parameters\":{\"inserted\":2},\"continues\":true}");

        varlink_reply_begin(writer);
        varlink_reply_end(writer, false);
        assert_string_equal(json_writer_text(writer, NULL), "{\"parameters\":{}}");

        varlink_error_begin(writer, "org.reqd.Busy");
        json_member_string(writer, "message", "too many");
        varlink_error_end(writer);
        assert_string_equal(json_writer_text(writer, NULL),
                "{\"error\":\"org.reqd.Busy\",\"parameters\":{\"message\":\"too many\"}}");
}

static void test_what_is_written_is_read_again(void **state) {
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(false);
        _cleanup_(varlink_reply_deinit) VarlinkReply reply = {};
        _cleanup_(varlink_call_deinit) VarlinkCall call = {};
        UserError error = {};
        const char *text;
        size_t len;

        varlink_call_begin(writer, "org.reqd.Pause", true);
        json_member_string(writer, "job", "line\nbreak");
        varlink_call_end(writer);
        text = json_writer_text(writer, &len);
        assert_int_equal(strlen(text), len); /* the NUL that ends the frame is the only one */
        assert_int_equal(varlink_call_parse(text, len, &call, &error), 0);
        assert_true(call.more);
        assert_string_equal(json_get_string(call.parameters, "job", ""), "line\nbreak");

        varlink_error_begin(writer, "org.reqd.Conflict");
        varlink_error_end(writer);
        text = json_writer_text(writer, &len);
        assert_int_equal(varlink_reply_parse(text, len, &reply, &error), 0);
        assert_string_equal(reply.error, "org.reqd.Conflict");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_calls_are_read),
                cmocka_unit_test(test_malformed_calls_are_refused_with_a_reason),
                cmocka_unit_test(test_a_nul_inside_a_frame_is_no_json),
                cmocka_unit_test(test_replies_are_read),
                cmocka_unit_test(test_malformed_replies_are_refused),
                cmocka_unit_test(test_messages_are_written),
                cmocka_unit_test(test_what_is_written_is_read_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
