#include "build/http_registry.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>

#include <optional>

#include "base/failure.hpp"
#include "base/hex.hpp"
#include "base/hmac.hpp"
#include "base/text.hpp"

namespace slipway::build {

namespace {

constexpr std::size_t largest_manifest = 4 << 20;  // bytes; the size that the specification requires support for
constexpr const char* manifest_types =
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";

const rapidjson::Value* member(const rapidjson::Value& object, const char* key) {
  if (!object.IsObject()) return nullptr;
  const auto found = object.FindMember(key);
  return found == object.MemberEnd() ? nullptr : &found->value;
}

std::string text(const rapidjson::Value* value) {
  return value != nullptr && value->IsString() ? std::string(value->GetString(), value->GetStringLength()) : std::string();
}

bool is_digest(std::string_view value) {
  return value.starts_with("sha256:") && value.size() == 71 &&
         value.find_first_not_of("0123456789abcdef", 7) == std::string_view::npos;
}

ImageName parsed(const std::string& image) {
  auto name = ImageName::parse(image, "");
  if (!name) throw Refused(name.error().what());
  return *name;
}

/// The digest of the manifest served. Throws Unavailable if the registry's Docker-Content-Digest differs from it.
Digest digest_of(const io::HttpResponse& response, const std::string& host) {
  const std::string computed = "sha256:" + sha256_hex(response.body);
  const auto told = response.header("Docker-Content-Digest");
  if (told && is_digest(*told) && *told != computed) {
    throw Unavailable(fmt::format("the registry {} served a manifest that does not fit its digest {}", host, *told));
  }
  return Digest(computed);
}

[[noreturn]] void fail(const io::HttpResponse& response, const std::string& host, const std::string& what) {
  const std::string words = registry_words(response.body);
  const auto sentence =
      fmt::format("the registry {} answered {} to {}{}{}", host, response.status, what, words.empty() ? "" : ": ", words);
  if (response.status >= 500 || response.status == 429 || response.status == 408) throw Unavailable(sentence);
  throw Refused(sentence);
}

}  // namespace

/// One exchange: its target, and the permission it needs.
struct HttpRegistry::Call {
  Call(io::HttpRequest what, std::string where, std::string access)
      : request(std::move(what)), host(std::move(where)), scope(std::move(access)) {}
  io::HttpRequest request;
  std::string host;
  std::string scope;  ///< `repository:name:pull`, or empty
};

HttpRegistry::HttpRegistry(io::HttpClient& client, RegistrySettings settings)
    : client_(client), settings_(std::move(settings)) {}

io::HttpRequest HttpRegistry::request(const std::string& method, const std::string& host, const std::string& target) const {
  auto url = io::parse_url("https://" + host + target);
  if (!url) throw Refused(fmt::format("`{}` is no registry: {}", printable(host), url.error().what()));
  io::HttpRequest request(method, *url);
  request.insecure = settings_.insecure && host == settings_.host;
  request.limit = settings_.timeout;
  request.max_body = largest_manifest;
  return request;
}

std::optional<Login> HttpRegistry::login_for(const std::string& host) const {
  if (!settings_.auth_file) return std::nullopt;
  return DockerConfig::read(*settings_.auth_file).login(host);
}

Task<bool> HttpRegistry::speaks_tls(const std::string& host) {
  if (!settings_.insecure || host != settings_.host) co_return true;
  if (const auto known = tls_.find(host); known != tls_.end()) co_return known->second;
  // The probe carries no credentials.
  auto probe = request("GET", host, "/v2/");
  std::optional<std::string> refused;
  try {
    co_await client_.send(probe);
  } catch (const Unavailable& failure) {
    refused = failure.what();
  }
  if (refused) {
    probe.url = *io::parse_url("http://" + host + "/v2/");
    const auto answer = co_await client_.send(probe);
    // A TLS server answers 400 to plain HTTP: so the TLS probe only failed temporarily, and credentials must not be sent in the clear.
    if (answer.status == 400) throw Unavailable(*refused);
  }
  tls_[host] = !refused;
  co_return !refused;
}

Task<std::optional<std::string>> HttpRegistry::token(const Challenge& challenge, const Call& call,
                                                      const std::optional<Login>& login) {
  auto realm = io::parse_url(challenge.realm);
  if (!realm) throw Refused(fmt::format("the registry {} names a token server that is no address", call.host));
  const bool same_host = realm->host == call.request.url.host && (realm->tls || !call.request.url.tls);
  if (login && !same_host) {
    throw Refused(fmt::format("the registry {} wants the password to be sent to {}; credentials only go to the configured host",
                              call.host, realm->authority()));
  }
  realm->target += fmt::format("{}service={}&scope={}", realm->target.find('?') == std::string::npos ? "?" : "&",
                               io::percent_encode(challenge.service),
                               io::percent_encode(call.scope.empty() ? challenge.scope : call.scope));
  io::HttpRequest question("GET", *realm);
  question.insecure = call.request.insecure;
  question.limit = settings_.timeout;
  if (login) question.headers.emplace_back("Authorization", "Basic " + to_base64(login->user + ":" + login->password));
  const auto answer = co_await client_.send(std::move(question));
  if (!answer.ok()) fail(answer, call.host, "the login");
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(answer.body.data(), answer.body.size());
  if (document.HasParseError()) throw Unavailable(fmt::format("the registry {} gave no token that can be read", call.host));
  std::string token = text(member(document, "token"));
  if (token.empty()) token = text(member(document, "access_token"));
  if (token.empty()) co_return std::nullopt;
  co_return token;
}

Task<std::string> HttpRegistry::authorization(const Challenge& challenge, const Call& call) {
  const auto login = login_for(call.host);
  if (challenge.scheme == Challenge::Scheme::basic) {
    if (!login) co_return std::string();
    co_return "Basic " + to_base64(login->user + ":" + login->password);
  }
  const auto given = co_await token(challenge, call, login);
  if (!given) co_return std::string();
  co_return "Bearer " + *given;
}

Task<io::HttpResponse> HttpRegistry::send(const Call& call) {
  auto attempt = call.request;
  attempt.url.tls = co_await speaks_tls(call.host);
  if (!attempt.url.tls && attempt.url.port == 443) attempt.url.port = 80;
  const auto bare = attempt;
  Challenge known;
  const auto scheme = scheme_.find(call.host);
  if (scheme != scheme_.end() && scheme->second == Challenge::Scheme::basic) {
    const std::string value = co_await authorization(known, call);
    if (!value.empty()) attempt.headers.emplace_back("Authorization", value);
  }
  auto response = co_await client_.send(attempt);
  if (response.status != 401 || attempt.headers.size() != bare.headers.size()) co_return response;
  const auto header = response.header("WWW-Authenticate");
  if (!header) co_return response;
  const auto challenge = parse_challenge(*header);
  if (!challenge) co_return response;
  scheme_[call.host] = challenge->scheme;
  Call asked = call;
  asked.request.url = bare.url;
  const std::string value = co_await authorization(*challenge, asked);
  if (value.empty()) co_return response;
  attempt = bare;
  attempt.headers.emplace_back("Authorization", value);
  co_return co_await client_.send(std::move(attempt));
}

Task<io::HttpResponse> HttpRegistry::fetch_manifest(const ImageName& image, const std::string& reference) {
  Call call(request("GET", image.host, fmt::format("/v2/{}/manifests/{}", image.repository, reference)), image.host,
            fmt::format("repository:{}:pull", image.repository));
  call.request.headers.emplace_back("Accept", manifest_types);
  co_return co_await send(call);
}

Task<io::HttpResponse> HttpRegistry::fetch_blob(const ImageName& image, const std::string& digest) {
  const Call call(request("GET", image.host, fmt::format("/v2/{}/blobs/{}", image.repository, digest)), image.host,
                  fmt::format("repository:{}:pull", image.repository));
  auto response = co_await send(call);
  const auto location = response.header("Location");
  if (response.status < 300 || response.status > 399 || !location) co_return response;
  // A registry may store its blobs elsewhere: follow one redirect, without credentials.
  const auto elsewhere = io::parse_url(*location);
  if (!elsewhere) co_return response;
  auto question = call.request;
  question.url = *elsewhere;
  co_return co_await client_.send(std::move(question));
}

/// The image configuration's bytes; for an index, that of its first image.
Task<std::string> HttpRegistry::config_of(const ImageName& image, const std::string& manifest) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(manifest.data(), manifest.size());
  if (document.HasParseError()) throw Unavailable(fmt::format("{} has a manifest that is no JSON", image.text()));
  if (const auto* images = member(document, "manifests"); images != nullptr && images->IsArray() && !images->Empty()) {
    const std::string first = text(member((*images)[0], "digest"));
    const auto inner = co_await fetch_manifest(image, first);
    if (!inner.ok()) fail(inner, image.host, fmt::format("the request for {}@{}", image.text(), first));
    document.Parse<rapidjson::kParseIterativeFlag>(inner.body.data(), inner.body.size());
    if (document.HasParseError()) throw Unavailable(fmt::format("{} has a manifest that is no JSON", image.text()));
  }
  const auto* config = member(document, "config");
  const std::string digest = config != nullptr ? text(member(*config, "digest")) : std::string();
  if (!is_digest(digest)) co_return std::string();
  const auto blob = co_await fetch_blob(image, digest);
  if (!blob.ok()) fail(blob, image.host, fmt::format("the request for the configuration of {}", image.text()));
  co_return blob.body;
}

Task<std::optional<Manifest>> HttpRegistry::find(const std::string& image, const std::string& tag) {
  const ImageName name = parsed(image);
  const auto response = co_await fetch_manifest(name, tag);
  if (response.status == 404) co_return std::nullopt;
  if (!response.ok()) fail(response, name.host, fmt::format("the request for {}:{}", image, tag));
  Manifest manifest;
  manifest.digest = digest_of(response, name.host);
  manifest.media_type = response.header("Content-Type").value_or("");
  const std::string config = co_await config_of(name, response.body);
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(config.data(), config.size());
  const auto* inner = document.HasParseError() ? nullptr : member(document, "config");
  const auto* labels = inner != nullptr ? member(*inner, "Labels") : nullptr;
  if (labels == nullptr || !labels->IsObject()) co_return manifest;
  for (const auto& label : labels->GetObject()) manifest.labels[label.name.GetString()] = text(&label.value);
  co_return manifest;
}

Task<> HttpRegistry::tag(const std::string& image, const Digest& digest, const std::string& tag) {
  const ImageName name = parsed(image);
  const auto manifest = co_await fetch_manifest(name, digest.value());
  if (!manifest.ok()) fail(manifest, name.host, fmt::format("the request for {}@{}", image, digest.value()));
  if (digest_of(manifest, name.host) != digest) {
    throw Unavailable(fmt::format("the registry {} served another manifest than {}", name.host, digest.value()));
  }
  Call call(request("PUT", name.host, fmt::format("/v2/{}/manifests/{}", name.repository, tag)), name.host,
            fmt::format("repository:{}:pull,push", name.repository));
  call.request.headers.emplace_back("Content-Type", manifest.header("Content-Type").value_or(""));
  call.request.body = manifest.body;
  const auto response = co_await send(call);
  if (!response.ok()) fail(response, name.host, fmt::format("moving {}:{}", image, tag));
}

Task<> HttpRegistry::login() {
  const Call call(request("GET", settings_.host, "/v2/"), settings_.host, "");
  const auto response = co_await send(call);
  if (!response.ok()) fail(response, settings_.host, "the login");
}

}  // namespace slipway::build
