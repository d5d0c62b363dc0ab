#include "app/inputs.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <iterator>
#include <sstream>

#include "base/failure.hpp"
#include "http/request.hpp"
#include "io/descriptor.hpp"

namespace slipway::app {
namespace {

constexpr std::size_t file_bytes_max = 64u << 20;

std::string read_stream(std::istream& in, const std::string& name) {
  std::string text;
  std::array<char, 65536> chunk{};
  while (in.read(chunk.data(), chunk.size()) || in.gcount() > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > file_bytes_max) throw UsageError(fmt::format("{}: larger than 64 MiB", name));
  }
  return text;
}

[[noreturn]] void can_not(const char* what, const std::filesystem::path& file) {
  throw UsageError(fmt::format("{}: cannot be {}: {}", file.string(), what, std::strerror(errno)));
}

/// The path without `.body`, common to a delivery's two files.
std::filesystem::path base_of(std::filesystem::path file) {
  return file.extension() == ".body" ? file.replace_extension() : file;
}

}  // namespace

std::ifstream open_file(const std::filesystem::path& file) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  std::error_code none;
  if (in && std::filesystem::is_directory(file, none)) {  // a folder can be opened like a file
    errno = EISDIR;
    can_not("read", file);
  }
  if (!in) can_not("read", file);
  return in;
}

std::string read_file(const std::filesystem::path& file) {
  if (file == "-") return read_stream(std::cin, "standard input");
  std::ifstream in = open_file(file);
  return read_stream(in, file.string());
}

void replace_file(const std::filesystem::path& file, const std::string& bytes) {
  const std::filesystem::path target = std::filesystem::canonical(file);  // replaces a symlink's target, not the link
  struct stat old {};
  const mode_t mode = ::stat(target.c_str(), &old) == 0 ? old.st_mode & 07777 : 0644;
  std::string name = (target.parent_path() / fmt::format(".{}.XXXXXX", target.filename().string())).string();
  const io::Descriptor fd(::mkstemp(name.data()));
  if (fd.get() < 0) can_not("replaced", file);
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t n = ::write(fd.get(), bytes.data() + written, bytes.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    written += static_cast<std::size_t>(n);
  }
  if (written < bytes.size() || ::fchmod(fd.get(), mode) != 0 || ::fsync(fd.get()) != 0 || ::rename(name.c_str(), target.c_str()) != 0) {
    const int why = errno;
    ::unlink(name.c_str());
    errno = why;
    can_not("replaced", file);
  }
}

std::filesystem::path config_file(const Global& global) {
  if (global.config) return *global.config;
  for (const char* usual : {"/etc/slipway/slipway.yaml", "slipway.yaml"}) {
    std::error_code trouble;  // on an error such as a missing permission, use it: reading it reports the reason
    if (std::filesystem::exists(usual, trouble) || trouble) return usual;
  }
  throw UsageError("no configuration: neither /etc/slipway/slipway.yaml nor ./slipway.yaml is there; give --config FILE");
}

config::Config load_config(const Global& global, bool with_files) {
  auto loaded = config::load(config_file(global), config::LoadOptions(with_files));
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) throw UsageError(config::text(*errors));
  return std::get<config::Config>(std::move(loaded));
}

void read_headers(const std::string& text, RawDelivery& into) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const auto colon = line.find(':');
    const auto space = line.find(' ');
    if (space != std::string::npos && (colon == std::string::npos || space < colon)) {  // POST /hooks HTTP/1.1
      into.target = line.substr(space + 1, line.rfind(' ') - space - 1);
      continue;
    }
    if (colon == std::string::npos) continue;
    const auto value = line.find_first_not_of(" \t", colon + 1);
    into.headers.add(line.substr(0, colon), value == std::string::npos ? "" : line.substr(value));
  }
}

bool is_delivery_file(const std::string& text) {
  std::error_code no_file;  // set, for example, if the text is too long for a file name
  return std::filesystem::is_regular_file(text, no_file) || std::filesystem::is_regular_file(text + ".body", no_file);
}

std::filesystem::path headers_beside(const std::filesystem::path& file) { return base_of(file) += ".headers"; }

RawDelivery read_delivery(const std::filesystem::path& file) {
  const auto body = base_of(file) += ".body";
  const auto headers = headers_beside(file);
  RawDelivery raw;
  raw.received = Clock::now();
  raw.target = "/hooks";
  std::error_code no_file;
  raw.body = read_file(std::filesystem::exists(body, no_file) ? body : file);
  if (std::filesystem::exists(headers, no_file)) {
    read_headers(read_file(headers), raw);
  } else {
    raw.headers.add("Content-Type", "application/json");
    raw.headers.add("X-Gitea-Event", "push");
  }
  return raw;
}

}  // namespace slipway::app
