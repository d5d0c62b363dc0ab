#include "app/api.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "app/blocking.hpp"
#include "base/failure.hpp"
#include "io/http_client.hpp"
#include "io/secret_file.hpp"

namespace slipway::app {
namespace {

io::HttpRequest request(const std::string& method, const std::string& url, const std::string& token) {
  auto where = io::parse_url(url);
  if (!where) throw UsageError(where.error().what());
  io::HttpRequest request(method, *std::move(where));
  request.headers.emplace_back("Authorization", "Bearer " + token);
  request.headers.emplace_back("Accept", "application/json, text/plain;q=0.5");
  request.max_body = 64u << 20;
  return request;
}

ApiAnswer answer_from(io::HttpResponse response) {
  if (response.status == 401) throw UsageError("the daemon refused the token: is this the configuration that it runs with?");
  ApiAnswer answer;
  answer.status = response.status;
  answer.text = std::move(response.body);
  answer.json.Parse(answer.text.data(), answer.text.size());
  if (answer.json.HasParseError()) answer.json.SetNull();
  return answer;
}

std::string read_token(const std::filesystem::path& file) {
  const auto token = io::read_secret_file(file);
  if (token) return *token;
  const int why = ::access(file.c_str(), R_OK) == 0 ? 0 : errno;
  if (why == ENOENT) throw Unavailable(fmt::format("no daemon has run with this configuration: {} is not there", file.string()));
  if (why == EACCES) {
    throw UsageError(fmt::format("the daemon's token {} can be read only by the user that the daemon runs as (Permission denied): run this as "
                                 "that user or root, or name a copy of it as operator.token_file in a configuration of your own", file.string()));
  }
  throw UsageError(fmt::format("the daemon's token cannot be read: {}", token.error().text()));
}

}  // namespace

Api::Api(const config::Config& config)
    : base_(local_address(config.settings.operator_api.listen)),
      token_(read_token(config.settings.operator_api.token_file.value_or(config.settings.state / "token"))) {}

ApiAnswer Api::get(const std::string& path) {
  io::HttpClient client;
  return answer_from(blocking(client.send(request("GET", base_ + path, token_))));
}

ApiAnswer Api::post(const std::string& path, const std::string& body) {
  auto asked = request("POST", base_ + path, token_);
  asked.headers.emplace_back("Content-Type", "application/json");
  asked.body = body;
  io::HttpClient client;
  return answer_from(blocking(client.send(std::move(asked))));
}

ApiAnswer Api::stream(const std::string& path, const std::function<bool(std::string_view)>& sink) {
  auto asked = request("GET", base_ + path, token_);
  asked.limit = std::chrono::hours(24);
  io::HttpClient client;
  return answer_from(blocking(client.stream(std::move(asked), sink)));
}

std::string error_of(const ApiAnswer& answer) {
  if (answer.json.IsObject() && answer.json.HasMember("error") && answer.json["error"].IsString()) return answer.json["error"].GetString();
  return fmt::format("the daemon answered {}", answer.status);
}

ExitCode refused(const ApiAnswer& answer) {
  if (answer.status >= 500) throw Unavailable(error_of(answer));
  if (answer.status == 400) throw UsageError(error_of(answer));
  fmt::print(stderr, "slipway: {}\n", error_of(answer));
  return ExitCode::no;
}

std::string local_address(const Endpoint& listen) {
  Endpoint here = listen;
  if (here.host == "0.0.0.0" || here.host == "::" || here.host.empty()) here.host = "127.0.0.1";
  return "http://" + here.text();
}

}  // namespace slipway::app
