#include "git/tls.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "git/operation.hpp"

namespace slipway::git {
namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const noexcept { ::SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;

Context make_context(bool insecure) {
  Context context(::SSL_CTX_new(::TLS_client_method()));
  if (!context) return context;
  ::SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  ::SSL_CTX_set_verify(context.get(), insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (!insecure && ::SSL_CTX_set_default_verify_paths(context.get()) != 1) return nullptr;
  return context;
}

bool is_address(const std::string& host) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

/// Makes the handshake fail unless the certificate is for this host; false when OpenSSL does not take the name.
bool expect_host(SSL* session, const std::string& host) {
  if (is_address(host)) return ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(session), host.c_str()) == 1;
  return ::SSL_set_tlsext_host_name(session, host.c_str()) == 1 && ::SSL_set1_host(session, host.c_str()) == 1;
}

// The connection as OpenSSL sees it. Its own socket BIO writes with write(2): a server that hangs up would end the process by
// SIGPIPE.

int fd_of(BIO* bio) { return static_cast<const Socket*>(::BIO_get_data(bio))->fd(); }

int bio_read(BIO* bio, char* into, int size) {
  ::BIO_clear_retry_flags(bio);
  const auto n = ::recv(fd_of(bio), into, static_cast<std::size_t>(size), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) ::BIO_set_retry_read(bio);
  return static_cast<int>(n);
}

int bio_write(BIO* bio, const char* bytes, int size) {
  ::BIO_clear_retry_flags(bio);
  const auto n = ::send(fd_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) ::BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

struct FreeMethod {
  void operator()(BIO_METHOD* method) const noexcept { ::BIO_meth_free(method); }
};

BIO_METHOD* bio_method() {
  static const std::unique_ptr<BIO_METHOD, FreeMethod> method = [] {
    std::unique_ptr<BIO_METHOD, FreeMethod> made(::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "slipway socket"));
    ::BIO_meth_set_read(made.get(), bio_read);
    ::BIO_meth_set_write(made.get(), bio_write);
    ::BIO_meth_set_ctrl(made.get(), bio_control);
    return made;
  }();
  return method.get();
}

std::string openssl_words() {
  char text[256] = "unknown error";
  const unsigned long code = ::ERR_get_error();
  if (code != 0) ::ERR_error_string_n(code, text, sizeof text);
  ::ERR_clear_error();
  return text;
}

}  // namespace

Tls::Tls() = default;
Tls::~Tls() = default;

void Tls::Free::operator()(ssl_st* session) const noexcept { ::SSL_free(session); }

bool Tls::wait_for(Socket& socket, int result, const char* doing) {
  switch (::SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ: return socket.wait(POLLIN);
    case SSL_ERROR_WANT_WRITE: return socket.wait(POLLOUT);
    default: break;
  }
  const long verified = ::SSL_get_verify_result(session_.get());
  if (verified != X509_V_OK && ::SSL_get_verify_mode(session_.get()) != SSL_VERIFY_NONE) {
    return socket.fail(fmt::format("the server's certificate is not trusted: {}", ::X509_verify_cert_error_string(verified)));
  }
  return socket.fail(fmt::format("TLS {}: {}", doing, openssl_words()));
}

bool Tls::handshake(Socket& socket) {
  const auto* operation = Operation::current();
  const Context context = make_context(operation && operation->insecure());
  session_.reset(context ? ::SSL_new(context.get()) : nullptr);
  if (!session_) return socket.fail("TLS cannot be set up");
  BIO* bio = ::BIO_new(bio_method());
  if (!bio) return socket.fail("TLS cannot be set up");
  ::BIO_set_data(bio, &socket);
  ::BIO_set_init(bio, 1);
  ::SSL_set_bio(session_.get(), bio, bio);
  if (!expect_host(session_.get(), socket.host())) return socket.fail("TLS cannot be set up to verify the host name " + socket.host());
  int result = 0;
  while ((result = ::SSL_connect(session_.get())) != 1) {
    if (!wait_for(socket, result, "handshake")) return false;
  }
  return true;
}

long Tls::read(Socket& socket, void* into, std::size_t size) {
  while (true) {
    std::size_t done = 0;
    const int result = ::SSL_read_ex(session_.get(), into, size, &done);
    if (result == 1) return static_cast<long>(done);
    if (::SSL_get_error(session_.get(), result) == SSL_ERROR_ZERO_RETURN) return 0;
    if (!wait_for(socket, result, "read")) return -1;
  }
}

bool Tls::write_all(Socket& socket, const char* bytes, std::size_t size) {
  while (size > 0) {
    std::size_t done = 0;
    const int result = ::SSL_write_ex(session_.get(), bytes, size, &done);
    if (result == 1) {
      bytes += done;
      size -= done;
    } else if (!wait_for(socket, result, "write")) {
      return false;
    }
  }
  return true;
}

}  // namespace slipway::git
