#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "cel/checker.hpp"
#include "cel/eval.hpp"
#include "cel/functions.hpp"
#include "cel/number.hpp"
#include "cel/time.hpp"

namespace slipway::cel {

namespace {

constexpr int default_precision = 6;
constexpr int max_precision = 100;
constexpr int deepest = 500;

/// One clause of a format, e.g. `%.3f`: letter, precision, and where it ends.
struct Clause {
  char letter = 0;
  int precision = default_precision;
  std::size_t end = 0;
};

Error unparsable(const std::string& why) { return Error("could not parse formatting clause: " + why); }

// Parses the clause after the percent sign at `at`.
Result<Clause> parse_clause(std::string_view format, std::size_t at) {
  Clause clause;
  std::size_t i = at + 1;
  if (format[i] == '.') {
    const std::size_t digits = ++i;
    while (i < format.size() && format[i] >= '0' && format[i] <= '9') ++i;
    if (i >= format.size()) return unparsable("error while parsing precision: could not find end of precision specifier");
    const auto precision = parse_int64(format.substr(digits, i - digits));
    if (!precision) return unparsable("error while parsing precision: it is no number");
    if (*precision > max_precision) {
      return unparsable("error while parsing precision: precision " + std::to_string(*precision) + " exceeds maximum allowed precision " +
                        std::to_string(max_precision));
    }
    clause.precision = static_cast<int>(*precision);
  }
  clause.letter = format[i];
  if (std::string_view("sdfebxXo").find(clause.letter) == std::string_view::npos) {
    return unparsable(std::string("unrecognized formatting clause \"") + clause.letter + "\"");
  }
  clause.end = i + 1;
  return clause;
}

// Walks a format: calls `text` for the text between clauses and `use` for each clause with its argument's index.
template <class Text, class Use>
Result<void> walk(std::string_view format, std::size_t count, Text text, Use use) {
  std::size_t argument = 0;
  for (std::size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      const std::size_t end = std::min(format.find('%', at), format.size());
      text(format.substr(at, end - at));
      at = end;
      continue;
    }
    if (at + 1 < format.size() && format[at + 1] == '%') {
      text("%");
      at += 2;
      continue;
    }
    if (argument >= count) return Error("index " + std::to_string(argument) + " out of range");
    if (at + 1 >= format.size()) return Error("unexpected end of string");
    const Result<Clause> clause = parse_clause(format, at);
    if (!clause) return clause.error();
    if (Result<void> used = use(*clause, argument++); !used) return used;
    at = clause->end;
  }
  return {};
}

std::string special(double value) { return std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity"; }

std::string digits(std::uint64_t value, unsigned base, bool upper) {
  const char* alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string made;
  do {
    made += alphabet[value % base];
    value /= base;
  } while (value != 0);
  std::reverse(made.begin(), made.end());
  return made;
}

std::string in_base(const Value& value, unsigned base, bool upper) {
  if (value.is(Kind::uint64)) return digits(value.as_uint64(), base, upper);
  const std::int64_t number = value.as_int64();
  return number < 0 ? "-" + digits(0 - value.as_uint64(), base, upper) : digits(value.as_uint64(), base, upper);
}

std::string hex_of(std::string_view data, bool upper) {
  std::string made;
  for (const char c : data) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 16) made += '0';
    made += digits(byte, 16, upper);
  }
  return made;
}

std::string printed(const char* form, int precision, double value) {
  std::string made(static_cast<std::size_t>(std::snprintf(nullptr, 0, form, precision, value)), '\0');
  std::snprintf(made.data(), made.size() + 1, form, precision, value);
  return made;
}

double as_double(const Value& value) {
  switch (value.kind()) {
    case Kind::int64: return static_cast<double>(value.as_int64());
    case Kind::uint64: return static_cast<double>(value.as_uint64());
    default: return value.as_float64();
  }
}

/// Formats one value per clause, charging the evaluation for the output.
class Formatter {
 public:
  explicit Formatter(Evaluation& evaluation) : evaluation_(evaluation) {}

  Result<std::string> format(const Clause& clause, const Value& value) {
    const bool integer = value.is(Kind::int64) || value.is(Kind::uint64);
    const bool number = integer || value.is(Kind::float64);
    switch (clause.letter) {
      case 's': {
        std::string made;
        if (!append(value, made, 0)) return Error("error during formatting: this value cannot be a string");
        return made;
      }
      case 'd':
        if (!number) return wrong("decimal clause can only be used on ints, uints, and doubles", value);
        return integer ? in_base(value, 10, false) : plain(value.as_float64());
      case 'f':
      case 'e': {
        if (!number) return wrong("fixed-point and scientific clauses can only be used on ints, uints, and doubles", value);
        const double given = as_double(value);
        return std::isfinite(given) ? printed(clause.letter == 'f' ? "%.*f" : "%.*e", clause.precision, given) : special(given);
      }
      case 'b':
        if (value.is(Kind::boolean)) return std::string(value.as_bool() ? "1" : "0");
        return integer ? Result<std::string>(in_base(value, 2, false)) : wrong("only ints, uints, and bools can be formatted as binary", value);
      case 'o': return integer ? Result<std::string>(in_base(value, 8, false)) : wrong("octal clause can only be used on ints and uints", value);
      default: break;
    }
    const bool upper = clause.letter == 'X';
    if (integer) return in_base(value, 16, upper);
    if (value.is(Kind::string) || value.is(Kind::bytes)) return hex_of(value.text(), upper);
    return wrong("only ints, uints, bytes, and strings can be formatted as hex", value);
  }

 private:
  static Error wrong(const char* rule, const Value& value) {
    return Error(std::string("error during formatting: ") + rule + ", was given " + std::string(type_name(value)));
  }

  static std::string plain(double value) { return std::isfinite(value) ? format_plain(value) : special(value); }

  bool append(const Value& value, std::string& made, int depth) {
    if (depth > deepest || !evaluation_.reserve(value.is(Kind::string) ? value.size() : 16)) return false;
    switch (value.kind()) {
      case Kind::null: made += "null"; return true;
      case Kind::boolean: made += value.as_bool() ? "true" : "false"; return true;
      case Kind::int64: made += std::to_string(value.as_int64()); return true;
      case Kind::uint64: made += std::to_string(value.as_uint64()); return true;
      case Kind::float64: made += plain(value.as_float64()); return true;
      case Kind::string:
      case Kind::bytes:
      case Kind::type: made += value.text(); return true;
      case Kind::duration: made += format_duration(value.as_int64()); return true;
      case Kind::timestamp: made += format_timestamp(value, true); return true;
      case Kind::list: return append_list(value, made, depth);
      case Kind::map: return append_map(value, made, depth);
      case Kind::error: break;
    }
    return false;
  }

  bool append_list(const Value& list, std::string& made, int depth) {
    made += '[';
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) made += ", ";
      if (!append(list.at(i), made, depth + 1)) return false;
    }
    made += ']';
    return true;
  }

  bool append_map(const Value& map, std::string& made, int depth) {
    std::vector<std::pair<std::string, std::string>> entries(map.size());
    for (std::size_t i = 0; i < map.size(); ++i) {
      if (!append(map.key_at(i), entries[i].first, depth + 1) || !append(map.value_at(i), entries[i].second, depth + 1)) return false;
    }
    std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    made += '{';
    for (std::size_t i = 0; i < entries.size(); ++i) made += (i > 0 ? ", " : "") + entries[i].first + ": " + entries[i].second;
    made += '}';
    return true;
  }

  Evaluation& evaluation_;
};

// The static check of one call: works on argument expressions, of which only the types are known.
class FormatChecker {
 public:
  explicit FormatChecker(const Source& source) : source_(source) {}

  Result<void> check(const Expr& e) {
    for (const ExprPtr& arg : e.args) {
      if (Result<void> done = check(*arg); !done) return done;
    }
    if (e.loop) {
      for (const ExprPtr* part : {&e.loop->range, &e.loop->initial, &e.loop->step, &e.loop->result}) {
        if (Result<void> done = check(**part); !done) return done;
      }
    }
    const bool literal = e.kind == ExprKind::call && e.name == "format" && e.member && e.args.size() == 2 &&
                         e.args[0]->kind == ExprKind::literal && e.args[0]->value.is(Kind::string) && e.args[1]->kind == ExprKind::list;
    return literal ? call(e) : Result<void>();
  }

 private:
  Result<void> call(const Expr& e) const {
    const std::vector<ExprPtr>& given = e.args[1]->args;
    std::size_t used = 0;
    const Result<void> walked = walk(
        e.args[0]->value.text(), given.size(), [](std::string_view) {},
        [&](const Clause& clause, std::size_t index) -> Result<void> {
          ++used;
          if (const Expr* bad = unfit(clause.letter, *given[index])) {
            return Error("error during formatting: %" + std::string(1, clause.letter) + " cannot be used on " + type_text(bad->type));
          }
          return {};
        });
    if (!walked) return source_.error(e.position, walked.error().what());
    if (given.size() > used) {
      return source_.error(e.position, "too many arguments supplied to string.format (expected " + std::to_string(used) + ", got " +
                                           std::to_string(given.size()) + ")");
    }
    return {};
  }

  // The part of the argument that does not fit the clause, or null.
  static const Expr* unfit(char letter, const Expr& e) {
    const TypeKind kind = e.type->kind;
    const bool integer = kind == TypeKind::int64 || kind == TypeKind::uint64;
    if (kind == TypeKind::dyn) return nullptr;
    switch (letter) {
      case 's': return unfit_for_string(e);
      case 'd':
      case 'f':
      case 'e': return integer || kind == TypeKind::float64 ? nullptr : &e;
      case 'b': return integer || kind == TypeKind::boolean ? nullptr : &e;
      case 'o': return integer ? nullptr : &e;
      default: return integer || kind == TypeKind::string || kind == TypeKind::bytes ? nullptr : &e;
    }
  }

  static const Expr* unfit_for_string(const Expr& e) {
    switch (e.type->kind) {
      case TypeKind::any:
      case TypeKind::error:
      case TypeKind::message: return &e;
      default: break;
    }
    if (e.kind != ExprKind::list && e.kind != ExprKind::map) return nullptr;
    for (const ExprPtr& part : e.args) {
      if (const Expr* bad = unfit_for_string(*part)) return bad;
    }
    return nullptr;
  }

  const Source& source_;
};

}  // namespace

Result<void> check_formats(const Expr& expr, const Source& source) { return FormatChecker(source).check(expr); }

namespace functions {

Value format(Evaluation& evaluation, const Value* args) {
  std::string made;
  Formatter formatter(evaluation);
  evaluation.charge(args[0].size());
  const Result<void> walked = walk(
      args[0].text(), args[1].size(), [&](std::string_view text) { made += text; },
      [&](const Clause& clause, std::size_t index) -> Result<void> {
        const Result<std::string> text = formatter.format(clause, args[1].at(index));
        if (!text) return text.error();
        if (!evaluation.reserve(text->size())) return Error("the evaluation takes too long");
        made += *text;
        return {};
      });
  if (!walked) return Value::error(walked.error().what());
  return Value::string(std::move(made));
}

}  // namespace functions
}  // namespace slipway::cel
