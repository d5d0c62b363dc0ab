#include "build/local/skeleton.hpp"

#include <fcntl.h>

#include <cerrno>
#include <system_error>

#include "build/local/workspace.hpp"
#include "io/descriptor.hpp"

namespace slipway::build {

namespace fs = std::filesystem;

void Skeleton::folder(const fs::path& path, fs::perms mode) {
  Node node;
  node.mode = mode;
  add(path, std::move(node));
}

void Skeleton::file(const fs::path& path) {
  Node node;
  node.kind = Kind::file;
  add(path, std::move(node));
}

void Skeleton::copy(const fs::path& path, const fs::path& source) {
  Node node;
  node.kind = Kind::copy;
  node.source = source;
  add(path, std::move(node));
}

void Skeleton::link(const fs::path& path, const fs::path& target) {
  Node node;
  node.kind = Kind::link;
  node.source = target;
  add(path, std::move(node));
}

void Skeleton::add(const fs::path& path, Node node) {
  for (fs::path above = path.parent_path(); !above.empty(); above = above.parent_path()) nodes_.try_emplace(above);
  nodes_.insert_or_assign(path, std::move(node));
}

void Skeleton::bring_up_to_date(const fs::path& root) const {
  fs::create_directories(root);
  std::set<fs::path> there;
  clear(root, fs::path(), there);
  for (const auto& [path, node] : nodes_) {
    if (!there.contains(path)) make(root / path, node);
  }
}

void Skeleton::clear(const fs::path& root, const fs::path& inner, std::set<fs::path>& there) const {
  for (const auto& entry : fs::directory_iterator(root / inner)) {
    const fs::path path = inner / entry.path().filename();
    const auto wanted = nodes_.find(path);
    if (wanted == nodes_.end() || !is_as_wanted(entry.path(), wanted->second)) {
      fs::remove_all(entry.path());
      continue;
    }
    if (wanted->second.kind == Kind::folder) clear(root, path, there);
    there.insert(path);
  }
}

bool Skeleton::is_as_wanted(const fs::path& path, const Node& node) {
  const auto status = fs::symlink_status(path);
  switch (node.kind) {
    case Kind::folder: return fs::is_directory(status) && status.permissions() == node.mode;
    case Kind::file: return fs::is_regular_file(status);
    case Kind::copy: return fs::is_regular_file(status) && read_if_there(path) == read_if_there(node.source);
    case Kind::link: return fs::is_symlink(status) && fs::read_symlink(path) == node.source;
  }
  return false;
}

void Skeleton::make(const fs::path& path, const Node& node) {
  if (node.kind == Kind::copy) {
    fs::copy_file(node.source, path);
  } else if (node.kind == Kind::link) {
    fs::create_symlink(node.source, path);
  } else if (node.kind == Kind::folder) {
    fs::create_directory(path);
    fs::permissions(path, node.mode);
  } else {
    const io::Descriptor made(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!made) throw fs::filesystem_error("cannot make an empty file", path, std::error_code(errno, std::system_category()));
  }
}

}  // namespace slipway::build
