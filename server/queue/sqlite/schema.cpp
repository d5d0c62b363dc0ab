#include "queue/sqlite/schema.hpp"

#include "base/failure.hpp"

// The tables. Times are milliseconds since 1970; commits and hashes are blobs; enums are stored as their numbers, so new enumerators
// (model/run.hpp) may only be added at the end.
//
//   templates   names by number, so that a run's row is small
//   branches    the push stored last (before, after, delivery), to recognise duplicates of it, and the branch's presumed position
//               (seen), to recognise gaps. `after` and `seen` differ once Git has said that the last push arrived late
//   deliveries  one row per delivery; only `pending` and the results of completing it ever change. The raw bytes and the verdict are
//               in a segment (segments.hpp). The runs it made have the ids first_run … first_run + runs - 1, those made on
//               completion first_later … first_later + later - 1: no index is needed to find them
//   runs        one row per run. `place` is how the scheduler sees it: 0 queued and only waiting its turn; 1 queued and tracked
//               individually (postponed, retried, recovered), or running; null when finished. The two partial
//               indexes hold only unfinished runs, so their cost does not depend on the number of finished ones
//   stages      the latest record of each stage of a run
//   holds       templates on hold
//   handed_off  each template's last hand-off, by values file
//   segments    complete segments, with a time after which nothing was added to them
//   given       one row: the largest delivery and run numbers when some were last removed, so that none is given twice.
//               (AUTOINCREMENT would do, but writes an extra page in every transaction)
// and the view
//   run_rows    a run with its names, in the column order that rows.cpp expects
namespace slipway::queue::sqlite {
namespace {

constexpr std::int64_t version = 1;

constexpr const char* tables = R"sql(
BEGIN;
CREATE TABLE templates(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE branches(
  number INTEGER PRIMARY KEY, repository TEXT NOT NULL, ref TEXT NOT NULL,
  before BLOB, after BLOB, seen BLOB, delivery INTEGER, stored INTEGER,
  UNIQUE(repository, ref));
CREATE TABLE deliveries(
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, branch INTEGER NOT NULL, before BLOB, after BLOB,
  fingerprint BLOB, source INTEGER NOT NULL, received INTEGER NOT NULL, stored INTEGER NOT NULL,
  segment INTEGER NOT NULL, "offset" INTEGER NOT NULL, length INTEGER NOT NULL,
  first_run INTEGER NOT NULL, runs INTEGER NOT NULL,
  pending INTEGER, base BLOB, gap INTEGER,
  first_later INTEGER, later INTEGER, completed_verdict TEXT);
CREATE INDEX deliveries_pending ON deliveries(segment) WHERE pending = 1;
CREATE INDEX deliveries_unsure ON deliveries(branch) WHERE pending = 1;
CREATE TABLE runs(
  id INTEGER PRIMARY KEY, delivery INTEGER NOT NULL, template INTEGER NOT NULL, branch INTEGER NOT NULL,
  "commit" BLOB NOT NULL, "trigger" TEXT NOT NULL, parameters TEXT NOT NULL,
  source INTEGER NOT NULL, only_when_completed INTEGER NOT NULL, priority INTEGER NOT NULL, created INTEGER NOT NULL,
  state INTEGER NOT NULL, place INTEGER, waiting_for INTEGER, next_stage INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, generation INTEGER NOT NULL DEFAULT 0,
  reason TEXT, allow_rollback INTEGER, rebuild INTEGER, rebuild_tag TEXT, failures INTEGER, failing_since INTEGER,
  image TEXT, tag TEXT, digest TEXT, handoff_commit BLOB,
  started INTEGER, finished INTEGER, not_before INTEGER);
CREATE INDEX runs_queued ON runs(template, branch, id) WHERE place = 0;
CREATE INDEX runs_known ON runs(template, branch, id) WHERE place = 1;
CREATE TABLE stages(
  run INTEGER NOT NULL, stage INTEGER NOT NULL, started INTEGER NOT NULL, finished INTEGER, outcome TEXT, detail TEXT,
  PRIMARY KEY(run, stage)) WITHOUT ROWID;
CREATE TABLE holds(template INTEGER PRIMARY KEY, why TEXT NOT NULL, since INTEGER NOT NULL);
CREATE TABLE handed_off(
  template INTEGER NOT NULL, file TEXT NOT NULL, tag TEXT NOT NULL, source_commit BLOB, infra_commit BLOB,
  PRIMARY KEY(template, file)) WITHOUT ROWID;
CREATE TABLE segments(number INTEGER PRIMARY KEY, completed INTEGER NOT NULL);
CREATE TABLE given(delivery INTEGER NOT NULL, run INTEGER NOT NULL);
INSERT INTO given VALUES(0, 0);
CREATE VIEW run_rows AS SELECT
  r.id AS id, d.id AS delivery, t.name AS template, b.repository AS repository, b.ref AS ref, r."commit" AS "commit",
  r.parameters, r.source, r.only_when_completed, r.state AS state, r.waiting_for, r.next_stage, r.reason, r.priority,
  r.attempts, r.allow_rollback, r.rebuild, r.image, r.tag, r.digest, r.handoff_commit,
  r.created, r.started, r.finished, r.not_before, r.generation, r.failures, r.failing_since,
  r.template AS template_number, r.branch AS branch_number, r.rebuild_tag
  FROM runs r CROSS JOIN templates t ON t.number = r.template CROSS JOIN branches b ON b.number = r.branch
  LEFT JOIN deliveries d ON d.number = r.delivery;
PRAGMA user_version = 1;
COMMIT;
)sql";

std::int64_t user_version(Database& database) {
  auto row = database.query("PRAGMA user_version");
  row.next();
  return row.integer(0);
}

}  // namespace

Database open_for_writing(const std::filesystem::path& file) {
  Database database(file, Database::Mode::read_write);
  // auto_vacuum takes effect only if set before the first table is created.
  database.script("PRAGMA auto_vacuum = INCREMENTAL");
  database.script("PRAGMA journal_mode = WAL");
  database.script("PRAGMA synchronous = FULL");
  database.script("PRAGMA cache_size = -4000");
  // Far above what the Checkpointer lets the log grow to: truncating it stalls the writer for 60 ms if freed blocks are discarded.
  database.script("PRAGMA journal_size_limit = 67108864");
  database.script("PRAGMA temp_store = MEMORY");
  const std::int64_t found = user_version(database);
  if (found == 0) database.script(tables);
  if (found > version) {
    throw Refused(file.string() + " was written by a newer slipway (schema " + std::to_string(found) + ", this one knows " +
                  std::to_string(version) + "): use that version, or another state directory");
  }
  return database;
}

Database open_for_reading(const std::filesystem::path& file) {
  Database database(file, Database::Mode::read_only);
  database.script("PRAGMA cache_size = -1000");
  return database;
}

}  // namespace slipway::queue::sqlite
