/* The manager is told everything, however long it does not read, and the loop never waits for it. */

#include "daemon/system/notify.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/unit.h"

typedef struct World World;

struct World {
        int manager;
        struct event_base *base;
        Notify *notify;
};

/* @abstract: a name without a file. */
static int listen_as_manager(bool abstract) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0), n;
        socklen_t size;

        n = snprintf(address.sun_path, sizeof(address.sun_path), "%s/tmp/reqd-test-notify-%d",
                abstract ? "@" : "", getpid());
        setenv("NOTIFY_SOCKET", address.sun_path, 1);
        size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n + (abstract ? 0 : 1));
        unlink(address.sun_path);
        if (abstract)
                address.sun_path[0] = '\0';
        assert_return_code(fd, errno);
        assert_return_code(bind(fd, (struct sockaddr *)&address, size), errno);
        return fd;
}

/* As the daemon's: between callbacks it looks at what else is due every 100 of them. */
static struct event_base *new_base(void) {
        struct event_config *options = event_config_new();
        struct event_base *base;

        event_config_set_max_dispatch_interval(options, NULL, 100, 1);
        base = event_base_new_with_config(options);
        event_config_free(options);
        return base;
}

static void init(World *world, bool abstract) {
        world->manager = listen_as_manager(abstract);
        world->base = new_base();
        assert_int_equal(event_base_priority_init(world->base, 2), 0);
        assert_int_equal(notify_new(world->base, &world->notify), 0);
        assert_non_null(world->notify);
}

static void deinit(World *world) {
        notify_free(world->notify);
        event_base_free(world->base);
        close(world->manager);
        unlink(getenv("NOTIFY_SOCKET"));
        unsetenv("NOTIFY_SOCKET");
}

static int setup(void **state) {
        static World world;

        init(&world, false);
        *state = &world;
        return 0;
}

static int teardown(void **state) {
        deinit(*state);
        return 0;
}

/* The next message in @text; false if there is none. */
static bool receive(World *world, char *text, size_t size) {
        ssize_t n = recv(world->manager, text, size - 1, 0);

        text[n < 0 ? 0 : n] = '\0';
        return n >= 0;
}

static void assert_message(World *world, const char *expected) {
        char text[1024];

        assert_true(receive(world, text, sizeof(text)));
        assert_string_equal(text, expected);
}

static void test_each_word_is_one_message(void **state) {
        World *world = *state;
        char text[1024];

        notify_ready(world->notify);
        assert_message(world, "READY=1\n");
        notify_status(world->notify, "3 jobs running");
        assert_message(world, "STATUS=3 jobs running\n");
        notify_reloading(world->notify);
        assert_true(receive(world, text, sizeof(text)));
        assert_non_null(strstr(text, "RELOADING=1\nMONOTONIC_USEC="));
        notify_stopping(world->notify);
        assert_message(world, "STOPPING=1\n");
        notify_extend(world->notify, 15000000);
        assert_message(world, "EXTEND_TIMEOUT_USEC=15000000\n");
        assert_false(receive(world, text, sizeof(text)));
}

static void test_a_status_that_says_the_same_is_not_sent(void **state) {
        World *world = *state;
        char text[1024];

        notify_status(world->notify, "no unfinished jobs");
        notify_status(world->notify, "no unfinished jobs");
        assert_message(world, "STATUS=no unfinished jobs\n");
        assert_false(receive(world, text, sizeof(text)));
        notify_status(world->notify, "no unfinished");
        assert_message(world, "STATUS=no unfinished\n");
}

static void test_a_status_cannot_say_more_than_one_word(void **state) {
        notify_status(((World *)*state)->notify, "the store says:\nREADY=1");
        assert_message(*state, "STATUS=the store says:\n");
}

static void test_a_long_status_is_cut_between_characters(void **state) {
        char line[301], text[1024];

        for (size_t i = 0; i + 1 < sizeof(line); i += 2)
                memcpy(line + i, "\xc3\xa4", 2);
        line[300] = '\0';
        notify_status(((World *)*state)->notify, line);
        assert_true(receive(*state, text, sizeof(text)));
        assert_int_equal(strlen(text), strlen("STATUS=\n") + 254);
        assert_memory_equal(text + strlen("STATUS="), line, 254);
}

static void test_what_a_manager_that_does_not_read_missed_is_sent_when_it_reads(void **state) {
        World *world = *state;
        char text[1024], last[64] = "";
        bool ready = false;

        /* Its queue is of a kernel's length, net.unix.max_dgram_qlen; none of these waits. */
        for (int i = 0; i < 5000; i++) {
                snprintf(last, sizeof(last), "status %d", i);
                notify_status(world->notify, last);
        }
        notify_reloading(world->notify);
        notify_ready(world->notify);

        for (int turns = 0; turns < 5000 && !ready; turns++) {
                while (receive(world, text, sizeof(text)))
                        if (strstr(text, "READY=1\n"))
                                ready = true;
                if (!ready)
                        event_base_loop(world->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
        }
        assert_true(ready);
        assert_non_null(strstr(text[0] ? text : last, "status 4999"));
}

static void test_a_manager_with_a_new_socket_is_found_again(void **state) {
        World *world = *state;

        notify_status(world->notify, "before");
        close(world->manager);
        world->manager = listen_as_manager(false);
        notify_status(world->notify, "after");
        assert_message(world, "STATUS=after\n");
}

static void test_an_abstract_socket(void **state) {
        World world;

        init(&world, true);
        notify_ready(world.notify);
        assert_message(&world, "READY=1\n");
        deinit(&world);
}

static void test_without_a_manager_nothing_is_sent(void **state) {
        struct event_base *base = event_base_new();
        Notify *notify = (Notify *)base;

        unsetenv("NOTIFY_SOCKET");
        assert_int_equal(notify_new(base, &notify), 0);
        assert_null(notify);
        notify_ready(notify);
        notify_status(notify, "nobody reads this");
        event_base_free(base);
}

typedef struct Busy Busy;

struct Busy {
        struct event_base *base;
        struct event *event;
        unsigned turns; /* left */
};

/* Is due again in the loop's next turn. */
static void on_busy(int fd, short what, void *userdata) {
        static const struct timeval at_once = {};
        Busy *busy = userdata;

        usleep(100);
        if (--busy->turns)
                evtimer_add(busy->event, &at_once);
        else
                event_base_loopbreak(busy->base);
}

/* How many messages come while an event of @priority is always due. */
static unsigned feed_beside(int priority) {
        Busy busy = { .turns = 500 };
        unsigned n = 0;
        char text[64];
        World world;

        setenv("WATCHDOG_USEC", "2000", 1);
        unsetenv("WATCHDOG_PID");
        init(&world, false);
        busy.base = world.base;
        busy.event = evtimer_new(world.base, on_busy, &busy);
        event_priority_set(busy.event, priority);
        event_active(busy.event, EV_TIMEOUT, 0);
        event_base_dispatch(world.base);
        for (; receive(&world, text, sizeof(text)); n++)
                assert_string_equal(text, "WATCHDOG=1\n");

        event_free(busy.event);
        deinit(&world);
        unsetenv("WATCHDOG_USEC");
        return n;
}

static void test_a_loop_that_never_comes_to_its_work_is_not_alive(void **state) {
        assert_true(feed_beside(1) > 0);
        assert_int_equal(feed_beside(0), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_each_word_is_one_message, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_a_status_that_says_the_same_is_not_sent, setup, teardown),
                cmocka_unit_test_setup_teardown(test_a_status_cannot_say_more_than_one_word, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_a_long_status_is_cut_between_characters, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_what_a_manager_that_does_not_read_missed_is_sent_when_it_reads, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_a_manager_with_a_new_socket_is_found_again, setup, teardown),
                cmocka_unit_test(test_an_abstract_socket),
                cmocka_unit_test(test_without_a_manager_nothing_is_sent),
                cmocka_unit_test(test_a_loop_that_never_comes_to_its_work_is_not_alive),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
