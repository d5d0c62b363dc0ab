#include "cel/yaml.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "cel/number.hpp"
#include "cel/text.hpp"

namespace slipway::cel {

namespace {

constexpr std::size_t most_nodes = 1'000'000;  // aliases can expand a small text enormously
constexpr std::size_t longest_text = 16 << 20;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

// Go's strconv.ParseInt with base 0: 0x, 0o, 0b, and a leading 0 for octal.
std::optional<double> whole_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char mark = static_cast<char>(text[1] | 0x20);
    base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    text.remove_prefix(mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
  }
  const auto value = parse_uint64(text, base);
  if (!value || (negative && *value > std::uint64_t{1} << 63)) return std::nullopt;
  return negative && *value != 0 ? -static_cast<double>(*value) : static_cast<double>(*value);
}

// A lone carriage return also ends a line, which yaml-cpp does not know.
std::string with_line_feeds(std::string_view text) {
  std::string made(text);
  for (std::size_t at = made.find('\r'); at != std::string::npos; at = made.find('\r', at + 1)) {
    if (at + 1 == made.size() || made[at + 1] != '\n') made[at] = '\n';
  }
  return made;
}

// The characters allowed in YAML; yaml-cpp does not check.
bool is_printable(std::string_view text) {
  return is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
    return c == 0x7F || (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r');
  });
}

// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
bool looks_like_float(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - begin;
  };
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const std::size_t whole = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0 && whole == 0) return false;
  } else if (whole == 0) {
    return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

// A plain scalar by YAML 1.1's rules as resolved by goyaml.v2; timestamps stay strings there.
Value plain_scalar(const std::string& text) {
  if (is_one_of(text, {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) return Value::boolean(true);
  if (is_one_of(text, {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})) return Value::boolean(false);
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return Value();
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return Value::float64(std::nan(""));
  if (is_one_of(text, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"})) return Value::float64(HUGE_VAL);
  if (is_one_of(text, {"-.inf", "-.Inf", "-.INF"})) return Value::float64(-HUGE_VAL);
  const char first = text.front();
  if ((first >= '0' && first <= '9') || first == '-' || first == '+' || first == '.') {
    std::string plain;
    for (const char c : text) {
      if (c != '_' || first == '.') plain += c;
    }
    if (first != '.') {
      if (const auto whole = whole_number(plain)) return Value::float64(*whole);
    }
    if (looks_like_float(plain)) {
      if (const auto value = parse_float64(plain)) return Value::float64(*value);
    }
  }
  return Value::string(text);
}

class Converter {
 public:
  explicit Converter(std::string_view text) : text_(text) {}

  Result<Value> run(const YAML::Node& node) {
    Value value = convert(node, 0);
    if (!problem_.empty()) return Error(problem_);
    return value;
  }

 private:
  Value fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
    return Value();
  }

  Value convert(const YAML::Node& node, int depth) {
    if (++nodes_ > most_nodes || depth > 500) return fail("document contains excessive aliasing");
    switch (node.Type()) {
      case YAML::NodeType::Scalar: return scalar(node);
      case YAML::NodeType::Sequence: {
        std::vector<Value> items;
        for (const YAML::Node& item : node) {
          items.push_back(convert(item, depth + 1));
          if (!problem_.empty()) return Value();
        }
        return Value::list(std::move(items));
      }
      case YAML::NodeType::Map: {
        std::vector<MapEntry> entries;
        for (const auto& entry : node) {
          if (!problem_.empty()) return Value();
          if (is_merge(entry.first)) {
            merge(entry.second, depth, entries);
            continue;
          }
          if (entry.second.IsNull() && lacks_colon(entry.first)) return fail("could not find expected ':'");
          Value name = key(entry.first);
          entries.emplace_back(std::move(name), convert(entry.second, depth + 1));
        }
        return Value::map(std::move(entries));
      }
      default: return Value();
    }
  }

  static bool is_merge(const YAML::Node& key) { return key.IsScalar() && key.Tag() == "?" && key.Scalar() == "<<"; }

  // Entries merged by `<<` are inserted at its position: of equal keys the later wins, and of several merged mappings the first.
  void merge(const YAML::Node& merged, int depth, std::vector<MapEntry>& entries) {
    std::vector<YAML::Node> sources;
    if (merged.IsSequence()) {
      for (const YAML::Node& source : merged) sources.insert(sources.begin(), source);
    } else {
      sources.push_back(merged);
    }
    for (const YAML::Node& source : sources) {
      const Value values = source.IsMap() ? convert(source, depth + 1) : fail("map merge requires map or sequence of maps as the value");
      for (std::size_t i = 0; problem_.empty() && i < values.size(); ++i) entries.emplace_back(values.key_at(i), values.value_at(i));
    }
  }

  // yaml-cpp takes a lone word on a line for a key without a value, which is correct only after a `?` or in braces.
  bool lacks_colon(const YAML::Node& key) const {
    const auto begin = static_cast<std::size_t>(std::max(key.Mark().pos, 0));
    if (!key.IsScalar() || key.Scalar().empty() || text_.substr(std::min(begin, text_.size()), key.Scalar().size()) != key.Scalar()) return false;
    const std::size_t before = text_.substr(0, begin).find_last_not_of(" \t");
    if (before != std::string_view::npos && text_[before] == '?') return false;
    const std::size_t next = text_.find_first_not_of(" \t\r\n", begin + key.Scalar().size());
    return next == std::string_view::npos || std::string_view(":,}").find(text_[next]) == std::string_view::npos;
  }

  Value key(const YAML::Node& node) {
    if (!node.IsScalar()) return fail("unsupported map key");
    const Value value = resolved(node);
    switch (value.kind()) {
      case Kind::string: return value;
      case Kind::boolean: return Value::string(value.as_bool() ? "true" : "false");
      case Kind::float64: return Value::string(number_key(value.as_float64()));
      default: return fail("unsupported map key of type: null");
    }
  }

  static std::string number_key(double value) {
    if (!std::isfinite(value)) return std::isnan(value) ? ".nan" : value > 0 ? ".inf" : "-.inf";
    const auto whole = exact_int64(value);
    return whole && !(value == 0 && std::signbit(value)) ? std::to_string(*whole) : format_shortest(value);
  }

  Value scalar(const YAML::Node& node) {
    const Value value = resolved(node);
    return value.is(Kind::float64) && !std::isfinite(value.as_float64()) ? fail("json: unsupported value") : value;
  }

  // Resolves by tag: a YAML core type must match what the text reads as; an unknown tag means text.
  Value resolved(const YAML::Node& node) {
    constexpr std::string_view types = "tag:yaml.org,2002:";
    const std::string& tag = node.Tag();
    if (tag == "?" || tag.empty()) return plain_scalar(node.Scalar());
    const std::string_view type = tag.starts_with(types) ? std::string_view(tag).substr(types.size()) : std::string_view();
    if (type == "binary") {
      std::string data;
      const bool whole = node.Scalar().size() % 4 == 0 || node.Scalar().find_first_of("\r\n") != std::string::npos;
      return whole && decode_base64(node.Scalar(), data) ? Value::string(valid_utf8(data)) : fail("!!binary value contains invalid base64 data");
    }
    if (!is_one_of(type, {"int", "float", "bool", "null", "timestamp"})) return Value::string(node.Scalar());
    Value value = plain_scalar(node.Scalar());
    const bool whole = value.is(Kind::float64) && !looks_like_fraction(node.Scalar());
    const bool fits = type == "int" ? whole : type == "float" ? value.is(Kind::float64) : type == "bool" ? value.is(Kind::boolean)
                      : type == "null" ? value.is(Kind::null) : value.is(Kind::string) && node.Scalar().find('-') != std::string::npos;
    return fits ? value : fail("cannot decode `" + node.Scalar() + "` as a !!" + std::string(type));
  }

  static bool looks_like_fraction(const std::string& text) {
    return !text.starts_with("0x") && text.find_first_of(".eE") != std::string::npos;
  }

  const std::string_view text_;
  std::size_t nodes_ = 0;
  std::string problem_;
};

}  // namespace

Result<Value> parse_yaml(std::string_view text) {
  if (text.size() > longest_text) return Error("the YAML text is too long");
  if (!is_printable(text)) return Error("control characters are not allowed");
  try {
    const std::string known = with_line_feeds(text);
    Result<Value> value = Converter(known).run(YAML::Load(known));
    if (value && value->is(Kind::null)) return Value::map({});
    if (value && !value->is(Kind::map)) return Error("the YAML is no mapping but " + std::string(type_name(*value)));
    return value;
  } catch (const YAML::Exception& problem) {
    return Error(problem.what());
  }
}

}  // namespace slipway::cel
