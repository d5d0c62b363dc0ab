#pragma once

#include <string>
#include <string_view>

#include "edit/tree.hpp"

namespace slipway::edit {

/// The text of a non-empty scalar, with quotes, escapes, folding and block indentation resolved (YAML 1.2.2, 7.3, 8.1).
std::string decode(std::string_view source, const Node& scalar);

/// `text` in double quotes, using only escapes common to YAML and JSON. `text` must be UTF-8.
std::string in_quotes(std::string_view text);

/// True if the plain scalar `text` is a string in both YAML 1.1 and the core schema of YAML 1.2; false if either reads
/// a number, a boolean, null, a date, or a merge key.
bool plain_is_string(std::string_view text);

/// `text` as a key or value that reads back as itself: plain if that is safe in any context, else double-quoted.
std::string plain_or_in_quotes(std::string_view text);

}  // namespace slipway::edit
