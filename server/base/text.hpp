#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace slipway {

/// Number of insertions, deletions, substitutions and swaps of neighbours that turn one word into the other (optimal
/// string alignment). Works on bytes, without case folding.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The known name that a person most likely meant by `word`: at most a third of its letters differ. Ignores case.
/// Nullopt if none is near enough, or for words above 100 bytes.
std::optional<std::string> nearest_name(std::string_view word, std::span<const std::string> known);

/// ` (did you mean "name"?)` or an empty string: the suffix of an error about an unknown name.
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

/// Ignores the case of ASCII letters only.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// Makes text from outside fit for a log line or message: control characters become `\xNN`, invalid UTF-8 becomes
/// U+FFFD, and text longer than `limit` bytes is cut and ends in `…`.
std::string printable(std::string_view text, std::size_t limit = 200);

/// Like printable(), but for a program's output: line breaks become spaces, trailing spaces are dropped.
std::string one_line(std::string_view text, std::size_t limit = 200);

/// True if `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_utf8(std::string_view text) noexcept;

}  // namespace slipway
