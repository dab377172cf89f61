/* How many documents ended in which way. */

#include "daemon/measure/tally.h"

void tally_add(Tally *tally, const Tally *more) {
        tally->ok += more->ok;
        tally->gone += more->gone;
        tally->attempts += more->attempts;
        for (int reason = 0; reason < _REASON_N; reason++)
                tally->failed[reason] += more->failed[reason];
}

void tally_subtract(Tally *tally, const Tally *less) {
        tally->ok -= less->ok;
        tally->gone -= less->gone;
        tally->attempts -= less->attempts;
        for (int reason = 0; reason < _REASON_N; reason++)
                tally->failed[reason] -= less->failed[reason];
}

void tally_outcome(Tally *tally, FailureReason reason, uint32_t attempts) {
        if (reason == REASON_NONE)
                tally->ok++;
        else
                tally->failed[reason]++;
        tally->attempts += attempts;
}

uint64_t tally_failed(const Tally *tally) {
        uint64_t n = 0;

        for (int reason = 0; reason < _REASON_N; reason++)
                n += tally->failed[reason];

        return n;
}

uint64_t tally_documents(const Tally *tally) {
        return tally->ok + tally->gone + tally_failed(tally);
}
