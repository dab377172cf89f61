/* The manager hears when clients may call, and what the daemon waits for. */

#include "daemon/service.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/timeutil.h"
#include "tests/unit/job/fixture.h"
#include "tests/unit/unit.h"

#define A_MINUTE (60 * USEC_PER_SEC)
#define A_MOMENT 1000 /* microseconds */

typedef struct World World;

struct World {
        JobFixture fixture;
        Service *service;
        int manager;
        char heard[65536]; /* all that the manager was told */
        const char *expected;
};

static int listen_as_manager(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

        snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/reqd-test-service-%d", getpid());
        setenv("NOTIFY_SOCKET", address.sun_path, 1);
        unlink(address.sun_path);
        assert_return_code(fd, errno);
        assert_return_code(bind(fd, (struct sockaddr *)&address, sizeof(address)), errno);
        return fd;
}

static void init(World *world, uint64_t patience_us) {
        RegistryOptions registry = { .max_jobs = 2 };
        ServiceOptions service = { .patience_us = patience_us };

        *world = (World) { .manager = listen_as_manager() };
        job_fixture_init(&world->fixture);
        fake_hold(world->fixture.store, FAKE_LOAD, true);
        service.base = world->fixture.base;
        job_fixture_begin_registry(&world->fixture, &registry);
        service.registry = world->fixture.registry;
        assert_int_equal(service_new(&service, &world->service), 0);
        assert_int_equal(registry_start(world->fixture.registry), 0);
}

static void deinit(World *world) {
        fake_hold(world->fixture.store, FAKE_LOAD, false);
        service_free(world->service);
        job_fixture_end_registry(&world->fixture);
        job_fixture_deinit(&world->fixture);
        close(world->manager);
        unlink(getenv("NOTIFY_SOCKET"));
        unsetenv("NOTIFY_SOCKET");
}

static void hear(World *world) {
        size_t len = strlen(world->heard);
        ssize_t n;

        while ((n = recv(world->manager, world->heard + len, sizeof(world->heard) - len - 1, 0)) > 0)
                len += (size_t)n;
        world->heard[len] = '\0';
}

static bool was_heard(const void *userdata) {
        World *world = (World *)userdata;

        hear(world);
        return strstr(world->heard, world->expected);
}

static void await(World *world, const char *expected) {
        world->expected = expected;
        job_fixture_run(&world->fixture, was_heard, world);
}

static void assert_not_heard(World *world, const char *text) {
        hear(world);
        assert_null(strstr(world->heard, text));
}

static void test_ready_once_the_store_has_given_its_jobs(void **state) {
        World world;

        init(&world, A_MINUTE);
        fake_await(world.fixture.store, FAKE_LOAD, 1);
        await(&world, "STATUS=waiting for the store\n");
        assert_not_heard(&world, "READY=1");
        fake_hold(world.fixture.store, FAKE_LOAD, false);
        await(&world, "READY=1\n");
        await(&world, "STATUS=no unfinished jobs\n");
        deinit(&world);
}

static void test_ready_without_the_store_after_some_patience(void **state) {
        World world;

        init(&world, A_MOMENT);
        await(&world, "READY=1\n");
        assert_non_null(strstr(world.heard, "STATUS=waiting for the store"));
        fake_hold(world.fixture.store, FAKE_LOAD, false);
        await(&world, "STATUS=no unfinished jobs\n");
        assert_ptr_equal(strstr(strstr(world.heard, "READY=1") + 1, "READY=1"), NULL);
        deinit(&world);
}

static void test_an_absent_store_is_complained_of_and_does_not_make_it_ready(void **state) {
        World world;

        init(&world, A_MINUTE);
        fake_answer(world.fixture.store, FAKE_LOAD, STORE_E_AWAY);
        fake_hold(world.fixture.store, FAKE_LOAD, false);
        await(&world, "STATUS=waiting for the store: ");
        service_reloading(world.service);
        service_reloaded(world.service);
        assert_not_heard(&world, "READY=1");
        fake_answer(world.fixture.store, FAKE_LOAD, 0);
        await(&world, "READY=1\n");
        deinit(&world);
}

static void test_an_end_asks_for_time(void **state) {
        World world;

        init(&world, A_MINUTE);
        service_ending(world.service);
        await(&world, "STOPPING=1\n");
        await(&world, "STATUS=ending: 0 requests in flight\n");
        await(&world, "EXTEND_TIMEOUT_USEC=15000000\n");
        service_ended(world.service);
        await(&world, "EXTEND_TIMEOUT_USEC=60000000\n");
        deinit(&world);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ready_once_the_store_has_given_its_jobs),
                cmocka_unit_test(test_ready_without_the_store_after_some_patience),
                cmocka_unit_test(test_an_absent_store_is_complained_of_and_does_not_make_it_ready),
                cmocka_unit_test(test_an_end_asks_for_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
