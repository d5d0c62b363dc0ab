#include <fmt/format.h>

#include "base/text.hpp"
#include "http/json.hpp"
#include "http/operator_routes.hpp"

namespace slipway::http {

namespace {

Result<queue::DeliveryFilter> delivery_filter(const Call& call) {
  queue::DeliveryFilter filter;
  for (const auto& [name, value] : call.query) {
    if (name == "repository") filter.repository = RepoName(value);
    if (name == "commit") {
      filter.after = CommitPrefix::from(value);
      if (!filter.after) return Error("commit is a SHA or 4 or more digits of its beginning");
    }
    if (name == "pending") filter.only_pending = value != "0" && value != "false";
    if (name != "limit" && name != "cursor") continue;
    const auto number = number_from(value, 1, name == "limit" ? 1000 : INT64_MAX);
    if (!number) return Error(name == "limit" ? "limit is a number from 1 to 1000" : "cursor is what `next` of the page before said");
    if (name == "limit") filter.at_most = static_cast<std::size_t>(*number);
    if (name == "cursor") filter.before = *number;
  }
  return filter;
}

}  // namespace

/// GET /api/v1/deliveries
Task<Answer> list_deliveries(Operations& operations, Call& call) {
  const auto filter = delivery_filter(call);
  if (!filter) co_return problem(400, filter.error().what());
  const auto deliveries = co_await operations.reader.deliveries(*filter);
  Json json;
  json.out.StartObject();
  json.out.Key("deliveries");
  json.out.StartArray();
  for (const auto& delivery : deliveries) write(json, delivery, false);
  json.out.EndArray();
  if (!deliveries.empty() && deliveries.size() == filter->at_most) json.text("next", std::to_string(deliveries.back().number));
  json.out.EndObject();
  co_return Answer(200, json.take());
}

/// GET /api/v1/deliveries/{id}
Task<Answer> show_delivery(Operations& operations, Call& call) {
  const DeliveryId id(call.names.front());
  const auto delivery = co_await operations.reader.delivery(id);
  if (!delivery) co_return problem(404, fmt::format("there is no delivery {}", printable(id.value(), 100)));
  const auto body = call.query.find("body");
  Json json;
  write(json, *delivery, body != call.query.end() && body->second != "0" && body->second != "false");
  co_return Answer(200, json.take());
}

}  // namespace slipway::http
