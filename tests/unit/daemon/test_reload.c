/* A reload takes effect as a whole or not at all, at whatever point memory runs out. */

#include "daemon/reload.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/event.h"
#include "common/fault_memory.h"
#include "tests/unit/unit.h"

#define FILE_NAME "/tmp/test_reload.conf"

#define BEFORE                                                                                               \
        "[Store]\nURI=sqlite:a\n[Network]\nCAFile=/a\nProxy=http://127.0.0.1:1/\n[Limits]\nMaxInFlight=20\n"
#define AFTER                                                                                                \
        "[Store]\nURI=sqlite:b\nPageDocuments=7\n[Network]\nCAFile=/b\nAllowAddress=10.0.0.0/8\n"            \
        "[Control]\nMaxClients=7\n[Limits]\nMaxInFlight=300\nMaxJobs=5\n[Log]\nLogLevel=error\n"

#define N_CHANGES 9 /* from the one to the other */

typedef struct World World;

/* What a reload changes, and what the log says of it. */
struct World {
        struct event_base *base;
        Config *config;
        Egress *egress;
        Engine *engine;
        Registry registry;
        Control control;
        ReloadParts parts;
        unsigned told[_EVENT_N];
};

static World *world;
static const ConfigArguments arguments = { .file = FILE_NAME, .socket = "/run/x.sock" };

void __real_log_entry_begin(LogEntry *entry, const Event *event);
void __wrap_log_entry_begin(LogEntry *entry, const Event *event);

void __wrap_log_entry_begin(LogEntry *entry, const Event *event) {
        world->told[event - events]++;
        __real_log_entry_begin(entry, event);
}

static void write_file(const char *text) {
        FILE *file = fopen(FILE_NAME, "w");

        assert_non_null(file);
        fputs(text, file);
        fclose(file);
}

static void on_turn(int fd, short what, void *userdata) {
}

static int setup(void **state) {
        EngineOptions options = { .max_in_flight = 20 };

        world = calloc(1, sizeof(*world));
        assert_non_null(world);
        write_file(BEFORE);
        assert_int_equal(config_read(&arguments, &world->config, NULL), 0);
        world->base = event_base_new();
        world->egress = egress_new();
        options.egress = world->egress;
        assert_int_equal(engine_new(world->base, &options, &world->engine), 0);
        world->registry.turn = evtimer_new(world->base, on_turn, NULL);
        world->parts = (ReloadParts) {
                .config = world->config,
                .egress = world->egress,
                .engine = world->engine,
                .registry = &world->registry,
                .control = &world->control,
        };
        write_file(AFTER);
        return 0;
}

static int teardown(void **state) {
        event_free(world->registry.turn);
        engine_free(world->engine);
        egress_free(world->egress);
        config_free(world->config);
        event_base_free(world->base);
        free(world);
        unlink(FILE_NAME);
        return 0;
}

static bool allows(const char *text) {
        struct sockaddr_in address = { .sin_family = AF_INET };

        assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
        return egress_allows(world->egress, (struct sockaddr *)&address);
}

/* The settings in effect, each with the place that says so, as text. */
static void settings(char *text, size_t size) {
        *text = '\0';
        for (const Option *option = config_options; option->path; option++) {
                _cleanup_free_ char *value = option->later ? NULL : config_show(world->config, option);

                snprintf(text + strlen(text), size - strlen(text), "%s=%s %s\n", option->path,
                        value ? value : "", config_source(world->config, option->path));
        }
}

static void assert_applied(void) {
        assert_string_equal(world->config->store.uri, "sqlite:a");
        assert_string_equal(config_source(world->config, "Store.URI"), FILE_NAME ":2");
        assert_string_equal(world->config->network.ca_file, "/a");
        assert_string_equal(world->config->network.proxy, "http://127.0.0.1:1/");
        assert_int_equal(world->config->store.page_documents, 5000);
        assert_int_equal(world->config->limits.max_in_flight, 300);
        assert_int_equal(world->registry.services.max_in_flight, 300);
        assert_int_equal(world->registry.max_jobs, 5);
        assert_int_equal(world->control.max_clients, 7);
        assert_true(allows("10.1.2.3"));
        assert_int_equal(world->told[EVENT_SETTING_CHANGED], N_CHANGES);
        assert_int_equal(world->told[EVENT_RELOADED], 1);
}

static void test_what_is_live_takes_effect_and_the_rest_stays(void **state) {
        reload(&world->parts, &arguments);
        assert_applied();
}

/* Nothing has changed, and nothing is said to have. */
static void assert_refused(const char *before) {
        char now[2000];

        settings(now, sizeof(now));
        assert_string_equal(now, before);
        assert_int_equal(world->registry.services.max_in_flight, 0);
        assert_int_equal(world->control.max_clients, 0);
        assert_false(allows("10.1.2.3"));
        assert_int_equal(world->told[EVENT_SETTING_CHANGED] + world->told[EVENT_RELOADED], 0);
        assert_int_equal(world->told[EVENT_RELOAD_REFUSED], 1);
        world->told[EVENT_RELOAD_REFUSED] = 0;
}

/* Lets each allocation of a reload fail in its turn, and @n - 1 behind it, until none is left that does. */
static void starve(uint64_t n) {
        unsigned refused = 0;
        char before[2000];

        settings(before, sizeof(before));
        for (uint64_t i = 1;; i++) {
                fault_memory(i, n);
                reload(&world->parts, &arguments);
                if (fault_memory_end() == 0)
                        break;

                assert_refused(before);
                refused++;
        }

        assert_true(refused > 3 * N_CHANGES);
        assert_applied();
}

static void test_one_allocation_that_fails_leaves_all_as_it_was(void **state) {
        starve(1);
}

static void test_no_memory_from_some_point_on_leaves_all_as_it_was(void **state) {
        starve(UINT64_MAX);
}

#define IN_WORLD(_test) cmocka_unit_test_setup_teardown(_test, setup, teardown)

int main(void) {
        static const struct CMUnitTest tests[] = {
                IN_WORLD(test_what_is_live_takes_effect_and_the_rest_stays),
                IN_WORLD(test_one_allocation_that_fails_leaves_all_as_it_was),
                IN_WORLD(test_no_memory_from_some_point_on_leaves_all_as_it_was),
        };

        log_set_level(LOG_LEVEL_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
