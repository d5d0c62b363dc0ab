#include "cel/parser.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "cel/lexer.hpp"
#include "cel/literal.hpp"
#include "cel/macros.hpp"
#include "cel/text.hpp"

namespace slipway::cel {

namespace {

constexpr std::array<std::string_view, 17> reserved{"as", "break", "const", "continue", "else", "for", "function", "if", "import",
                                                    "let", "loop", "package", "namespace", "return", "var", "void", "while"};

// A node and the number of operators, selections and calls on its deepest path, as cel-go counts them while walking its parse tree.
struct Parsed {
  ExprPtr expr;
  int depth = 0;
};

// Recursive descent over cel-go's grammar CEL.g4, one function per rule. The first error ends parsing: rules then
// return an empty node and callers return at once.
class Parser {
 public:
  Parser(const Source& source, std::vector<Token> tokens) : source_(source), tokens_(std::move(tokens)) {}

  Result<ExprPtr> run() {
    Parsed parsed = expression();
    if (!error_ && !at(TokenKind::end)) unexpected();
    if (error_) return *error_;
    return std::move(parsed.expr);
  }

 private:
  const Token& token(std::size_t ahead = 0) const { return tokens_[std::min(next_ + ahead, tokens_.size() - 1)]; }
  bool at(TokenKind kind) const { return token().kind == kind; }
  std::string_view text(const Token& t) const { return std::string_view(source_.text()).substr(t.begin, t.end - t.begin); }
  std::uint32_t previous_end() const { return next_ == 0 ? 0 : tokens_[next_ - 1].end; }

  bool accept(TokenKind kind) {
    if (error_ || !at(kind)) return false;
    ++next_;
    return true;
  }

  bool expect(TokenKind kind) {
    if (accept(kind)) return true;
    if (!error_) unexpected(std::string(", expecting '") + std::string(describe(kind)) + "'");
    return false;
  }

  void fail(std::uint32_t offset, std::string_view what) {
    if (!error_) error_ = source_.error(offset, what);
  }

  void unexpected(const std::string& expecting = {}) {
    const Token& t = token();
    const std::string found = t.kind == TokenKind::end ? std::string(describe(t.kind)) : "'" + std::string(text(t)) + "'";
    fail(t.begin, "Syntax error: unexpected " + found + expecting);
  }

  ExprPtr node(ExprKind kind, std::uint32_t position, std::uint32_t begin) const {
    auto made = std::make_unique<Expr>();
    made->kind = kind;
    made->position = position;
    made->begin = begin;
    made->end = previous_end();
    return made;
  }

  Parsed counted(ExprPtr expr, int deepest) {
    if (deepest + 1 > max_depth) fail(expr->position, "max recursion depth exceeded");
    return {std::move(expr), deepest + 1};
  }

  Parsed expression() {
    if (error_) return {};
    if (++nesting_ > max_nesting) {
      nested_too_deeply();
      return {};
    }
    Parsed made = conditional();
    --nesting_;
    return made;
  }

  void nested_too_deeply() { fail(token().begin, "expression recursion limit exceeded: " + std::to_string(max_nesting)); }

  Parsed conditional() {
    Parsed test = logical(TokenKind::logical_or);
    const std::uint32_t position = token().begin;
    if (!accept(TokenKind::question)) return test;
    Parsed yes = logical(TokenKind::logical_or);
    if (!expect(TokenKind::colon)) return {};
    Parsed no = expression();
    if (error_) return {};
    auto made = node(ExprKind::call, position, test.expr->begin);
    made->name = "_?_:_";
    const int depth = std::max({test.depth, yes.depth, no.depth});
    for (Parsed* part : {&test, &yes, &no}) made->args.push_back(std::move(part->expr));
    return counted(std::move(made), depth);
  }

  // `a || b || c` becomes one call with three arguments.
  Parsed logical(TokenKind op) {
    const auto operand = [&] { return op == TokenKind::logical_or ? logical(TokenKind::logical_and) : within(comparisons_, 0); };
    Parsed first = operand();
    const std::uint32_t position = token().begin;
    if (error_ || !at(op)) return first;
    const std::uint32_t begin = first.expr->begin;
    int depth = first.depth;
    std::vector<ExprPtr> args;
    args.push_back(std::move(first.expr));
    while (accept(op)) {
      Parsed next = operand();
      if (error_) return {};
      depth = std::max(depth, next.depth);
      args.push_back(std::move(next.expr));
    }
    auto made = node(ExprKind::call, position, begin);
    made->name = op == TokenKind::logical_or ? "_||_" : "_&&_";
    made->args = std::move(args);
    return {std::move(made), depth};
  }

  static std::string_view operator_name(TokenKind kind, int level) {
    switch (kind) {
      case TokenKind::less: return level == 0 ? "_<_" : "";
      case TokenKind::less_equal: return level == 0 ? "_<=_" : "";
      case TokenKind::greater: return level == 0 ? "_>_" : "";
      case TokenKind::greater_equal: return level == 0 ? "_>=_" : "";
      case TokenKind::equal: return level == 0 ? "_==_" : "";
      case TokenKind::not_equal: return level == 0 ? "_!=_" : "";
      case TokenKind::key_in: return level == 0 ? "@in" : "";
      case TokenKind::plus: return level == 1 ? "_+_" : "";
      case TokenKind::minus: return level == 1 ? "_-_" : "";
      case TokenKind::star: return level == 2 ? "_*_" : "";
      case TokenKind::slash: return level == 2 ? "_/_" : "";
      case TokenKind::percent: return level == 2 ? "_%_" : "";
      default: return "";
    }
  }

  Parsed within(int& depth, int level) {
    if (++depth > max_nesting) nested_too_deeply();
    Parsed made = error_ ? Parsed() : level == 3 ? unary() : binary(level);
    --depth;
    return made;
  }

  // Left-associative levels: 0 comparison, 1 addition, 2 multiplication. cel-go counts recursion depth per grammar
  // rule, with one rule for comparisons and one for calculations: once when a rule is entered and once more in the
  // right operand of its operators.
  Parsed binary(int level) {
    const auto operand = [&] { return level == 0 ? within(calculations_, 1) : level == 1 ? binary(2) : unary(); };
    const auto right_operand = [&] {
      if (level > 0) return within(calculations_, level + 1);
      if (++comparisons_ > max_nesting) nested_too_deeply();
      Parsed made = error_ ? Parsed() : within(calculations_, 1);
      --comparisons_;
      return made;
    };
    Parsed left = operand();
    while (!error_) {
      const std::string_view name = operator_name(token().kind, level);
      if (name.empty()) break;
      const std::uint32_t position = token().begin;
      ++next_;
      Parsed right = right_operand();
      if (error_) return {};
      auto made = node(ExprKind::call, position, left.expr->begin);
      made->name = name;
      const int depth = std::max(left.depth, right.depth);
      made->args.push_back(std::move(left.expr));
      made->args.push_back(std::move(right.expr));
      left = counted(std::move(made), depth);
    }
    return left;
  }

  bool number_follows(std::size_t ahead) const {
    return token(ahead).kind == TokenKind::integer || token(ahead).kind == TokenKind::floating;
  }

  // A run of `!` or `-`; pairs cancel out before type-checking. A single minus before a number belongs to the literal.
  Parsed unary() {
    const Token first = token();
    const TokenKind op = first.kind;
    if (op != TokenKind::exclamation && op != TokenKind::minus) return member();
    if (op == TokenKind::minus && number_follows(1)) return member();
    std::size_t count = 0;
    while (accept(op)) ++count;
    Parsed operand = member();
    if (error_ || count % 2 == 0) return operand;
    auto made = node(ExprKind::call, first.begin, first.begin);
    made->name = op == TokenKind::minus ? "-_" : "!_";
    made->args.push_back(std::move(operand.expr));
    return {std::move(made), operand.depth};
  }

  Parsed member() {
    Parsed made = primary();
    while (!error_) {
      if (at(TokenKind::dot)) {
        made = selection(std::move(made));
      } else if (at(TokenKind::left_bracket)) {
        made = index(std::move(made));
      } else {
        break;
      }
    }
    return made;
  }

  std::optional<std::string> field_name() {
    const Token t = token();
    if (accept(TokenKind::identifier)) return std::string(text(t));
    if (accept(TokenKind::quoted_identifier)) return std::string(text(t).substr(1, t.end - t.begin - 2));
    unexpected(", expecting a field name");
    return std::nullopt;
  }

  Parsed selection(Parsed operand) {
    const std::uint32_t dot = token().begin;
    accept(TokenKind::dot);
    if (at(TokenKind::question)) fail(dot, "unsupported syntax '.?'");
    if (error_) return {};
    const bool is_call = at(TokenKind::identifier) && token(1).kind == TokenKind::left_paren;
    const std::optional<std::string> name = field_name();
    if (!name) return {};
    if (is_call) return member_call(std::move(operand), *name);
    auto made = node(ExprKind::select, dot, operand.expr->begin);
    made->name = *name;
    made->args.push_back(std::move(operand.expr));
    return counted(std::move(made), operand.depth);
  }

  Parsed member_call(Parsed target, const std::string& name) {
    const std::uint32_t position = token().begin;
    const std::uint32_t begin = target.expr->begin;
    std::vector<ExprPtr> args;
    args.push_back(std::move(target.expr));
    const int depth = std::max(target.depth, arguments(args));
    if (error_) return {};
    auto made = node(ExprKind::call, position, begin);
    made->name = name;
    made->member = true;
    made->args = std::move(args);
    return counted(expanded(std::move(made)), depth);
  }

  ExprPtr expanded(ExprPtr call) {
    Expansion expansion = expand_macro(call);
    if (expansion.error) fail(expansion.error->offset, expansion.error->what);
    return expansion.made ? std::move(expansion.made) : std::move(call);
  }

  Parsed index(Parsed operand) {
    const std::uint32_t position = token().begin;
    accept(TokenKind::left_bracket);
    if (at(TokenKind::question)) fail(position, "unsupported syntax '[?'");
    Parsed key = expression();
    if (!expect(TokenKind::right_bracket)) return {};
    auto made = node(ExprKind::call, position, operand.expr->begin);
    made->name = "_[_]";
    const int depth = std::max(operand.depth, key.depth);
    made->args.push_back(std::move(operand.expr));
    made->args.push_back(std::move(key.expr));
    return counted(std::move(made), depth);
  }

  // Appends the arguments in `( … )`; returns the greatest depth among them.
  int arguments(std::vector<ExprPtr>& args) {
    int depth = 0;
    if (!expect(TokenKind::left_paren) || accept(TokenKind::right_paren)) return depth;
    do {
      Parsed arg = expression();
      depth = std::max(depth, arg.depth);
      args.push_back(std::move(arg.expr));
    } while (accept(TokenKind::comma));
    expect(TokenKind::right_paren);
    return depth;
  }

  Parsed primary() {
    const Token t = token();
    if (error_) return {};
    switch (t.kind) {
      case TokenKind::left_paren: return parenthesized();
      case TokenKind::left_bracket: return list();
      case TokenKind::left_brace: return map();
      case TokenKind::dot:
      case TokenKind::identifier: return name();
      case TokenKind::key_true:
      case TokenKind::key_false:
      case TokenKind::key_null: ++next_; return {constant(t, t.kind == TokenKind::key_null ? Value() : Value::boolean(t.kind == TokenKind::key_true)), 0};
      case TokenKind::minus:
        if (number_follows(1)) {
          ++next_;
          return literal(true, t.begin);
        }
        break;
      case TokenKind::integer:
      case TokenKind::unsigned_integer:
      case TokenKind::floating:
      case TokenKind::string:
      case TokenKind::bytes: return literal(false, t.begin);
      default: break;
    }
    unexpected(", expecting an expression");
    return {};
  }

  ExprPtr constant(const Token& first, Value value) const {
    auto made = node(ExprKind::literal, first.begin, first.begin);
    made->value = std::move(value);
    return made;
  }

  Parsed literal(bool negative, std::uint32_t begin) {
    Token t = token();
    ++next_;
    Result<Value> value = literal_value(t.kind, text(t), negative);
    if (!value) {
      fail(begin, value.error().what());
      return {};
    }
    t.begin = begin;
    return {constant(t, std::move(*value)), 0};
  }

  Parsed parenthesized() {
    const std::uint32_t begin = token().begin;
    accept(TokenKind::left_paren);
    Parsed made = expression();
    if (!expect(TokenKind::right_paren)) return {};
    made.expr->begin = begin;
    made.expr->end = previous_end();
    return made;
  }

  Parsed list() {
    const std::uint32_t begin = token().begin;
    accept(TokenKind::left_bracket);
    std::vector<ExprPtr> elements;
    int depth = 0;
    while (!error_ && !at(TokenKind::right_bracket)) {
      if (at(TokenKind::comma) && elements.empty() && token(1).kind == TokenKind::right_bracket) break;
      if (at(TokenKind::question)) fail(token().begin, "unsupported syntax '?'");
      Parsed element = expression();
      depth = std::max(depth, element.depth);
      elements.push_back(std::move(element.expr));
      if (!accept(TokenKind::comma)) break;
    }
    accept(TokenKind::comma);
    if (!expect(TokenKind::right_bracket)) return {};
    auto made = node(ExprKind::list, begin, begin);
    made->args = std::move(elements);
    return {std::move(made), depth};
  }

  Parsed map() {
    const std::uint32_t begin = token().begin;
    accept(TokenKind::left_brace);
    std::vector<ExprPtr> entries;
    int depth = 0;
    while (!error_ && !at(TokenKind::right_brace)) {
      if (at(TokenKind::comma) && entries.empty() && token(1).kind == TokenKind::right_brace) break;
      if (at(TokenKind::question)) fail(token().begin, "unsupported syntax '?'");
      Parsed key = expression();
      if (!expect(TokenKind::colon)) return {};
      Parsed value = expression();
      depth = std::max({depth, key.depth, value.depth});
      entries.push_back(std::move(key.expr));
      entries.push_back(std::move(value.expr));
      if (!accept(TokenKind::comma)) break;
    }
    accept(TokenKind::comma);
    if (!expect(TokenKind::right_brace)) return {};
    auto made = node(ExprKind::map, begin, begin);
    made->args = std::move(entries);
    return {std::move(made), depth};
  }

  // The number of tokens of `a.b.c` if a `{` follows, i.e. if it names a message type; else 0.
  std::size_t message_name() const {
    std::size_t ahead = at(TokenKind::dot) ? 1 : 0;
    while (token(ahead).kind == TokenKind::identifier) {
      ++ahead;
      if (token(ahead).kind == TokenKind::left_brace) return ahead;
      if (token(ahead).kind != TokenKind::dot) return 0;
      ++ahead;
    }
    return 0;
  }

  Parsed name() {
    const std::uint32_t begin = token().begin;
    if (const std::size_t count = message_name()) return message(count);
    const bool leading_dot = accept(TokenKind::dot);
    const Token t = token();
    if (!expect(TokenKind::identifier)) return {};
    std::string identifier(text(t));
    if (std::find(reserved.begin(), reserved.end(), identifier) != reserved.end()) fail(t.begin, "reserved identifier: " + identifier);
    if (leading_dot) identifier.insert(0, ".");
    if (!at(TokenKind::left_paren)) {
      auto made = node(ExprKind::ident, t.begin, begin);
      made->name = std::move(identifier);
      return {std::move(made), 0};
    }
    const std::uint32_t position = token().begin;
    std::vector<ExprPtr> args;
    const int depth = arguments(args);
    if (error_) return {};
    auto made = node(ExprKind::call, position, begin);
    made->name = std::move(identifier);
    made->args = std::move(args);
    return {expanded(std::move(made)), depth};
  }

  Parsed message(std::size_t name_tokens) {
    const std::uint32_t begin = token().begin;
    std::string type;
    for (; name_tokens > 0; --name_tokens) type += text(tokens_[next_++]);
    const std::uint32_t position = token().begin;
    accept(TokenKind::left_brace);
    auto made = std::make_unique<Expr>();
    int depth = 0;
    while (!error_ && !at(TokenKind::right_brace)) {
      if (at(TokenKind::comma) && made->args.empty() && token(1).kind == TokenKind::right_brace) break;
      if (at(TokenKind::question)) fail(token().begin, "unsupported syntax '?'");
      const std::optional<std::string> field = error_ ? std::nullopt : field_name();
      if (!field || !expect(TokenKind::colon)) return {};
      Parsed value = expression();
      depth = std::max(depth, value.depth);
      made->fields.push_back(*field);
      made->args.push_back(std::move(value.expr));
      if (!accept(TokenKind::comma)) break;
    }
    accept(TokenKind::comma);
    if (!expect(TokenKind::right_brace)) return {};
    made->kind = ExprKind::message;
    made->position = position;
    made->begin = begin;
    made->end = previous_end();
    made->name = std::move(type);
    return {std::move(made), depth};
  }

  const Source& source_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  int nesting_ = 0, comparisons_ = 0, calculations_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<ExprPtr> parse(const Source& source) {
  const std::size_t size = count_runes(source.text());
  if (size > max_code_points) {
    return source.error(0, "expression code point size exceeds limit: size: " + std::to_string(size) + ", limit " + std::to_string(max_code_points));
  }
  Result<std::vector<Token>> tokens = tokenize(source);
  if (!tokens) return tokens.error();
  return Parser(source, std::move(*tokens)).run();
}

}  // namespace slipway::cel
