#pragma once

#include <string>
#include <string_view>
#include <vector>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace slipway {

/// The first byte that ends the plain text of a JSON string (RFC 8259 section 7): a quote, a backslash or a control
/// character; `end` if there is none. Sets `high` if a byte before it is not ASCII.
inline const char* plain_json_end(const char* at, const char* end, bool& high) noexcept {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
  for (; end - at >= 16; at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(block, control), block);
    const __m128i stop = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash)), low);
    const int stops = _mm_movemask_epi8(stop), tops = _mm_movemask_epi8(block);
    if (stops != 0) {
      const int offset = __builtin_ctz(static_cast<unsigned>(stops));
      high = high || (tops & ((1 << offset) - 1)) != 0;
      return at + offset;
    }
    high = high || tops != 0;
  }
#endif
  for (; at != end; ++at) {
    const auto c = static_cast<unsigned char>(*at);
    if (c == '"' || c == '\\' || c < 0x20) return at;
    high = high || c >= 0x80;
  }
  return at;
}

/// Appends `text` as a quoted JSON string. Bytes that are not UTF-8 are kept as they are.
void append_json(std::string& to, std::string_view text);

/// Appends a JSON array; `append(to, one)` writes one element.
template <class T, class Append>
void append_json_list(std::string& to, const std::vector<T>& list, Append append) {
  to += '[';
  for (const T& one : list) {
    if (&one != list.data()) to += ',';
    append(to, one);
  }
  to += ']';
}

}  // namespace slipway
