#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace slipway::cel {

// UTF-8 as in Go: a byte that does not begin a valid sequence counts as one character U+FFFD of one byte.

/// The character at `at` (< text.size()) and its length in bytes; U+FFFD and 1 for an invalid byte.
struct Rune {
  char32_t value = 0;
  std::size_t size = 1;
  bool valid = true;
};
Rune rune_at(std::string_view text, std::size_t at) noexcept;

bool is_utf8(std::string_view text) noexcept;
/// Invalid bytes replaced by U+FFFD.
std::string valid_utf8(std::string_view text);
std::size_t count_runes(std::string_view text) noexcept;
/// Byte offset of the rune at that index; text.size() if there are fewer.
std::size_t rune_offset(std::string_view text, std::size_t index) noexcept;
/// Appends one character; surrogates and values beyond U+10FFFF become U+FFFD, as in Go.
void append_rune(std::string& text, char32_t value);

/// Go's unicode.IsSpace.
bool is_space(char32_t value) noexcept;

/// CEL's strings.quote: double quotes, escapes for \a \b \f \n \r \t \v \ and ", invalid bytes as U+FFFD.
std::string quote(std::string_view text);

std::string encode_base64(std::string_view data);
/// Go's base64: standard alphabet, with or without padding; `\r` and `\n` are skipped. False if invalid.
bool decode_base64(std::string_view text, std::string& data);

}  // namespace slipway::cel
