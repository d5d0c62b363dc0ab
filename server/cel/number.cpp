#include "cel/number.hpp"

#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace slipway::cel {

namespace {

constexpr double two_to_63 = 9223372036854775808.0;
constexpr double two_to_64 = 18446744073709551616.0;

int order(double left, double right) noexcept { return left < right ? -1 : left > right ? 1 : 0; }

int order(double left, std::int64_t right) noexcept {
  if (left < -two_to_63) return -1;
  if (left > two_to_63) return 1;
  return order(left, static_cast<double>(right));
}

int order(double left, std::uint64_t right) noexcept {
  if (left < 0) return -1;
  if (left > two_to_64) return 1;
  return order(left, static_cast<double>(right));
}

int order(std::int64_t left, std::uint64_t right) noexcept {
  if (left < 0) return -1;
  const auto natural = static_cast<std::uint64_t>(left);
  return natural < right ? -1 : natural > right ? 1 : 0;
}

std::string special(double value) { return std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"; }

// The shortest digits that read back as the value, and the decimal exponent of the first one: 1.5e2 is {"15", 2}.
struct Digits {
  bool negative = false;
  std::string digits;
  int exponent = 0;
};

Digits shortest_digits(double value) {
  char buffer[40];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string_view text(buffer, static_cast<std::size_t>(written.ptr - buffer));
  Digits made;
  if (text.front() == '-') {
    made.negative = true;
    text.remove_prefix(1);
  }
  const std::size_t mark = text.find('e');
  made.digits = text.substr(0, 1);
  if (mark > 2) made.digits += text.substr(2, mark - 2);
  std::string_view power = text.substr(mark + 1);
  if (power.front() == '+') power.remove_prefix(1);
  std::from_chars(power.data(), power.data() + power.size(), made.exponent);
  return made;
}

std::string with_exponent(const Digits& d, bool two_digits) {
  std::string made = d.negative ? "-" : "";
  made += d.digits.front();
  if (d.digits.size() > 1) made += "." + d.digits.substr(1);
  made += d.exponent < 0 ? "e-" : "e+";
  const int power = std::abs(d.exponent);
  if (two_digits && power < 10) made += '0';
  return made + std::to_string(power);
}

std::string without_exponent(const Digits& d) {
  std::string made = d.negative ? "-" : "";
  if (d.exponent < 0) return made + "0." + std::string(static_cast<std::size_t>(-d.exponent - 1), '0') + d.digits;
  const auto whole = static_cast<std::size_t>(d.exponent) + 1;
  if (d.digits.size() <= whole) return made + d.digits + std::string(whole - d.digits.size(), '0');
  return made + d.digits.substr(0, whole) + "." + d.digits.substr(whole);
}

}  // namespace

std::optional<int> compare_numbers(const Value& left, const Value& right) noexcept {
  if (!is_number(left) || !is_number(right)) return std::nullopt;
  if (left.is(Kind::float64) && std::isnan(left.as_float64())) return std::nullopt;
  if (right.is(Kind::float64)) {
    const double value = right.as_float64();
    if (std::isnan(value)) return std::nullopt;
    if (left.is(Kind::float64)) return order(left.as_float64(), value);
    return left.is(Kind::int64) ? -order(value, left.as_int64()) : -order(value, left.as_uint64());
  }
  if (left.is(Kind::float64)) {
    return right.is(Kind::int64) ? order(left.as_float64(), right.as_int64()) : order(left.as_float64(), right.as_uint64());
  }
  if (left.kind() == right.kind()) {
    if (left.is(Kind::int64)) return left.as_int64() < right.as_int64() ? -1 : left.as_int64() > right.as_int64() ? 1 : 0;
    return left.as_uint64() < right.as_uint64() ? -1 : left.as_uint64() > right.as_uint64() ? 1 : 0;
  }
  return left.is(Kind::int64) ? order(left.as_int64(), right.as_uint64()) : -order(right.as_int64(), left.as_uint64());
}

std::optional<std::int64_t> exact_int64(double value) noexcept {
  if (!(value >= -two_to_63 && value < two_to_63) || value != std::trunc(value)) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::optional<std::uint64_t> exact_uint64(double value) noexcept {
  if (!(value >= 0 && value < two_to_64) || value != std::trunc(value)) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

std::string format_shortest(double value) {
  if (!std::isfinite(value)) return special(value);
  const Digits d = shortest_digits(value);
  // When printing the shortest digits, Go chooses the exponent form as if the precision were 6.
  return d.exponent < -4 || d.exponent >= 6 ? with_exponent(d, true) : without_exponent(d);
}

std::string format_plain(double value) {
  return std::isfinite(value) ? without_exponent(shortest_digits(value)) : special(value);
}

std::string format_json_number(double value) {
  const Digits d = shortest_digits(value);
  const double size = std::fabs(value);
  return size != 0 && (size < 1e-6 || size >= 1e21) ? with_exponent(d, false) : without_exponent(d);
}

namespace {

template <class Integer>
std::optional<Integer> parse_integer(std::string_view text, int base) noexcept {
  Integer value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

bool equal_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

std::optional<double> parse_special(std::string_view text, bool negative) noexcept {
  if (equal_ignoring_case(text, "inf") || equal_ignoring_case(text, "infinity")) return negative ? -HUGE_VAL : HUGE_VAL;
  return std::nullopt;
}

// `0x` digits with a mandatory `p` exponent, as in Go.
std::optional<double> parse_hexadecimal(std::string_view text) {
  const std::size_t power = text.find_first_of("pP");
  if (power == std::string_view::npos || power + 1 >= text.size()) return std::nullopt;
  std::string_view exponent = text.substr(power + 1);
  if (exponent.front() == '+' || exponent.front() == '-') exponent.remove_prefix(1);
  if (exponent.empty() || exponent.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const std::string_view mantissa = text.substr(0, power);
  const std::size_t dot = mantissa.find('.');
  if (mantissa.find_first_not_of("0123456789abcdefABCDEF.") != std::string_view::npos) return std::nullopt;
  if (mantissa.empty() || mantissa == "." || (dot != std::string_view::npos && mantissa.find('.', dot + 1) != std::string_view::npos)) {
    return std::nullopt;
  }
  const double value = std::strtod(("0x" + std::string(text)).c_str(), nullptr);
  if (std::isinf(value)) return std::nullopt;
  return value;
}

// Go's underscoreOK: an underscore needs a digit on both sides; the 0x prefix of a hexadecimal counts as one.
bool underscores_fit(std::string_view text) noexcept {
  const bool hexadecimal = text.size() > 1 && text[0] == '0' && (text[1] | 0x20) == 'x';
  bool after_digit = false, after_underscore = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '_') {
      if (!after_digit) return false;
    } else if (const bool digit = (c >= '0' && c <= '9') || (hexadecimal && (i == 1 || std::isxdigit(static_cast<unsigned char>(c)) != 0)); digit) {
      after_digit = true;
      after_underscore = false;
      continue;
    } else if (after_underscore) {
      return false;
    }
    after_underscore = c == '_';
    after_digit = false;
  }
  return !after_underscore;
}

}  // namespace

std::optional<std::int64_t> parse_int64(std::string_view text, int base) noexcept {
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return std::nullopt;
  }
  return parse_integer<std::int64_t>(text, base);
}

std::optional<std::uint64_t> parse_uint64(std::string_view text, int base) noexcept {
  return parse_integer<std::uint64_t>(text, base);
}

std::optional<double> parse_float64(std::string_view text) {
  if (equal_ignoring_case(text, "nan")) return std::nan("");
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (const auto value = parse_special(text, negative)) return value;
  std::string plain;
  if (text.find('_') != std::string_view::npos) {
    if (!underscores_fit(text)) return std::nullopt;
    plain = text;
    std::erase(plain, '_');
    text = plain;
  }
  std::optional<double> size;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    size = parse_hexadecimal(text.substr(2));
  } else {
    if (text.empty() || text.find_first_not_of("0123456789.eE+-") != std::string_view::npos || text.front() == '-') return std::nullopt;
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ptr != text.data() + text.size() || read.ec == std::errc::invalid_argument) return std::nullopt;
    if (read.ec == std::errc::result_out_of_range) {
      value = std::strtod(std::string(text).c_str(), nullptr);  // underflow reads as 0, overflow is not a number
      if (std::isinf(value)) return std::nullopt;
    }
    size = value;
  }
  if (size && negative) return -*size;
  return size;
}

}  // namespace slipway::cel
