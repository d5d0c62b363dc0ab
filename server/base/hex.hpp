#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace slipway {

/// What a hex digit of either case stands for; -1 where it is none.
int hex_value(char c) noexcept;
/// Lower-case hex digits, two a byte.
std::string to_hex(std::span<const std::uint8_t> bytes);
std::string to_hex(std::string_view bytes);
/// The bytes that hex digits of either case stand for; nothing where the text is no hex or has an odd length.
std::optional<std::string> from_hex(std::string_view text);
/// Fills `bytes`; false where the text is not exactly so many in hex.
bool from_hex(std::string_view text, std::span<std::uint8_t> bytes) noexcept;

/// Base64 with the standard alphabet and padding (RFC 4648 section 4).
std::string to_base64(std::string_view bytes);
/// Strict: padding is needed, white space is refused.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace slipway
