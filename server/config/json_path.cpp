#include "config/json_path.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/text.hpp"
#include "cel/json_write.hpp"

namespace slipway::config {
namespace {

/// A name up to the next `.` or `[`; a backslash escapes the next character.
std::string take_name(std::string_view& rest) {
  std::string name;
  std::size_t i = 0;
  for (; i < rest.size() && rest[i] != '.' && rest[i] != '['; ++i) {
    if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
    name.push_back(rest[i]);
  }
  rest.remove_prefix(i);
  return name;
}

/// As Go prints it: keys sorted, 1.0 as 1.
Result<std::string> json(const rapidjson::Value& value) { return cel::proto_json(cel::Value::json(value)); }

bool read_number(std::string_view text, std::optional<std::int64_t>& number) {
  if (text.empty()) return true;
  std::int64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  number = value;
  return ec == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<JsonPath::Step> JsonPath::bracket(std::string_view& rest) {
  const auto close =
      rest.size() > 1 && (rest[1] == '\'' || rest[1] == '"') ? rest.find(std::string{rest[1], ']'}, 2) : rest.find(']');
  if (close == std::string_view::npos) return Error("a [ is never closed");
  Step step;
  if (rest[1] == '\'' || rest[1] == '"') {
    step.name = rest.substr(2, close - 2);
    rest.remove_prefix(close + 2);
    return step;
  }
  const auto inside = rest.substr(1, close - 1);
  rest.remove_prefix(close + 1);
  step.kind = Step::Kind::slice;
  if (inside == "*") return step;
  const auto colon = inside.find(':');
  step.one = colon == std::string_view::npos;
  const bool good = read_number(inside.substr(0, colon), step.first) && (step.one || read_number(inside.substr(colon + 1), step.last));
  if (inside.empty() || !good) {
    return Error(fmt::format("[{}] is neither an index, nor ['name'], nor [*], nor [from:to]", printable(inside, 40)));
  }
  return step;
}

Result<JsonPath> JsonPath::parse(std::string_view text) {
  JsonPath path;
  path.text_ = text;
  std::string_view rest = text;
  if (rest.size() > 2 && rest.starts_with('{') && rest.ends_with('}')) rest = rest.substr(1, rest.size() - 2);
  if (rest.starts_with('.')) rest.remove_prefix(1);
  path.root_ = take_name(rest);
  while (!rest.empty()) {
    if (rest.front() == '[') {
      auto step = bracket(rest);
      if (!step) return step.error();
      path.steps_.push_back(std::move(*step));
      continue;
    }
    rest.remove_prefix(1);
    Step step;
    step.name = take_name(rest);
    if (step.name.empty()) return Error(fmt::format("'{}' has an empty name in it", printable(text, 80)));
    if (step.name == "*") step.kind = Step::Kind::values;
    path.steps_.push_back(std::move(step));
  }
  return path;
}

std::string JsonPath::first() const {
  return !steps_.empty() && steps_.front().kind == Step::Kind::member ? steps_.front().name : std::string();
}

Result<void> JsonPath::cut(const Step& step, const rapidjson::Value& list, Nodes& found) {
  const auto size = static_cast<std::int64_t>(list.Size());
  const auto place = [&](std::int64_t at) { return at < 0 ? at + size : at; };
  const std::int64_t first = place(step.first.value_or(0));
  const std::int64_t last = step.one ? first + 1 : step.last ? place(*step.last) : size;
  if (first == last) return {};
  if (first < 0 || first >= size || last < first || last > size) return Error(fmt::format("there is no element {} in a list of {}", first, size));
  for (std::int64_t i = first; i < last; ++i) found.push_back(&list[static_cast<rapidjson::SizeType>(i)]);
  return {};
}

Result<JsonPath::Nodes> JsonPath::follow(const Step& step, const Nodes& nodes) const {
  Nodes found;
  for (const auto* node : nodes) {
    switch (step.kind) {
      case Step::Kind::member: {
        if (!node->IsObject()) break;
        const auto member = node->FindMember(rapidjson::Value(rapidjson::StringRef(step.name.data(), step.name.size())));
        if (member != node->MemberEnd()) found.push_back(&member->value);
        break;
      }
      case Step::Kind::values:
        if (node->IsObject()) {
          for (const auto& member : node->GetObject()) found.push_back(&member.value);
        } else if (node->IsArray()) {
          for (const auto& element : node->GetArray()) found.push_back(&element);
        }
        break;
      case Step::Kind::slice:
        if (node->IsNull()) break;
        if (!node->IsArray()) return Error(fmt::format("there is no {}: a part of it is no list", text_));
        if (auto done = cut(step, *node, found); !done) return Error(fmt::format("there is no {}: {}", text_, done.error().what()));
        break;
    }
  }
  if (found.empty() && !nodes.empty() && step.kind == Step::Kind::member) return Error(fmt::format("there is no {}", text_));
  return found;
}

Result<std::string> JsonPath::read(const rapidjson::Value& root) const {
  Nodes found{&root};
  for (const Step& step : steps_) {
    auto next = follow(step, found);
    if (!next) return next.error();
    found = std::move(*next);
  }
  if (found.size() == 1) return found[0]->IsString() ? std::string(found[0]->GetString(), found[0]->GetStringLength()) : json(*found[0]);
  std::string all = "[";
  for (const auto* value : found) {
    const auto text = json(*value);
    if (!text) return text;
    all += (all.size() > 1 ? "," : "") + *text;
  }
  return all + "]";
}

}  // namespace slipway::config
