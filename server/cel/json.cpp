#include "cel/json.hpp"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cel/json_write.hpp"
#include "cel/text.hpp"

namespace slipway::cel {

namespace {

constexpr std::size_t max_levels = 10'000;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// The four hex digits of the `\uXXXX` at `backslash`; 0x110000, which is no UTF-16 unit, if there is none.
char32_t escaped_unit(std::string_view text, std::size_t backslash) {
  if (backslash + 6 > text.size() || text[backslash] != '\\' || text[backslash + 1] != 'u') return 0x110000;
  char32_t unit = 0;
  for (std::size_t i = 2; i < 6; ++i) {
    const char c = text[backslash + i];
    if (!is_hex(c)) return 0x110000;
    unit = unit * 16 + static_cast<char32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return unit;
}

bool is_high(char32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(char32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

// Go replaces a lone surrogate by U+FFFD; RapidJSON rejects it.
std::string without_lone_surrogates(std::string_view text) {
  std::string made(text);
  for (std::size_t at = made.find('\\'); at != std::string::npos && at + 1 < made.size(); at = made.find('\\', at)) {
    const char32_t unit = escaped_unit(made, at);
    if (is_high(unit) && is_low(escaped_unit(made, at + 6))) {
      at += 12;
    } else if (is_high(unit) || is_low(unit)) {
      made.replace(at, 6, "\\uFFFD");
      at += 6;
    } else {
      at += 2;
    }
  }
  return made;
}

bool has_surrogate_escape(std::string_view text) {
  for (const char* d : {"\\ud", "\\uD"}) {
    if (memmem(text.data(), text.size(), d, 3) != nullptr) return true;
  }
  return false;
}

// Forwards parse events to the document, except where Go differs: the nesting limit, and -0 keeping its sign. Numbers
// are converted here, because RapidJSON's own conversion mishandles numbers with a fraction that consist of zeros only.
class Filter {
 public:
  explicit Filter(rapidjson::Document& document) : document_(document) {}

  /// Why it stopped the parsing; empty if it did not.
  std::string_view refusal() const { return refusal_; }

  bool Null() { return document_.Null(); }
  bool Bool(bool value) { return document_.Bool(value); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    const char* end = text + size;
    if (const auto whole = whole_number<std::int64_t>(text, end)) {
      return *whole == 0 && *text == '-' ? document_.Double(-0.0) : document_.Int64(*whole);
    }
    if (const auto large = whole_number<std::uint64_t>(text, end)) return document_.Uint64(*large);
    double value = 0;
    const auto [_, error] = std::from_chars(text, end, value);
    // Overflow or underflow; only strtod tells which.
    if (error == std::errc::result_out_of_range) value = std::strtod(std::string(text, end).c_str(), nullptr);
    return std::isfinite(value) ? document_.Double(value) : refuse("Number too big to be stored in double.");
  }
  // Never called, as every number arrives as text, but the reader requires them.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }
  bool String(const char* text, rapidjson::SizeType size, bool copy) { return document_.String(text, size, copy); }
  bool StartObject() { return enter() && document_.StartObject(); }
  bool Key(const char* text, rapidjson::SizeType size, bool copy) { return document_.Key(text, size, copy); }
  bool EndObject(rapidjson::SizeType count) {
    --levels_;
    return document_.EndObject(count);
  }
  bool StartArray() { return enter() && document_.StartArray(); }
  bool EndArray(rapidjson::SizeType count) {
    --levels_;
    return document_.EndArray(count);
  }

 private:
  template <class T>
  static std::optional<T> whole_number(const char* text, const char* end) {
    T value{};
    const auto [stop, error] = std::from_chars(text, end, value);
    return error == std::errc() && stop == end ? std::optional<T>(value) : std::nullopt;
  }
  bool refuse(std::string_view why) {
    refusal_ = why;
    return false;
  }
  bool enter() { return ++levels_ <= max_levels || refuse("the JSON is nested more than 10000 levels deep"); }

  rapidjson::Document& document_;
  std::size_t levels_ = 0;
  std::string_view refusal_;
};

bool same_name(const rapidjson::Value& a, const rapidjson::Value& b) {
  return a.GetStringLength() == b.GetStringLength() && std::memcmp(a.GetString(), b.GetString(), a.GetStringLength()) == 0;
}

std::string_view view(const rapidjson::Value& text) { return {text.GetString(), text.GetStringLength()}; }

bool has_duplicates(const rapidjson::Value& object) {
  const auto begin = object.MemberBegin();
  const auto end = object.MemberEnd();
  if (object.MemberCount() > 32) {
    std::unordered_set<std::string_view> seen;
    for (auto member = begin; member != end; ++member) {
      if (!seen.insert(view(member->name)).second) return true;
    }
    return false;
  }
  for (auto member = begin; member != end; ++member) {
    for (auto other = begin; other != member; ++other) {
      if (same_name(member->name, other->name)) return true;
    }
  }
  return false;
}

// Of members with equal keys keeps the last value, at the position of the first.
void keep_last(rapidjson::Value& object, rapidjson::Document::AllocatorType& memory) {
  rapidjson::Value kept(rapidjson::kObjectType);
  std::unordered_map<std::string, std::size_t> places;
  for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(object.MemberCount()); ++i) {
    const auto member = object.MemberBegin() + i;
    const auto [place, fresh] = places.emplace(view(member->name), kept.MemberCount());
    if (fresh) {
      kept.AddMember(member->name, member->value, memory);
    } else {
      (kept.MemberBegin() + static_cast<std::ptrdiff_t>(place->second))->value = member->value;
    }
  }
  object = kept;
}

void remove_duplicates(rapidjson::Document& document) {
  std::vector<rapidjson::Value*> open{&document};
  while (!open.empty()) {
    rapidjson::Value& node = *open.back();
    open.pop_back();
    if (node.IsObject()) {
      if (has_duplicates(node)) keep_last(node, document.GetAllocator());
      for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(node.MemberCount()); ++i) {
        rapidjson::Value& value = (node.MemberBegin() + i)->value;
        if (value.IsObject() || value.IsArray()) open.push_back(&value);
      }
    } else if (node.IsArray()) {
      for (auto& item : node.GetArray()) {
        if (item.IsObject() || item.IsArray()) open.push_back(&item);
      }
    }
  }
}

const char* kind_of(const rapidjson::Value& value) {
  switch (value.GetType()) {
    case rapidjson::kArrayType: return "array";
    case rapidjson::kStringType: return "string";
    case rapidjson::kNumberType: return "number";
    default: return "bool";
  }
}

Position place_of(std::string_view text, std::size_t offset) {
  offset = std::min(offset, text.size());
  const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n');
  const std::size_t begin = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  return Position("", static_cast<int>(line) + 1, static_cast<int>(offset - (begin == std::string_view::npos ? 0 : begin + 1)) + 1);
}

}  // namespace

Result<rapidjson::Document> parse_json(std::string_view given) {
  constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
  std::string repaired;
  std::string_view text = given;
  if (!is_utf8(text)) text = repaired = valid_utf8(text);
  if (has_surrogate_escape(text)) text = repaired = without_lone_surrogates(text);
  rapidjson::Document document;
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  std::string_view refusal;
  auto generate = [&](rapidjson::Document& into) {
    Filter filter(into);
    reader.Parse<flags>(stream, filter);
    refusal = filter.refusal();
    return !reader.HasParseError();
  };
  document.Populate(generate);
  if (!refusal.empty()) return Error(std::string(refusal), place_of(text, reader.GetErrorOffset()));
  if (reader.HasParseError()) {
    return Error(rapidjson::GetParseError_En(reader.GetParseErrorCode()), place_of(text, reader.GetErrorOffset()));
  }
  // The parser takes a zero byte for the end of the text.
  if (stream.Tell() < text.size()) return Error("there is more after the JSON value", place_of(text, stream.Tell()));
  remove_duplicates(document);
  return document;
}

Result<rapidjson::Document> parse_json_object(std::string_view text) {
  Result<rapidjson::Document> parsed = parse_json(text);
  if (!parsed) return parsed;
  if (parsed->IsNull()) parsed->SetObject();
  if (!parsed->IsObject()) return Error(std::string("expected a JSON object, found ") + kind_of(*parsed), Position("", 1, 1));
  return parsed;
}

Result<rapidjson::Document> parse_body(std::string_view text) {
  if (!text.empty()) return parse_json_object(text);
  rapidjson::Document empty(rapidjson::kObjectType);
  return empty;
}

Result<std::string> overlay_json(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
    case Kind::uint64:
    case Kind::timestamp:
    case Kind::duration:
    case Kind::type: return Error("an overlay cannot be of the type " + std::string(type_name(value)));
    default: return proto_json(value);
  }
}

Result<void> set_extension(rapidjson::Document& extensions, std::string_view key, const Value& value) {
  const Result<std::string> text = overlay_json(value);
  if (!text) return text.error();
  Result<rapidjson::Document> parsed = parse_json(*text);
  if (!parsed) return parsed.error();
  rapidjson::Value converted(*parsed, extensions.GetAllocator());
  return set_path(extensions, key, std::move(converted));
}

}  // namespace slipway::cel
