#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cel/source.hpp"

namespace slipway::cel {

enum class TokenKind : std::uint8_t {
  end, identifier, quoted_identifier, integer, unsigned_integer, floating, string, bytes,
  key_true, key_false, key_null, key_in,
  equal, not_equal, less, less_equal, greater, greater_equal, logical_and, logical_or,
  left_bracket, right_bracket, left_brace, right_brace, left_paren, right_paren,
  dot, comma, minus, exclamation, question, colon, plus, star, slash, percent,
};

/// One token: a byte range of the source. Strings and bytes include prefix and quotes, quoted identifiers their backquotes.
struct Token {
  TokenKind kind = TokenKind::end;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// All tokens, terminated by one of kind `end`. White space and comments are skipped.
Result<std::vector<Token>> tokenize(const Source& source);

/// A token kind as named in error messages: `'&&'`, `end of the expression`.
std::string_view describe(TokenKind kind) noexcept;

}  // namespace slipway::cel
