#include <fmt/format.h>

#include "app/api.hpp"
#include "app/blocking.hpp"
#include "app/commands.hpp"
#include "app/inputs.hpp"
#include "app/recorded.hpp"
#include "base/failure.hpp"
#include "base/hmac.hpp"
#include "base/text.hpp"
#include "http/json.hpp"
#include "io/http_client.hpp"
#include "io/secret_file.hpp"
#include "trigger/verify.hpp"

namespace slipway::app {
namespace {

/// A version-4 UUID, like Gitea's delivery ids.
std::string fresh_delivery_id() {
  std::string hex = random_hex(16);
  hex[12] = '4';
  hex[16] = "89ab"[hex[16] % 4];
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4), hex.substr(20));
}

bool is_sent_anew(std::string_view name) {
  return name == "Host" || name == "Content-Length" || name == "X-Hub-Signature" || name == "X-Gogs-Signature" || name == "Accept-Encoding" ||
         name == "Connection";
}

std::string webhook_url(const WebhookSettings& webhook) { return local_address(webhook.listen) + webhook.path; }

std::string webhook_secret(const Settings& settings) {
  if (settings.webhook.secret_files.empty()) throw UsageError("the configuration names no webhook secret to sign with");
  const auto secret = io::read_secret_file(settings.webhook.secret_files.front());
  if (!secret) throw UsageError(secret.error().text());
  return *secret;
}

void print(const Global& global, const io::HttpResponse& response) {
  rapidjson::Document answer;
  if (!global.json) {
    fmt::print("{}\n{}\n", response.status, response.body);
  } else if (!answer.Parse(response.body.data(), response.body.size()).HasParseError()) {
    fmt::print("{}\n", response.body);
  } else {  // not JSON, so not slipway's answer
    http::Json json;
    json.out.StartObject();
    json.number("status", response.status);
    json.text("text", printable(response.body, response.body.size()));
    json.out.EndObject();
    fmt::print("{}\n", json.take());
  }
}

}  // namespace

/// slipway replay DELIVERY [--url U] [--same-id]: sends it, signed with the configured secret, and prints the answer.
ExitCode run(const Global& global, const Replay& replay) {
  const auto config = load_config(global, false);
  RawDelivery raw = is_delivery_file(replay.delivery) ? read_delivery(replay.delivery) : recorded_delivery(config, replay.delivery).raw;
  if (!replay.same_id) {
    const std::string id = fresh_delivery_id();
    for (const char* header : {"X-Gitea-Delivery", "X-Gogs-Delivery", "X-Github-Delivery"}) raw.headers.set(header, id);
  }
  raw = trigger::sign(std::move(raw), webhook_secret(config.settings));
  auto url = io::parse_url(replay.url.empty() ? webhook_url(config.settings.webhook) : replay.url);
  if (!url) throw UsageError(url.error().what());
  io::HttpRequest request("POST", *std::move(url));
  for (const auto& [name, value] : raw.headers) {
    if (!is_sent_anew(name)) request.headers.emplace_back(name, value);
  }
  request.body = std::move(raw.body);
  io::HttpClient client;
  const auto response = blocking(client.send(std::move(request)));
  print(global, response);
  return response.ok() ? ExitCode::done : ExitCode::no;
}

}  // namespace slipway::app
