#include "cel/time_zone.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "cel/number.hpp"
#include "cel/time.hpp"

namespace slipway::cel {

namespace {

constexpr std::size_t largest_file = 1 << 20;

bool is_zone_name(std::string_view name) {
  if (name.empty() || name.size() > 128 || name.front() == '/' || name.find("..") != std::string_view::npos) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' || c == '-' || c == '+';
  });
}

std::string read_zone(std::string_view name) {
  std::ifstream file("/usr/share/zoneinfo/" + std::string(name), std::ios::binary);
  std::string data;
  if (!file) return data;
  std::array<char, 4096> block;
  while (file.read(block.data(), block.size()) || file.gcount() > 0) {
    data.append(block.data(), static_cast<std::size_t>(file.gcount()));
    if (data.size() > largest_file) return {};
  }
  return data;
}

std::int64_t big_endian(std::string_view data, std::size_t at, std::size_t size) {
  std::uint64_t value = static_cast<unsigned char>(data[at]) & 0x80 ? ~std::uint64_t{0} : 0;
  for (std::size_t i = 0; i < size; ++i) value = (value << 8) | static_cast<unsigned char>(data[at + i]);
  return static_cast<std::int64_t>(value);
}

// The counts in a TZif header (RFC 8536, 3.1) and where its data block begins.
struct Block {
  std::size_t utc_count, standard_count, leap_count, time_count, type_count, name_count;
  std::size_t begin;
  std::size_t time_size;

  std::size_t size() const {
    return time_count * (time_size + 1) + type_count * 6 + name_count + leap_count * (time_size + 4) + standard_count + utc_count;
  }
};

std::optional<Block> block_at(std::string_view data, std::size_t at, std::size_t time_size) {
  if (at + 44 > data.size() || data.substr(at, 4) != "TZif") return std::nullopt;
  const auto count = [&](std::size_t index) { return static_cast<std::size_t>(big_endian(data, at + 20 + 4 * index, 4) & 0xFFFFFFFF); };
  const Block block{count(0), count(1), count(2), count(3), count(4), count(5), at + 44, time_size};
  for (std::size_t i = 0; i < 6; ++i) {
    if (count(i) > largest_file) return std::nullopt;
  }
  if (block.type_count == 0 || block.begin + block.size() > data.size()) return std::nullopt;
  return block;
}

// A POSIX TZ string, the rule for times after the last transition: `CET-1CEST,M3.5.0,M10.5.0/3`.
class PosixZone {
 public:
  explicit PosixZone(std::string_view rule) : rest_(rule) {}

  std::optional<std::int64_t> offset_at(std::int64_t seconds) {
    if (!skip_name()) return std::nullopt;
    const auto west = clock();
    if (!west) return std::nullopt;
    const std::int64_t standard = -*west;
    if (rest_.empty()) return standard;
    if (!skip_name()) return std::nullopt;
    std::int64_t summer = standard + 3600;
    if (!rest_.empty() && rest_.front() != ',') {
      const auto own = clock();
      if (!own) return std::nullopt;
      summer = -*own;
    }
    const std::int64_t year = civil(seconds + standard).year;
    const auto begin = change(year);
    const auto end = change(year);
    if (!begin || !end) return std::nullopt;
    const std::int64_t on = *begin - standard;
    const std::int64_t off = *end - summer;
    const bool is_summer = on < off ? seconds >= on && seconds < off : seconds >= on || seconds < off;
    return is_summer ? summer : standard;
  }

 private:
  bool skip_name() {
    const bool quoted = rest_.starts_with('<');
    std::size_t size = 0;
    if (quoted) {
      size = rest_.find('>');
      if (size == std::string_view::npos) return false;
      ++size;
    } else {
      while (size < rest_.size() && ((rest_[size] >= 'A' && rest_[size] <= 'Z') || (rest_[size] >= 'a' && rest_[size] <= 'z'))) ++size;
    }
    rest_.remove_prefix(size);
    return size >= 3;
  }

  std::optional<std::int64_t> number() {
    std::size_t size = 0;
    while (size < rest_.size() && size < 6 && rest_[size] >= '0' && rest_[size] <= '9') ++size;
    const auto value = parse_int64(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return value;
  }

  bool accept(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // `[+-]h[:mm[:ss]]` in seconds.
  std::optional<std::int64_t> clock() {
    const bool negative = accept('-');
    if (!negative) accept('+');
    auto total = number();
    if (!total) return std::nullopt;
    *total *= 3600;
    for (const std::int64_t unit : {60, 1}) {
      if (!accept(':')) break;
      const auto part = number();
      if (!part) return std::nullopt;
      *total += *part * unit;
    }
    return negative ? -*total : *total;
  }

  // `,M3.5.0/2`, `,J60` or `,59`: the time of the change in that year, in seconds since 1970 on the local clock before the change.
  std::optional<std::int64_t> change(std::int64_t year) {
    if (!accept(',')) return std::nullopt;
    std::int64_t day = 0;
    if (accept('M')) {
      const auto month = number();
      if (!month || !accept('.')) return std::nullopt;
      const auto week = number();
      if (!week || !accept('.')) return std::nullopt;
      const auto weekday = number();
      if (!weekday || *month < 1 || *month > 12 || *week < 1 || *week > 5 || *weekday > 6) return std::nullopt;
      day = weekday_in_month(year, static_cast<int>(*month), *week, *weekday);
    } else {
      const bool julian = accept('J');
      const auto number_of_day = number();
      if (!number_of_day) return std::nullopt;
      const std::int64_t new_year = seconds_of(year, 1, 1, 0, 0, 0);
      const bool leap = seconds_of(year, 3, 1, 0, 0, 0) - seconds_of(year, 2, 28, 0, 0, 0) > 86400;
      day = new_year + (*number_of_day - (julian ? 1 : 0) + (julian && leap && *number_of_day >= 60 ? 1 : 0)) * 86400;
    }
    std::int64_t time = 2 * 3600;
    if (accept('/')) {
      const auto given = clock();
      if (!given) return std::nullopt;
      time = *given;
    }
    return day + time;
  }

  static std::int64_t weekday_in_month(std::int64_t year, int month, std::int64_t week, std::int64_t weekday) {
    const std::int64_t first = seconds_of(year, month, 1, 0, 0, 0);
    std::int64_t day = 1 + (weekday - civil(first).weekday + 7) % 7 + (week - 1) * 7;
    const std::int64_t next = month == 12 ? seconds_of(year + 1, 1, 1, 0, 0, 0) : seconds_of(year, month + 1, 1, 0, 0, 0);
    while (first + (day - 1) * 86400 >= next) day -= 7;
    return first + (day - 1) * 86400;
  }

  std::string_view rest_;
};

std::optional<std::int64_t> type_offset(std::string_view data, const Block& block, std::size_t type) {
  if (type >= block.type_count) return std::nullopt;
  return big_endian(data, block.begin + block.time_count * (block.time_size + 1) + type * 6, 4);
}

// Before the first transition, the first type that is not daylight saving time applies.
std::size_t first_type(std::string_view data, const Block& block) {
  const std::size_t types = block.begin + block.time_count * (block.time_size + 1);
  for (std::size_t i = 0; i < block.type_count; ++i) {
    if (data[types + i * 6 + 4] == 0) return i;
  }
  return 0;
}

std::optional<std::int64_t> offset_in(std::string_view data, std::int64_t seconds) {
  auto block = block_at(data, 0, 4);
  if (!block) return std::nullopt;
  std::string_view rule;
  if (data[4] >= '2') {
    block = block_at(data, block->begin + block->size(), 8);
    if (!block) return std::nullopt;
    rule = data.substr(block->begin + block->size());
    if (rule.size() >= 2) rule = rule.substr(1, rule.find('\n', 1) - 1);
  }
  std::size_t low = 0;
  std::size_t high = block->time_count;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (big_endian(data, block->begin + middle * block->time_size, block->time_size) <= seconds) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == block->time_count && !rule.empty()) {
    if (const auto offset = PosixZone(rule).offset_at(seconds)) return offset;
  }
  if (low == 0) return type_offset(data, *block, first_type(data, *block));
  const std::size_t types = block->begin + block->time_count * block->time_size;
  return type_offset(data, *block, static_cast<unsigned char>(data[types + low - 1]));
}

}  // namespace

std::optional<std::int64_t> utc_offset(std::string_view zone, std::int64_t seconds) {
  if (zone.empty() || zone == "UTC" || zone == "Local") return 0;  // Tekton's image runs in UTC
  const std::size_t colon = zone.find(':');
  if (colon == std::string_view::npos) return is_zone_name(zone) ? offset_in(read_zone(zone), seconds) : std::nullopt;
  // cel-go parses anything with a colon as hours and minutes, each with Go's strconv.Atoi.
  const auto hours = parse_int64(zone.substr(0, colon));
  const auto minutes = parse_int64(zone.substr(colon + 1));
  if (!hours || !minutes || *hours < -10'000 || *hours > 10'000 || *minutes < -10'000 || *minutes > 10'000) return std::nullopt;
  const bool west = zone.front() == '-';
  return *hours * 3600 + (west ? -*minutes : *minutes) * 60;
}

}  // namespace slipway::cel
