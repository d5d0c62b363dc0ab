#include "git/infra_remote.hpp"

#include "git/infra_branch.hpp"
#include "io/offload.hpp"

namespace slipway::git {
namespace {

/// Runs an InfraBranch on its own thread.
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
  Task<std::vector<CopyHead>> copy_heads() override {
    auto job = [this] { return infra_.copy_heads(); };
    co_return co_await io::offload(pool_, std::move(job));
  }
  Task<> may_push() override {
    auto job = [this] { infra_.may_push(); };
    co_await io::offload(pool_, std::move(job));
  }
  Task<std::string> default_branch() override {
    auto job = [this] { return infra_.default_branch(); };
    co_return co_await io::offload(pool_, std::move(job));
  }
  Task<PushOutcome> commit_and_push(CommitSha onto, std::vector<NewCommit> commits) override {
    auto job = [this, onto, some = std::move(commits)] { return infra_.push(onto, some); };
    co_return co_await io::offload(pool_, std::move(job));
  }
  Task<std::optional<CommitSha>> other_head(std::string branch) override {
    auto job = [this, branch] { return infra_.other_head(branch); };
    co_return co_await io::offload(pool_, std::move(job));
  }
  Task<PushOutcome> propose(std::string branch, std::optional<CommitSha> there, CommitSha onto, std::vector<NewCommit> commits) override {
    auto job = [this, branch, there, onto, some = std::move(commits)] { return infra_.propose(branch, there, onto, some); };
    co_return co_await io::offload(pool_, std::move(job));
  }

 private:
  InfraBranch infra_;
  asio::thread_pool pool_{1};
};

}  // namespace

std::unique_ptr<GitRemote> open_infra(InfraOptions options, Log log) {
  return std::make_unique<InfraRemote>(std::move(options), std::move(log));
}

}  // namespace slipway::git
