/* What the server saw. */

#include "tests/testapi/counters.h"

int counters_begin(
        Counters *counters, Text id, uint64_t hash, CountersRequest *ret_request, uint32_t *ret_n) {
        uint32_t n;
        int r;

        r = ids_add(&counters->ids, id, hash, &n);
        if (r)
                return r;

        counters->requests++;
        if (++counters->in_flight > counters->max_in_flight)
                counters->max_in_flight = counters->in_flight;
        if (n == 2)
                counters->repeated++;
        if (n > counters->max_per_id)
                counters->max_per_id = n;

        *ret_request = (CountersRequest) { .epoch = counters->epoch, .counted = true };
        *ret_n = n;
        return 0;
}

void counters_end(Counters *counters, CountersRequest *request, unsigned status) {
        if (!request->counted)
                return;

        request->counted = false;
        counters->in_flight--;
        if (request->epoch != counters->epoch)
                return;

        if (status > 0 && status < COUNTERS_STATUS_END)
                counters->by_status[status]++;
        else
                counters->unanswered++;
}

void counters_reset(Counters *counters) {
        ids_deinit(&counters->ids);
        *counters = (Counters) {
                .in_flight = counters->in_flight,
                .max_in_flight = counters->in_flight,
                .connections = counters->connections,
                .epoch = counters->epoch + 1,
        };
}

static void add_number(Bytes *bytes, const char *before, uint64_t value) {
        bytes_addf(bytes, "%s%llu", before, (unsigned long long)value);
}

void counters_add_json(Bytes *bytes, const Counters *counters) {
        const char *separator = "";

        add_number(bytes, "{\"requests\": ", counters->requests);
        add_number(bytes, ", \"in_flight\": ", counters->in_flight);
        add_number(bytes, ", \"max_in_flight\": ", counters->max_in_flight);
        add_number(bytes, ", \"connections\": ", counters->connections);
        add_number(bytes, ", \"accepted\": ", counters->accepted);
        add_number(bytes, ", \"unanswered\": ", counters->unanswered);
        add_number(bytes, ", \"malformed\": ", counters->malformed);
        add_number(bytes, ", \"ids\": ", counters->ids.n_entries);
        add_number(bytes, ", \"repeated\": ", counters->repeated);
        add_number(bytes, ", \"max_per_id\": ", counters->max_per_id);
        bytes_add(bytes, TEXT(", \"by_status\": {"));

        for (unsigned status = 0; status < COUNTERS_STATUS_END; status++) {
                if (counters->by_status[status] == 0)
                        continue;
                bytes_addf(bytes, "%s\"%u\": ", separator, status);
                add_number(bytes, "", counters->by_status[status]);
                separator = ", ";
        }

        bytes_add(bytes, TEXT("}}\n"));
}

void counters_deinit(Counters *counters) {
        ids_deinit(&counters->ids);
}
