#include "git/lfs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace slipway::git {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view mark = "version https://git-lfs.github.com/spec/";
constexpr std::size_t pointer_bytes_max = 1024;
constexpr std::size_t oid_digits = 64;
constexpr auto fetch_limit = std::chrono::minutes(30);

/// The rest of the line that starts with `key`; empty if there is none.
std::string_view line_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    if (line.starts_with(key)) return line.substr(key.size());
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return {};
}

bool is_oid(std::string_view text) {
  return text.size() == oid_digits && std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// `scheme://host[:port]/` of an address.
std::string root_of(const std::string& url) {
  const auto scheme = url.find("://");
  const auto slash = scheme == std::string::npos ? std::string::npos : url.find('/', scheme + 3);
  return slash == std::string::npos ? url + "/" : url.substr(0, slash + 1);
}

std::vector<std::string> environment(const std::string& url, const Access& access) {
  std::vector<std::string> list{"PATH=" + io::search_path(), "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=/bin/false"};
  for (const char* name : {"HOME", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"}) {
    if (const char* value = std::getenv(name)) list.push_back(std::string(name) + "=" + value);
  }
  if (const auto header = authorization_header(access); !header.empty()) {
    list.insert(list.end(), {"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=http." + root_of(url) + ".extraHeader", "GIT_CONFIG_VALUE_0=" + header});
  }
  return list;
}

/// The context as an argument to git-lfs's --include; empty (everything) also if git-lfs would read the name as a pattern.
std::string included(const std::string& context) {
  const std::string folder = fs::path(context).lexically_normal().relative_path().string();
  return folder == "." || folder.find_first_of("*?[]\\,") != std::string::npos ? "" : folder;
}

}  // namespace

bool looks_like_lfs_pointer(std::string_view bytes) { return bytes.size() < pointer_bytes_max && bytes.starts_with(mark); }

std::optional<LfsPointer> lfs_pointer(const std::string& path, std::string_view bytes) {
  if (!looks_like_lfs_pointer(bytes)) return std::nullopt;
  const auto oid = line_of(bytes, "oid sha256:"), size = line_of(bytes, "size ");
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), count);
  if (!is_oid(oid) || size.empty() || error != std::errc() || end != size.data() + size.size()) return std::nullopt;
  return LfsPointer(path, std::string(oid), count);
}

io::Command lfs_fetch(const fs::path& mirror, const std::string& url, const Access& access, const CommitSha& commit, const std::string& context) {
  std::vector<std::string> argv{"git", "-c", "credential.helper=", "-c", "lfs.url=" + url + "/info/lfs"};
  if (access.insecure) argv.insert(argv.end(), {"-c", "http.sslVerify=false"});
  argv.insert(argv.end(), {"lfs", "fetch", "--include=" + included(context), "--exclude=", url, commit.value()});
  io::Command command(std::move(argv));
  command.environment = environment(url, access);
  command.directory = mirror;
  command.limit = fetch_limit;
  return command;
}

bool is_lfs_network_trouble(std::string_view words) {
  constexpr std::array marks{"dial tcp", "connection re", "timeout", "no such host", "unexpected EOF", ": EOF", "HTTP: 5", "Server error", "unreachable"};
  return std::any_of(marks.begin(), marks.end(), [&](std::string_view one) { return words.find(one) != std::string_view::npos; });
}

Result<void> fill_lfs_pointers(const fs::path& mirror, const fs::path& folder, const std::vector<LfsPointer>& pointers) {
  for (const auto& pointer : pointers) {
    const fs::path object = mirror / "lfs/objects" / pointer.oid.substr(0, 2) / pointer.oid.substr(2, 2) / pointer.oid;
    const fs::path file = folder / pointer.path;
    std::error_code error;
    const auto bytes = fs::file_size(object, error);
    if (error || bytes != pointer.size) return Error(fmt::format("{}: its Git LFS server does not have {}", printable(pointer.path), pointer.oid));
    const auto permissions = fs::status(file, error).permissions();
    if (!error) fs::copy_file(object, file, fs::copy_options::overwrite_existing, error);
    if (!error) fs::permissions(file, permissions, error);
    if (error) throw_unavailable(fmt::format("cannot write {}: {}", printable(pointer.path), error.message()), error);
  }
  return {};
}

}  // namespace slipway::git
