#include "cel/lexer.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

namespace slipway::cel {

namespace {

using enum TokenKind;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_octal(char c) { return c >= '0' && c <= '7'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

constexpr std::array<std::pair<std::string_view, TokenKind>, 28> symbols{{
    {"==", equal}, {"!=", not_equal}, {"<=", less_equal}, {">=", greater_equal}, {"&&", logical_and}, {"||", logical_or},
    {"<", less}, {">", greater}, {"[", left_bracket}, {"]", right_bracket}, {"{", left_brace}, {"}", right_brace},
    {"(", left_paren}, {")", right_paren}, {".", dot}, {",", comma}, {"-", minus}, {"!", exclamation}, {"?", question},
    {":", colon}, {"+", plus}, {"*", star}, {"/", slash}, {"%", percent},
    {"true", key_true}, {"false", key_false}, {"null", key_null}, {"in", key_in},
}};
constexpr std::size_t first_keyword = 24;

class Lexer {
 public:
  explicit Lexer(const Source& source) : source_(source), text_(source.text()) {}

  Result<std::vector<Token>> run() {
    std::vector<Token> tokens;
    for (skip_blank(); at_ < text_.size(); skip_blank()) {
      const std::size_t begin = at_;
      const std::optional<TokenKind> kind = next();
      if (!kind) return failure(begin);
      tokens.push_back({*kind, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)});
    }
    const auto end_of_text = static_cast<std::uint32_t>(text_.size());
    tokens.push_back({end, end_of_text, end_of_text});
    return tokens;
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void skip_blank() {
    for (;;) {
      while (at_ < text_.size() && std::string_view("\t \r\n\f").find(text_[at_]) != std::string_view::npos) ++at_;
      if (peek() != '/' || peek(1) != '/') return;
      at_ = std::min(text_.find('\n', at_), text_.size());
    }
  }

  std::optional<TokenKind> next() {
    const char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (const auto kind = quoted()) return *kind == end ? std::nullopt : kind;
    if (is_letter(c) || c == '_') return word();
    if (c == '`') return back_quoted();
    for (std::size_t i = 0; i < first_keyword; ++i) {
      if (text_.substr(at_).starts_with(symbols[i].first)) {
        at_ += symbols[i].first.size();
        return symbols[i].second;
      }
    }
    return std::nullopt;
  }

  TokenKind word() {
    const std::size_t begin = at_;
    while (is_letter(peek()) || is_digit(peek()) || peek() == '_') ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    for (std::size_t i = first_keyword; i < symbols.size(); ++i) {
      if (symbols[i].first == name) return symbols[i].second;
    }
    return identifier;
  }

  std::optional<TokenKind> back_quoted() {
    ++at_;
    const std::size_t begin = at_;
    while (is_letter(peek()) || is_digit(peek()) || (peek() != '\0' && std::string_view("_.-/ ").find(peek()) != std::string_view::npos)) ++at_;
    if (at_ == begin || peek() != '`') return std::nullopt;
    ++at_;
    return quoted_identifier;
  }

  bool exponent() {
    std::size_t ahead = 1;
    if (peek() != 'e' && peek() != 'E') return false;
    if (peek(ahead) == '+' || peek(ahead) == '-') ++ahead;
    if (!is_digit(peek(ahead))) return false;
    at_ += ahead;
    digits();
    return true;
  }

  void digits() {
    while (is_digit(peek())) ++at_;
  }

  TokenKind number() {
    if (peek() == '0' && peek(1) == 'x' && is_hex(peek(2))) {
      at_ += 2;
      while (is_hex(peek())) ++at_;
      return integer_suffix();
    }
    digits();
    if (peek() == '.' && is_digit(peek(1))) {
      ++at_;
      digits();
      exponent();
      return floating;
    }
    return exponent() ? floating : integer_suffix();
  }

  TokenKind integer_suffix() {
    if (peek() != 'u' && peek() != 'U') return integer;
    ++at_;
    return unsigned_integer;
  }

  // Nullopt: no string starts here. `end`: one starts but is malformed.
  std::optional<TokenKind> quoted() {
    std::size_t prefix = 0;
    const bool is_bytes = peek() == 'b' || peek() == 'B';
    if (is_bytes) ++prefix;
    const bool raw = peek(prefix) == 'r' || peek(prefix) == 'R';
    if (raw) ++prefix;
    const char mark = peek(prefix);
    if (mark != '"' && mark != '\'') return std::nullopt;
    at_ += prefix;
    const std::string triple(3, mark);
    const std::size_t begin = at_;
    bool closed = false;
    if (text_.substr(at_).starts_with(triple)) {
      at_ += 3;
      closed = body(triple, raw, true);
      if (!closed) at_ = begin;
    }
    if (!closed) {
      ++at_;
      closed = body(std::string(1, mark), raw, false);
    }
    return !closed ? end : is_bytes ? bytes : string;
  }

  bool body(std::string_view close, bool raw, bool multiline) {
    while (at_ < text_.size()) {
      if (text_.substr(at_).starts_with(close)) {
        at_ += close.size();
        return true;
      }
      const char c = peek();
      if (!multiline && (c == '\n' || c == '\r')) return false;
      if (c == '\\' && !raw) {
        if (!escape()) return false;
      } else {
        ++at_;
      }
    }
    return false;
  }

  bool escape() {
    const char c = peek(1);
    if (c != '\0' && std::string_view("abfnrtv\"'\\?`").find(c) != std::string_view::npos) {
      at_ += 2;
      return true;
    }
    if (c >= '0' && c <= '3') return is_octal(peek(2)) && is_octal(peek(3)) && advance(4);
    const std::size_t wanted = c == 'x' || c == 'X' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (wanted == 0) return false;
    for (std::size_t i = 0; i < wanted; ++i) {
      if (!is_hex(peek(2 + i))) return false;
    }
    return advance(2 + wanted);
  }

  bool advance(std::size_t by) {
    at_ += by;
    return true;
  }

  Error failure(std::size_t begin) const {
    const char c = text_[begin];
    if (at_ > begin || c == '"' || c == '\'') {
      return source_.error(begin, "Syntax error: this string is not closed, or holds an escape that does not exist");
    }
    const std::size_t size = std::max<std::size_t>(1, std::min<std::size_t>(4, text_.size() - begin));
    std::size_t width = 1;
    while (width < size && (static_cast<unsigned char>(text_[begin + width]) & 0xC0) == 0x80) ++width;
    return source_.error(begin, "Syntax error: token recognition error at: '" + std::string(text_.substr(begin, width)) + "'" + hint(c, begin));
  }

  std::string hint(char c, std::size_t begin) const {
    if (c == '=') return " (equality is written ==)";
    if (c == '&') return " (and is written &&)";
    if (c == '|') return " (or is written ||)";
    if (c == '$' && text_.substr(begin).starts_with("$(")) return " (an expression is written without $( ))";
    return "";
  }

  const Source& source_;
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>> tokenize(const Source& source) { return Lexer(source).run(); }

std::string_view describe(TokenKind kind) noexcept {
  switch (kind) {
    case end: return "the end of the expression";
    case identifier: return "a name";
    case quoted_identifier: return "a quoted name";
    case integer:
    case unsigned_integer:
    case floating: return "a number";
    case string: return "a string";
    case bytes: return "bytes";
    default: break;
  }
  for (const auto& [text, symbol] : symbols) {
    if (symbol == kind) return text;
  }
  return "";
}

}  // namespace slipway::cel
