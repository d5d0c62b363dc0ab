#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::config {

/// What stands for a reference's name, or nothing where the reference is to stay as it is.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

/// What `handoff.message` may name; run::commit_message puts it in.
inline constexpr std::array<const char*, 8> message_references{"APP",        "IMAGE_TAG", "IMAGE_DIGEST", "IMAGE",
                                                               "COMMIT_SHA", "REPO",      "RUN_ID",       "TEMPLATE"};

/// Puts values in place of `$(name)`. Values are not looked at again. A `$(` without its `)` stays.
std::string replace_references(std::string_view text, const Lookup& lookup);

/// The names of all `$(name)` in a text, in order. Brackets within a name are balanced, so that JSONPath filters stay
/// whole.
std::vector<std::string> references_in(std::string_view text);

}  // namespace slipway::config
