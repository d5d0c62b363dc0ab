#include "app/api.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>

#include "app/inputs.hpp"
#include "app/blocking.hpp"
#include "base/failure.hpp"
#include "base/hex.hpp"
#include "io/http_client.hpp"
#include "io/secret_file.hpp"

namespace slipway::app {
namespace {

std::string operator_base(const Settings& settings) {
  std::string host = settings.operator_api.listen.host;
  if (host == "0.0.0.0" || host == "::" || host.empty()) host = "127.0.0.1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return fmt::format("http://{}:{}", host, settings.operator_api.listen.port);
}

io::HttpRequest request(const std::string& method, const std::string& url, const std::string& token) {
  auto where = io::parse_url(url);
  if (!where) throw UsageError(where.error().what());
  io::HttpRequest request(method, *std::move(where));
  request.headers.emplace_back("Authorization", "Bearer " + token);
  request.headers.emplace_back("Accept", "application/json, text/plain;q=0.5");
  request.max_body = 64u << 20;
  return request;
}

}  // namespace

Api::Api(const config::Config& config) : base_(operator_base(config.settings)) {
  const auto file = config.settings.operator_api.token_file.value_or(config.settings.state / "token");
  const auto token = io::read_secret_file(file);
  if (!token && !std::filesystem::exists(file)) {
    throw Unavailable(fmt::format("no daemon has run with this configuration: {} is not there", file.string()));
  }
  if (!token) throw UsageError(fmt::format("the daemon's token can not be read: {}", token.error().text()));
  token_ = *token;
}

ApiAnswer Api::send(const std::string& method, const std::string& path, const std::string& body) {
  auto asked = request(method, base_ + path, token_);
  if (!body.empty()) asked.headers.emplace_back("Content-Type", "application/json");
  asked.body = body;
  io::HttpClient client;
  auto response = blocking(client.send(std::move(asked)));
  if (response.status == 401) throw UsageError("the daemon refused the token: is this the configuration that it runs with?");
  ApiAnswer answer;
  answer.status = response.status;
  answer.text = std::move(response.body);
  answer.json.Parse(answer.text.data(), answer.text.size());
  if (answer.json.HasParseError()) answer.json.SetNull();
  return answer;
}

ApiAnswer Api::get(const std::string& path) { return send("GET", path, ""); }
ApiAnswer Api::post(const std::string& path, const std::string& body) { return send("POST", path, body); }

int Api::stream(const std::string& path, const std::function<bool(std::string_view)>& sink) {
  auto asked = request("GET", base_ + path, token_);
  asked.limit = std::chrono::hours(24);
  io::HttpClient client;
  return blocking(client.stream(std::move(asked), sink)).status;
}

std::string error_of(const ApiAnswer& answer) {
  if (answer.json.IsObject() && answer.json.HasMember("error") && answer.json["error"].IsString()) return answer.json["error"].GetString();
  return fmt::format("the daemon answered {}", answer.status);
}

RawDelivery recorded_delivery(const config::Config& config, const std::string& id) {
  Api api(config);
  const auto answer = api.get("/api/v1/deliveries/" + io::percent_encode(id) + "?body=1");
  if (answer.status == 404) throw UsageError(fmt::format("{} is neither a file nor the id of a delivery that the daemon recorded", id));
  if (answer.status != 200 || !answer.json.IsObject()) throw Unavailable(error_of(answer));
  RawDelivery raw;
  raw.received = Clock::now();
  raw.target = answer.json.HasMember("target") ? answer.json["target"].GetString() : "/hooks";
  if (answer.json.HasMember("headers")) {
    for (const auto& header : answer.json["headers"].GetObject()) {
      for (const auto& value : header.value.GetArray()) raw.headers[header.name.GetString()].emplace_back(value.GetString());
    }
  }
  if (!answer.json.HasMember("body")) throw UsageError(fmt::format("the body of delivery {} is no longer kept", id));
  const auto body = from_base64(answer.json["body"].GetString());
  if (!body) throw Unavailable("the daemon's answer holds no readable body");
  raw.body = *body;
  return raw;
}

}  // namespace slipway::app
