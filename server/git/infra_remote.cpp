#include "git/infra_remote.hpp"

#include <fmt/format.h>

#include <ctime>

#include "base/failure.hpp"
#include "git/bare.hpp"
#include "git/exchange.hpp"
#include "git/failure.hpp"
#include "io/offload.hpp"

namespace slipway::git {
namespace {

/// libgit2 pushes references, not commits: the one that carries ours.
constexpr const char* push_ref = "refs/slipway/handoff";

/// What a server says of a push that lost a race, or would have: worth another attempt. Everything else is a no.
bool is_race(const std::string& words) {
  for (const char* race : {"failed to update ref", "cannot lock ref", "failed to lock", "non-fast-forward", "fetch first", "stale info",
                           "reference already exists", "incorrect old value"}) {
    if (words.find(race) != std::string::npos) return true;
  }
  return false;
}

Signature signature(const Identity& who) {
  git_signature* made = nullptr;
  require(::git_signature_new(&made, who.name.c_str(), who.email.c_str(), std::time(nullptr), 0), "making the signature of " + who.name);
  return Signature(made);
}

/// The blocking half: everything here runs on the one thread of the remote's pool.
class Infra {
 public:
  Infra(InfraOptions options, Log log) : options_(std::move(options)), log_(std::move(log)), ref_("refs/heads/" + options_.branch) {}

  CommitSha head() { return known_.empty() ? fetch() : known_; }

  CommitSha fetch() {
    Exchange exchange(repository(), options_.url, options_.access);
    exchange.connect(GIT_DIRECTION_FETCH);
    default_branch_ = exchange.default_branch();
    const auto there = exchange.advertised(ref_);
    if (!there) throw Refused(fmt::format("{} has no branch {}", options_.url, options_.branch));
    const CommitSha head = sha_of(*there);
    if (!has_commit(repository(), head)) exchange.download("+" + ref_ + ":" + ref_);
    set_reference(repository(), ref_, *there);
    return known_ = head;
  }

  std::optional<std::string> read(const CommitSha& at, const std::string& file) {
    return read_file(repository(), tree_at(repository(), at).get(), file);
  }

  std::vector<std::pair<std::string, std::string>> find(const CommitSha& at, const std::string& needle, std::size_t files_max, std::size_t bytes_max) {
    return find_text(repository(), tree_at(repository(), at).get(), needle, files_max, bytes_max);
  }

  std::vector<LoggedCommit> log(const CommitSha& at, std::size_t at_most) { return log_of(repository(), at, at_most); }

  std::string default_branch() {
    if (default_branch_.empty()) fetch();
    return default_branch_;
  }

  PushOutcome push(const CommitSha& onto, const std::vector<NewCommit>& commits) {
    std::vector<CommitSha> made;
    CommitSha tip = onto;
    for (const auto& commit : commits) made.push_back(tip = add(commit, tip));
    set_reference(repository(), push_ref, oid_of(tip));
    Exchange exchange(repository(), options_.url, options_.access);
    exchange.connect(GIT_DIRECTION_PUSH);
    known_ = CommitSha();  // until the server has said otherwise, nothing is known
    const auto there = exchange.advertised(ref_);
    // Without this, a branch that was set back to an older commit would be pushed forward again over somebody's decision.
    if (!there || sha_of(*there) != onto) {
      return Raced(fmt::format("{} is at {}, expected {}", options_.branch, there ? sha_of(*there).value() : "nothing", onto.value()));
    }
    const std::string refused = exchange.push(fmt::format("{}:{}", push_ref, ref_));
    if (!refused.empty()) return rejected(refused, exchange.remarks());
    set_reference(repository(), ref_, oid_of(tip));
    known_ = tip;
    return Landed(std::move(made));
  }

 private:
  git_repository* repository() {
    if (!repository_) repository_ = open_mirror(options_.mirror);
    return repository_.get();
  }

  Raced rejected(const std::string& refused, const std::string& remarks) const {
    const std::string words = remarks.empty() ? refused : fmt::format("{} ({})", refused, remarks);
    if (is_race(refused)) return Raced(words);
    throw Refused(fmt::format("{} refused the push to {}: {}", options_.url, options_.branch, words));
  }

  CommitSha add(const NewCommit& commit, const CommitSha& parent) {
    const auto parent_commit = commit_at(repository(), parent);
    const auto tree = with_files(repository(), tree_at(repository(), parent).get(), commit.files);
    const auto author = signature(options_.author);
    const auto committer = signature(options_.committer);
    const git_commit* parents[] = {parent_commit.get()};
    git_oid made{};
    if (!options_.sign) {
      require(::git_commit_create(&made, repository(), nullptr, author.get(), committer.get(), nullptr, commit.message.c_str(), tree.get(), 1, parents),
              "making the hand-off commit");
      return sha_of(made);
    }
    Buffer text;
    require(::git_commit_create_buffer(text.out(), repository(), author.get(), committer.get(), nullptr, commit.message.c_str(), tree.get(), 1, parents),
            "making the hand-off commit");
    const std::string armoured = options_.sign(text.c_str());
    require(::git_commit_create_with_signature(&made, repository(), text.c_str(), armoured.c_str(), "gpgsig"), "signing the hand-off commit");
    return sha_of(made);
  }

  InfraOptions options_;
  Log log_;
  std::string ref_;
  Repository repository_;
  CommitSha known_;  ///< the branch's head, where it is known for sure
  std::string default_branch_;
};

class InfraRemote final : public GitRemote {
 public:
  InfraRemote(InfraOptions options, Log log) : infra_(std::move(options), std::move(log)) {}
  ~InfraRemote() override { pool_.join(); }

  Task<CommitSha> head() override {
    auto job = [this] { return infra_.head(); };
    co_return co_await io::offload(pool_, std::move(job));
  }
  Task<CommitSha> fetch() override {
    auto job = [this] { return infra_.fetch(); };
    co_return co_await io::offload(pool_, std::move(job));
  }
  Task<std::optional<std::string>> read(CommitSha at, std::string file) override {
    auto job = [this, at, file] { return infra_.read(at, file); };
    co_return co_await io::offload(pool_, std::move(job));
  }
  Task<std::vector<std::pair<std::string, std::string>>> find_text(CommitSha at, std::string needle, std::size_t files_max,
                                                                   std::size_t bytes_max) override {
    auto job = [this, at, needle, files_max, bytes_max] { return infra_.find(at, needle, files_max, bytes_max); };
    co_return co_await io::offload(pool_, std::move(job));
  }
  Task<std::vector<LoggedCommit>> log(CommitSha at, std::size_t at_most) override {
    auto job = [this, at, at_most] { return infra_.log(at, at_most); };
    co_return co_await io::offload(pool_, std::move(job));
  }
  Task<std::string> default_branch() override {
    auto job = [this] { return infra_.default_branch(); };
    co_return co_await io::offload(pool_, std::move(job));
  }
  Task<PushOutcome> commit_and_push(CommitSha onto, std::vector<NewCommit> commits) override {
    auto job = [this, onto, some = std::move(commits)] { return infra_.push(onto, some); };
    co_return co_await io::offload(pool_, std::move(job));
  }

 private:
  Infra infra_;
  asio::thread_pool pool_{1};
};

}  // namespace

std::unique_ptr<GitRemote> open_infra(InfraOptions options, Log log) {
  return std::make_unique<InfraRemote>(std::move(options), std::move(log));
}

}  // namespace slipway::git
