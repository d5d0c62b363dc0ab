#pragma once

#include <map>

#include "build/challenge.hpp"
#include "build/docker_config.hpp"
#include "build/image_name.hpp"
#include "build/registry.hpp"
#include "io/http_client.hpp"
#include "model/settings.hpp"

namespace slipway::build {

/// A registry over HTTP (distribution-spec 1.1), with Basic or Bearer authentication from a Docker config that is reread
/// for every exchange. Credentials go only to the image's own host: not along a redirect, not to a token server elsewhere.
/// For an `insecure` registry TLS is not verified, and plain HTTP is used if it does not speak TLS.
class HttpRegistry final : public Registry {
 public:
  /// `client` must outlive it.
  HttpRegistry(io::HttpClient& client, RegistrySettings settings);

  Task<std::optional<Manifest>> find(const std::string& image, const std::string& tag) override;
  Task<> tag(const std::string& image, const Digest& digest, const std::string& tag) override;
  Task<> login() override;

 private:
  struct Call;
  Task<bool> speaks_tls(const std::string& host);
  Task<io::HttpResponse> send(const Call& call);
  Task<std::string> authorization(const Challenge& challenge, const Call& call);
  Task<std::optional<std::string>> token(const Challenge& challenge, const Call& call, const std::optional<Login>& login);
  Task<io::HttpResponse> fetch_manifest(const ImageName& image, const std::string& reference);
  Task<io::HttpResponse> fetch_blob(const ImageName& image, const std::string& digest);
  Task<std::string> config_of(const ImageName& image, const std::string& manifest);
  std::optional<Login> login_for(const std::string& host) const;
  io::HttpRequest request(const std::string& method, const std::string& host, const std::string& target) const;

  io::HttpClient& client_;
  RegistrySettings settings_;
  std::map<std::string, bool> tls_;              ///< whether an insecure host speaks TLS, once known
  std::map<std::string, Challenge::Scheme> scheme_;  ///< a host's last challenge; saves a round trip
};

}  // namespace slipway::build
