#include "queue/sqlite/database.hpp"

#include <sqlite3.h>

#include <stdexcept>

#include "base/failure.hpp"

namespace slipway::queue::sqlite {
namespace {

bool may_pass(int code) noexcept {
  switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return true;
    default: return false;
  }
}

[[noreturn]] void fail(int code, const std::string& doing, sqlite3* connection) {
  const std::string detail = connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
  const std::string text = "the queue's database: " + doing + ": " + detail + " (" + std::to_string(code) + ")";
  if (may_pass(code)) throw Unavailable(text);
  throw std::logic_error(text);
}

/// Turns off SQLite's memory statistics, which take a mutex on every allocation.
void count_no_memory() {
  static const int done = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(done);  // fails once SQLite is initialised; harmless
}

int remember_pages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

std::int64_t to_milliseconds(Clock::time_point time) noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

Clock::time_point from_milliseconds(std::int64_t count) noexcept {
  return Clock::time_point(std::chrono::milliseconds(count));
}

Cursor::~Cursor() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Cursor::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail(code, sqlite3_sql(statement_), sqlite3_db_handle(statement_));
  return false;
}

bool Cursor::is_null(int column) const noexcept { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
bool Cursor::is_blob(int column) const noexcept { return sqlite3_column_type(statement_, column) == SQLITE_BLOB; }
std::int64_t Cursor::integer(int column) const noexcept { return sqlite3_column_int64(statement_, column); }

std::string Cursor::text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  if (bytes == nullptr) return std::string();
  return std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

Clock::time_point Cursor::time(int column) const noexcept { return from_milliseconds(integer(column)); }

std::optional<Clock::time_point> Cursor::maybe_time(int column) const noexcept {
  if (is_null(column)) return std::nullopt;
  return time(column);
}

void Database::Close::operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
void Database::Finalize::operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }

Database::Database(const std::filesystem::path& file, Mode mode) {
  const int access = mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* opened = nullptr;
  count_no_memory();
  const int code = sqlite3_open_v2(file.c_str(), &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, nullptr);
  connection_.reset(opened);
  if (code != SQLITE_OK) fail(code, "open " + file.string(), opened);
  sqlite3_extended_result_codes(opened, 1);
  sqlite3_busy_timeout(opened, 5000);
  // Replaces SQLite's automatic checkpoints, which would run inside a commit.
  sqlite3_wal_hook(opened, remember_pages, log_pages_.get());
}

Database::~Database() = default;
Database::Database(Database&&) noexcept = default;

int Database::checkpoint() {
  int in_log = 0, moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
  if (code != SQLITE_OK) fail(code, "checkpoint", connection_.get());
  return moved;
}

void Database::script(const char* sql) {
  const int code = sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code, sql, connection_.get());
}

sqlite3_stmt* Database::prepared(const char* sql) {
  auto& statement = statements_[sql];
  if (!statement) {
    sqlite3_stmt* made = nullptr;
    const int code = sqlite3_prepare_v3(connection_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    if (code != SQLITE_OK) fail(code, sql, connection_.get());
    statement.reset(made);
  }
  return statement.get();
}

std::int64_t Database::finish(const char* sql) {
  Cursor cursor(prepared(sql));
  while (cursor.next()) {
  }
  return sqlite3_changes64(connection_.get());
}

std::int64_t Database::last_insert() const noexcept { return sqlite3_last_insert_rowid(connection_.get()); }
bool Database::in_transaction() const noexcept { return sqlite3_get_autocommit(connection_.get()) == 0; }

void Database::bind(sqlite3_stmt* statement, int index, std::int64_t value) { sqlite3_bind_int64(statement, index, value); }

void Database::bind(sqlite3_stmt* statement, int index, std::string_view value) {
  sqlite3_bind_text64(statement, index, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void Database::bind(sqlite3_stmt* statement, int index, const Blob& value) {
  sqlite3_bind_blob64(statement, index, value.bytes.data(), value.bytes.size(), SQLITE_TRANSIENT);
}

void Database::bind(sqlite3_stmt* statement, int index, std::nullptr_t) { sqlite3_bind_null(statement, index); }

void Database::bind(sqlite3_stmt* statement, int index, Clock::time_point value) {
  bind(statement, index, to_milliseconds(value));
}

}  // namespace slipway::queue::sqlite
