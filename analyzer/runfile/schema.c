/* Schema 1 of the run file. The views are documented and stay; the tables are ours to change with a new schema. */
#include "runfile/database.h"

/* Times are microseconds since 1970 (UTC); the views show ISO 8601. Results and marks are numbers in the order of
 * enum cycle_result and enum mark; the views show words. LUIDs are 64-bit integers. */
const char runfile_tables[] =
    "CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE cycle (number INTEGER PRIMARY KEY, slot INTEGER, worker INTEGER, user TEXT, "
    "domain TEXT,"
    " scheduled INTEGER, started INTEGER, logged_on INTEGER, ended INTEGER,"
    " tcp_us INTEGER, tls_us INTEGER, nla_us INTEGER, activated_us INTEGER, logon_us INTEGER, "
    "hold_us INTEGER,"
    " logoff_us INTEGER, session_id INTEGER, result INTEGER NOT NULL, failed_phase TEXT, code "
    "TEXT, message TEXT,"
    " error_info INTEGER, served_by TEXT);"

    "CREATE TABLE capture (id INTEGER PRIMARY KEY, mark INTEGER NOT NULL, round INTEGER NOT NULL, "
    "cycle INTEGER,"
    " observer TEXT, command TEXT, started INTEGER, ended INTEGER, exit_status INTEGER, output "
    "BLOB, messages TEXT,"
    " problem TEXT);"

    "CREATE TABLE snapshot (capture INTEGER PRIMARY KEY REFERENCES capture (id), source TEXT, host "
    "TEXT, build TEXT,"
    " boot_time INTEGER, time INTEGER, elevated INTEGER, leak_tracking INTEGER, token_objects "
    "INTEGER,"
    " token_objects_accounted INTEGER);"

    "CREATE TABLE session (capture INTEGER NOT NULL, id INTEGER, name TEXT, user TEXT, domain "
    "TEXT, state TEXT);"
    "CREATE TABLE logon_session (capture INTEGER NOT NULL, luid INTEGER, user TEXT, domain TEXT, "
    "logon_type TEXT,"
    " auth_package TEXT, session_id INTEGER, logon_time INTEGER);"
    "CREATE TABLE handle (capture INTEGER NOT NULL, pid INTEGER, image TEXT, value INTEGER, type "
    "TEXT,"
    " token_id INTEGER, luid INTEGER, session_id INTEGER, user TEXT, domain TEXT, name TEXT);"
    "CREATE TABLE process (capture INTEGER NOT NULL, pid INTEGER, image TEXT, session_id INTEGER,"
    " handle_count INTEGER, user TEXT);"
    "CREATE TABLE unavailable (capture INTEGER NOT NULL, what TEXT NOT NULL, why TEXT);"
    "CREATE INDEX session_capture ON session (capture);"
    "CREATE INDEX logon_session_capture ON logon_session (capture);"
    "CREATE INDEX handle_capture ON handle (capture);"
    "CREATE INDEX process_capture ON process (capture);"
    "CREATE INDEX unavailable_capture ON unavailable (capture);"

    "CREATE TABLE event (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind TEXT NOT NULL, text "
    "TEXT NOT NULL);"

    "CREATE TABLE result_name (result INTEGER PRIMARY KEY, name TEXT NOT NULL);"
    "INSERT INTO result_name VALUES "
    "(0,'running'),(1,'logged-off'),(2,'unproven'),(3,'disconnected'),(4,'failed'),"
    "(5,'lost');"
    "CREATE TABLE mark_name (mark INTEGER PRIMARY KEY, name TEXT NOT NULL);"
    "INSERT INTO mark_name VALUES "
    "(0,'before'),(1,'during'),(2,'after'),(3,'settling'),(4,'settled');";

#define TIME_TEXT(column)                                                                          \
	"strftime('%Y-%m-%dT%H:%M:%S', " column " / 1000000, 'unixepoch') || "                     \
	"printf('.%06dZ', " column " % 1000000) AS " column
#define LUID_TEXT_SQL "printf('%08x:%08x', (luid >> 32) & 4294967295, luid & 4294967295)"

const char runfile_views
    [] = "CREATE VIEW cycles AS SELECT number, slot, worker, user, domain, " TIME_TEXT("scheduled") ", " TIME_TEXT("started") ", " TIME_TEXT(
        "logged_on") ", " TIME_TEXT("ended") ","
                                             " tcp_us / 1000.0 AS tcp_ms, tls_us / 1000.0 AS "
                                             "tls_ms, nla_us / 1000.0 AS nla_ms,"
                                             " activated_us / 1000.0 AS activated_ms, logon_us / "
                                             "1000.0 AS logon_ms, hold_us / 1000.0 AS hold_ms,"
                                             " logoff_us / 1000.0 AS logoff_ms, session_id, name "
                                             "AS result, failed_phase, code, message, error_info,"
                                             " served_by FROM cycle JOIN result_name USING "
                                             "(result);"

                                             "CREATE VIEW snapshots AS SELECT capture.id AS "
                                             "capture, mark_name.name AS mark, round, cycle, "
                                             "observer, source,"
                                             " host, build, " TIME_TEXT("boot_time") ", " TIME_TEXT(
                                                 "time") ", elevated, leak_tracking, token_objects,"
                                                         " token_objects_accounted, problem FROM "
                                                         "capture JOIN mark_name USING (mark)"
                                                         " LEFT JOIN snapshot ON snapshot.capture "
                                                         "= capture.id;"

                                                         "CREATE VIEW sessions AS SELECT "
                                                         "session.capture, mark_name.name AS mark, "
                                                         "round, cycle, " TIME_TEXT(
                                                             "time") ","
                                                                     " session.id, session.name, "
                                                                     "user, domain, state FROM "
                                                                     "session JOIN capture ON "
                                                                     "capture.id = session.capture"
                                                                     " JOIN mark_name USING (mark) "
                                                                     "JOIN snapshot ON "
                                                                     "snapshot.capture = "
                                                                     "capture.id;"

                                                                     "CREATE VIEW handles AS "
                                                                     "SELECT handle.capture, "
                                                                     "mark_name.name AS mark, "
                                                                     "round, cycle, " TIME_TEXT(
                                                                         "time") ","
                                                                                 " pid, image, "
                                                                                 "value, type, "
                                                                                 "token_id, CASE "
                                                                                 "WHEN luid IS NOT "
                                                                                 "NULL "
                                                                                 "THEN"
                                                                                 " " LUID_TEXT_SQL
                                                                                 " END AS luid,"
                                                                                 " session_id, "
                                                                                 "user, domain, "
                                                                                 "handle.name FROM "
                                                                                 "handle JOIN "
                                                                                 "capture ON "
                                                                                 "capture.id = "
                                                                                 "handle.capture"
                                                                                 " JOIN mark_name "
                                                                                 "USING (mark) "
                                                                                 "JOIN snapshot ON "
                                                                                 "snapshot.capture "
                                                                                 "= capture.id;";

const char *const statement_texts[STATEMENT_COUNT] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_SET] = "INSERT OR REPLACE INTO setting (key, value) VALUES (?, ?)",
    [STATEMENT_GET] = "SELECT value FROM setting WHERE key = ?",
    [STATEMENT_PUT_CYCLE] =
        "INSERT OR REPLACE INTO cycle (number, slot, worker, user, domain, scheduled, started,"
        " logged_on, ended, session_id, result, failed_phase, code, message, error_info,"
        " served_by, tcp_us, tls_us, nla_us, activated_us, logon_us, hold_us, logoff_us)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [STATEMENT_CYCLES] =
        "SELECT number, slot, worker, user, domain, scheduled, started, logged_on, ended,"
        " session_id, result, failed_phase, code, message, error_info, served_by, tcp_us,"
        " tls_us, nla_us, activated_us, logon_us, hold_us, logoff_us FROM cycle ORDER BY number",
    [STATEMENT_ADD_CAPTURE] =
        "INSERT INTO capture (mark, round, cycle, observer, command, started, ended,"
        " exit_status, messages, problem, output) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
    [STATEMENT_CAPTURES] =
        "SELECT id, mark, round, cycle, observer, command, started, ended, exit_status,"
        " messages, problem, length(output) FROM capture ORDER BY started, id",
    [STATEMENT_MARK_SETTLED] = "UPDATE capture SET mark = ? WHERE mark = ? AND round = ?",
    [STATEMENT_ADD_EVENT] = "INSERT INTO event (time, kind, text) VALUES (?, ?, ?)",
    [STATEMENT_EVENTS] = "SELECT time, kind, text FROM event ORDER BY id",
    [STATEMENT_ADD_SNAPSHOT] = "INSERT INTO snapshot VALUES (?,?,?,?,?,?,?,?,?,?)",
    [STATEMENT_ADD_SESSION] = "INSERT INTO session VALUES (?,?,?,?,?,?)",
    [STATEMENT_ADD_LOGON_SESSION] = "INSERT INTO logon_session VALUES (?,?,?,?,?,?,?,?)",
    [STATEMENT_ADD_HANDLE] = "INSERT INTO handle VALUES (?,?,?,?,?,?,?,?,?,?,?)",
    [STATEMENT_ADD_PROCESS] = "INSERT INTO process VALUES (?,?,?,?,?,?)",
    [STATEMENT_ADD_UNAVAILABLE] = "INSERT INTO unavailable VALUES (?,?,?)",
    [STATEMENT_SNAPSHOTS_OF_MOMENT] =
        "SELECT capture, source, host, build, boot_time, time, elevated,"
        " leak_tracking, token_objects, token_objects_accounted FROM snapshot"
        " JOIN capture ON capture.id = snapshot.capture WHERE mark = ? AND round = ?"
        " ORDER BY capture",
    [STATEMENT_SESSIONS] = "SELECT * FROM session WHERE capture = ? ORDER BY rowid",
    [STATEMENT_LOGON_SESSIONS] = "SELECT * FROM logon_session WHERE capture = ? ORDER BY rowid",
    [STATEMENT_HANDLES] = "SELECT * FROM handle WHERE capture = ? ORDER BY rowid",
    [STATEMENT_PROCESSES] = "SELECT * FROM process WHERE capture = ? ORDER BY rowid",
    [STATEMENT_UNAVAILABLE] = "SELECT * FROM unavailable WHERE capture = ? ORDER BY rowid",
};
