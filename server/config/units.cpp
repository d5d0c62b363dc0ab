#include "config/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace slipway::config {
namespace {

using Unit = std::pair<std::string_view, std::uint64_t>;

constexpr std::array<Unit, 5> times{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::uint64_t longest = 100ull * 365 * 86'400'000;

constexpr std::array<Unit, 9> sizes{{{"Ti", 1ull << 40},
                                     {"Gi", 1ull << 30},
                                     {"Mi", 1ull << 20},
                                     {"Ki", 1ull << 10},
                                     {"T", 1'000'000'000'000},
                                     {"G", 1'000'000'000},
                                     {"M", 1'000'000},
                                     {"k", 1000},
                                     {"", 1}}};

std::string_view take(std::string_view& text, bool digits) {
  std::size_t n = 0;
  while (n < text.size() && (text[n] >= '0' && text[n] <= '9') == digits) ++n;
  const auto head = text.substr(0, n);
  text.remove_prefix(n);
  return head;
}

std::optional<std::uint64_t> number_from(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || ec != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

template <std::size_t N>
std::optional<std::uint64_t> factor(const std::array<Unit, N>& units, std::string_view name) {
  for (const auto& [known, value] : units) {
    if (known == name) return value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::milliseconds> duration_from(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text == "0") return std::chrono::milliseconds(0);
  std::uint64_t total = 0;
  while (!text.empty()) {
    const auto number = number_from(take(text, true));
    const auto unit = factor(times, take(text, false));
    if (!number || !unit || *number > longest / *unit) return std::nullopt;
    total += *number * *unit;
    if (total > longest) return std::nullopt;
  }
  return std::chrono::milliseconds(total);
}

std::string text_of(std::chrono::milliseconds duration) {
  auto left = static_cast<std::uint64_t>(duration.count());
  if (left == 0) return "0s";
  std::string text;
  for (const auto& [name, value] : times) {
    if (left / value > 0) text += fmt::format("{}{}", left / value, name);
    left %= value;
  }
  return text;
}

std::optional<std::uint64_t> size_from(std::string_view text) {
  const auto number = number_from(take(text, true));
  if (text.size() > 1 && text.ends_with('B')) text.remove_suffix(1);
  const auto unit = factor(sizes, text);
  if (!number || !unit || *number > std::numeric_limits<std::int64_t>::max() / *unit) return std::nullopt;
  return *number * *unit;
}

std::string size_text(std::uint64_t bytes) {
  for (const auto& [name, value] : sizes) {
    if (name.ends_with('i') && bytes >= value && bytes % value == 0) return fmt::format("{}{}", bytes / value, name);
  }
  return fmt::format("{}", bytes);
}

std::optional<std::uint64_t> cpu_from(std::string_view text) {
  if (text.ends_with('m')) {
    const auto number = number_from(text.substr(0, text.size() - 1));
    return number && *number <= 1'000'000'000 ? number : std::nullopt;
  }
  const auto dot = text.find('.');
  const auto cores = number_from(text.substr(0, dot));
  if (!cores || *cores > 1'000'000) return std::nullopt;
  if (dot == std::string_view::npos) return *cores * 1000;
  std::string fraction(text.substr(dot + 1));
  if (fraction.empty() || fraction.size() > 3) return std::nullopt;
  fraction.resize(3, '0');
  const auto thousandths = number_from(fraction);
  if (!thousandths) return std::nullopt;
  return *cores * 1000 + *thousandths;
}

std::string cpu_text(std::uint64_t thousandths) {
  return thousandths % 1000 == 0 ? fmt::format("{}", thousandths / 1000) : fmt::format("{}m", thousandths);
}

}  // namespace slipway::config
