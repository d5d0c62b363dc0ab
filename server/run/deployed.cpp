#include "run/deployed.hpp"

#include "config/references.hpp"

namespace slipway::run {

std::string written_value(std::string_view value, const BuildResults& results) {
  return config::replace_references(value, [&](std::string_view name) -> std::optional<std::string> {
    if (name == "IMAGE") return results.image;
    if (name == "IMAGE_TAG") return results.tag;
    if (name == "IMAGE_DIGEST") return results.digest.value();
    return std::nullopt;
  });
}

bool tells_tag(const ValuesEdit& edit) noexcept { return edit.value.find("$(IMAGE_TAG)") != std::string::npos; }

bool names_image(const ValuesEdit& edit) noexcept { return tells_tag(edit) || edit.value.find("$(IMAGE_DIGEST)") != std::string::npos; }

std::string tag_in(std::string_view value) {
  value = value.substr(0, value.find('@'));
  const auto colon = value.rfind(':');
  if (colon != std::string_view::npos) value.remove_prefix(colon + 1);
  return std::string(value);
}

std::optional<std::string> commit_prefix(std::string_view tag) {
  std::string_view digits = tag.substr(0, tag.find('-'));
  const std::string_view suffix = tag.substr(digits.size());
  const bool numbered = suffix.size() < 2 || suffix.substr(1).find_first_not_of("0123456789") == std::string_view::npos;
  if (!numbered || suffix == "-" || digits.size() < 7 || digits.size() > 40) return std::nullopt;
  if (digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  return std::string(digits);
}

}  // namespace slipway::run
