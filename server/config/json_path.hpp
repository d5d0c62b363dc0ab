#pragma once

#include <rapidjson/document.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace slipway::config {

/// The part of JSONPath that bindings use, as Tekton reads it: `body.a.b`, `body['a.b']`, `body.a\.b`, `body.list[0]`,
/// `[-1]`,
/// `[*]`. The first name is the root.
class JsonPath {
 public:
  static Result<JsonPath> parse(std::string_view text);

  const std::string& root() const noexcept { return root_; }
  /// The first name below the root, or empty.
  std::string first() const;
  const std::string& text() const noexcept { return text_; }

  /// Strings as they are, anything else as JSON; several values (`[*]`) as a JSON list. An error where nothing is
  /// there.
  Result<std::string> read(const rapidjson::Value& root) const;

 private:
  struct Step {
    enum class Kind { member, index, every };
    Kind kind = Kind::member;
    std::string name;
    std::int64_t index = 0;
  };
  JsonPath() = default;
  static Result<Step> bracket(std::string_view& rest);
  void follow(const rapidjson::Value& node, std::size_t step, std::vector<const rapidjson::Value*>& found) const;

  std::string text_;
  std::string root_;
  std::vector<Step> steps_;
};

}  // namespace slipway::config
