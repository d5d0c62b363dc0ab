#include "git/stream.hpp"

#include <git2.h>
#include <git2/sys/stream.h>

#include <new>
#include <optional>
#include <string>

#include "git/operation.hpp"
#include "git/socket.hpp"
#include "git/tls.hpp"

namespace slipway::git {
namespace {

/// libgit2 sends a request in many small pieces, then reads. Up to this many bytes are held back until it reads, so that a request
/// leaves in one segment, without waiting for delayed acknowledgements.
constexpr std::size_t held_back_max = 64 * 1024;

struct Stream : git_stream {
  Socket socket;
  std::optional<Tls> tls;
  std::string unsent;

  Stream(const char* host, const char* port, bool is_encrypted) : git_stream{}, socket(host, port) {
    if (is_encrypted) tls.emplace();
  }

  bool flush() {
    const bool sent = tls ? tls->write_all(socket, unsent.data(), unsent.size()) : socket.write_all(unsent.data(), unsent.size());
    unsent.clear();
    if (auto* operation = Operation::current()) operation->begin_answer();
    return sent;
  }
};

Stream& self(git_stream* stream) { return *static_cast<Stream*>(stream); }

// Exceptions must not cross libgit2's frames. The only one possible here is bad_alloc.
template <class F>
auto guarded(F f) noexcept -> decltype(f()) {
  try {
    return f();
  } catch (...) {
    ::git_error_set_str(GIT_ERROR_NOMEMORY, "out of memory");
    return -1;
  }
}

int on_connect(git_stream* stream) {
  return guarded([&] {
    auto& one = self(stream);
    if (!one.socket.connect()) return -1;
    return !one.tls || one.tls->handshake(one.socket) ? 0 : -1;
  });
}

int on_certificate(git_cert** out, git_stream*) {
  *out = nullptr;
  return 0;  // verified during the handshake, unless insecure
}

ssize_t on_read(git_stream* stream, void* into, std::size_t size) {
  return guarded([&]() -> ssize_t {
    auto& one = self(stream);
    if (!one.unsent.empty() && !one.flush()) return -1;
    const long n = one.tls ? one.tls->read(one.socket, into, size) : one.socket.read(into, size);
    auto* operation = Operation::current();
    if (!operation || n <= 0) return n;
    operation->add_answer(static_cast<const char*>(into), static_cast<std::size_t>(n));
    if (!operation->is_redirect()) return n;
    ::git_error_set_str(GIT_ERROR_HTTP, "the server redirects");
    return -1;
  });
}

ssize_t on_write(git_stream* stream, const char* bytes, std::size_t size, int) {
  return guarded([&]() -> ssize_t {
    auto& one = self(stream);
    one.unsent.append(bytes, size);
    if (one.unsent.size() > held_back_max && !one.flush()) return -1;
    return static_cast<ssize_t>(size);
  });
}

int on_close(git_stream* stream) {
  self(stream).socket.close();
  return 0;
}

void on_free(git_stream* stream) { delete &self(stream); }

int open(git_stream** out, const char* host, const char* port, bool encrypted) {
  return guarded([&] {
    auto* stream = new Stream(host, port, encrypted);
    stream->version = GIT_STREAM_VERSION;
    stream->git_stream::encrypted = encrypted ? 1 : 0;
    stream->connect = on_connect;
    stream->certificate = on_certificate;
    stream->read = on_read;
    stream->write = on_write;
    stream->close = on_close;
    stream->free = on_free;
    *out = stream;
    return 0;
  });
}

int open_plain(git_stream** out, const char* host, const char* port) { return open(out, host, port, false); }
int open_tls(git_stream** out, const char* host, const char* port) { return open(out, host, port, true); }

void initialise() {
  ::git_libgit2_init();
  // Objects are hashed when received. Rehashing them on every read, libgit2's default, takes a third of a checkout's time;
  // git does not do it either, and zlib's checksum detects data truncated on disk.
  ::git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
  git_stream_registration plain{GIT_STREAM_VERSION, open_plain, nullptr};
  git_stream_registration tls{GIT_STREAM_VERSION, open_tls, nullptr};
  ::git_stream_register(GIT_STREAM_STANDARD, &plain);
  ::git_stream_register(GIT_STREAM_TLS, &tls);
}

}  // namespace

void use_own_streams() {
  static const bool once = (initialise(), true);
  static_cast<void>(once);
}

}  // namespace slipway::git
