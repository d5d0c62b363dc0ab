#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::config {

/// The value for a reference's name; nullopt keeps the reference as it is.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

/// The references allowed in `handoff.message`; run::commit_message resolves them.
inline constexpr std::array<const char*, 8> message_references{"APP",        "IMAGE_TAG", "IMAGE_DIGEST", "IMAGE",
                                                               "COMMIT_SHA", "REPO",      "RUN_ID",       "TEMPLATE"};

/// Replaces `$(name)` by its value. Values are not scanned for references again. A `$(` without a `)` is kept.
std::string replace_references(std::string_view text, const Lookup& lookup);

/// The names of all `$(name)` in a text, in order. Brackets inside a name are balanced, so JSONPath filters stay whole.
std::vector<std::string> references_in(std::string_view text);

}  // namespace slipway::config
