#include <fmt/format.h>

#include "base/text.hpp"
#include "http/json.hpp"
#include "http/operator_routes.hpp"

namespace slipway::http {

namespace {

const queue::Hold* hold_of(const std::vector<queue::Hold>& holds, const TemplateName& name) {
  for (const auto& hold : holds) {
    if (hold.template_name == name) return &hold;
  }
  return nullptr;
}

Answer no_template(const config::Catalogue& catalogue, const std::string& name) {
  std::vector<std::string> known;
  for (const auto& one : catalogue.templates()) known.push_back(one.name.value());
  return problem(404, fmt::format("there is no template \"{}\"{}", printable(name, 100), did_you_mean(name, known)));
}

}  // namespace

/// GET /api/v1/templates
Task<Answer> list_templates(Operations& operations, Call&) {
  const auto catalogue = operations.catalogue();
  const auto holds = co_await operations.reader.holds();
  Json json;
  json.out.StartObject();
  json.out.Key("templates");
  json.out.StartArray();
  for (const auto& one : catalogue->templates()) write(json, one, hold_of(holds, one.name));
  json.out.EndArray();
  json.out.EndObject();
  co_return Answer(200, json.take());
}

/// GET /api/v1/templates/{name}
Task<Answer> show_template(Operations& operations, Call& call) {
  const auto catalogue = operations.catalogue();
  const Template* found = catalogue->find(TemplateName(call.names.front()));
  if (found == nullptr) co_return no_template(*catalogue, call.names.front());
  const auto holds = co_await operations.reader.holds();
  Json json;
  write(json, *found, hold_of(holds, found->name));
  co_return Answer(200, json.take());
}

/// POST /api/v1/templates/{name}/release
Task<Answer> release_template(Operations& operations, Call& call) {
  const auto catalogue = operations.catalogue();
  const TemplateName name(call.names.front());
  if (catalogue->find(name) == nullptr) co_return no_template(*catalogue, name.value());
  const auto denied = co_await operations.control.release(name);
  if (denied) co_return problem(*denied);
  Json json;
  json.out.StartObject();
  json.text("template", name.value());
  json.out.EndObject();
  co_return Answer(202, json.take());
}

}  // namespace slipway::http
