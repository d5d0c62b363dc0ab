#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "edit/scalar.hpp"

// How plain scalars are typed: https://yaml.org/type/ (YAML 1.1) and YAML 1.2.2, 10.3.2 (core schema).

namespace slipway::edit {

namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

std::size_t digits(std::string_view text, std::string_view allowed) {
  const std::size_t end = text.find_first_not_of(allowed);
  return end == std::string_view::npos ? text.size() : end;
}

constexpr std::string_view decimal = "0123456789_";

bool is_named(std::string_view text) {
  static constexpr auto names = std::to_array<std::string_view>(
      {"~",   "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE", "yes", "Yes",
       "YES", "no",   "No",   "NO",   "on",   "On",   "ON",   "off",   "Off",   "OFF",   "y",   "Y",
       "n",   "N",    ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF",  "=",     "<<"});
  return std::find(names.begin(), names.end(), text) != names.end();
}

bool is_prefixed_integer(std::string_view text) {
  if (text.size() < 3 || text[0] != '0') return false;
  const std::string_view rest = text.substr(2);
  switch (text[1]) {
    case 'x':
    case 'X':
      return digits(rest, "0123456789abcdefABCDEF_") == rest.size();
    case 'o':
    case 'O':
      return digits(rest, "01234567_") == rest.size();
    case 'b':
    case 'B':
      return digits(rest, "01_") == rest.size();
    default:
      return false;
  }
}

// `1e3`, `.5`, `1_000`, `10.`: digits with at most one point and an optional exponent.
bool is_decimal(std::string_view text) {
  const std::string_view significant = text.starts_with('.') ? text.substr(1) : text;
  if (significant.empty() || !is_digit(significant[0])) return false;
  text.remove_prefix(digits(text, decimal));
  if (text.starts_with('.')) text.remove_prefix(1 + digits(text.substr(1), decimal));
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && digits(text, "0123456789") == text.size();
}

// `190:20:30` and `190:20:30.15` are base-60 numbers in YAML 1.1.
bool is_sexagesimal(std::string_view text) {
  if (text.empty() || !is_digit(text[0])) return false;
  text.remove_prefix(digits(text, decimal));
  std::size_t parts = 0;
  for (; text.starts_with(':'); ++parts) {
    const std::size_t part = digits(text.substr(1), "0123456789");
    if (part < 1 || part > 2 || (part == 2 && text[1] > '5')) return false;
    text.remove_prefix(1 + part);
  }
  return parts > 0 && (text.empty() || (text[0] == '.' && digits(text.substr(1), decimal) == text.size() - 1));
}

// `2024-01-31`, optionally followed by a time.
bool is_date(std::string_view text) {
  if (text.size() < 8 || digits(text, "0123456789") != 4 || text[4] != '-') return false;
  const std::size_t month = digits(text.substr(5), "0123456789");
  if (month < 1 || month > 2 || text.size() < 7 + month || text[5 + month] != '-') return false;
  const std::string_view day = text.substr(6 + month);
  const std::size_t length = digits(day, "0123456789");
  if (length < 1 || length > 2) return false;
  if (day.size() == length) return true;
  const std::string_view time = day.substr(length);
  const std::size_t gap = digits(time, "Tt \t"), hour = digits(time.substr(gap), "0123456789");
  return gap > 0 && hour > 0 && hour < 3 && time.substr(gap + hour).starts_with(':');
}

}  // namespace

bool plain_is_string(std::string_view text) {
  if (text.empty() || is_named(text) || is_date(text)) return false;
  if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
  if (text == ".inf" || text == ".Inf" || text == ".INF") return false;
  return !is_prefixed_integer(text) && !is_decimal(text) && !is_sexagesimal(text);
}

}  // namespace slipway::edit
