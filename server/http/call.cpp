#include "http/call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "io/url.hpp"

namespace slipway::http {

namespace {

// Removes and returns everything before the next `separator`.
std::string_view take_part(std::string_view& rest, char separator) {
  const auto end = std::min(rest.find(separator), rest.size());
  const auto part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

Error unknown_name(const std::string& name, std::span<const std::string_view> known) {
  const std::vector<std::string> names(known.begin(), known.end());
  return Error(fmt::format("unknown query parameter \"{}\"{}", printable(name, 50), did_you_mean(name, names)));
}

}  // namespace

std::optional<std::vector<std::string>> match_path(std::string_view pattern, std::string_view path) {
  std::vector<std::string> names;
  while (!pattern.empty() || !path.empty()) {
    if (pattern.empty() || path.empty()) return std::nullopt;
    const auto wanted = take_part(pattern, '/'), part = take_part(path, '/');
    if (wanted != "{}") {
      if (wanted != part) return std::nullopt;
      continue;
    }
    auto name = io::percent_decode(part);
    if (!name || name->empty()) return std::nullopt;
    names.push_back(std::move(*name));
  }
  return names;
}

Result<std::map<std::string, std::string>> parse_query(std::string_view target, std::span<const std::string_view> known) {
  std::map<std::string, std::string> query;
  const auto mark = target.find('?');
  std::string_view rest = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  while (!rest.empty()) {
    std::string_view value = take_part(rest, '&');
    if (value.empty()) continue;
    const auto name_text = take_part(value, '=');
    auto name = io::percent_decode(name_text, true), text = io::percent_decode(value, true);
    if (!name || !text) return Error("the query has a broken percent escape");
    if (std::find(known.begin(), known.end(), *name) == known.end()) return unknown_name(*name, known);
    if (!query.emplace(*name, std::move(*text)).second) return Error(fmt::format("query parameter \"{}\" is given twice", *name));
  }
  return query;
}

std::optional<std::int64_t> number_from(std::string_view text, std::int64_t low, std::int64_t high) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < low || number > high) return std::nullopt;
  return number;
}

}  // namespace slipway::http
