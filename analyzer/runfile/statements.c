/* The statements on a run file. Its tables and views are in schema.sql. */
#include "runfile/database.h"

/* 1 if an observer that had all rights listed all of them: what it does not list is not there. */
#define SHOWS(what) SHOWS_BUT(what, "'absent', 'cut off'")
#define SHOWS_WHOLE(what) SHOWS_BUT(what, "'absent', 'cut off', 'partial'")
#define SHOWS_BUT(what, extents)                                                                   \
	" (snapshot.capture IS NOT NULL AND elevated IS NOT 0 AND NOT EXISTS"                      \
	" (SELECT 1 FROM sight WHERE sight.capture = snapshot.capture AND section = '" what "'"    \
	" AND extent IN (" extents ")))"

const char *const statement_texts[STATEMENT_COUNT] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    /* Inside a transaction or, where there is none, as one. */
    [STATEMENT_SAVE] = "SAVEPOINT saved",
    [STATEMENT_RELEASE] = "RELEASE saved",
    [STATEMENT_ROLL_BACK_TO_SAVED] = "ROLLBACK TO saved",
    [STATEMENT_SET] = "INSERT OR REPLACE INTO setting (key, value) VALUES (?, ?)",
    [STATEMENT_GET] = "SELECT value FROM setting WHERE key = ?",
    [STATEMENT_SETTINGS] = "SELECT key, value FROM setting ORDER BY key",
    [STATEMENT_PUT_CYCLE] =
        "INSERT OR REPLACE INTO cycle (number, slot, worker, user, domain, scheduled, started,"
        " logged_on, ended, session_id, result, failed_phase, code, message, error_info,"
        " served_by, proof, kind, shard, attempt, reconnect, host_clock_offset, tcp_us, tls_us,"
        " nla_us, activated_us, logon_us, hold_us, logoff_us, server)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [STATEMENT_CYCLES] = "SELECT * FROM cycle ORDER BY number",
    [STATEMENT_ADD_RECONNECT] =
        "INSERT OR REPLACE INTO reconnect (cycle, number, started, logged_on, session_id, tcp_us, tls_us,"
        " nla_us, activated_us, logon_us, hold_us) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
    [STATEMENT_RECONNECTS] =
        "SELECT cycle, number, started, logged_on, session_id, tcp_us, tls_us, nla_us, activated_us,"
        " logon_us, hold_us FROM reconnect ORDER BY cycle, number",
    [STATEMENT_ADD_WATCHED] = "INSERT INTO watched (user, domain) VALUES (?, ?)",
    [STATEMENT_WATCHED] = "SELECT user, domain FROM watched ORDER BY rowid",
    [STATEMENT_ADD_COMMAND] =
        "INSERT OR REPLACE INTO command (cycle, exit_status, output, output_bytes, messages, messages_bytes)"
        " VALUES (?,?,?,?,?,?)",
    [STATEMENT_COMMANDS] =
        "SELECT cycle, exit_status, output, output_bytes, messages, messages_bytes FROM command ORDER BY cycle",
    [STATEMENT_ADD_CAPTURE] =
        "INSERT INTO capture (mark, round, cycle, observer, command, started, ended,"
        " exit_status, messages, problem, content, length) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
    [STATEMENT_CAPTURES] =
        "SELECT capture.id, mark, round, cycle, observer, command, started, ended, exit_status,"
        " messages,"
        " coalesce(problem, CASE WHEN snapshot.capture IS NULL THEN 'its snapshot is missing from the run file' END),"
        " printed.length, time," SHOWS("handles") "," SHOWS("processes") "," SHOWS_WHOLE(
            "handles") "," SHOWS_WHOLE("processes") " FROM capture LEFT JOIN snapshot ON snapshot.capture = capture.id LEFT JOIN printed ON printed.capture = capture.id"
                                                    " ORDER BY started, capture.id",
    [STATEMENT_MARK_SETTLED] = "UPDATE capture SET mark = ? WHERE mark = ? AND round = ?",
    [STATEMENT_LOSE_RUNNING] =
        "UPDATE cycle SET result = ?, ended = ?, code = ?,"
        " message = 'the driver that carried this cycle was killed' WHERE result = ?",
    [STATEMENT_UNSETTLE] = "UPDATE capture SET mark = ? WHERE mark = ?",
    [STATEMENT_FORGET_END] =
        "DELETE FROM setting WHERE key IN"
        " ('finished', 'interrupted', 'ended-early', 'ended-early.code', 'settled', 'allow-partial',"
        " 'load.decided')",
    [STATEMENT_ADD_EVENT] = "INSERT INTO event (time, kind, text) VALUES (?, ?, ?)",
    [STATEMENT_EVENTS] = "SELECT time, kind, text FROM event ORDER BY id",
    [STATEMENT_CAPTURES_OF_MOMENT] =
        "SELECT id, observer FROM capture WHERE mark = ? AND round = ? ORDER BY id",
    [STATEMENT_ADD_CONTROL] = "INSERT INTO control (name, rate, run) VALUES (?, ?, ?)",
    [STATEMENT_CONTROLS] = "SELECT name, rate, run FROM control ORDER BY name",
    [STATEMENT_HOLDINGS] =
        "SELECT capture, pid, image, type, user, domain, NULL, luid FROM handle ORDER BY rowid",
    [STATEMENT_PROCESS_COUNTS] =
        "SELECT capture, pid, image, NULL, NULL, NULL, handle_count, NULL FROM process"
        " ORDER BY rowid",
    [STATEMENT_HANDLE_ROWS] = "SELECT coalesce(max(rowid), 0) FROM handle",
    [STATEMENT_HOSTS] = "SELECT capture FROM snapshot ORDER BY capture",
    [STATEMENT_TOKEN_HOLDINGS] =
        "SELECT capture, pid, image, type, NULL, NULL, NULL, NULL FROM handle"
        " WHERE type = 'Token' ORDER BY rowid",
    [STATEMENT_OUTPUT] = "SELECT unpacked(bytes, length) FROM printed WHERE capture = ?",
    [STATEMENT_ADD_CONTENT] = "INSERT INTO content (digest, length, bytes) VALUES (?,?,?)",
    [STATEMENT_FIND_CONTENT] = "SELECT id FROM content WHERE digest = ?",
    [STATEMENT_CONTENT_SIZE] = "SELECT sum(length(bytes)) FROM content",
    [STATEMENT_SIGHTINGS] =
        "SELECT user, domain, session.id, max(ended) FROM session"
        " JOIN capture ON capture.id = session.capture"
        " WHERE user IS NOT NULL AND session.id IS NOT NULL AND ended IS NOT NULL AND mark <> ?"
        " GROUP BY user, domain, session.id",
};
