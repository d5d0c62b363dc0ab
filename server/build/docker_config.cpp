#include "build/docker_config.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/failure.hpp"
#include "base/hex.hpp"

namespace slipway::build {

namespace {

/// `https://zot.example/v2/` → `zot.example`.
std::string host_of(std::string_view key) {
  if (const auto scheme = key.find("://"); scheme != std::string_view::npos) key.remove_prefix(scheme + 3);
  return std::string(key.substr(0, key.find('/')));
}

std::string text_of(const rapidjson::Value& object, const char* key) {
  const auto found = object.FindMember(key);
  return found != object.MemberEnd() && found->value.IsString() ? std::string(found->value.GetString(), found->value.GetStringLength())
                                                               : std::string();
}

std::optional<Login> login_of(const rapidjson::Value& entry) {
  const auto pair = from_base64(text_of(entry, "auth"));
  if (pair && pair->find(':') != std::string::npos) {
    const auto colon = pair->find(':');
    return Login(pair->substr(0, colon), pair->substr(colon + 1));
  }
  Login login(text_of(entry, "username"), text_of(entry, "password"));
  if (login.user.empty()) return std::nullopt;
  return login;
}

}  // namespace

Result<DockerConfig> DockerConfig::parse(std::string_view json) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (document.HasParseError() || !document.IsObject()) return Error("it is no JSON object");
  const auto auths = document.FindMember("auths");
  if (auths == document.MemberEnd() || !auths->value.IsObject()) return Error("it has no object `auths`");
  DockerConfig config;
  for (const auto& entry : auths->value.GetObject()) {
    const std::string host = host_of(std::string_view(entry.name.GetString(), entry.name.GetStringLength()));
    if (!entry.value.IsObject()) return Error(fmt::format("`auths.{}` is no object", host));
    if (auto login = login_of(entry.value)) config.logins_.emplace_back(host, std::move(*login));
  }
  return config;
}

DockerConfig DockerConfig::read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw Unavailable(fmt::format("cannot read the registry's credentials {}: {}", file.string(), std::strerror(errno)));
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  auto config = parse(text);
  if (!config) throw Refused(fmt::format("{} is no Docker config: {}", file.string(), config.error().what()));
  return std::move(*config);
}

std::optional<Login> DockerConfig::login(std::string_view host) const {
  for (const auto& [name, login] : logins_) {
    if (name == host) return login;
  }
  return std::nullopt;
}

std::string DockerConfig::only(std::string_view host) const {
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> json(text);
  json.StartObject();
  json.Key("auths");
  json.StartObject();
  if (const auto found = login(host)) {
    json.Key(host.data(), static_cast<rapidjson::SizeType>(host.size()));
    json.StartObject();
    json.Key("auth");
    json.String(to_base64(found->user + ":" + found->password));
    json.EndObject();
  }
  json.EndObject();
  json.EndObject();
  return text.GetString();
}

std::vector<std::string> DockerConfig::secrets() const {
  std::vector<std::string> secrets;
  for (const auto& [host, login] : logins_) {
    secrets.push_back(login.password);
    secrets.push_back(to_base64(login.user + ":" + login.password));
  }
  return secrets;
}

}  // namespace slipway::build
