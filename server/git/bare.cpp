#include "git/bare.hpp"

#include <fmt/format.h>

#include "base/failure.hpp"
#include "base/text.hpp"
#include "git/failure.hpp"
#include "git/stream.hpp"

namespace slipway::git {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t packs_max = 200;
constexpr std::size_t loose_folder_max = 64;  ///< objects in one of the 256 folders: about 16,000 in all

std::size_t entries_in(const fs::path& folder) {
  std::error_code none;
  std::size_t count = 0;
  for (fs::directory_iterator it(folder, none), end; !none && it != end; it.increment(none)) ++count;
  return count;
}

std::string file_bytes(const git_blob* blob) {
  return std::string(static_cast<const char*>(::git_blob_rawcontent(blob)), static_cast<std::size_t>(::git_blob_rawsize(blob)));
}

Blob blob_at(git_repository* repository, const git_oid* oid) {
  git_blob* blob = nullptr;
  require(::git_blob_lookup(&blob, repository, oid), "reading a file's bytes");
  return Blob(blob);
}

}  // namespace

git_oid oid_of(const CommitSha& sha) {
  git_oid oid{};
  if (!is_commit_sha(sha.value())) throw std::runtime_error(fmt::format("\"{}\" is no commit id", printable(sha.value(), 60)));
  ::git_oid_fromstr(&oid, sha.value().c_str());
  return oid;
}

CommitSha sha_of(const git_oid& oid) {
  char text[GIT_OID_HEXSZ + 1];
  return CommitSha(::git_oid_tostr(text, sizeof text, &oid));
}

Repository open_bare(const fs::path& folder) {
  use_own_streams();
  git_repository* repository = nullptr;
  require(::git_repository_open_bare(&repository, folder.c_str()), "opening the mirror " + folder.string());
  return Repository(repository);
}

Repository open_mirror(const fs::path& folder) {
  use_own_streams();
  git_repository* repository = nullptr;
  if (fs::exists(folder / "HEAD") && ::git_repository_open_bare(&repository, folder.c_str()) == 0) {
    return Repository(repository);
  }
  std::error_code gone;
  fs::remove_all(folder, gone);
  fs::create_directories(folder);
  require(::git_repository_init(&repository, folder.c_str(), 1), "making the mirror " + folder.string());
  return Repository(repository);
}

bool has_grown_old(const fs::path& folder) {
  return entries_in(folder / "objects" / "pack") > 2 * packs_max || entries_in(folder / "objects" / "17") > loose_folder_max;
}

void clear_locks(const fs::path& folder) {
  std::error_code none;
  std::vector<fs::path> locks;
  for (fs::recursive_directory_iterator it(folder, none), end; !none && it != end; it.increment(none)) {
    if (it->path().filename() == "objects") it.disable_recursion_pending();
    if (it->path().extension() == ".lock") locks.push_back(it->path());
  }
  for (const auto& lock : locks) fs::remove(lock, none);
}

Commit commit_at(git_repository* repository, const CommitSha& sha) {
  const git_oid oid = oid_of(sha);
  git_commit* commit = nullptr;
  const int code = ::git_commit_lookup(&commit, repository, &oid);
  if (code == GIT_ENOTFOUND) throw Unavailable(fmt::format("the mirror has no commit {}", sha.value()));
  require(code, "reading commit " + sha.value());
  return Commit(commit);
}

Tree tree_at(git_repository* repository, const CommitSha& sha) {
  git_tree* tree = nullptr;
  require(::git_commit_tree(&tree, commit_at(repository, sha).get()), "reading the tree of " + sha.value());
  return Tree(tree);
}

bool has_commit(git_repository* repository, const CommitSha& sha) {
  if (!is_commit_sha(sha.value()) || is_zero_sha(sha)) return false;
  const git_oid oid = oid_of(sha);
  git_commit* commit = nullptr;
  const bool found = ::git_commit_lookup(&commit, repository, &oid) == 0;
  const Commit owner(commit);
  return found;
}

std::optional<CommitSha> reference(git_repository* repository, const std::string& ref) {
  git_oid oid{};
  if (::git_reference_name_to_id(&oid, repository, ref.c_str()) != 0) return std::nullopt;
  return sha_of(oid);
}

void set_reference(git_repository* repository, const std::string& ref, const git_oid& oid) {
  git_reference* made = nullptr;
  require(::git_reference_create(&made, repository, ref.c_str(), &oid, 1, nullptr), "setting " + ref);
  const Reference owner(made);
}

bool is_plain_path(const std::string& path) noexcept {
  if (path.empty() || path.size() > 4096 || path.find('\\') != std::string::npos || path.find('\0') != std::string::npos) return false;
  std::string_view rest = path;
  while (true) {
    const auto slash = rest.find('/');
    const auto part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == ".." || part == ".git") return false;
    if (slash == std::string_view::npos) return true;
    rest.remove_prefix(slash + 1);
  }
}

std::optional<std::string> read_file(git_repository* repository, const git_tree* tree, const std::string& file) {
  if (!is_plain_path(file)) throw Refused(fmt::format("\"{}\" is no path inside the repository", printable(file)));
  git_tree_entry* found = nullptr;
  const int code = ::git_tree_entry_bypath(&found, tree, file.c_str());
  if (code == GIT_ENOTFOUND) return std::nullopt;
  require(code, "looking for " + file);
  const TreeEntry entry(found);
  switch (::git_tree_entry_filemode(entry.get())) {
    case GIT_FILEMODE_BLOB:
    case GIT_FILEMODE_BLOB_EXECUTABLE: break;
    case GIT_FILEMODE_LINK: throw Refused(fmt::format("{} is a symbolic link: a hand-off edits plain files only", file));
    default: throw Refused(fmt::format("{} is no plain file", file));
  }
  return file_bytes(blob_at(repository, ::git_tree_entry_id(entry.get())).get());
}

namespace {

struct Search {
  git_repository* repository;
  const std::string& needle;
  std::size_t files_left;
  std::size_t bytes_max;
  std::vector<std::pair<std::string, std::string>> found;
  std::exception_ptr failed;
};

bool is_yaml(std::string_view name) { return name.ends_with(".yaml") || name.ends_with(".yml"); }

int look_at(const char* root, const git_tree_entry* entry, void* payload) noexcept {
  auto& search = *static_cast<Search*>(payload);
  try {
    if (::git_tree_entry_type(entry) != GIT_OBJECT_BLOB || ::git_tree_entry_filemode(entry) == GIT_FILEMODE_LINK) return 0;
    const std::string_view name = ::git_tree_entry_name(entry);
    if (!is_yaml(name)) return 0;
    if (search.files_left-- == 0) return -1;
    const auto blob = blob_at(search.repository, ::git_tree_entry_id(entry));
    if (static_cast<std::size_t>(::git_blob_rawsize(blob.get())) > search.bytes_max) return 0;
    std::string text = file_bytes(blob.get());
    if (text.find(search.needle) != std::string::npos) search.found.emplace_back(std::string(root).append(name), std::move(text));
    return 0;
  } catch (...) {
    search.failed = std::current_exception();
    return -1;
  }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> find_text(git_repository* repository, const git_tree* tree, const std::string& needle,
                                                           std::size_t files_max, std::size_t bytes_max) {
  Search search{repository, needle, files_max, bytes_max, {}, nullptr};
  const int code = ::git_tree_walk(tree, GIT_TREEWALK_PRE, look_at, &search);
  if (search.failed) std::rethrow_exception(search.failed);
  if (code < 0 && code != -1) require(code, "walking the infra repository");
  return std::move(search.found);
}

namespace {

bool is_by(const Identity& committer, const git_commit* commit) {
  const git_signature* who = ::git_commit_committer(commit);
  return who->name == committer.name && who->email == committer.email;
}

}  // namespace

std::vector<LoggedCommit> log_of(git_repository* repository, const CommitSha& at, std::size_t at_most, const Identity& committer) {
  git_revwalk* made = nullptr;
  require(::git_revwalk_new(&made, repository), "walking the history");
  const Revwalk walk(made);  // unsorted, as git's own log: sorted, it would read all of the history, and put a parent with a later date first
  const git_oid tip = oid_of(at);
  require(::git_revwalk_push(walk.get(), &tip), "walking the history from " + at.value());
  std::vector<LoggedCommit> commits;
  for (git_oid oid{}; commits.size() < at_most && ::git_revwalk_next(&oid, walk.get()) == 0;) {
    LoggedCommit one;
    one.sha = sha_of(oid);
    const auto commit = commit_at(repository, one.sha);
    one.message = ::git_commit_message(commit.get());
    one.time = std::chrono::system_clock::from_time_t(::git_commit_time(commit.get()));
    one.ours = is_by(committer, commit.get());
    commits.push_back(std::move(one));
  }
  return commits;
}

std::optional<std::string> foreign_commit(git_repository* repository, const CommitSha& tip, const CommitSha& base, const Identity& committer) {
  git_revwalk* made = nullptr;
  require(::git_revwalk_new(&made, repository), "walking the history");
  const Revwalk walk(made);
  const git_oid from = oid_of(tip), to = oid_of(base);
  require(::git_revwalk_push(walk.get(), &from), "walking the history from " + tip.value());
  require(::git_revwalk_hide(walk.get(), &to), "walking the history to " + base.value());
  for (git_oid oid{}; ::git_revwalk_next(&oid, walk.get()) == 0;) {
    const auto commit = commit_at(repository, sha_of(oid));
    if (::git_commit_parentcount(commit.get()) > 1) continue;
    const std::string_view message = ::git_commit_message(commit.get());
    const bool own = is_by(committer, commit.get()) && message.find("\nSlipway-Run: ") != std::string_view::npos;
    const char* who = ::git_commit_committer(commit.get())->name;
    if (!own) return fmt::format("{} \"{}\" by {}", short_tag(sha_of(oid)), printable(message.substr(0, message.find('\n')), 80), printable(who, 60));
  }
  return std::nullopt;
}

namespace {

/// The mode to write a path with: its present one, or that of a plain file. Refused if anything but a plain file is in the way.
git_filemode_t mode_for(const git_tree* tree, const std::string& file) {
  if (!is_plain_path(file)) throw Refused(fmt::format("\"{}\" is no path inside the repository", printable(file)));
  for (std::size_t end = file.find('/'); ; end = file.find('/', end + 1)) {
    const std::string path = file.substr(0, end);
    git_tree_entry* found = nullptr;
    const int code = ::git_tree_entry_bypath(&found, tree, path.c_str());
    if (code == GIT_ENOTFOUND) return GIT_FILEMODE_BLOB;
    require(code, "looking for " + path);
    const TreeEntry entry(found);
    const auto mode = ::git_tree_entry_filemode(entry.get());
    const bool is_last = end == std::string::npos;
    if (is_last && (mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE)) return mode;
    if (is_last || mode != GIT_FILEMODE_TREE) throw Refused(fmt::format("{} is no plain file: {} is in the way", file, path));
  }
}

}  // namespace

Tree with_files(git_repository* repository, const git_tree* tree, const std::map<std::string, std::string>& files) {
  std::vector<git_tree_update> updates;
  for (const auto& [file, bytes] : files) {
    git_tree_update update{};
    update.action = GIT_TREE_UPDATE_UPSERT;
    update.path = file.c_str();
    update.filemode = mode_for(tree, file);
    require(::git_blob_create_from_buffer(&update.id, repository, bytes.data(), bytes.size()), "writing " + file);
    updates.push_back(update);
  }
  git_oid made{};
  require(::git_tree_create_updated(&made, repository, const_cast<git_tree*>(tree), updates.size(), updates.data()), "writing the new tree");
  git_tree* result = nullptr;
  require(::git_tree_lookup(&result, repository, &made), "reading the new tree");
  return Tree(result);
}

}  // namespace slipway::git
