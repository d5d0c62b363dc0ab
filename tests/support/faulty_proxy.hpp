#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "io/descriptor.hpp"
#include "support/tmp_dir.hpp"

struct ssl_ctx_st;

namespace slipway::test {

/// What happens to one request. `before` is called first, with the request read and nothing forwarded: the moment for somebody
/// else to push.
struct Fault {
  enum class Kind {
    pass,
    answer,       ///< with `status` and `header`, not forwarded
    hang,         ///< no answer, ever
    trickle,      ///< the answer a byte every `pause`
    cut,          ///< closed without an answer, not forwarded
    cut_answer,   ///< forwarded, closed after `bytes` of the answer
  };
  Fault(Kind what = Kind::pass) : kind(what) {}  // NOLINT
  Kind kind;
  int status = 503;
  std::string header;  ///< one more line of the answer, with its \r\n
  std::size_t bytes = 0;
  std::chrono::milliseconds pause{1000};
  std::function<void()> before;
};

/// A request as the proxy saw it.
struct SeenRequest {
  std::string line;         ///< `GET /git/a/b.git/info/refs?service=git-upload-pack`
  bool authorized = false;  ///< it carried credentials
};

/// A reverse proxy on a port of its own before an HTTP server on loopback, which does what a failing network does. A request a
/// connection. `judge` is called on the proxy's threads, one at a time.
class FaultyProxy {
 public:
  using Judge = std::function<Fault(const SeenRequest&)>;

  explicit FaultyProxy(std::uint16_t upstream, Judge judge = nullptr);
  /// With TLS towards the client; the certificate is one that nobody knows, for 127.0.0.1 and `name`.
  static FaultyProxy with_tls(std::uint16_t upstream, const std::string& name);
  FaultyProxy(const FaultyProxy&) = delete;
  FaultyProxy& operator=(const FaultyProxy&) = delete;
  ~FaultyProxy();

  std::uint16_t port() const noexcept { return port_; }
  void set_judge(Judge judge);
  std::vector<SeenRequest> seen() const;
  /// How many requests so far had `part` in their line.
  std::size_t count(const std::string& part) const;
  /// The certificate, as a client may be told to trust it.
  std::filesystem::path certificate() const { return dir_ / "certificate.pem"; }

 private:
  struct WithTls {};
  FaultyProxy(std::uint16_t upstream, const std::string& name, WithTls);
  void listen();
  void accept_all();
  void serve(int client);

  TmpDir dir_;
  std::uint16_t upstream_, port_ = 0;
  mutable std::mutex mutex_;
  Judge judge_;
  std::vector<SeenRequest> seen_;
  std::atomic<bool> closing_{false};
  ssl_ctx_st* tls_ = nullptr;
  io::Descriptor listener_;
  std::list<std::thread> sessions_;
  std::thread acceptor_;
};

/// Listens and accepts (the kernel does), and never says a word.
class SilentServer {
 public:
  SilentServer();
  std::uint16_t port() const noexcept { return port_; }

 private:
  io::Descriptor listener_;
  std::uint16_t port_ = 0;
};

}  // namespace slipway::test
