-- Schema 2 of the run file. The views are documented and stay; the tables are ours to change with a new schema.
-- Times are microseconds since 1970 (UTC); the views show ISO 8601. Results and marks are numbers in the order of
-- enum cycle_result and enum mark; the views show words. LUIDs are 64-bit integers.

CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE cycle (
  number INTEGER PRIMARY KEY, slot INTEGER, worker INTEGER, user TEXT, domain TEXT,
  scheduled INTEGER, started INTEGER, logged_on INTEGER, ended INTEGER,
  tcp_us INTEGER, tls_us INTEGER, nla_us INTEGER, activated_us INTEGER, logon_us INTEGER, hold_us INTEGER,
  logoff_us INTEGER, session_id INTEGER, result INTEGER NOT NULL, proof TEXT, failed_phase TEXT, code TEXT,
  message TEXT, error_info INTEGER, served_by TEXT);

CREATE TABLE capture (
  id INTEGER PRIMARY KEY, mark INTEGER NOT NULL, round INTEGER NOT NULL, cycle INTEGER, observer TEXT, command TEXT,
  started INTEGER, ended INTEGER, exit_status INTEGER, output BLOB, messages TEXT, problem TEXT);

CREATE TABLE snapshot (
  capture INTEGER PRIMARY KEY REFERENCES capture (id), source TEXT, host TEXT, build TEXT, boot_time INTEGER,
  time INTEGER, elevated INTEGER, leak_tracking INTEGER, token_objects INTEGER, token_objects_accounted INTEGER);
CREATE TABLE session (capture INTEGER NOT NULL, id INTEGER, name TEXT, user TEXT, domain TEXT, state TEXT);
CREATE TABLE logon_session (
  capture INTEGER NOT NULL, luid INTEGER, user TEXT, domain TEXT, logon_type TEXT, auth_package TEXT,
  session_id INTEGER, logon_time INTEGER);
CREATE TABLE handle (
  capture INTEGER NOT NULL, pid INTEGER, image TEXT, value INTEGER, type TEXT, token_id INTEGER, luid INTEGER,
  session_id INTEGER, user TEXT, domain TEXT, name TEXT);
CREATE TABLE process (
  capture INTEGER NOT NULL, pid INTEGER, image TEXT, session_id INTEGER, handle_count INTEGER, user TEXT);
CREATE TABLE unavailable (capture INTEGER NOT NULL, what TEXT NOT NULL, why TEXT);
CREATE INDEX session_capture ON session (capture);
CREATE INDEX logon_session_capture ON logon_session (capture);
CREATE INDEX handle_capture ON handle (capture);
CREATE INDEX process_capture ON process (capture);
CREATE INDEX unavailable_capture ON unavailable (capture);

-- A control run: its whole run file. rate: the share of logons that its leaker leaks; NULL: it has none.
CREATE TABLE control (name TEXT PRIMARY KEY, rate TEXT, run BLOB NOT NULL);

CREATE TABLE event (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL);

CREATE TABLE result_name (result INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO result_name VALUES
  (0, 'running'), (1, 'logged-off'), (2, 'unproven'), (3, 'disconnected'), (4, 'failed'), (5, 'lost');
CREATE TABLE mark_name (mark INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO mark_name VALUES (0, 'before'), (1, 'during'), (2, 'after'), (3, 'settling'), (4, 'settled');

-- TIME(x) stands for the ISO 8601 text of column x; it is put in when the schema is embedded.
CREATE VIEW cycles AS SELECT
  number, slot, worker, user, domain, TIME(scheduled), TIME(started), TIME(logged_on), TIME(ended),
  tcp_us / 1000.0 AS tcp_ms, tls_us / 1000.0 AS tls_ms, nla_us / 1000.0 AS nla_ms,
  activated_us / 1000.0 AS activated_ms, logon_us / 1000.0 AS logon_ms, hold_us / 1000.0 AS hold_ms,
  logoff_us / 1000.0 AS logoff_ms, session_id, name AS result, proof, failed_phase, code, message, error_info,
  served_by
  FROM cycle JOIN result_name USING (result);

CREATE VIEW snapshots AS SELECT
  capture.id AS capture, mark_name.name AS mark, round, cycle, observer, source, host, build, TIME(boot_time),
  TIME(time), elevated, leak_tracking, token_objects, token_objects_accounted, problem
  FROM capture JOIN mark_name USING (mark) LEFT JOIN snapshot ON snapshot.capture = capture.id;

CREATE VIEW sessions AS SELECT
  session.capture, mark_name.name AS mark, round, cycle, TIME(time), session.id, session.name, user, domain, state
  FROM session JOIN capture ON capture.id = session.capture JOIN mark_name USING (mark)
  JOIN snapshot ON snapshot.capture = capture.id;

CREATE VIEW logon_sessions AS SELECT
  logon_session.capture, mark_name.name AS mark, round, cycle, TIME(time),
  CASE WHEN luid IS NOT NULL THEN printf('%08x:%08x', (luid >> 32) & 4294967295, luid & 4294967295) END AS luid,
  user, domain, logon_type, auth_package, session_id, TIME(logon_time)
  FROM logon_session JOIN capture ON capture.id = logon_session.capture JOIN mark_name USING (mark)
  JOIN snapshot ON snapshot.capture = capture.id;

CREATE VIEW processes AS SELECT
  process.capture, mark_name.name AS mark, round, cycle, TIME(time), pid, image, session_id, handle_count, user
  FROM process JOIN capture ON capture.id = process.capture JOIN mark_name USING (mark)
  JOIN snapshot ON snapshot.capture = capture.id;

CREATE VIEW events AS SELECT id, TIME(time), kind, text FROM event;

CREATE VIEW handles AS SELECT
  handle.capture, mark_name.name AS mark, round, cycle, TIME(time), pid, image, value, type, token_id,
  CASE WHEN luid IS NOT NULL THEN printf('%08x:%08x', (luid >> 32) & 4294967295, luid & 4294967295) END AS luid,
  session_id, user, domain, handle.name
  FROM handle JOIN capture ON capture.id = handle.capture JOIN mark_name USING (mark)
  JOIN snapshot ON snapshot.capture = capture.id;
