#include "trigger/bind.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cel/misspelling.hpp"
#include "config/json_path.hpp"
#include "config/references.hpp"

namespace slipway::trigger {
namespace {

/// Values the parsed push already has, so that the body document is not needed; nullptr for other names.
const std::string* known_part(std::string_view name, const Push& push) {
  if (name == "body.after") return &push.after.value();
  if (name == "body.before") return &push.before.value();
  if (name == "body.ref") return &push.ref;
  if (name == "body.repository.full_name") return &push.repository.value();
  return nullptr;
}

Result<std::string> header_value(const config::JsonPath& path, const Headers& headers) {
  const std::string name = path.first();
  std::optional<std::string> joined;
  for (const auto& [field, value] : headers) {
    if (!cel::same_but_for_case(field, name)) continue;
    if (joined) *joined += ",";
    joined = joined.value_or("").append(value);
  }
  if (!joined) return Error(fmt::format("there is no {}", path.text()));
  return *joined;
}

class Binder {
 public:
  Binder(const config::Catalogue& catalogue, const Event& event, const rapidjson::Value& extensions)
      : catalogue_(catalogue), event_(event), extensions_(extensions) {}

  Result<std::string> operator()(const std::string& text) {
    std::optional<Error> failed;
    auto value = config::replace_references(text, [&](std::string_view name) -> std::optional<std::string> {
      auto found = reference(name);
      if (found) return std::move(*found);
      failed = found.error();
      return std::string();
    });
    if (failed) return *failed;
    return value;
  }

 private:
  Result<std::string> reference(std::string_view name) {
    const Push& push = event_.push();
    if (const auto* part = known_part(name, push)) return *part;
    const std::string& full_name = push.repository.value();
    if (name == "body.repository.name") return full_name.substr(full_name.find('/') + 1);
    if (name == "git.url") return catalogue_.git_url(push.repository);
    if (name == "git.branch") return branch_name(push.ref);
    if (name == "context.eventID") return event_.delivery().id.value();
    const auto path = config::JsonPath::parse(name);
    if (!path) return path.error();
    if (path->root() == "header") return header_value(*path, event_.delivery().headers);
    if (path->root() == "extensions") return path->read(extensions_);
    if (path->root() != "body") return Error(fmt::format("nothing gives $({})", printable(name, 80)));
    const auto& body = event_.body();
    if (!body) return body.error();
    return path->read(*body);
  }

  const config::Catalogue& catalogue_;
  const Event& event_;
  const rapidjson::Value& extensions_;
};

}  // namespace

Result<Parameters> bind(const config::Catalogue& catalogue, const config::Trigger& trigger, const Event& event,
                        const rapidjson::Value& extensions) {
  const Template* built = catalogue.find(trigger.template_name);
  Parameters parameters;
  Binder value_of(catalogue, event, extensions);
  for (const auto& binding : trigger.bindings) {
    auto value = value_of(binding.value);
    if (value) {
      parameters.insert_or_assign(binding.name, std::move(*value));
      continue;
    }
    const auto fallback = built != nullptr ? built->defaults.find(binding.name) : Parameters::const_iterator();
    if (built == nullptr || fallback == built->defaults.end()) {
      return Error(fmt::format("the parameter '{}' cannot be bound: {}", binding.name, value.error().what()));
    }
    parameters.insert_or_assign(binding.name, fallback->second);
  }
  return parameters;
}

}  // namespace slipway::trigger
