#include "cel/text.hpp"

#include <array>

namespace slipway::cel {

namespace {

bool continues(std::string_view text, std::size_t at) noexcept {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

char32_t low_bits(std::string_view text, std::size_t at) noexcept { return static_cast<unsigned char>(text[at]) & 0x3F; }

}  // namespace

Rune rune_at(std::string_view text, std::size_t at) noexcept {
  const auto first = static_cast<unsigned char>(text[at]);
  const Rune invalid{0xFFFD, 1, false};
  if (first < 0x80) return {first, 1, true};
  if (first < 0xC2 || first > 0xF4 || !continues(text, at + 1)) return invalid;
  if (first < 0xE0) return {((first & 0x1Fu) << 6) | low_bits(text, at + 1), 2, true};
  if (!continues(text, at + 2)) return invalid;
  if (first < 0xF0) {
    const char32_t value = ((first & 0x0Fu) << 12) | (low_bits(text, at + 1) << 6) | low_bits(text, at + 2);
    return value < 0x800 || (value >= 0xD800 && value < 0xE000) ? invalid : Rune{value, 3, true};
  }
  if (!continues(text, at + 3)) return invalid;
  const char32_t value =
      ((first & 0x07u) << 18) | (low_bits(text, at + 1) << 12) | (low_bits(text, at + 2) << 6) | low_bits(text, at + 3);
  return value < 0x10000 || value > 0x10FFFF ? invalid : Rune{value, 4, true};
}

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const Rune rune = rune_at(text, at);
    if (!rune.valid) return false;
    at += rune.size;
  }
  return true;
}

std::string valid_utf8(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  std::string made;
  made.reserve(text.size() + 16);
  for (std::size_t at = 0; at < text.size();) {
    const Rune rune = rune_at(text, at);
    if (rune.valid) {
      made += text.substr(at, rune.size);
    } else {
      made += "\xEF\xBF\xBD";
    }
    at += rune.size;
  }
  return made;
}

std::size_t count_runes(std::string_view text) noexcept {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) at += rune_at(text, at).size;
  return count;
}

std::size_t rune_offset(std::string_view text, std::size_t index) noexcept {
  std::size_t at = 0;
  for (; index > 0 && at < text.size(); --index) at += rune_at(text, at).size;
  return at;
}

void append_rune(std::string& text, char32_t value) {
  if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) value = 0xFFFD;
  const auto byte = [&](char32_t bits) { text += static_cast<char>(bits); };
  if (value < 0x80) {
    byte(value);
  } else if (value < 0x800) {
    byte(0xC0 | (value >> 6));
    byte(0x80 | (value & 0x3F));
  } else if (value < 0x10000) {
    byte(0xE0 | (value >> 12));
    byte(0x80 | ((value >> 6) & 0x3F));
    byte(0x80 | (value & 0x3F));
  } else {
    byte(0xF0 | (value >> 18));
    byte(0x80 | ((value >> 12) & 0x3F));
    byte(0x80 | ((value >> 6) & 0x3F));
    byte(0x80 | (value & 0x3F));
  }
}

bool is_space(char32_t value) noexcept {
  switch (value) {
    case '\t':
    case '\n':
    case '\v':
    case '\f':
    case '\r':
    case ' ':
    case 0x85:
    case 0xA0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000: return true;
    default: return value >= 0x2000 && value <= 0x200A;
  }
}

std::string quote(std::string_view text) {
  const std::string clean = valid_utf8(text);
  std::string made = "\"";
  for (const char c : clean) {
    switch (c) {
      case '\a': made += "\\a"; break;
      case '\b': made += "\\b"; break;
      case '\f': made += "\\f"; break;
      case '\n': made += "\\n"; break;
      case '\r': made += "\\r"; break;
      case '\t': made += "\\t"; break;
      case '\v': made += "\\v"; break;
      case '\\': made += "\\\\"; break;
      case '"': made += "\\\""; break;
      default: made += c;
    }
  }
  return made + '"';
}

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::array<int, 256> make_values() {
  std::array<int, 256> values;
  values.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) values[static_cast<unsigned char>(alphabet[i])] = static_cast<int>(i);
  return values;
}

}  // namespace

std::string encode_base64(std::string_view data) {
  std::string made;
  made.reserve((data.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < data.size(); i += 3) {
    const auto byte = [&](std::size_t at) { return at < data.size() ? static_cast<unsigned char>(data[at]) : 0u; };
    const unsigned bits = (byte(i) << 16) | (byte(i + 1) << 8) | byte(i + 2);
    made += alphabet[bits >> 18];
    made += alphabet[(bits >> 12) & 63];
    made += i + 1 < data.size() ? alphabet[(bits >> 6) & 63] : '=';
    made += i + 2 < data.size() ? alphabet[bits & 63] : '=';
  }
  return made;
}

bool decode_base64(std::string_view text, std::string& data) {
  static const std::array<int, 256> values = make_values();
  data.clear();
  unsigned bits = 0;
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '\r' || c == '\n') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int value = values[static_cast<unsigned char>(c)];
    if (value < 0 || padding > 0) return false;
    bits = (bits << 6) | static_cast<unsigned>(value);
    if (++digits % 4 == 0) {
      data += static_cast<char>(bits >> 16);
      data += static_cast<char>(bits >> 8);
      data += static_cast<char>(bits);
      bits = 0;
    }
  }
  const std::size_t rest = digits % 4;
  if (rest == 1 || (padding > 0 && (rest == 0 || rest + padding != 4))) return false;
  if (rest == 2) data += static_cast<char>(bits >> 4);
  if (rest == 3) {
    data += static_cast<char>(bits >> 10);
    data += static_cast<char>(bits >> 2);
  }
  return true;
}

}  // namespace slipway::cel
