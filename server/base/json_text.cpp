#include "base/json_text.hpp"

namespace slipway {

namespace {

void append_escaped(std::string& to, char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto code = static_cast<unsigned char>(c);
  switch (c) {
    case '"': to += "\\\""; break;
    case '\\': to += "\\\\"; break;
    case '\b': to += "\\b"; break;
    case '\f': to += "\\f"; break;
    case '\n': to += "\\n"; break;
    case '\r': to += "\\r"; break;
    case '\t': to += "\\t"; break;
    default: to.append("\\u00").append(1, digits[code >> 4]).append(1, digits[code & 15]);
  }
}

}  // namespace

void append_json(std::string& to, std::string_view text) {
  to += '"';
  const char* at = text.data();
  const char* const end = at + text.size();
  bool high = false;
  for (;;) {
    const char* const stop = plain_json_end(at, end, high);
    to.append(at, stop);
    if (stop == end) break;
    append_escaped(to, *stop);
    at = stop + 1;
  }
  to += '"';
}

}  // namespace slipway
