#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace slipway {

/// One `key=value` of a log line. Refers to the text it is given; use only within the logging call.
class LogField {
 public:
  LogField(std::string_view key, std::string_view value) : key_(key), value_(value) {}
  LogField(std::string_view key, const char* value) : key_(key), value_(std::string_view(value)) {}
  LogField(std::string_view key, const std::string& value) : key_(key), value_(std::string_view(value)) {}
  LogField(std::string_view key, bool value) : key_(key), value_(value) {}
  LogField(std::string_view key, double value) : key_(key), value_(value) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  LogField(std::string_view key, T value) : key_(key), value_(static_cast<std::int64_t>(value)) {}

  std::string_view key() const noexcept { return key_; }
  const std::variant<std::string_view, std::int64_t, double, bool>& value() const noexcept { return value_; }

 private:
  std::string_view key_;
  std::variant<std::string_view, std::int64_t, double, bool> value_;
};

using LogFields = std::initializer_list<LogField>;
enum class LogLevel { debug, info, warn, error };
enum class LogFormat { text, json };

/// The program's log: one line per event, `time=… level=… msg="…" key=value` or the same as a JSON object. Cheap to
/// copy, thread-safe. A separate thread writes the lines, so the caller never waits for the disk or a pipe; when 1,024
/// lines are waiting, the oldest is dropped. Text from outside is escaped here. Never pass it a secret.
class Log {
 public:
  /// Discards everything: for tests, and for commands that print their own output.
  Log() = default;
  /// Writes to stderr; lines below `level` are dropped.
  static Log to_stderr(LogFormat format, LogLevel level);
  /// Appends to `file` synchronously: for tests.
  static Log to_file(const std::string& file, LogFormat format, LogLevel level);

  void debug(std::string_view message, LogFields fields = {}) const { write(LogLevel::debug, message, fields); }
  void info(std::string_view message, LogFields fields = {}) const { write(LogLevel::info, message, fields); }
  void warn(std::string_view message, LogFields fields = {}) const { write(LogLevel::warn, message, fields); }
  void error(std::string_view message, LogFields fields = {}) const { write(LogLevel::error, message, fields); }
  bool says(LogLevel level) const noexcept;

 private:
  struct Sink;
  explicit Log(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}
  void write(LogLevel level, std::string_view message, LogFields fields) const;
  std::shared_ptr<Sink> sink_;
};

}  // namespace slipway
