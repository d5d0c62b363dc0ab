#include "config/json_path.hpp"

#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <charconv>

#include "base/text.hpp"

namespace slipway::config {
namespace {

/// A name up to the next `.` or `[`; a backslash takes the next character as it is.
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

std::string json(const rapidjson::Value& value) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> writer(out);
  value.Accept(writer);
  return std::string(out.GetString(), out.GetSize());
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
  if (inside == "*") {
    step.kind = Step::Kind::every;
    return step;
  }
  step.kind = Step::Kind::index;
  const auto [end, ec] = std::from_chars(inside.data(), inside.data() + inside.size(), step.index);
  if (inside.empty() || ec != std::errc() || end != inside.data() + inside.size()) {
    return Error(fmt::format("[{}] is neither an index, nor ['name'], nor [*]", printable(inside, 40)));
  }
  return step;
}

Result<JsonPath> JsonPath::parse(std::string_view text) {
  JsonPath path;
  path.text_ = text;
  std::string_view rest = text;
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
    path.steps_.push_back(std::move(step));
  }
  return path;
}

std::string JsonPath::first() const {
  return !steps_.empty() && steps_.front().kind == Step::Kind::member ? steps_.front().name : std::string();
}

void JsonPath::follow(const rapidjson::Value& node, std::size_t step,
                      std::vector<const rapidjson::Value*>& found) const {
  if (step == steps_.size()) return found.push_back(&node);
  const Step& next = steps_[step];
  if (next.kind == Step::Kind::member) {
    if (!node.IsObject()) return;
    const auto member = node.FindMember(rapidjson::Value(rapidjson::StringRef(next.name.data(), next.name.size())));
    if (member != node.MemberEnd()) follow(member->value, step + 1, found);
    return;
  }
  if (next.kind == Step::Kind::every && node.IsObject()) {
    for (const auto& member : node.GetObject()) follow(member.value, step + 1, found);
  }
  if (!node.IsArray()) return;
  const auto size = static_cast<std::int64_t>(node.Size());
  for (std::int64_t i = 0; i < size; ++i) {
    const bool wanted = next.kind == Step::Kind::every || i == next.index || i - size == next.index;
    if (wanted) follow(node[static_cast<rapidjson::SizeType>(i)], step + 1, found);
  }
}

Result<std::string> JsonPath::read(const rapidjson::Value& root) const {
  std::vector<const rapidjson::Value*> found;
  follow(root, 0, found);
  if (found.empty()) return Error(fmt::format("there is no {}", text_));
  if (found.size() == 1)
    return found[0]->IsString() ? std::string(found[0]->GetString(), found[0]->GetStringLength()) : json(*found[0]);
  std::string all = "[";
  for (const auto* value : found) all += (all.size() > 1 ? "," : "") + json(*value);
  return all + "]";
}

}  // namespace slipway::config
