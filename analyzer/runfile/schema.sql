-- Schema 4 of the run file. The views are documented and stay; the tables are ours to change with a new schema. Tables and
-- views of snapshots and their records are made from the fact base, see records.c.
-- Times are microseconds since 1970 (UTC); the views show ISO 8601. Results and marks are numbers in the order of
-- enum cycle_result and enum mark; the views show words. LUIDs are 64-bit integers.

CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE cycle (
  number INTEGER PRIMARY KEY, slot INTEGER, worker INTEGER, user TEXT, domain TEXT,
  scheduled INTEGER, started INTEGER, logged_on INTEGER, ended INTEGER,
  tcp_us INTEGER, tls_us INTEGER, nla_us INTEGER, activated_us INTEGER, logon_us INTEGER, hold_us INTEGER,
  logoff_us INTEGER, session_id INTEGER, result INTEGER NOT NULL, proof TEXT, failed_phase TEXT, code TEXT,
  message TEXT, error_info INTEGER, served_by TEXT,
  kind INTEGER, shard INTEGER, attempt INTEGER, reconnect INTEGER, host_clock_offset INTEGER,
  server TEXT);

-- A session that its cycle disconnected and connected again.
CREATE TABLE reconnect (
  cycle INTEGER, number INTEGER, started INTEGER, logged_on INTEGER, tcp_us INTEGER, tls_us INTEGER, nla_us INTEGER,
  activated_us INTEGER, logon_us INTEGER, hold_us INTEGER, session_id INTEGER, PRIMARY KEY (cycle, number));

-- Of a run of commands: the accounts that it watches, and what each cycle's command printed first.
CREATE TABLE watched (user TEXT NOT NULL, domain TEXT);
CREATE TABLE command (
  cycle INTEGER PRIMARY KEY, exit_status INTEGER, output TEXT, output_bytes INTEGER, messages TEXT, messages_bytes INTEGER);

CREATE TABLE capture (
  id INTEGER PRIMARY KEY, mark INTEGER NOT NULL, round INTEGER NOT NULL, cycle INTEGER, observer TEXT, command TEXT,
  started INTEGER, ended INTEGER, exit_status INTEGER, content INTEGER, length INTEGER, messages TEXT, problem TEXT);

-- What observers printed, once for each text: length before it was packed, see outputs.c.
CREATE TABLE content (id INTEGER PRIMARY KEY, digest BLOB UNIQUE, length INTEGER NOT NULL, bytes BLOB NOT NULL);

-- A control run: its whole run file. rate: the share of logons that its leaker leaks; NULL: it has none.
CREATE TABLE control (name TEXT PRIMARY KEY, rate TEXT, run BLOB NOT NULL);

CREATE TABLE event (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL);

CREATE TABLE result_name (result INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO result_name VALUES
  (0, 'running'), (1, 'logged-off'), (2, 'unproven'), (3, 'disconnected'), (4, 'failed'), (5, 'lost'),
  (6, 'not-reconnected'), (7, 'ran');
CREATE TABLE kind_name (kind INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO kind_name VALUES (0, 'load'), (1, 'preflight'), (2, 'verification');
CREATE TABLE mark_name (mark INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO mark_name VALUES (0, 'before'), (1, 'during'), (2, 'after'), (3, 'settling'), (4, 'settled');

-- TIME(x) stands for the ISO 8601 text of column x; it is put in when the schema is embedded.
CREATE VIEW cycles AS SELECT
  number, slot, worker, user, domain, TIME(scheduled), TIME(started), TIME(logged_on), TIME(ended),
  tcp_us / 1000.0 AS tcp_ms, tls_us / 1000.0 AS tls_ms, nla_us / 1000.0 AS nla_ms,
  activated_us / 1000.0 AS activated_ms, logon_us / 1000.0 AS logon_ms, hold_us / 1000.0 AS hold_ms,
  logoff_us / 1000.0 AS logoff_ms, session_id, result_name.name AS result, proof, failed_phase, code, message,
  error_info, served_by, kind_name.name AS kind, shard, attempt, reconnect, host_clock_offset / 1000000.0 AS host_clock_offset,
  server
  FROM cycle JOIN result_name USING (result) LEFT JOIN kind_name USING (kind);

CREATE VIEW reconnects AS SELECT
  cycle, number, TIME(started), TIME(logged_on), tcp_us / 1000.0 AS tcp_ms, tls_us / 1000.0 AS tls_ms,
  nla_us / 1000.0 AS nla_ms, activated_us / 1000.0 AS activated_ms, logon_us / 1000.0 AS logon_ms,
  hold_us / 1000.0 AS hold_ms, session_id FROM reconnect;

CREATE VIEW commands AS SELECT
  cycle, TIME(started), TIME(ended), result_name.name AS result, exit_status, output, output_bytes, command.messages AS messages,
  messages_bytes FROM command JOIN cycle ON cycle.number = command.cycle JOIN result_name USING (result);

CREATE VIEW events AS SELECT id, TIME(time), kind, text FROM event;

