/* One daemon at a time owns a store's jobs; where opening the store does not see to that, a lease does. */

#include <string.h>

#include "common/timeutil.h"
#include "tests/unit/store/contract_cases.h"

static StoreOwner owner_of(pid_t pid, uint64_t length_us) {
        StoreOwner owner = { .process = { .host = "far", .pid = pid, .begun = 7 }, .length_us = length_us };

        bson_oid_init(&owner.id, NULL);
        return owner;
}

static int take(Contract *contract, const StoreOwner *owner, const bson_oid_t *dead, StoreLease *ret_lease) {
        StoreFailure failure = {};
        int r;

        r = store_lease_take(contract->store, owner, dead, ret_lease, &failure);
        if (r && r != STORE_E_HELD)
                fail_msg("taking the lease: %d, %s", r, failure.message);
        return r;
}

static void a_lease_has_one_owner_until_it_is_released(void **state) {
        Contract *contract = *state;
        StoreOwner first = owner_of(11, 3600 * USEC_PER_SEC), second = owner_of(22, 3600 * USEC_PER_SEC);
        StoreLease lease = {}, again;

        assert_int_equal(take(contract, &first, NULL, &lease), 0);
        assert_int_equal(take(contract, &first, NULL, &lease), 0); /* an acknowledgement may get lost */
        assert_int_equal(store_lease_renew(contract->store, &first, NULL), 0);
        if (!store_leases(contract->store))
                return;

        assert_int_equal(take(contract, &second, NULL, &lease), STORE_E_HELD);
        assert_true(bson_oid_equal(&lease.owner, &first.id));
        assert_int_equal(lease.process.pid, 11);
        assert_int_equal(lease.process.begun, 7);
        assert_string_equal(lease.process.host, "far");
        assert_true(lease.since_ms > 0 && lease.renewed_ms >= lease.since_ms);
        assert_int_equal(store_lease_renew(contract->store, &second, NULL), STORE_E_HELD);

        assert_int_equal(take(contract, &second, NULL, &again), STORE_E_HELD);
        assert_int_equal(again.renewed_ms, lease.renewed_ms); /* to ask is not to renew */

        assert_int_equal(store_lease_release(contract->store, &second, NULL), 0); /* not its to release */
        assert_int_equal(store_lease_renew(contract->store, &first, NULL), 0);
        assert_int_equal(store_lease_release(contract->store, &first, NULL), 0);
        assert_int_equal(store_lease_renew(contract->store, &first, NULL), STORE_E_HELD);
        assert_int_equal(take(contract, &second, NULL, &lease), 0);
}

static void a_lease_is_taken_over_from_the_dead_and_only_from_them(void **state) {
        Contract *contract = *state;
        StoreOwner first = owner_of(11, 3600 * USEC_PER_SEC), second = owner_of(22, 3600 * USEC_PER_SEC);
        StoreLease lease = {};

        if (!store_leases(contract->store))
                return;

        assert_int_equal(take(contract, &first, NULL, &lease), 0);
        assert_int_equal(take(contract, &second, &second.id, &lease), STORE_E_HELD);
        assert_int_equal(take(contract, &second, &first.id, &lease), 0);
        assert_int_equal(store_lease_renew(contract->store, &first, NULL), STORE_E_HELD);
        assert_int_equal(take(contract, &first, NULL, &lease), STORE_E_HELD);
        assert_true(bson_oid_equal(&lease.owner, &second.id));
}

static void a_lease_that_has_run_out_is_for_whoever_comes(void **state) {
        Contract *contract = *state;
        StoreOwner first = owner_of(11, USEC_PER_MSEC), second = owner_of(22, 3600 * USEC_PER_SEC);
        StoreLease lease = {};
        uint64_t until_us;
        int r;

        if (!store_leases(contract->store))
                return;

        assert_int_equal(take(contract, &first, NULL, &lease), 0);
        until_us = time_now_us() + 30 * USEC_PER_SEC;
        do
                r = take(contract, &second, NULL, &lease);
        while (r == STORE_E_HELD && time_now_us() < until_us);
        assert_int_equal(r, 0);
        assert_int_equal(store_lease_renew(contract->store, &first, NULL), STORE_E_HELD);
        assert_int_equal(store_lease_renew(contract->store, &second, NULL), 0);
}

static void an_owner_may_renew_late_if_nobody_came(void **state) {
        Contract *contract = *state;
        StoreOwner first = owner_of(11, USEC_PER_MSEC);
        StoreLease lease = {};

        assert_int_equal(take(contract, &first, NULL, &lease), 0);
        for (uint64_t until_us = time_now_us() + 20 * USEC_PER_MSEC; time_now_us() < until_us;)
                ;
        assert_int_equal(store_lease_renew(contract->store, &first, NULL), 0);
}

static void a_lease_is_no_job_record(void **state) {
        Contract *contract = *state;
        StoreOwner owner = owner_of(11, 3600 * USEC_PER_SEC);
        StoreLease lease = {};
        bson_t **records;
        size_t n = 1;

        assert_int_equal(take(contract, &owner, NULL, &lease), 0);
        assert_int_equal(store_job_load_all(contract->store, &records, &n, NULL), 0);
        assert_int_equal(n, 0);
        free(records);
}

const ContractCase contract_lease_cases[] = {
        CONTRACT_CASE(a_lease_has_one_owner_until_it_is_released),
        CONTRACT_CASE(a_lease_is_taken_over_from_the_dead_and_only_from_them),
        CONTRACT_CASE(a_lease_that_has_run_out_is_for_whoever_comes),
        CONTRACT_CASE(an_owner_may_renew_late_if_nobody_came),
        CONTRACT_CASE(a_lease_is_no_job_record),
};

const size_t contract_n_lease_cases = ELEMENTSOF(contract_lease_cases);
