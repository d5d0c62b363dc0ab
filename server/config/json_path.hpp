#pragma once

#include <rapidjson/document.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace slipway::config {

/// The part of JSONPath that bindings use, with Tekton's syntax: `body.a.b`, `body['a.b']`, `body.a\.b`, `body.list[0]`,
/// `[-1]`, `[*]`, `[0:2]`, `body.a.*`, and the same in braces or after a leading dot. The first name is the root.
class JsonPath {
 public:
  static Result<JsonPath> parse(std::string_view text);

  const std::string& root() const noexcept { return root_; }
  /// The first name below the root; empty if there is none.
  std::string first() const;
  const std::string& text() const noexcept { return text_; }

  /// Strings as they are, anything else as JSON; several values (`[*]`) as a JSON array, `[]` for an empty list. An
  /// error if nothing is found.
  Result<std::string> read(const rapidjson::Value& root) const;

 private:
  struct Step {
    enum class Kind { member, values, slice };
    Kind kind = Kind::member;
    std::string name;                         ///< member
    std::optional<std::int64_t> first, last;  ///< slice: the elements from `first` up to but excluding `last`
    bool one = false;                         ///< slice: only the first element
  };
  using Nodes = std::vector<const rapidjson::Value*>;
  JsonPath() = default;
  static Result<Step> bracket(std::string_view& rest);
  Result<Nodes> follow(const Step& step, const Nodes& nodes) const;
  static Result<void> cut(const Step& step, const rapidjson::Value& list, Nodes& found);

  std::string text_;
  std::string root_;
  std::vector<Step> steps_;
};

}  // namespace slipway::config
