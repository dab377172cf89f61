/* Frames over a socket, in whatever pieces they come, and what ends the waiting for one. */

#include "ctl/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/unit.h"

typedef struct Fixture Fixture;

/* A daemon's end and a client's end of one connection. */
struct Fixture {
        char folder[32];
        char path[64];
        int listener;
        int peer;
        Client *client;
};

static int setup(void **state) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        Fixture *fixture = calloc(1, sizeof(*fixture));
        UserError error = {};

        snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/reqd-test-XXXXXX");
        assert_non_null(mkdtemp(fixture->folder));
        snprintf(fixture->path, sizeof(fixture->path), "%s/s", fixture->folder);
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", fixture->path);

        fixture->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(fixture->listener, (const struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(fixture->listener, 1), 0);
        assert_int_equal(client_new(fixture->path, &fixture->client, &error), 0);
        fixture->peer = accept(fixture->listener, NULL, NULL);
        assert_true(fixture->peer >= 0);
        *state = fixture;
        return 0;
}

static int teardown(void **state) {
        Fixture *fixture = *state;

        client_free(fixture->client);
        if (fixture->peer >= 0)
                close(fixture->peer);
        close(fixture->listener);
        unlink(fixture->path);
        rmdir(fixture->folder);
        free(fixture);
        return 0;
}

static void reply(const Fixture *fixture, const char *bytes, size_t len) {
        assert_int_equal(write(fixture->peer, bytes, len), len);
}

/* Nothing is waited for: what has not come by now does not come. */
static int receive(const Fixture *fixture, VarlinkReply *ret_reply) {
        return client_receive(fixture->client, &(ClientLimits) { 1, -1 }, ret_reply);
}

static void test_a_call_is_a_text_and_a_nul(void **state) {
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(false);
        static const char expected[] = "{\"method\":\"a.B\",\"parameters\":{}}";
        Fixture *fixture = *state;
        char bytes[128];

        varlink_call_begin(writer, "a.B", false);
        varlink_call_end(writer);
        assert_int_equal(client_send(fixture->client, writer), 0);
        assert_int_equal(read(fixture->peer, bytes, sizeof(bytes)), sizeof(expected));
        assert_memory_equal(bytes, expected, sizeof(expected));
}

static void test_replies_come_in_pieces_and_several_at_once(void **state) {
        static const char bytes[] =
                "{\"parameters\":{\"n\":0},\"continues\":true}\0{\"parameters\":{\"n\":1}}\0"
                "{\"parameters\":{\"n\":2}}";
        Fixture *fixture = *state;

        for (size_t first = 0; first <= sizeof(bytes); first++) {
                int64_t n = 0;

                reply(fixture, bytes, first);
                while (n < 3) {
                        _cleanup_(varlink_reply_deinit) VarlinkReply got = {};
                        int r = receive(fixture, &got);

                        if (r == CLIENT_E_TIMED_OUT) {
                                reply(fixture, bytes + first, sizeof(bytes) - first);
                                continue;
                        }

                        assert_int_equal(r, 0);
                        assert_int_equal(json_get_int(got.parameters, "n", -1), n);
                        assert_int_equal(got.continues, n == 0);
                        n++;
                }
                if (first == sizeof(bytes))
                        break;
        }
}

static void test_a_long_reply_comes_whole(void **state) {
        size_t len = 3 * 1024 * 1024;
        _cleanup_free_ char *text = malloc(len + 64);
        _cleanup_(varlink_reply_deinit) VarlinkReply got = {};
        Fixture *fixture = *state;
        size_t at, sent = 0;
        int r;

        at = (size_t)sprintf(text, "{\"parameters\":{\"lines\":\"");
        memset(text + at, 'x', len);
        at += len;
        at += (size_t)sprintf(text + at, "\"}}") + 1;

        do {
                ssize_t n = send(fixture->peer, text + sent, at - sent, MSG_DONTWAIT);

                sent += n > 0 ? (size_t)n : 0;
                r = receive(fixture, &got);
        } while (r == CLIENT_E_TIMED_OUT);

        assert_int_equal(r, 0);
        assert_int_equal(strlen(json_get_string(got.parameters, "lines", "")), len);
}

static void test_what_is_no_reply_is_garbled(void **state) {
        static const char *const frames[] = { "", "nonsense", "[]", "{\"error\":5}", "{\"a\":1}{\"b\":2}" };
        Fixture *fixture = *state;

        for (size_t i = 0; i < ELEMENTSOF(frames); i++) {
                VarlinkReply got;

                reply(fixture, frames[i], strlen(frames[i]) + 1);
                assert_int_equal(receive(fixture, &got), CLIENT_E_GARBLED);
        }
}

static void test_the_limits_end_the_waiting(void **state) {
        Fixture *fixture = *state;
        VarlinkReply got;
        int pipe_fds[2];

        assert_int_equal(pipe(pipe_fds), 0);
        assert_int_equal(write(pipe_fds[1], "x", 1), 1);
        assert_int_equal(
                client_receive(fixture->client, &(ClientLimits) { 1, -1 }, &got), CLIENT_E_TIMED_OUT);
        assert_int_equal(client_receive(fixture->client, &(ClientLimits) { 0, pipe_fds[0] }, &got),
                CLIENT_E_INTERRUPTED);
        assert_int_equal(client_wait(&(ClientLimits) { 1, -1 }), CLIENT_E_TIMED_OUT);
        assert_int_equal(client_wait(&(ClientLimits) { 0, pipe_fds[0] }), CLIENT_E_INTERRUPTED);
        close(pipe_fds[0]);
        close(pipe_fds[1]);
}

static void test_what_was_said_before_hanging_up_is_still_read(void **state) {
        _cleanup_(json_writer_freep) JsonWriter *writer = json_writer_new(false);
        _cleanup_(varlink_reply_deinit) VarlinkReply got = {};
        Fixture *fixture = *state;
        VarlinkReply none;

        reply(fixture, "{\"error\":\"org.reqd.Busy\"}", sizeof("{\"error\":\"org.reqd.Busy\"}"));
        close(fixture->peer);
        fixture->peer = -1;

        varlink_call_begin(writer, "a.B", false);
        varlink_call_end(writer);
        assert_int_equal(client_send(fixture->client, writer), 0);
        assert_int_equal(client_receive(fixture->client, &CLIENT_LIMITS_NONE, &got), 0);
        assert_string_equal(got.error, "org.reqd.Busy");
        assert_int_equal(client_receive(fixture->client, &CLIENT_LIMITS_NONE, &none), CLIENT_E_CLOSED);
}

static void test_half_a_reply_and_the_end_is_the_end(void **state) {
        Fixture *fixture = *state;
        VarlinkReply got;

        reply(fixture, "{\"parameters\":", strlen("{\"parameters\":"));
        close(fixture->peer);
        fixture->peer = -1;
        assert_int_equal(client_receive(fixture->client, &CLIENT_LIMITS_NONE, &got), CLIENT_E_CLOSED);
}

static void test_where_nobody_listens_it_says_what_to_type(void **state) {
        _cleanup_(user_error_deinit) UserError error = {}, too_long = {};
        Fixture *fixture = *state;
        char path[256];
        Client *client;

        snprintf(path, sizeof(path), "%s/nothing", fixture->folder);
        assert_int_equal(client_new(path, &client, &error), CLIENT_E_UNREACHABLE);
        assert_non_null(strstr(error.message, path));
        assert_non_null(strstr(error.hint, "systemctl start reqd"));

        memset(path, 'x', sizeof(path) - 1);
        path[sizeof(path) - 1] = '\0';
        assert_int_equal(client_new(path, &client, &too_long), -EINVAL);
        assert_non_null(too_long.message);
}

static void test_the_environment_names_the_socket_unless_it_is_given(void **state) {
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_(client_freep) Client *client = NULL;
        Fixture *fixture = *state;
        Client *none;

        setenv("REQD_SOCKET", fixture->path, 1);
        assert_int_equal(client_new(NULL, &client, &error), 0);
        assert_string_equal(client_path(client), fixture->path);
        assert_int_equal(client_new("/nothing/there", &none, &error), CLIENT_E_UNREACHABLE);
        unsetenv("REQD_SOCKET");
}

#define TEST(_function) cmocka_unit_test_setup_teardown(_function, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_a_call_is_a_text_and_a_nul),
                TEST(test_replies_come_in_pieces_and_several_at_once),
                TEST(test_a_long_reply_comes_whole),
                TEST(test_what_is_no_reply_is_garbled),
                TEST(test_the_limits_end_the_waiting),
                TEST(test_what_was_said_before_hanging_up_is_still_read),
                TEST(test_half_a_reply_and_the_end_is_the_end),
                TEST(test_where_nobody_listens_it_says_what_to_type),
                TEST(test_the_environment_names_the_socket_unless_it_is_given),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
