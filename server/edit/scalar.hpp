#pragma once

#include <string>
#include <string_view>

#include "edit/tree.hpp"

namespace slipway::edit {

/// The text of a scalar that is not empty: quotes, escapes, folded lines and block indentation undone
/// (YAML 1.2.2, 7.3, 8.1).
std::string decode(std::string_view source, const Node& scalar);

/// `text` in double quotes, with the escapes that YAML and JSON share. `text` must be UTF-8.
std::string in_quotes(std::string_view text);

/// True where a plain scalar `text` is a string in YAML 1.1 and in the core schema of YAML 1.2; false where either
/// reads a number, a boolean, null, a date, or a merge key.
bool plain_is_string(std::string_view text);

/// `text` as a key or value that means itself: plain where that is safe anywhere, else double-quoted.
std::string plain_or_in_quotes(std::string_view text);

}  // namespace slipway::edit
