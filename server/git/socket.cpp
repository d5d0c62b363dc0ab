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
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

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

struct FreeAddresses {
  void operator()(addrinfo* addresses) const noexcept { ::freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

/// getaddrinfo's code, with the addresses when it is 0.
struct Answer {
  int code = 0;
  Addresses addresses;
};

Answer resolve(const std::string& host, const std::string& port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  return Answer{code, Addresses(code == 0 ? found : nullptr)};
}

/// Shared with the thread that looks a name up, since that may outlive the one that waits for it.
struct Lookup {
  std::mutex mutex;
  std::condition_variable answered;
  std::optional<Answer> answer;
};

/// getaddrinfo cannot be interrupted: it gets a thread, which is abandoned when time is over and ends with the resolver's own timeout.
/// (glibc's getaddrinfo_a does the same, but with several threads waiting at once it crashes: 2.36, in __gai_notify.)
std::shared_ptr<Lookup> start_lookup(const std::string& host, const std::string& port) {
  auto lookup = std::make_shared<Lookup>();
  std::thread([lookup, host, port] {
    Answer answer = resolve(host, port, 0);
    const std::lock_guard lock(lookup->mutex);
    lookup->answer = std::move(answer);
    lookup->answered.notify_one();
  }).detach();
  return lookup;
}

/// Nullopt when time is over first.
std::optional<Answer> wait_for(Lookup& lookup) {
  std::unique_lock lock(lookup.mutex);
  while (!lookup.answer) {
    const auto left = std::min(time_left(), slice);
    if (left.count() <= 0) return std::nullopt;
    lookup.answered.wait_for(lock, left);
  }
  return std::move(lookup.answer);
}

/// Null with `why` filled in if there is none.
Addresses look_up(const std::string& host, const std::string& port, std::string& why) {
  Answer numeric = resolve(host, port, AI_NUMERICHOST);
  if (numeric.code == 0) return std::move(numeric.addresses);
  std::optional<Answer> answer;
  try {
    answer = wait_for(*start_lookup(host, port));
  } catch (const std::system_error& error) {
    why = fmt::format("no thread to resolve the name with: {}", error.what());
    return nullptr;
  }
  if (!answer) why = why_over();
  else if (answer->code != 0) why = fmt::format("the name cannot be resolved: {}", ::gai_strerror(answer->code));
  return answer ? std::move(answer->addresses) : nullptr;
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
