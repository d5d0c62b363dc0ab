#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace slipway::trigger {

/// A forward-only JSON reader (RFC 8259) that builds nothing: the caller picks what it wants, the rest is validated and
/// skipped at memory speed. UTF-8 is checked; a lone surrogate escape reads as U+FFFD; nesting is bounded. After a
/// failure every function returns false, so a loop ends by itself and failed() need be checked only once.
class JsonScan {
 public:
  static constexpr int max_depth = 200;
  enum class Kind : std::uint8_t { object, array, string, number, boolean, null, end };

  explicit JsonScan(std::string_view text) noexcept
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()) {}

  /// The kind of the next value; `end` if there is none.
  Kind peek() noexcept;

  bool enter_object();
  /// Advances to the next member of the innermost object and returns its raw key (escapes unresolved); false at the closing brace.
  bool next_member(std::string_view& key);
  bool enter_array();
  /// True if another element follows in the innermost array.
  bool next_element();

  bool string(std::string& value);
  bool integer(std::int64_t& value);
  bool skip();
  /// True if only white space is left.
  bool finish();

  bool failed() const noexcept { return what_ != nullptr; }
  /// What was wrong and at which byte. Requires failed().
  Error error() const;
  /// Fails at the current position.
  bool fail(const char* what) noexcept;

 private:
  bool open(char bracket, const char* expected);
  bool raw_string(std::string_view& raw, bool& escaped);
  bool odd_string(const char* start, std::string_view& raw, bool& escaped);
  bool check_escapes(std::string_view raw) noexcept;
  bool number(std::string_view& digits, bool& whole);
  bool word(std::string_view expected) noexcept;
  bool scalar(char first);
  bool skip_nested();

  const char* begin_;
  const char* at_;
  const char* end_;
  const char* what_ = nullptr;
  std::array<bool, max_depth> first_{};  // per open bracket: nothing has been read in it yet
  int depth_ = 0;
};

}  // namespace slipway::trigger
