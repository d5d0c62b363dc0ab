#include "http/token.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/failure.hpp"
#include "base/hmac.hpp"
#include "io/descriptor.hpp"
#include "io/secret_file.hpp"

namespace slipway::http {

namespace {

[[noreturn]] void fail(const std::filesystem::path& file) {
  throw UsageError(fmt::format("cannot make the token file {}: {}", file.string(), std::strerror(errno)));
}

// Written under another name, then renamed: the token file is never incomplete, nor readable by others.
void make(const std::filesystem::path& file) {
  const auto draft = std::filesystem::path(file).concat(".new");
  ::unlink(draft.c_str());
  const io::Descriptor out(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!out) fail(file);
  const std::string text = random_hex(32) + "\n";
  const bool written = ::write(out.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!written || ::fsync(out.get()) != 0 || ::rename(draft.c_str(), file.c_str()) != 0) fail(file);
}

}  // namespace

std::string open_token(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) make(file);
  auto token = io::read_secret_file(file);
  if (!token) throw UsageError(fmt::format("the operator API's token: {}", token.error().what()));
  return std::move(*token);
}

}  // namespace slipway::http
