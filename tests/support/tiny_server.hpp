#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "io/descriptor.hpp"

namespace slipway::test {

/// One connection of a TinyServer, plain or TLS.
class Wire {
 public:
  Wire(int socket, SSL* tls) : socket_(socket), tls_(tls, SSL_free) {}
  std::string read_request() {
    std::string bytes;
    char buffer[4096];
    while (bytes.find("\r\n\r\n") == std::string::npos) {
      const auto count = tls_ ? SSL_read(tls_.get(), buffer, sizeof buffer) : static_cast<int>(::recv(socket_.get(), buffer, sizeof buffer, 0));
      if (count <= 0) break;
      bytes.append(buffer, static_cast<std::size_t>(count));
    }
    return bytes;
  }
  /// With as much of a body as Content-Length says.
  std::string read_request_with_body() {
    std::string bytes = read_request();
    const auto head = bytes.find("\r\n\r\n");
    const auto field = bytes.find("Content-Length: ");
    if (head == std::string::npos || field == std::string::npos || field > head) return bytes;
    const std::size_t whole = head + 4 + std::stoul(bytes.substr(field + 16));
    char buffer[4096];
    while (bytes.size() < whole) {
      const auto count = tls_ ? SSL_read(tls_.get(), buffer, sizeof buffer) : static_cast<int>(::recv(socket_.get(), buffer, sizeof buffer, 0));
      if (count <= 0) break;
      bytes.append(buffer, static_cast<std::size_t>(count));
    }
    return bytes;
  }
  void send(const std::string& bytes) {
    if (tls_) {
      SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()));
    } else {
      static_cast<void>(!::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
    }
  }
  /// Until the client has closed it.
  void wait_for_end() {
    char byte;
    while (::recv(socket_.get(), &byte, 1, 0) > 0) {
    }
  }

 private:
  io::Descriptor socket_;
  std::unique_ptr<SSL, void (*)(SSL*)> tls_;
};

/// A server for tests of clients: a thread that gives each connection to a function, one after the other.
class TinyServer {
 public:
  explicit TinyServer(std::function<void(Wire&)> serve, bool with_tls = false) : serve_(std::move(serve)) {
    if (with_tls) make_tls();
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_.get(), 16) != 0 ||
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no listener");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~TinyServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  std::string url(const std::string& target) const {
    return std::string(tls_ ? "https" : "http") + "://127.0.0.1:" + std::to_string(port_) + target;
  }

 private:
  void run() {
    for (;;) {
      const int socket = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      SSL* tls = nullptr;
      if (tls_) {
        tls = SSL_new(tls_.get());
        SSL_set_fd(tls, socket);
      }
      Wire wire(socket, tls);
      if (tls != nullptr && SSL_accept(tls) != 1) continue;
      serve_(wire);
    }
  }

  // A certificate that nobody has signed but itself.
  void make_tls() {
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free);
    const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(), X509_free);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("127.0.0.1"), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
    X509_set_pubkey(certificate.get(), key.get());
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    tls_.reset(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_use_certificate(tls_.get(), certificate.get());
    SSL_CTX_use_PrivateKey(tls_.get(), key.get());
  }

  std::function<void(Wire&)> serve_;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> tls_{nullptr, SSL_CTX_free};
  io::Descriptor listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace slipway::test
