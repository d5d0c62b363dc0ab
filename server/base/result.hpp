#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace slipway {

/// A place in a text: line and column from 1 (columns in bytes); 0 if unknown.
struct Position {
  Position() = default;
  Position(std::string file_name, int line_number, int column_number)
      : file(std::move(file_name)), line(line_number), column(column_number) {}
  std::string file;
  int line = 0;
  int column = 0;
  auto operator<=>(const Position&) const = default;
};

/// Why an input was not accepted. The text says what was tried, on what, what came back and what to do. Accidents (a
/// server that is gone) are the exceptions of base/failure.hpp instead.
class Error {
 public:
  explicit Error(std::string what, Position where = Position()) : what_(std::move(what)), where_(std::move(where)) {}
  const std::string& what() const noexcept { return what_; }
  const Position& where() const noexcept { return where_; }
  /// `file:line:col: what`; without a file `line:col: what`; without a position just `what`.
  std::string text() const;
  bool operator==(const Error&) const = default;

 private:
  std::string what_;
  Position where_;
};

/// A value, or the error that says why there is none. Check before use: `*` on an error throws std::bad_variant_access.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}        // NOLINT: implicit, so that `return value;` works
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}    // NOLINT
  explicit operator bool() const noexcept { return state_.index() == 0; }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

/// For actions on input that yield nothing: success, or the error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT
  explicit operator bool() const noexcept { return !error_; }
  const Error& error() const { return error_.value(); }

 private:
  std::optional<Error> error_;
};

}  // namespace slipway
