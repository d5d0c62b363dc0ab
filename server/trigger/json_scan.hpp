#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace slipway::trigger {

/// Reads JSON (RFC 8259) front to back without building anything: the caller names what it wants, the rest is validated
/// and passed over at the speed of the memory. UTF-8 is checked; a lone surrogate escape reads as U+FFFD; nesting is
/// bounded. Every function returns false after a failure, so that a loop ends and `failed()` is asked once.
class JsonScan {
 public:
  static constexpr int max_depth = 200;
  enum class Kind : std::uint8_t { object, array, string, number, boolean, null, end };

  explicit JsonScan(std::string_view text) noexcept
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()) {}

  /// What comes next; `end` where nothing or no value does.
  Kind peek() noexcept;

  bool enter_object();
  /// The next member of the innermost object: its key, or false at the closing brace. The key's escapes are left as
  /// they are.
  bool next_member(std::string_view& key);
  bool enter_array();
  /// True where another element follows in the innermost array.
  bool next_element();

  bool string(std::string& value);
  bool integer(std::int64_t& value);
  bool skip();
  /// True where only white space is left.
  bool finish();

  bool failed() const noexcept { return what_ != nullptr; }
  /// What was wrong and at which byte. Only after a failure.
  Error error() const;
  /// Fails at the present place.
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
  std::array<bool, max_depth> first_{};  // of each open bracket: nothing was read in it yet
  int depth_ = 0;
};

}  // namespace slipway::trigger
