#include "git/checkout.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
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
constexpr std::size_t listing_max = 64u << 20;  ///< bytes; needed because a tree of a few objects can name a billion files
constexpr mode_t folder_mode = 0755, file_mode = 0644, program_mode = 0755;  ///< regardless of the umask, because they end up in the image
constexpr std::size_t thread_files_min = 256;  ///< from this many files on, a second thread pays off

/// A file to write.
struct File {
  std::string path;        ///< from the root
  std::size_t name_at;     ///< offset of its name in `path`
  git_oid oid;
  git_filemode_t mode;

  std::string_view folder() const { return std::string_view(path).substr(0, name_at); }  ///< with a trailing slash, or empty
  const char* name() const { return path.c_str() + name_at; }
};

/// The tree cannot be written as it is: duplicate names, or a name that the file system rejects.
class Unwritable : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

[[noreturn]] void can_not(const std::string& what, const std::string& path) {
  const int why = errno;
  const std::string text = fmt::format("{} {}: {}", what, printable(path), std::strerror(why));
  if (is_no_room(std::error_code(why, std::generic_category()))) throw NoRoom(text);
  for (const int machine : {EMFILE, ENFILE, ENOMEM, EIO}) {
    if (why == machine) throw Unavailable(text);
  }
  throw Unwritable(text);
}

bool is_safe_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name != ".git" && name.find('/') == std::string_view::npos && name.size() <= 255;
}

io::Descriptor make_folder(const io::Descriptor& in, const std::string& name, const std::string& path) {
  if (::mkdirat(in.get(), name.c_str(), folder_mode) != 0) can_not("making the folder", path);
  io::Descriptor folder(::openat(in.get(), name.c_str(), O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder || ::fchmod(folder.get(), folder_mode) != 0) can_not("opening the folder", path);
  return folder;
}

/// Opens `path` below `root` without following links.
io::Descriptor open_folder(const io::Descriptor& root, std::string_view path) {
  io::Descriptor at(::openat(root.get(), ".", O_DIRECTORY | O_CLOEXEC));
  for (auto left = path; at && !left.empty();) {
    const auto end = left.find('/');
    at = io::Descriptor(::openat(at.get(), std::string(left.substr(0, end)).c_str(), O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    left = end == std::string_view::npos ? std::string_view() : left.substr(end + 1);
  }
  if (!at) can_not("opening the folder", std::string(path));
  return at;
}

/// Lists a tree's files, creating its folders along the way.
class Lister {
 public:
  explicit Lister(git_repository* repository) : repository_(repository) {}

  Result<void> list(const git_oid& tree_id, const io::Descriptor& folder, const std::string& prefix, int depth) {
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

  std::vector<File> take_files() { return std::move(files_); }
  std::vector<Submodule> take_submodules() { return std::move(submodules_); }

 private:
  Result<void> add(const git_tree_entry* entry, const io::Descriptor& folder, const std::string& prefix, int depth) {
    const std::string name = ::git_tree_entry_name(entry);
    const std::string path = prefix + name;
    if (!is_safe_name(name)) return Error(fmt::format("the commit holds a file named \"{}\", which is not checked out", printable(path)));
    listed_ += sizeof(File) + path.size();
    if (listed_ > listing_max) return Error(fmt::format("the commit has too many files and folders: {} and those before it", printable(path)));
    const git_oid id = *::git_tree_entry_id(entry);
    const auto mode = ::git_tree_entry_filemode(entry);
    if (mode == GIT_FILEMODE_COMMIT) {
      make_folder(folder, name, path);
      submodules_.emplace_back(path, sha_of(id));
      return {};
    }
    if (mode != GIT_FILEMODE_TREE) {
      files_.push_back(File{path, prefix.size(), id, mode});
      return {};
    }
    const auto below = make_folder(folder, name, path);
    return list(id, below, path + "/", depth + 1);
  }

  git_repository* repository_;
  std::vector<File> files_;
  std::vector<Submodule> submodules_;
  std::size_t listed_ = 0;  ///< size of the listing in bytes, approximately
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

/// The context relative to the root, with all links followed; nothing if it is not in the tree, which the build will report.
std::optional<std::string> real_context(const std::filesystem::path& folder, const std::string& context) {
  std::error_code error;
  const auto root = std::filesystem::canonical(folder, error);
  const auto whole = error ? root : std::filesystem::canonical(root / std::filesystem::path(context).relative_path(), error);
  const auto below = whole.lexically_relative(root).generic_string();
  return error || below == ".." || below.starts_with("../") ? std::nullopt : std::optional(below);
}

bool is_below(const std::string& folder, const std::string& path) { return folder == "." || path.starts_with(folder + "/"); }

/// Writes files; one instance per thread.
class Writer {
 public:
  Writer(const std::filesystem::path& repository, const io::Descriptor& root) : repository_(open_bare(repository)), root_(root) {}

  /// Git LFS pointers are written as they are, and remembered.
  void write(const File& file) {
    git_blob* found = nullptr;
    require(::git_blob_lookup(&found, repository_.get(), &file.oid), "reading " + file.path);
    const Blob blob(found);
    const auto* bytes = static_cast<const char*>(::git_blob_rawcontent(blob.get()));
    const auto size = static_cast<std::size_t>(::git_blob_rawsize(blob.get()));
    const std::string_view text(bytes, size);
    enter(file.folder());
    if (file.mode == GIT_FILEMODE_LINK) {
      if (::symlinkat(std::string(text).c_str(), folder_.get(), file.name()) != 0) can_not("making the link", file.path);
      return;
    }
    if (looks_like_lfs_pointer(text)) pointers_.push_back(lfs_pointer(file.path, text).value_or(LfsPointer(file.path, "", 0)));
    const mode_t mode = file.mode == GIT_FILEMODE_BLOB_EXECUTABLE ? program_mode : file_mode;
    const io::Descriptor fd(::openat(folder_.get(), file.name(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!fd || ::fchmod(fd.get(), mode) != 0) can_not("making the file", file.path);
    write_bytes(fd.get(), bytes, size, file.path);
  }

  std::vector<LfsPointer> take_pointers() { return std::move(pointers_); }

 private:
  /// Files of a folder come in succession, so one open folder at a time is enough.
  void enter(std::string_view path) {
    if (folder_ && path == at_) return;
    folder_ = open_folder(root_, path);
    at_ = path;
  }

  Repository repository_;
  const io::Descriptor& root_;
  io::Descriptor folder_;
  std::string at_;  ///< the folder's path
  std::vector<LfsPointer> pointers_;  ///< damaged ones have no oid
};

/// Shares the files between two threads, one from each end: working in the same folder they would contend for it in the kernel.
class Crew {
 public:
  Crew(const std::filesystem::path& repository, const io::Descriptor& root, std::vector<File> files)
      : repository_(repository), root_(root), files_(std::move(files)), end_(files_.size()) {}

  /// Writes the files; returns the LFS pointers among them.
  std::vector<LfsPointer> work() {
    const bool several = files_.size() >= thread_files_min && std::thread::hardware_concurrency() > 1;
    Part first, second;
    std::thread helper;
    if (several) helper = std::thread([&] { do_part(second, true); });
    do_part(first, false);
    if (helper.joinable()) helper.join();
    if (first.failed || second.failed) std::rethrow_exception(first.failed ? first.failed : second.failed);
    first.pointers.insert(first.pointers.end(), second.pointers.begin(), second.pointers.end());
    return std::move(first.pointers);
  }

 private:
  static constexpr std::size_t turn = 32;

  /// One thread's result.
  struct Part {
    std::vector<LfsPointer> pointers;
    std::exception_ptr failed;
  };

  void do_part(Part& part, bool from_the_end) noexcept {
    try {
      Writer writer(repository_, root_);
      for (auto files = next(from_the_end); !files.empty(); files = next(from_the_end)) {
        for (const File& file : files) writer.write(file);
      }
      part.pointers = writer.take_pointers();
    } catch (...) {
      part.failed = std::current_exception();
      stop();
    }
  }

  std::span<const File> next(bool from_the_end) {
    const std::lock_guard lock(mutex_);
    const std::size_t count = std::min(turn, end_ - begin_);
    if (from_the_end) end_ -= count;
    const std::size_t at = from_the_end ? end_ : begin_;
    if (!from_the_end) begin_ += count;
    return std::span<const File>(files_).subspan(at, count);
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    begin_ = end_;
  }

  const std::filesystem::path& repository_;
  const io::Descriptor& root_;
  std::vector<File> files_;
  std::mutex mutex_;
  std::size_t begin_ = 0, end_;  ///< range not taken by a thread yet
};

}  // namespace

Result<Elsewhere> checkout(const std::filesystem::path& repository, const CommitSha& commit, const std::filesystem::path& folder,
                           const CheckoutOptions& options) try {
  const auto mirror = open_bare(repository);
  const io::Descriptor root(::open(folder.c_str(), O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!root || ::fchmod(root.get(), folder_mode) != 0) can_not("opening the folder", folder.string());
  const auto found = commit_at(mirror.get(), commit);
  Lister lister(mirror.get());
  if (auto good = lister.list(*::git_commit_tree_id(found.get()), root, "", 0); !good) return good.error();
  auto pointers = Crew(repository, root, lister.take_files()).work();
  const auto context = pointers.empty() ? std::nullopt : real_context(folder, options.context);
  std::erase_if(pointers, [&](const LfsPointer& one) { return !context || !is_below(*context, one.path) || (options.lfs && one.oid.empty()); });
  if (!options.lfs && !pointers.empty()) {
    return Error(fmt::format("{} is a Git LFS pointer, and not the file: switch `lfs: true` on in the checkout stage, with git-lfs installed",
                             printable(pointers.front().path)));
  }
  return Elsewhere(lister.take_submodules(), std::move(pointers), context.value_or("."));
} catch (const Unwritable& error) {
  return Error(error.what());
}

}  // namespace slipway::git
