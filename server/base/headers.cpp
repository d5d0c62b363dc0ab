#include "base/headers.hpp"

namespace slipway {

namespace {

void make_canonical(char* at, const char* end) noexcept {
  bool upper = true;
  for (; at != end; ++at) {
    if (upper && *at >= 'a' && *at <= 'z') *at = static_cast<char>(*at - 'a' + 'A');
    if (!upper && *at >= 'A' && *at <= 'Z') *at = static_cast<char>(*at - 'A' + 'a');
    upper = *at == '-';
  }
}

}  // namespace

Headers::Headers(std::initializer_list<std::pair<std::string_view, std::initializer_list<std::string_view>>> fields) {
  for (const auto& [name, values] : fields) {
    for (const std::string_view value : values) add(name, value);
  }
}

Headers Headers::parse(std::string_view text) {
  Headers headers;
  headers.text_.reserve(text.size());
  while (!text.empty()) {
    const auto name_end = text.find('\0');
    const auto value_end = name_end == text.npos ? text.npos : text.find('\0', name_end + 1);
    if (value_end == text.npos) break;
    headers.add(text.substr(0, name_end), text.substr(name_end + 1, value_end - name_end - 1));
    text.remove_prefix(value_end + 1);
  }
  return headers;
}

void Headers::reserve(std::size_t fields, std::size_t bytes) {
  places_.reserve(fields);
  text_.reserve(bytes);
}

void Headers::add(std::string_view name, std::string_view value) {
  Place place{static_cast<std::uint32_t>(text_.size()), 0, 0};
  text_.append(name).push_back('\0');
  make_canonical(text_.data() + place.name, text_.data() + text_.size());
  place.value = static_cast<std::uint32_t>(text_.size());
  text_.append(value).push_back('\0');
  place.end = static_cast<std::uint32_t>(text_.size());
  places_.push_back(place);
}

void Headers::set(std::string_view name, std::string_view value) {
  erase(name);
  add(name, value);
}

void Headers::erase(std::string_view name) {
  Headers others;
  for (const Field field : *this) {
    if (field.name != name) others.add(field.name, field.value);
  }
  *this = std::move(others);
}

std::string_view Headers::first(std::string_view name) const noexcept {
  for (const Field field : *this) {
    if (field.name == name) return field.value;
  }
  return {};
}

std::vector<std::string_view> Headers::values(std::string_view name) const {
  std::vector<std::string_view> all;
  for (const Field field : *this) {
    if (field.name == name) all.push_back(field.value);
  }
  return all;
}

std::map<std::string_view, std::vector<std::string_view>> Headers::by_name() const {
  std::map<std::string_view, std::vector<std::string_view>> names;
  for (const Field field : *this) names[field.name].push_back(field.value);
  return names;
}

}  // namespace slipway
