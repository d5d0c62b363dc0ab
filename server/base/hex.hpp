#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace slipway {

/// The value of a hex digit of either case; -1 if `c` is not one.
int hex_value(char c) noexcept;
/// Two lower-case hex digits per byte.
std::string to_hex(std::span<const std::uint8_t> bytes);
std::string to_hex(std::string_view bytes);
/// Decodes hex digits of either case; nullopt if the text is not hex or has an odd length.
std::optional<std::string> from_hex(std::string_view text);
/// Fills `bytes`; false unless the text is exactly that many bytes in hex (`bytes` is then unspecified).
bool from_hex(std::string_view text, std::span<std::uint8_t> bytes) noexcept;

/// Base64 with the standard alphabet and padding (RFC 4648 section 4).
std::string to_base64(std::string_view bytes);
/// Strict: nullopt if padding is missing, for white space, and for any non-canonical encoding.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace slipway
