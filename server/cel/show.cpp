#include "cel/show.hpp"

#include "base/text.hpp"
#include "cel/number.hpp"
#include "cel/text.hpp"
#include "cel/time.hpp"

namespace slipway::cel {

namespace {

constexpr std::size_t longest_text = 120;
constexpr std::size_t most_items = 5;
constexpr int deepest = 3;

std::string show_items(const Value& list, int depth);

std::string fields_of(const Value& map) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < map.size() && i < most_items; ++i) {
    const Value key = map.key_at(i);
    names.push_back(key.is(Kind::string) ? printable(key.text(), 40) : show(key));
  }
  if (names.empty()) return "an empty object";
  std::string made = names.size() == 1 ? "an object with the field " : "an object with the fields ";
  for (std::size_t i = 0; i < names.size(); ++i) made += (i > 0 ? ", " : "") + names[i];
  if (map.size() > most_items) made += " and " + std::to_string(map.size() - most_items) + " more";
  return made;
}

std::string show_at(const Value& value, int depth) {
  switch (value.kind()) {
    case Kind::null: return "null";
    case Kind::boolean: return value.as_bool() ? "true" : "false";
    case Kind::int64: return std::to_string(value.as_int64());
    case Kind::uint64: return std::to_string(value.as_uint64()) + "u";
    case Kind::float64: return format_shortest(value.as_float64());
    case Kind::string: return show_text(value.text());
    case Kind::bytes: return std::to_string(value.size()) + " bytes";
    case Kind::list: return depth > deepest ? "a list of " + std::to_string(value.size()) : show_items(value, depth);
    case Kind::map: return fields_of(value);
    case Kind::timestamp: return format_timestamp(value, false);
    case Kind::duration: return format_duration(value.as_int64());
    case Kind::type: return "the type " + std::string(value.text());
    case Kind::error: return "an error (" + value.error_text() + ")";
  }
  return "";
}

std::string show_items(const Value& list, int depth) {
  std::string made = "[";
  for (std::size_t i = 0; i < list.size() && i < most_items; ++i) made += (i > 0 ? ", " : "") + show_at(list.at(i), depth + 1);
  if (list.size() > most_items) made += ", … " + std::to_string(list.size() - most_items) + " more";
  return made + "]";
}

}  // namespace

std::string show(const Value& value) { return show_at(value, 0); }

std::string show_text(std::string_view text) { return "'" + printable(text, longest_text) + "'"; }

std::string show_list(const std::vector<std::string>& items, std::string_view last_word, std::size_t most) {
  std::string made;
  const std::size_t shown = std::min(items.size(), most);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) made += i + 1 == shown && shown == items.size() ? " " + std::string(last_word) + " " : ", ";
    made += items[i];
  }
  if (items.size() > shown) made += " and " + std::to_string(items.size() - shown) + " more";
  return made;
}

}  // namespace slipway::cel
