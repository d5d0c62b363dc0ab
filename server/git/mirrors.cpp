#include "git/mirrors.hpp"

#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <algorithm>
#include <map>
#include <utility>

#include "base/failure.hpp"
#include "base/text.hpp"
#include "git/bare.hpp"
#include "git/checkout.hpp"
#include "git/history.hpp"
#include "git/lfs.hpp"
#include "git/mirror_folder.hpp"
#include "git/submodules.hpp"
#include "io/offload.hpp"
#include "io/process.hpp"
#include "io/task_group.hpp"

namespace slipway::git {
namespace {

constexpr int submodule_depth_max = 8;
constexpr std::size_t lfs_words_max = 1000;
constexpr auto for_ever = std::chrono::hours(24 * 365);

/// One fetch of one repository; several callers may wait for it.
struct Fetch {
  explicit Fetch(const asio::any_io_executor& loop) : done(loop, for_ever) {}
  asio::steady_timer done;
  bool finished = false;
  std::exception_ptr failed;
};

class Mirrors final : public SourceMirror {
 public:
  Mirrors(MirrorOptions options, asio::any_io_executor loop, Log log)
      : options_(std::move(options)), loop_(loop), log_(std::move(log)), pool_(options_.threads), fetches_(loop_, log_) {}
  ~Mirrors() override { pool_.join(); }

  Task<> fetch(RepoName repository) override;
  Task<bool> fetch_commit(RepoName repository, CommitSha commit) override;

  Task<bool> contains(RepoName repository, CommitSha commit) override {
    auto question = [commit](git_repository* mirror) { return has_commit(mirror, commit); };
    co_return co_await ask(repository, std::move(question));
  }
  Task<std::optional<CommitSha>> head(RepoName repository, std::string ref) override {
    auto question = [ref](git_repository* mirror) { return reference(mirror, ref); };
    co_return co_await ask(repository, std::move(question));
  }
  Task<bool> on_branch(RepoName repository, CommitSha commit, std::string ref) override {
    auto question = [commit, ref](git_repository* mirror) {
      const auto tip = reference(mirror, ref);
      return tip && (*tip == commit || git::is_ancestor(mirror, commit, *tip));
    };
    co_return co_await ask(repository, std::move(question));
  }
  Task<std::optional<CommitSha>> find_commit(RepoName repository, std::string prefix) override {
    auto question = [prefix](git_repository* mirror) { return git::find_commit(mirror, prefix); };
    co_return co_await ask(repository, std::move(question));
  }
  Task<bool> is_ancestor(RepoName repository, CommitSha older, CommitSha newer) override {
    auto question = [older, newer](git_repository* mirror) { return git::is_ancestor(mirror, older, newer); };
    co_return co_await ask(repository, std::move(question));
  }
  Task<bool> share_newer(RepoName repository, CommitSha commit, CommitSha one, CommitSha other) override {
    auto question = [commit, one, other](git_repository* mirror) { return git::share_newer(mirror, commit, one, other); };
    co_return co_await ask(repository, std::move(question));
  }
  Task<Ancestry> ancestry(RepoName repository, CommitSha commit, std::vector<CommitSha> others) override {
    auto question = [commit, some = std::move(others)](git_repository* mirror) { return git::ancestry(mirror, commit, some); };
    co_return co_await ask(repository, std::move(question));
  }
  Task<std::vector<CommitSha>> first_parents(RepoName repository, std::string ref, std::size_t at_most) override {
    auto question = [ref, at_most](git_repository* mirror) { return git::first_parents(mirror, ref, at_most); };
    co_return co_await ask(repository, std::move(question));
  }
  Task<Clock::time_point> commit_time(RepoName repository, CommitSha commit) override {
    auto question = [commit](git_repository* mirror) { return Clock::from_time_t(::git_commit_time(commit_at(mirror, commit).get())); };
    co_return co_await ask(repository, std::move(question));
  }
  Task<std::vector<ChangedCommit>> changed(RepoName repository, CommitSha before, CommitSha after, std::size_t limit) override {
    auto question = [before, after, limit](git_repository* mirror) { return git::changed(mirror, before, after, limit); };
    co_return co_await ask(repository, std::move(question));
  }
  Task<Result<void>> checkout(RepoName repository, CommitSha commit, std::filesystem::path folder, CheckoutOptions options) override {
    co_return co_await check_out(repository, commit, folder, options, 0);
  }

 private:
  /// One repository: its mirror, the fetch in progress, and the one to follow.
  struct Line {
    std::shared_ptr<MirrorFolder> mirror;
    std::shared_ptr<Fetch> running, next;
  };

  Line& line_of(const RepoName& repository) {
    if (!is_valid_repository(repository)) throw Refused(fmt::format("\"{}\" is no name of a repository", printable(repository.value(), 100)));
    auto& line = lines_[repository];
    if (!line.mirror) line.mirror = std::make_shared<MirrorFolder>(options_.folder / (repository.value() + ".git"), log_);
    return line;
  }
  std::shared_ptr<MirrorFolder> mirror_of(const RepoName& repository) { return line_of(repository).mirror; }

  /// Runs a query on the mirror, on the pool. Returns a default-constructed answer if the repository was never fetched.
  template <class F>
  auto ask(const RepoName& repository, F question) -> Task<decltype(question(nullptr))> {
    auto job = [mirror = mirror_of(repository), ask = std::move(question)] {
      if (!mirror->exists()) return decltype(ask(nullptr))();
      return mirror->use([&](const std::filesystem::path& folder) { return ask(open_bare(folder).get()); });
    };
    co_return co_await io::offload(pool_, std::move(job));
  }

  Task<> wait_for(std::shared_ptr<Fetch> fetch);
  Task<Result<void>> check_out(RepoName repository, CommitSha commit, std::filesystem::path folder, CheckoutOptions options, int depth);
  Task<Result<void>> fetch_large_files(RepoName repository, CommitSha commit, std::filesystem::path folder, std::string context, std::vector<LfsPointer> pointers);
  Task<Result<void>> check_out_submodule(RepoName parent, std::string url, Submodule submodule, std::filesystem::path folder, CheckoutOptions options,
                                         int depth);
  Task<> drive(RepoName repository);

  MirrorOptions options_;
  asio::any_io_executor loop_;
  Log log_;
  std::map<RepoName, Line> lines_;
  io::SystemProcesses processes_;
  asio::thread_pool pool_;
  io::TaskGroup fetches_;  ///< the fetches themselves: callers wait for them, and pass on what they throw
};

}  // namespace

Task<> Mirrors::wait_for(std::shared_ptr<Fetch> fetch) {
  while (!fetch->finished) {
    boost::system::error_code woken;
    co_await fetch->done.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  if (fetch->failed) std::rethrow_exception(fetch->failed);
}

/// One fetch at a time. Callers arriving meanwhile need one that starts after their call, and share the next. The fetch runs in its
/// own task, so that cancelling a caller does not cancel it.
Task<> Mirrors::fetch(RepoName repository) {
  auto& line = line_of(repository);
  auto& wanted = line.running ? line.next : line.running;
  const bool idle = !line.running;
  if (!wanted) wanted = std::make_shared<Fetch>(loop_);
  const auto mine = wanted;
  if (idle) fetches_.spawn("fetch", drive(repository));
  co_await wait_for(mine);
}

Task<> Mirrors::drive(RepoName repository) {
  auto& line = line_of(repository);
  while (line.running) {
    const auto fetch = line.running;
    try {
      auto job = [mirror = line.mirror, url = repository_url(options_.base_url, repository), access = options_.access] { mirror->fetch(url, access); };
      co_await io::offload(pool_, std::move(job));
    } catch (...) {
      fetch->failed = std::current_exception();
    }
    fetch->finished = true;
    fetch->done.cancel();
    line.running = std::exchange(line.next, nullptr);
  }
}

Task<bool> Mirrors::fetch_commit(RepoName repository, CommitSha commit) {
  if (!is_commit_sha(commit.value())) co_return false;
  auto job = [mirror = mirror_of(repository), url = repository_url(options_.base_url, repository), access = options_.access, commit] {
    return mirror->fetch_commit(url, access, commit);
  };
  co_return co_await io::offload(pool_, std::move(job));
}

Task<Result<void>> Mirrors::check_out(RepoName repository, CommitSha commit, std::filesystem::path folder, CheckoutOptions options, int depth) {
  auto job = [mirror = mirror_of(repository), commit, folder, options] {
    return mirror->use([&](const std::filesystem::path& from) { return git::checkout(from, commit, folder, options); });
  };
  const auto elsewhere = co_await io::offload(pool_, std::move(job));
  if (!elsewhere) co_return elsewhere.error();
  if (!elsewhere->pointers.empty()) {
    auto filled = co_await fetch_large_files(repository, commit, folder, elsewhere->context, elsewhere->pointers);
    if (!filled) co_return filled;
  }
  if (!options.submodules || elsewhere->submodules.empty()) co_return Result<void>();
  if (depth == submodule_depth_max) co_return Error(fmt::format("submodules are nested more than {} deep", submodule_depth_max));
  auto read = [commit](git_repository* mirror) { return read_file(mirror, tree_at(mirror, commit).get(), ".gitmodules"); };
  const auto text = co_await ask(repository, std::move(read));
  for (const auto& submodule : elsewhere->submodules) {
    const auto url = submodule_url(text ? *text : std::string(), submodule.path);
    if (!url) co_return url.error();
    auto done = co_await check_out_submodule(repository, *url, submodule, folder, options, depth);
    if (!done) co_return done;
  }
  co_return Result<void>();
}

Task<Result<void>> Mirrors::fetch_large_files(RepoName repository, CommitSha commit, std::filesystem::path folder, std::string context,
                                              std::vector<LfsPointer> pointers) {
  if (!io::find_program("git-lfs", io::search_path())) {
    co_return Error(fmt::format("{} is a Git LFS pointer, and git-lfs is not installed on this machine", printable(pointers.front().path)));
  }
  auto prepare = [mirror = mirror_of(repository), url = repository_url(options_.base_url, repository), access = options_.access, commit, context] {
    return mirror->use([&](const std::filesystem::path& from) { return lfs_fetch(from, url, access, commit, context); });
  };
  const auto command = co_await io::offload(pool_, std::move(prepare));
  std::string words;
  const io::OutputSink sink = [&](io::OutputStream stream, std::string_view line) {
    if (stream == io::OutputStream::err && words.size() < lfs_words_max) words += line;
  };
  const auto exit = co_await processes_.run(command, sink);
  const std::string failure = fmt::format("git lfs fetch {}: {}", exit.text(), one_line(words, lfs_words_max));
  if (exit.timed_out || (!exit.ok() && is_lfs_network_trouble(words))) throw Unavailable(failure);
  if (!exit.ok()) co_return Error(failure);
  auto fill = [mirror = mirror_of(repository), folder, large = std::move(pointers)] {
    return mirror->use([&](const std::filesystem::path& from) { return fill_lfs_pointers(from, folder, large); });
  };
  co_return co_await io::offload(pool_, std::move(fill));
}

Task<Result<void>> Mirrors::check_out_submodule(RepoName parent, std::string url, Submodule submodule, std::filesystem::path folder,
                                                CheckoutOptions options, int depth) {
  const auto repository = submodule_repository(options_.base_url, parent, url);
  if (!repository) co_return Error(fmt::format("{}: {}", submodule.path, repository.error().what()));
  bool there = co_await contains(*repository, submodule.commit);
  if (!there) {
    co_await fetch(*repository);
    there = co_await contains(*repository, submodule.commit);
  }
  if (!there) there = co_await fetch_commit(*repository, submodule.commit);
  if (!there) co_return Error(fmt::format("{}: {} has no commit {}", submodule.path, repository->value(), submodule.commit.value()));
  CheckoutOptions inside;  // default context, i.e. all of it: a build may read any part
  inside.submodules = true;
  inside.lfs = options.lfs;
  co_return co_await check_out(*repository, submodule.commit, folder / submodule.path, inside, depth + 1);
}

std::unique_ptr<SourceMirror> open_mirrors(MirrorOptions options, asio::any_io_executor loop, Log log) {
  return std::make_unique<Mirrors>(std::move(options), loop, std::move(log));
}

}  // namespace slipway::git
