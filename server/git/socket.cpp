#include "git/socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <git2/errors.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "git/operation.hpp"

namespace slipway::git {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds slice{100};  ///< upper bound on the delay of a cancellation

milliseconds time_left() {
  const auto* operation = Operation::current();
  if (!operation || operation->is_cancelled()) return milliseconds(0);
  return std::chrono::duration_cast<milliseconds>(operation->deadline() - std::chrono::steady_clock::now());
}

std::string why_over() {
  const auto* operation = Operation::current();
  return operation && operation->is_cancelled() ? "cancelled" : "no answer within the time limit";
}

/// A name look-up that is abandoned at the deadline: glibc's resolver cannot be interrupted, so an unfinished request keeps running
/// and its memory is leaked.
struct Lookup {
  gaicb request{};
  addrinfo hints{};
  std::string host, port;
  gaicb* list[1]{&request};
};

struct FreeAddresses {
  void operator()(addrinfo* addresses) const noexcept { ::freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

/// Null on failure, with the reason in `why`.
Addresses look_up(const std::string& host, const std::string& port, std::string& why) {
  auto lookup = std::make_unique<Lookup>();
  lookup->host = host;
  lookup->port = port;
  lookup->hints.ai_socktype = SOCK_STREAM;
  lookup->request.ar_name = lookup->host.c_str();
  lookup->request.ar_service = lookup->port.c_str();
  lookup->request.ar_request = &lookup->hints;
  int code = ::getaddrinfo_a(GAI_NOWAIT, lookup->list, 1, nullptr);
  while (code == 0 && (code = ::gai_error(&lookup->request)) == EAI_INPROGRESS) {
    const auto left = std::min(time_left(), slice);
    if (left.count() <= 0) {
      why = why_over();
      if (::gai_cancel(&lookup->request) != EAI_CANCELED) static_cast<void>(lookup.release());
      return nullptr;
    }
    const timespec wait{0, left.count() * 1'000'000};
    const gaicb* list[1]{&lookup->request};
    ::gai_suspend(list, 1, &wait);
    code = 0;
  }
  if (code != 0) why = fmt::format("the name can not be resolved: {}", ::gai_strerror(code));
  return Addresses(code == 0 ? lookup->request.ar_result : nullptr);
}

}  // namespace

bool Socket::fail(const std::string& what) {
  const std::string text = fmt::format("{}:{}: {}", host_, port_, what);
  if (auto* operation = Operation::current()) operation->set_accident(text);
  ::git_error_set_str(GIT_ERROR_NET, text.c_str());
  return false;
}

bool Socket::wait(short events) {
  while (true) {
    const auto left = time_left();
    if (left.count() <= 0) return fail(why_over());
    pollfd one{fd_.get(), events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::min(left, slice).count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return fail(std::strerror(errno));
  }
}

bool Socket::connect_to(const addrinfo& address) {
  fd_.reset(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol));
  if (!fd_) return false;
  const int on = 1;
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd_.get(), address.ai_addr, address.ai_addrlen) == 0) return true;
  if (errno != EINPROGRESS || !wait(POLLOUT)) return false;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  errno = error;
  return error == 0;
}

bool Socket::connect() {
  std::string why;
  const auto addresses = look_up(host_, port_, why);
  for (const auto* address = addresses.get(); address; address = address->ai_next) {
    if (connect_to(*address)) return true;
    why = std::strerror(errno);
    if (time_left().count() <= 0) break;
  }
  return fail(why.empty() ? "no address" : why);
}

long Socket::read(void* into, std::size_t size) {
  while (true) {
    const ssize_t n = ::recv(fd_.get(), into, size, 0);
    if (n >= 0) return n;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return fail(std::strerror(errno)), -1;
    if (!wait(POLLIN)) return -1;
  }
}

bool Socket::write_all(const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::send(fd_.get(), bytes, size, MSG_NOSIGNAL);
    if (n > 0) {
      bytes += n;
      size -= static_cast<std::size_t>(n);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait(POLLOUT)) return false;
    } else if (errno != EINTR) {
      return fail(std::strerror(errno));
    }
  }
  return true;
}

}  // namespace slipway::git
