/* One owner for each SQLite file, by whatever name it is opened. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store/store.h"
#include "tests/unit/unit.h"

typedef struct Place Place;

struct Place {
        char folder[64];
        char link[80]; /* leads to the file "real" beside it */
        char real_uri[96], link_uri[96];
};

static int setup(void **state) {
        Place *place = calloc(1, sizeof(*place));

        assert_non_null(place);
        strcpy(place->folder, "/tmp/reqd-test-sqlite-open-XXXXXX");
        assert_non_null(mkdtemp(place->folder));
        snprintf(place->link, sizeof(place->link), "%s/link", place->folder);
        snprintf(place->real_uri, sizeof(place->real_uri), "sqlite:%s/real", place->folder);
        snprintf(place->link_uri, sizeof(place->link_uri), "sqlite:%s", place->link);
        assert_int_equal(symlink("real", place->link), 0);
        *state = place;
        return 0;
}

static int teardown(void **state) {
        static const char *const names[] = { "link", "real", "real-wal", "real-shm", "real.lock" };
        Place *place = *state;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char path[128];

                snprintf(path, sizeof(path), "%s/%s", place->folder, names[i]);
                unlink(path);
        }
        assert_int_equal(rmdir(place->folder), 0);
        free(place);
        return 0;
}

static Store *open_or_fail(const char *uri) {
        _cleanup_(user_error_deinit) UserError error = {};
        Store *store = NULL;

        if (store_open(uri, NULL, &store, &error))
                fail_msg("%s", error.message);

        return store;
}

static void assert_kept_out(const char *uri) {
        _cleanup_(user_error_deinit) UserError error = {};
        Store *second;

        assert_int_equal(store_open(uri, NULL, &second, &error), -EBUSY);
        assert_non_null(strstr(error.message, "another reqd"));
}

static void test_all_names_of_a_file_have_one_owner(void **state) {
        Place *place = *state;
        Store *store = open_or_fail(place->real_uri);

        assert_kept_out(place->real_uri);
        assert_kept_out(place->link_uri);
        store_free(store);
}

static void test_a_link_may_lead_to_a_file_that_is_not_there_yet(void **state) {
        Place *place = *state;
        Store *store = open_or_fail(place->link_uri);

        assert_kept_out(place->real_uri);
        store_free(store);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_all_names_of_a_file_have_one_owner, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_a_link_may_lead_to_a_file_that_is_not_there_yet, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
