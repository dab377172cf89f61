/*
 * The SQL of the SQLite store.
 *
 * outcomes has rowids: with an answer of a kilobyte in each row, a table WITHOUT ROWID keeps answers in
 * the inner pages of its tree and spills them to pages of their own. Measured with answers of 1 KiB: at
 * pages of 4 KiB a quarter of the speed of writing and three times the file, at 8 KiB six tenths of the
 * speed.
 */

#include "daemon/store/sqlite_statement.h"

/* Another job has answered document `d` into the same field. */
#define ANSWERED_ELSEWHERE                                                                                   \
        "EXISTS (SELECT 1 FROM targets t CROSS JOIN outcomes x ON x.job = t.job AND x.key = d.key"           \
        " WHERE t.collection = :collection AND t.field = :field AND x.state = 'ok')"

/* A later outcome of another job took the place of outcome `o` in the meta field. */
#define REPLACED_ELSEWHERE                                                                                   \
        "EXISTS (SELECT 1 FROM targets t CROSS JOIN outcomes x ON x.job = t.job AND x.key = o.key"           \
        " WHERE t.collection = :collection AND t.meta = :meta AND (x.at, x.job) > (o.at, o.job))"

static const char *const texts[_SQLITE_STATEMENT_N] = {
        [SQLITE_STATEMENT_BEGIN_READ] = "BEGIN",
        [SQLITE_STATEMENT_BEGIN_WRITE] = "BEGIN IMMEDIATE",
        [SQLITE_STATEMENT_COMMIT] = "COMMIT",
        [SQLITE_STATEMENT_ROLLBACK] = "ROLLBACK",

        [SQLITE_STATEMENT_SELECT_PENDING] =
                "SELECT d.key, d.doc, o.job IS NOT NULL, o.state, o.reason, o.status, o.attempts"
                " FROM documents d LEFT JOIN outcomes o ON o.job = :job AND o.key = d.key"
                " WHERE d.collection = :collection AND d.key > :after"
                " AND CASE WHEN o.job IS NULL THEN NOT " ANSWERED_ELSEWHERE
                " ELSE :resume AND o.gen = :gen END ORDER BY d.key",

        [SQLITE_STATEMENT_SELECT_FAILED] =
                "SELECT o.key, d.doc, o.gen = :gen, o.state, o.reason, o.status, o.attempts"
                " FROM outcomes o CROSS JOIN documents d ON d.collection = :collection AND d.key = o.key"
                " WHERE o.job = :job AND o.key > :after AND CASE WHEN o.gen = :gen THEN :resume"
                " ELSE o.state = 'failed' AND o.gen < :gen AND NOT " REPLACED_ELSEWHERE " END ORDER BY o.key",

        [SQLITE_STATEMENT_SELECT_ALL] = "SELECT d.key, d.doc, 0, NULL, NULL, NULL, NULL FROM documents d"
                                        " WHERE d.collection = :collection AND d.key > :after ORDER BY d.key",

        [SQLITE_STATEMENT_SELECT_ANSWERED] =
                "SELECT o.key, d.doc, 1, o.state, o.reason, o.status, o.attempts"
                " FROM outcomes o CROSS JOIN documents d ON d.collection = :collection AND d.key = o.key"
                " WHERE o.job = :job AND o.key > :after AND o.gen = :gen ORDER BY o.key",

        [SQLITE_STATEMENT_OTHER_TARGETS] =
                "SELECT DISTINCT field, meta FROM targets WHERE collection = ?1 AND job <> ?2",

        [SQLITE_STATEMENT_OUTCOMES_OF] =
                "SELECT mt.field, mt.meta, " SQLITE_STATEMENT_META_JSON ", m.response"
                " FROM targets mt CROSS JOIN outcomes m ON m.job = mt.job AND m.key = ?2"
                " WHERE mt.collection = ?1 ORDER BY m.at DESC, m.job DESC",

        [SQLITE_STATEMENT_ADD_TARGET] = "INSERT INTO targets (job, name, collection, field, meta)"
                                        " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",

        /* ?17 holds the texts that must become JSON, ?18 the answer that is JSON already. */
        [SQLITE_STATEMENT_PUT_OUTCOME] =
                "INSERT INTO outcomes (job, key, gen, state, reason, status, attempts, at, ms_dns,"
                " ms_connect, ms_tls, ms_wait, ms_total, bytes, n, raw, error, body, response)"
                " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
                " ?17 -> '$.error', ?17 -> '$.body', coalesce(?18, ?17 -> '$.value')"
                " WHERE EXISTS (SELECT 1 FROM documents WHERE collection = ?19 AND key = ?2)"
                " ON CONFLICT (job, key) DO UPDATE SET gen = excluded.gen, state = excluded.state,"
                " reason = excluded.reason, status = excluded.status, attempts = excluded.attempts,"
                " at = excluded.at, ms_dns = excluded.ms_dns, ms_connect = excluded.ms_connect,"
                " ms_tls = excluded.ms_tls, ms_wait = excluded.ms_wait, ms_total = excluded.ms_total,"
                " bytes = excluded.bytes, n = excluded.n, raw = excluded.raw, error = excluded.error,"
                " body = excluded.body, response = excluded.response"
                " WHERE excluded.state = 'ok' OR (outcomes.state <> 'ok' AND outcomes.gen <= excluded.gen)",

        [SQLITE_STATEMENT_HAS_DOCUMENT] = "SELECT 1 FROM documents WHERE collection = ?1 AND key = ?2",

        [SQLITE_STATEMENT_ADD_DOCUMENT] = "INSERT INTO documents (collection, key, doc)"
                                          " VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",

        [SQLITE_STATEMENT_SAVE_JOB] =
                "INSERT INTO jobs (id, name, record) VALUES (?1, ?2, ?3)"
                " ON CONFLICT (id) DO UPDATE SET name = excluded.name, record = excluded.record",
        [SQLITE_STATEMENT_DELETE_JOB] = "DELETE FROM jobs WHERE id = ?1",
        [SQLITE_STATEMENT_LOAD_JOBS] = "SELECT record FROM jobs ORDER BY id",
};

const char *sqlite_statement_text(SqliteStatement statement) {
        return texts[statement];
}
