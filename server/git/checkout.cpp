#include "git/checkout.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <exception>
#include <memory>
#include <thread>
#include <vector>

#include "base/failure.hpp"
#include "base/text.hpp"
#include "git/bare.hpp"
#include "git/failure.hpp"
#include "io/descriptor.hpp"

namespace slipway::git {
namespace {

constexpr int depth_max = 256;
constexpr std::size_t thread_files_min = 256;  ///< a second thread pays from so many files on
constexpr std::string_view lfs_mark = "version https://git-lfs.github.com/spec/";

/// A file to be written: into which folder, under which name.
struct File {
  std::shared_ptr<const io::Descriptor> folder;
  std::string name;
  std::string path;  ///< from the root, for messages
  git_oid oid;
  git_filemode_t mode;
};

[[noreturn]] void can_not(const std::string& what, const std::string& path) {
  const int why = errno;
  const std::string text = fmt::format("{} {}: {}", what, path, std::strerror(why));
  if (why == ENOSPC || why == EDQUOT || why == EMFILE || why == ENFILE) throw Unavailable(text);
  throw std::runtime_error(text);
}

bool is_safe_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name != ".git" && name.find('/') == std::string_view::npos && name.size() <= 255;
}

/// Lists a tree's files and makes its folders on the way.
class Lister {
 public:
  Lister(git_repository* repository, const CheckoutOptions& options) : repository_(repository), options_(options) {}

  Result<void> list(const git_oid& tree_id, const std::shared_ptr<const io::Descriptor>& folder, const std::string& prefix, int depth) {
    if (depth > depth_max) return Error(fmt::format("{}: folders are nested more than {} deep", printable(prefix), depth_max));
    git_tree* found = nullptr;
    require(::git_tree_lookup(&found, repository_, &tree_id), "reading the tree of " + prefix);
    const Tree tree(found);
    const std::size_t count = ::git_tree_entrycount(tree.get());
    for (std::size_t i = 0; i < count; ++i) {
      if (auto good = add(::git_tree_entry_byindex(tree.get(), i), folder, prefix, depth); !good) return good;
    }
    return {};
  }

  std::vector<File> take() { return std::move(files_); }

 private:
  Result<void> add(const git_tree_entry* entry, const std::shared_ptr<const io::Descriptor>& folder, const std::string& prefix, int depth) {
    const std::string name = ::git_tree_entry_name(entry);
    const std::string path = prefix + name;
    if (!is_safe_name(name)) return Error(fmt::format("the commit holds a file named \"{}\", which is not checked out", printable(path)));
    const git_oid id = *::git_tree_entry_id(entry);
    const auto mode = ::git_tree_entry_filemode(entry);
    if (mode == GIT_FILEMODE_COMMIT && !options_.submodules) {
      ::mkdirat(folder->get(), name.c_str(), 0755);  // as Git does for a submodule that is not fetched
      return {};
    }
    if (mode == GIT_FILEMODE_COMMIT) return Error(fmt::format("{} is a submodule: submodules can not be checked out yet", printable(path)));
    if (mode != GIT_FILEMODE_TREE) {
      files_.push_back(File{folder, name, path, id, mode});
      return {};
    }
    if (::mkdirat(folder->get(), name.c_str(), 0755) != 0) can_not("making the folder", path);
    const auto below = std::make_shared<const io::Descriptor>(::openat(folder->get(), name.c_str(), O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!*below) can_not("opening the folder", path);
    return list(id, below, path + "/", depth + 1);
  }

  git_repository* repository_;
  const CheckoutOptions& options_;
  std::vector<File> files_;
};

void write_bytes(int fd, const char* bytes, std::size_t size, const std::string& path) {
  while (size > 0) {
    const ssize_t n = ::write(fd, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) can_not("writing", path);
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
}

bool in_context(const std::string& path, const std::string& context) {
  std::string folder = context;
  while (folder.starts_with("./")) folder.erase(0, 2);
  while (!folder.empty() && folder.back() == '/') folder.pop_back();
  return folder.empty() || folder == "." || path.starts_with(folder + "/");
}

/// Writes files; one of these a thread.
class Writer {
 public:
  Writer(const std::filesystem::path& repository, const CheckoutOptions& options) : repository_(open_bare(repository)), options_(options) {}

  /// The error is an LFS pointer.
  Result<void> write(const File& file) {
    git_blob* found = nullptr;
    require(::git_blob_lookup(&found, repository_.get(), &file.oid), "reading " + file.path);
    const Blob blob(found);
    const auto* bytes = static_cast<const char*>(::git_blob_rawcontent(blob.get()));
    const auto size = static_cast<std::size_t>(::git_blob_rawsize(blob.get()));
    const std::string_view text(bytes, size);
    if (file.mode == GIT_FILEMODE_LINK) {
      if (::symlinkat(std::string(text).c_str(), file.folder->get(), file.name.c_str()) != 0) can_not("making the link", file.path);
      return {};
    }
    if (!options_.lfs && size < 1024 && text.starts_with(lfs_mark) && in_context(file.path, options_.context)) {
      return Error(fmt::format("{} is a Git LFS pointer, and not the file: switch `lfs: true` on in the checkout stage, with git-lfs installed", file.path));
    }
    const mode_t mode = file.mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0755 : 0644;
    const io::Descriptor fd(::openat(file.folder->get(), file.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!fd) can_not("making the file", file.path);
    write_bytes(fd.get(), bytes, size, file.path);
    return {};
  }

 private:
  Repository repository_;
  const CheckoutOptions& options_;
};

/// Shares the files among threads; the first error wins.
class Crew {
 public:
  Crew(const std::filesystem::path& repository, const CheckoutOptions& options, std::vector<File> files)
      : repository_(repository), options_(options), files_(std::move(files)) {}

  Result<void> work() {
    const bool several = files_.size() >= thread_files_min && std::thread::hardware_concurrency() > 1;
    std::exception_ptr second;
    Result<void> other;
    std::thread helper;
    if (several) {
      helper = std::thread([&] {
        try {
          other = take_turns();
        } catch (...) {
          second = std::current_exception();
        }
      });
    }
    std::exception_ptr first;
    Result<void> mine;
    try {
      mine = take_turns();
    } catch (...) {
      first = std::current_exception();
    }
    if (helper.joinable()) helper.join();
    if (first || second) std::rethrow_exception(first ? first : second);
    return mine ? other : mine;
  }

 private:
  static constexpr std::size_t turn = 32;

  Result<void> take_turns() {
    Writer writer(repository_, options_);
    for (std::size_t at = next_.fetch_add(turn); at < files_.size(); at = next_.fetch_add(turn)) {
      for (std::size_t i = at; i < std::min(at + turn, files_.size()); ++i) {
        if (auto good = writer.write(files_[i]); !good) {
          next_.store(files_.size());
          return good;
        }
      }
    }
    return {};
  }

  const std::filesystem::path& repository_;
  const CheckoutOptions& options_;
  std::vector<File> files_;
  std::atomic<std::size_t> next_{0};
};

}  // namespace

Result<void> checkout(const std::filesystem::path& repository, const CommitSha& commit, const std::filesystem::path& folder,
                      const CheckoutOptions& options) {
  const auto mirror = open_bare(repository);
  const auto root = std::make_shared<const io::Descriptor>(::open(folder.c_str(), O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!*root) can_not("opening the folder", folder.string());
  const auto found = commit_at(mirror.get(), commit);
  Lister lister(mirror.get(), options);
  if (auto good = lister.list(*::git_commit_tree_id(found.get()), root, "", 0); !good) return good;
  return Crew(repository, options, lister.take()).work();
}

}  // namespace slipway::git
