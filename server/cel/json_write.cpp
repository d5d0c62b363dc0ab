#include "cel/json_write.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "cel/number.hpp"
#include "cel/text.hpp"
#include "cel/time.hpp"

namespace slipway::cel {

namespace {

constexpr int deepest = 2'000;
constexpr std::int64_t largest_exact = (std::int64_t{1} << 53) - 1;

void append_escaped(std::string_view text, std::string& made) {
  constexpr char hex[] = "0123456789abcdef";
  made += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    switch (c) {
      case '"': made += "\\\""; continue;
      case '\\': made += "\\\\"; continue;
      case '\b': made += "\\b"; continue;
      case '\f': made += "\\f"; continue;
      case '\n': made += "\\n"; continue;
      case '\r': made += "\\r"; continue;
      case '\t': made += "\\t"; continue;
      default: break;
    }
    if (c < 0x20 || c == '<' || c == '>' || c == '&') {
      made += "\\u00";
      made += hex[c >> 4];
      made += hex[c & 15];
    } else if (text.substr(i).starts_with("\xE2\x80\xA8") || text.substr(i).starts_with("\xE2\x80\xA9")) {
      made += text[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      made += text[i];
    }
  }
  made += '"';
}

class Writer {
 public:
  Result<std::string> run(const Value& value) {
    write(value, 0);
    if (problem_ != nullptr) return Error(problem_);
    return std::move(made_);
  }

 private:
  void fail(const char* problem) {
    if (problem_ == nullptr) problem_ = problem;
  }

  void quoted(std::string_view text) {
    if (!is_utf8(text)) return fail("a string holds invalid UTF-8");
    append_escaped(text, made_);
  }

  void write(const Value& value, int depth) {
    if (problem_ != nullptr) return;
    if (depth > deepest) return fail("the value is nested too deeply");
    switch (value.kind()) {
      case Kind::null: made_ += "null"; break;
      case Kind::boolean: made_ += value.as_bool() ? "true" : "false"; break;
      case Kind::int64: {
        const std::int64_t number = value.as_int64();
        integer(std::to_string(number), number >= -largest_exact && number <= largest_exact);
        break;
      }
      case Kind::uint64: integer(std::to_string(value.as_uint64()), value.as_uint64() <= static_cast<std::uint64_t>(largest_exact)); break;
      case Kind::float64:
        if (!std::isfinite(value.as_float64())) return fail("JSON has no NaN and no infinity");
        made_ += format_json_number(value.as_float64());
        break;
      case Kind::string: quoted(value.text()); break;
      case Kind::bytes: made_ += '"' + encode_base64(value.text()) + '"'; break;
      case Kind::timestamp: quoted(format_timestamp(value, false)); break;
      case Kind::duration: quoted(format_duration(value.as_int64())); break;
      case Kind::list: list(value, depth); break;
      case Kind::map: map(value, depth); break;
      default: fail("a type has no JSON form");
    }
  }

  void integer(const std::string& digits, bool exact) { made_ += exact ? digits : '"' + digits + '"'; }

  void list(const Value& value, int depth) {
    made_ += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) made_ += ',';
      write(value.at(i), depth + 1);
    }
    made_ += ']';
  }

  void map(const Value& value, int depth) {
    std::vector<std::pair<std::string_view, std::size_t>> keys;
    std::vector<Value> kept;  // own the keys' texts
    kept.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
      kept.push_back(value.key_at(i));
      if (!kept.back().is(Kind::string)) return fail("a key of a map is no string");
      keys.emplace_back(kept.back().text(), i);
    }
    std::sort(keys.begin(), keys.end());
    made_ += '{';
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (i > 0) made_ += ',';
      quoted(keys[i].first);
      made_ += ':';
      write(value.value_at(keys[i].second), depth + 1);
    }
    made_ += '}';
  }

  std::string made_;
  const char* problem_ = nullptr;
};

// Splits an sjson path.
std::vector<std::string> path_parts(std::string_view path) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '.') {
      parts.emplace_back();
    } else if (path[i] == '\\' && i + 1 < path.size()) {
      parts.back() += path[++i];
    } else {
      parts.back() += path[i];
    }
  }
  return parts;
}

constexpr std::uint64_t longest_list = 10'000;

}  // namespace

Result<std::string> proto_json(const Value& value) { return Writer().run(value); }

Result<void> set_path(rapidjson::Document& document, std::string_view path, rapidjson::Value value) {
  if (path.empty()) return Error("the key of an overlay is empty");
  if (path.find_first_of("*?|#@") != std::string_view::npos) return Error("the key of an overlay must not hold * ? | # or @");
  auto& memory = document.GetAllocator();
  rapidjson::Value* at = &document;
  if (!at->IsObject() && !at->IsArray()) at->SetObject();
  for (const std::string& part : path_parts(path)) {
    // As in sjson, a number creates a list where there was nothing; an empty part counts as 0.
    if (at->IsNull() && (part.empty() || part == "-1" || parse_uint64(part))) at->SetArray();
    if (at->IsArray()) {
      const auto index = part == "-1" ? std::optional<std::uint64_t>(at->Size()) : parse_uint64(part.empty() ? "0" : part);
      if (!index || *index > longest_list) return Error("'" + part + "' is no index of the list in the extensions");
      while (at->Size() <= *index) at->PushBack(rapidjson::Value(), memory);
      at = &(*at)[static_cast<rapidjson::SizeType>(*index)];
      continue;
    }
    if (!at->IsObject()) at->SetObject();
    const rapidjson::Value name(part.data(), static_cast<rapidjson::SizeType>(part.size()));
    auto found = at->FindMember(name);
    if (found == at->MemberEnd()) {
      rapidjson::Value own(part.data(), static_cast<rapidjson::SizeType>(part.size()), memory);
      at->AddMember(own, rapidjson::Value(), memory);
      found = at->MemberEnd() - 1;
    }
    at = &found->value;
  }
  *at = value;
  return {};
}

}  // namespace slipway::cel
