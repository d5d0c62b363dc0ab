#include "build/local/workspace.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>

#include "base/failure.hpp"
#include "base/text.hpp"
#include "io/descriptor.hpp"

namespace slipway::build {

namespace fs = std::filesystem;

Workspace::Workspace(const fs::path& folder, RunId run) : path_(folder / ("run-" + std::to_string(run.value()))) {}

void Workspace::make() {
  remove();
  fs::create_directories(path_);
  fs::permissions(path_, fs::perms::owner_all);
  for (const auto& inner : {home(), tmp(), out(), check(), docker_config().parent_path()}) fs::create_directory(inner);
}

void Workspace::remove() noexcept {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string read_if_there(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

void write_private(const fs::path& file, const std::string& bytes) {
  const io::Descriptor out(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (out && ::write(out.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size())) return;
  const std::error_code error(errno, std::generic_category());
  throw_unavailable(fmt::format("cannot write {}: {}", file.string(), error.message()), error);
}

Result<fs::path> inside(const fs::path& root, const fs::path& path) {
  std::error_code error;
  const fs::path base = fs::canonical(root, error);
  const fs::path whole = error ? fs::path() : fs::canonical(base / path.relative_path(), error);
  if (error) return Error(fmt::format("`{}` is not in the repository", printable(path.string())));
  const auto end = std::mismatch(base.begin(), base.end(), whole.begin(), whole.end()).first;
  if (end != base.end()) return Error(fmt::format("`{}` leads out of the repository", printable(path.string())));
  return whole;
}

void copy_tree(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
  // copy() keeps the modes of files, but the umask applies to folders.
  if (!error) fs::permissions(to, fs::status(from).permissions(), error);
  for (auto entry = fs::recursive_directory_iterator(from, error); !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (!entry->is_directory() || entry->is_symlink()) continue;
    fs::permissions(to / entry->path().lexically_relative(from), entry->status().permissions(), error);
  }
  if (error) throw_unavailable(fmt::format("cannot copy {} for the check: {}", from.string(), error.message()), error);
}

}  // namespace slipway::build
