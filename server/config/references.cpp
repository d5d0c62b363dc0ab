#include "config/references.hpp"

namespace slipway::config {
namespace {

/// The position of the `)` that closes the `$(` at `open`; npos if there is none.
std::size_t closing(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open + 1; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

template <class Text, class Reference>
void walk(std::string_view text, Text&& plain, Reference&& reference) {
  std::size_t at = 0;
  for (auto open = text.find("$("); open != std::string_view::npos; open = text.find("$(", at)) {
    const auto close = closing(text, open);
    if (close == std::string_view::npos) break;
    plain(text.substr(at, open - at));
    reference(text.substr(open + 2, close - open - 2), text.substr(open, close + 1 - open));
    at = close + 1;
  }
  plain(text.substr(at));
}

}  // namespace

std::string replace_references(std::string_view text, const Lookup& lookup) {
  std::string result;
  walk(
      text, [&](std::string_view plain) { result += plain; },
      [&](std::string_view name, std::string_view whole) {
        const auto value = lookup(name);
        result += value ? std::string_view(*value) : whole;
      });
  return result;
}

std::vector<std::string> references_in(std::string_view text) {
  std::vector<std::string> names;
  walk(
      text, [](std::string_view) {}, [&](std::string_view name, std::string_view) { names.emplace_back(name); });
  return names;
}

}  // namespace slipway::config
