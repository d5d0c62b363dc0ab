#include "support/faulty_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "support/children.hpp"

namespace slipway::test {
namespace {

using std::chrono::milliseconds;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

io::Descriptor listen_anywhere(std::uint16_t& port) {
  io::Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener.get(), 128) != 0 ||
      ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no port to listen on");
  }
  port = ntohs(address.sin_port);
  return listener;
}

/// A connected socket, plain or TLS, that gives up when the proxy closes.
class Wire {
 public:
  Wire(int fd, SSL* session, const std::atomic<bool>& closing) : fd_(fd), session_(session), closing_(closing) {}

  bool read_some(std::string& into) {
    char buffer[16384];
    if (!session_ || ::SSL_pending(session_) == 0) {
      if (!wait_readable()) return false;
    }
    const auto n = session_ ? ::SSL_read(session_, buffer, sizeof buffer) : static_cast<int>(::recv(fd_, buffer, sizeof buffer, 0));
    if (n <= 0) return false;
    into.append(buffer, static_cast<std::size_t>(n));
    return true;
  }

  bool write_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = session_ ? ::SSL_write(session_, bytes.data(), static_cast<int>(bytes.size()))
                              : static_cast<int>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  /// False when the other side has closed, or the proxy has.
  bool stays_for(milliseconds time) {
    pollfd one{fd_, POLLRDHUP, 0};
    for (auto left = time; left.count() > 0 && !closing_; left -= milliseconds(20)) {
      if (::poll(&one, 1, static_cast<int>(std::min(left, milliseconds(20)).count())) > 0) return false;
    }
    return !closing_;
  }

 private:
  bool wait_readable() {
    pollfd one{fd_, POLLIN, 0};
    while (!closing_) {
      if (::poll(&one, 1, 20) > 0) return true;
    }
    return false;
  }

  int fd_;
  SSL* session_;
  const std::atomic<bool>& closing_;
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// Bytes from `at` on that make up a chunked body; npos while it is not all there.
std::size_t chunked_end(const std::string& text, std::size_t at) {
  while (true) {
    const auto line = text.find("\r\n", at);
    if (line == std::string::npos) return line;
    const auto size = std::stoul(text.substr(at, line - at), nullptr, 16);
    at = line + 2 + size + 2;
    if (at > text.size()) return std::string::npos;
    if (size == 0) return at;
  }
}

/// Reads one whole request.
bool read_request(Wire& client, std::string& request) {
  auto end = std::string::npos;
  while ((end = request.find("\r\n\r\n")) == std::string::npos) {
    if (!client.read_some(request)) return false;
  }
  end += 4;
  const std::string head = lower(request.substr(0, end));
  if (head.find("transfer-encoding: chunked") != std::string::npos) {
    while (chunked_end(request, end) == std::string::npos) {
      if (!client.read_some(request)) return false;
    }
    return true;
  }
  const auto length = head.find("content-length: ");
  const auto size = length == std::string::npos ? 0 : std::stoul(head.substr(length + 16));
  while (request.size() < end + size) {
    if (!client.read_some(request)) return false;
  }
  return true;
}

/// The server's whole answer: it is asked to close behind it.
std::string forward(std::uint16_t upstream, const std::string& request, const std::atomic<bool>& closing) {
  const io::Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = loopback(upstream);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  Wire server(fd.get(), nullptr, closing);
  const auto first_line = request.find("\r\n") + 2;
  server.write_all(request.substr(0, first_line) + "Connection: close\r\n" + request.substr(first_line));
  std::string answer;
  while (server.read_some(answer)) {
  }
  return answer;
}

SeenRequest seen_in(const std::string& request) {
  SeenRequest seen;
  const auto line = request.substr(0, request.find("\r\n"));
  seen.line = line.substr(0, line.rfind(' '));
  seen.authorized = lower(request.substr(0, request.find("\r\n\r\n"))).find("\r\nauthorization:") != std::string::npos;
  return seen;
}

void answer_with(Wire& client, const Fault& fault) {
  const std::string body = "injected\n";
  client.write_all("HTTP/1.1 " + std::to_string(fault.status) + " Injected\r\n" + fault.header + "Content-Type: text/plain\r\nConnection: close\r\nContent-Length: " +
                   std::to_string(body.size()) + "\r\n\r\n" + body);
}

void trickle(Wire& client, const std::string& answer, milliseconds pause) {
  const auto body = answer.find("\r\n\r\n") + 4;
  client.write_all(answer.substr(0, body));
  for (std::size_t i = body; i < answer.size() && client.stays_for(pause); ++i) client.write_all(answer.substr(i, 1));
}

}  // namespace

FaultyProxy::FaultyProxy(std::uint16_t upstream, Judge judge) : upstream_(upstream), judge_(std::move(judge)) { listen(); }

FaultyProxy::FaultyProxy(std::uint16_t upstream, const std::string& name, WithTls) : upstream_(upstream) {
  const std::string key = (dir_ / "key.pem").string(), certified = certificate().string();
  succeed({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=slipway test", "-addext",
           "subjectAltName=IP:127.0.0.1,DNS:" + name, "-keyout", key, "-out", certified});
  tls_ = ::SSL_CTX_new(::TLS_server_method());
  if (::SSL_CTX_use_certificate_file(tls_, certified.c_str(), SSL_FILETYPE_PEM) != 1 || ::SSL_CTX_use_PrivateKey_file(tls_, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw std::runtime_error("no certificate");
  }
  listen();
}

FaultyProxy FaultyProxy::with_tls(std::uint16_t upstream, const std::string& name) { return FaultyProxy(upstream, name, WithTls()); }

FaultyProxy::~FaultyProxy() {
  closing_ = true;
  if (acceptor_.joinable()) acceptor_.join();
  for (auto& session : sessions_) session.join();
  ::SSL_CTX_free(tls_);
}

void FaultyProxy::set_judge(Judge judge) {
  const std::lock_guard lock(mutex_);
  judge_ = std::move(judge);
}

std::vector<SeenRequest> FaultyProxy::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

std::size_t FaultyProxy::count(const std::string& part) const {
  const auto all = seen();
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const SeenRequest& one) { return one.line.find(part) != std::string::npos; }));
}

void FaultyProxy::listen() {
  listener_ = listen_anywhere(port_);
  acceptor_ = std::thread([this] { accept_all(); });
}

void FaultyProxy::accept_all() {
  pollfd one{listener_.get(), POLLIN, 0};
  while (!closing_) {
    if (::poll(&one, 1, 20) <= 0) continue;
    const int client = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) sessions_.emplace_back([this, client] { serve(client); });
  }
}

void FaultyProxy::serve(int client_fd) {
  const io::Descriptor owner(client_fd);
  const int on = 1;
  ::setsockopt(client_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const std::unique_ptr<SSL, void (*)(SSL*)> session(tls_ ? ::SSL_new(tls_) : nullptr, ::SSL_free);
  if (session) {
    ::SSL_set_fd(session.get(), client_fd);
    if (::SSL_accept(session.get()) != 1) return;
  }
  Wire client(client_fd, session.get(), closing_);
  std::string request;
  if (!read_request(client, request)) return;
  Fault fault;
  {
    const std::lock_guard lock(mutex_);
    seen_.push_back(seen_in(request));
    if (judge_) fault = judge_(seen_.back());
    if (fault.before) fault.before();
  }
  switch (fault.kind) {
    case Fault::Kind::pass: client.write_all(forward(upstream_, request, closing_)); break;
    case Fault::Kind::answer: answer_with(client, fault); break;
    case Fault::Kind::hang: client.stays_for(std::chrono::hours(1)); break;
    case Fault::Kind::trickle: trickle(client, forward(upstream_, request, closing_), fault.pause); break;
    case Fault::Kind::cut: break;
    case Fault::Kind::cut_answer: client.write_all(forward(upstream_, request, closing_).substr(0, fault.bytes)); break;
  }
  if (session) ::SSL_shutdown(session.get());
}

SilentServer::SilentServer() { listener_ = listen_anywhere(port_); }

}  // namespace slipway::test
