#include "build/image_name.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "io/url.hpp"

namespace slipway::build {

namespace {

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_separator(char c) { return c == '.' || c == '_' || c == '-'; }

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
bool is_component(std::string_view text) {
  if (text.empty() || !is_lower_or_digit(text.front()) || !is_lower_or_digit(text.back())) return false;
  for (std::size_t i = 0; i < text.size();) {
    if (is_lower_or_digit(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (is_separator(text[end])) ++end;
    const auto separator = text.substr(i, end - i);
    const bool dashes = separator.find_first_not_of('-') == std::string_view::npos;
    if (separator.empty() || !(dashes || separator == "." || separator == "_" || separator == "__")) return false;
    i = end;
  }
  return true;
}

bool is_path(std::string_view text) {
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    if (!is_component(text.substr(begin, end - begin))) return false;
    begin = end + 1;
  }
  return true;
}

bool looks_like_host(std::string_view component) {
  return component == "localhost" || component.find_first_of(".:") != std::string_view::npos;
}

}  // namespace

Result<ImageName> ImageName::parse(std::string_view name, std::string_view default_host) {
  ImageName image{std::string(default_host), std::string(name)};
  const auto slash = name.find('/');
  if (slash != std::string_view::npos && looks_like_host(name.substr(0, slash))) {
    image.host = name.substr(0, slash);
    image.repository = name.substr(slash + 1);
  }
  if (!io::is_host(image.host)) {
    return Error(fmt::format("the image `{}` has no registry host that could be used: `{}`", printable(name), printable(image.host)));
  }
  if (image.repository.size() > 255 || !is_path(image.repository)) {
    return Error(fmt::format("`{}` cannot be an image's name: lower-case letters and digits, with single `.`, `_`, `-` between "
                             "them, in parts separated by `/`, and no tag",
                             printable(name)));
  }
  return image;
}

bool is_tag(std::string_view text) noexcept {
  if (text.empty() || text.size() > 128 || text.front() == '.' || text.front() == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || is_separator(c);
  });
}

}  // namespace slipway::build
