#include "cel/yaml.hpp"

#include <yaml-cpp/yaml.h>

#include <cmath>
#include <optional>

#include "cel/number.hpp"
#include "cel/text.hpp"

namespace slipway::cel {

namespace {

constexpr std::size_t most_nodes = 1'000'000;  // aliases can make a small text large
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
  return negative ? -static_cast<double>(*value) : static_cast<double>(*value);
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

// A plain scalar by the rules of YAML 1.1 as goyaml.v2 resolves them; times stay strings there.
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
        merge(node, depth, entries);
        for (const auto& entry : node) {
          if (!problem_.empty()) return Value();
          if (is_merge(entry.first)) continue;
          Value name = key(entry.first);
          entries.emplace_back(std::move(name), convert(entry.second, depth + 1));
        }
        return Value::map(std::move(entries));
      }
      default: return Value();
    }
  }

  static bool is_merge(const YAML::Node& key) { return key.IsScalar() && key.Tag() == "?" && key.Scalar() == "<<"; }

  // What `<<` brings in comes first, so that the mapping's own keys win; of several merged mappings the first wins.
  void merge(const YAML::Node& node, int depth, std::vector<MapEntry>& entries) {
    for (const auto& entry : node) {
      if (!is_merge(entry.first)) continue;
      std::vector<YAML::Node> sources;
      if (entry.second.IsSequence()) {
        for (const YAML::Node& source : entry.second) sources.insert(sources.begin(), source);
      } else {
        sources.push_back(entry.second);
      }
      for (const YAML::Node& source : sources) {
        const Value merged = source.IsMap() ? convert(source, depth + 1) : fail("map merge requires map or sequence of maps as the value");
        for (std::size_t i = 0; problem_.empty() && i < merged.size(); ++i) entries.emplace_back(merged.key_at(i), merged.value_at(i));
      }
    }
  }

  Value key(const YAML::Node& node) {
    if (!node.IsScalar()) return fail("unsupported map key");
    const Value value = scalar(node);
    switch (value.kind()) {
      case Kind::string: return value;
      case Kind::boolean: return Value::string(value.as_bool() ? "true" : "false");
      case Kind::float64: return Value::string(number_key(value.as_float64()));
      default: return fail("unsupported map key of type: null");
    }
  }

  static std::string number_key(double value) {
    const auto whole = exact_int64(value);
    return whole ? std::to_string(*whole) : format_shortest(value);
  }

  Value scalar(const YAML::Node& node) {
    const std::string& tag = node.Tag();
    if (tag == "!" || tag == "tag:yaml.org,2002:str") return Value::string(node.Scalar());
    if (tag == "tag:yaml.org,2002:binary") {
      std::string data;
      return decode_base64(node.Scalar(), data) ? Value::string(std::move(data)) : fail("!!binary value contains invalid base64 data");
    }
    const Value value = plain_scalar(node.Scalar());
    return value.is(Kind::float64) && !std::isfinite(value.as_float64()) ? fail("json: unsupported value") : value;
  }

  std::size_t nodes_ = 0;
  std::string problem_;
};

}  // namespace

Result<Value> parse_yaml(std::string_view text) {
  if (text.size() > longest_text) return Error("the YAML text is too long");
  try {
    Result<Value> value = Converter().run(YAML::Load(std::string(text)));
    if (value && value->is(Kind::null)) return Value::map({});
    if (value && !value->is(Kind::map)) return Error("the YAML is no mapping but " + std::string(type_name(*value)));
    return value;
  } catch (const YAML::Exception& problem) {
    return Error(problem.what());
  }
}

}  // namespace slipway::cel
