#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

#include "model/delivery.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace slipway::queue::sqlite {

/// A statement parameter bound as a blob rather than as text.
struct Blob {
  explicit Blob(std::string_view what) : bytes(what) {}
  explicit Blob(std::span<const std::uint8_t> what) : bytes(reinterpret_cast<const char*>(what.data()), what.size()) {}
  std::string_view bytes;
};

/// A statement being stepped through. Reset for reuse by its destructor.
class Cursor {
 public:
  explicit Cursor(sqlite3_stmt* statement) noexcept : statement_(statement) {}
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  ~Cursor();

  /// Moves to the next row; false after the last.
  bool next();
  bool is_null(int column) const noexcept;
  bool is_blob(int column) const noexcept;
  std::int64_t integer(int column) const noexcept;
  std::string text(int column) const;  ///< text or blob; empty for null
  Clock::time_point time(int column) const noexcept;
  std::optional<Clock::time_point> maybe_time(int column) const noexcept;

 private:
  sqlite3_stmt* statement_;
};

/// A connection, used by one thread at a time. Statements are prepared once and cached by address, so they must be string literals.
/// Parameters are numbers, enums, text, Blob, times (stored as milliseconds since 1970), optionals of these, and nullptr.
/// Failures that may pass (a full disk, an I/O error, a lock) throw Unavailable, others (bugs) std::logic_error.
class Database {
 public:
  enum class Mode { read_write, read_only };

  Database(const std::filesystem::path& file, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  Database(Database&&) noexcept;

  /// Runs one or more statements without parameters or results.
  void script(const char* sql);
  /// Runs a statement to completion; returns the number of changed rows.
  template <class... Values>
  std::int64_t run(const char* sql, const Values&... values) {
    bind_all(prepared(sql), values...);
    return finish(sql);
  }
  template <class... Values>
  Cursor query(const char* sql, const Values&... values) {
    sqlite3_stmt* statement = prepared(sql);
    bind_all(statement, values...);
    return Cursor(statement);
  }
  std::int64_t last_insert() const noexcept;
  bool in_transaction() const noexcept;
  /// Pages in the write-ahead log after this connection's last commit.
  int log_pages() const noexcept { return *log_pages_; }
  /// Passive checkpoint: moves the log's pages to the database as far as readers allow. Returns how many of them are there now.
  int checkpoint();

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };

  sqlite3_stmt* prepared(const char* sql);
  std::int64_t finish(const char* sql);

  template <class... Values>
  static void bind_all([[maybe_unused]] sqlite3_stmt* statement, const Values&... values) {
    int index = 0;
    (bind(statement, ++index, values), ...);
  }
  static void bind(sqlite3_stmt* statement, int index, std::int64_t value);
  static void bind(sqlite3_stmt* statement, int index, std::string_view value);
  static void bind(sqlite3_stmt* statement, int index, const Blob& value);
  static void bind(sqlite3_stmt* statement, int index, std::nullptr_t);
  static void bind(sqlite3_stmt* statement, int index, Clock::time_point value);
  static void bind(sqlite3_stmt* statement, int index, const std::string& value) {
    bind(statement, index, std::string_view(value));
  }
  static void bind(sqlite3_stmt* statement, int index, const char* value) { bind(statement, index, std::string_view(value)); }
  template <class T>
    requires(std::is_enum_v<T> || std::is_integral_v<T>)
  static void bind(sqlite3_stmt* statement, int index, T value) {
    bind(statement, index, static_cast<std::int64_t>(value));
  }
  template <class T>
  static void bind(sqlite3_stmt* statement, int index, const std::optional<T>& value) {
    if (value) bind(statement, index, *value);
    else bind(statement, index, nullptr);
  }

  std::unique_ptr<int> log_pages_ = std::make_unique<int>(0);
  std::unique_ptr<sqlite3, Close> connection_;
  std::unordered_map<const char*, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

std::int64_t to_milliseconds(Clock::time_point time) noexcept;
Clock::time_point from_milliseconds(std::int64_t count) noexcept;

}  // namespace slipway::queue::sqlite
