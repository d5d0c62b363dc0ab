#include "git/infra_branch.hpp"

#include <fmt/format.h>

#include <ctime>

#include "base/failure.hpp"
#include "git/bare.hpp"
#include "git/exchange.hpp"
#include "git/failure.hpp"
#include "git/history.hpp"

namespace slipway::git {
namespace {

/// libgit2 pushes references, not commits: this one carries ours.
constexpr const char* push_ref = "refs/slipway/handoff";

/// Whether a server's reason for refusing a push means a lost race, which is worth another attempt. Any other is final.
bool is_race(const std::string& words) {
  for (const char* race : {"failed to update ref", "cannot lock ref", "failed to lock", "non-fast-forward", "fetch first", "stale info",
                           "reference already exists", "incorrect old value"}) {
    if (words.find(race) != std::string::npos) return true;
  }
  return false;
}

std::string with_remarks(const std::string& refused, const std::string& remarks) {
  return remarks.empty() ? refused : fmt::format("{} ({})", refused, remarks);
}

/// Throws for a refused push: Refused, but Unavailable if the server's disk is full, since that says nothing about the push.
[[noreturn]] void throw_no(const std::string& url, const std::string& ref, const std::string& refused, const std::string& remarks) {
  const std::string sentence = fmt::format("{} refused the push to {}: {}", url, ref, with_remarks(refused, remarks));
  if (remarks.find("No space left") != std::string::npos || remarks.find("Disk quota") != std::string::npos) throw Unavailable(sentence);
  throw Refused(sentence);
}

Signature signature(const Identity& who) {
  git_signature* made = nullptr;
  require(::git_signature_new(&made, who.name.c_str(), who.email.c_str(), std::time(nullptr), 0), "making the signature of " + who.name);
  return Signature(made);
}

}  // namespace

std::string_view name(CopyState state) noexcept {
  switch (state) {
    case CopyState::same: return "same";
    case CopyState::behind: return "behind";
    case CopyState::diverged: return "diverged";
    case CopyState::unknown: return "unknown";
  }
  return "unknown";
}

InfraBranch::InfraBranch(InfraOptions options, Log log) : options_(std::move(options)), log_(std::move(log)), ref_("refs/heads/" + options_.branch) {}

/// Turns Damaged into Unavailable; the next fetch recreates the mirror.
template <class F>
auto InfraBranch::on_mirror(F work) {
  try {
    return work();
  } catch (const Damaged& error) {
    damaged_ = true;
    known_ = CommitSha();
    log_.warn("the infra mirror is damaged and made anew", {{"error", error.what()}});
    throw Unavailable(fmt::format("{}; the mirror is made anew", error.what()));
  }
}

git_repository* InfraBranch::repository() {
  if (!std::exchange(opened_, true)) clear_locks(options_.mirror);
  if (!repository_) repository_ = open_mirror(options_.mirror);
  return repository_.get();
}

void InfraBranch::drop_mirror() {
  repository_.reset();
  std::filesystem::remove_all(options_.mirror);
  damaged_ = false;
  known_ = CommitSha();
}

CommitSha InfraBranch::fetch() {
  if (damaged_ || has_grown_old(options_.mirror)) drop_mirror();
  try {
    return fetch_branch();
  } catch (const Damaged&) {
    drop_mirror();
  }
  return on_mirror([&] { return fetch_branch(); });
}

CommitSha InfraBranch::fetch_branch() {
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

std::optional<std::string> InfraBranch::read(const CommitSha& at, const std::string& file) {
  return on_mirror([&] { return read_file(repository(), tree_at(repository(), at).get(), file); });
}

std::vector<std::pair<std::string, std::string>> InfraBranch::find(const CommitSha& at, const std::string& needle, std::size_t files_max,
                                                                   std::size_t bytes_max) {
  return on_mirror([&] { return find_text(repository(), tree_at(repository(), at).get(), needle, files_max, bytes_max); });
}

std::vector<LoggedCommit> InfraBranch::log(const CommitSha& at, std::size_t at_most) {
  return on_mirror([&] { return log_of(repository(), at, at_most, options_.committer); });
}

std::string InfraBranch::default_branch() {
  if (default_branch_.empty()) fetch();
  return default_branch_;
}

std::vector<CopyHead> InfraBranch::copy_heads() {
  std::vector<CopyHead> heads;
  if (options_.also_push.empty()) return heads;
  const CommitSha origin = fetch();
  for (const auto& copy : options_.also_push) {
    CopyHead one;
    one.url = copy.url;
    one.origin = origin;
    try {
      Exchange exchange(repository(), copy.url, copy.access);
      exchange.connect(GIT_DIRECTION_FETCH);
      if (const auto there = exchange.advertised(ref_)) one.head = sha_of(*there);
      const bool lacks = !one.head || is_ancestor(repository(), *one.head, origin);
      one.state = one.head == origin ? CopyState::same : lacks ? CopyState::behind : CopyState::diverged;
    } catch (const std::runtime_error& error) {
      one.trouble = error.what();
    }
    heads.push_back(std::move(one));
  }
  return heads;
}

void InfraBranch::may_push() {
  Exchange(repository(), options_.url, options_.access).connect(GIT_DIRECTION_PUSH);
  for (const auto& copy : options_.also_push) Exchange(repository(), copy.url, copy.access).connect(GIT_DIRECTION_PUSH);
}

PushOutcome InfraBranch::push(const CommitSha& onto, const std::vector<NewCommit>& commits) {
  return on_mirror([&] {
    std::vector<CommitSha> made = add_all(onto, commits);
    PushOutcome outcome = push_tip(onto, made.empty() ? onto : made.back());
    if (auto* landed = std::get_if<Landed>(&outcome)) {
      landed->commits = std::move(made);
      landed->copies = push_copies();
    }
    return outcome;
  });
}

PushOutcome InfraBranch::push_tip(const CommitSha& onto, const CommitSha& tip) {
  Exchange exchange(repository(), options_.url, options_.access);
  exchange.connect(GIT_DIRECTION_PUSH);
  known_ = CommitSha();  // unknown until the server has answered
  const auto there = exchange.advertised(ref_);
  // Without this check, a push would fast-forward a branch that somebody deliberately reset to an older commit.
  if (!there || sha_of(*there) != onto) {
    return Raced(fmt::format("{} is at {}, expected {}", options_.branch, there ? sha_of(*there).value() : "nothing", onto.value()));
  }
  const std::string refused = exchange.push(fmt::format("{}:{}", push_ref, ref_));
  if (refused.empty()) {
    known_ = tip;
    return Landed();
  }
  if (is_race(refused)) return Raced(with_remarks(refused, exchange.remarks()));
  throw_no(options_.url, options_.branch, refused, exchange.remarks());
}

std::vector<CopyPush> InfraBranch::push_copies() {
  std::vector<CopyPush> copies;
  for (const auto& copy : options_.also_push) {
    std::string words;
    bool diverged = false;
    try {
      Exchange exchange(repository(), copy.url, copy.access);
      exchange.connect(GIT_DIRECTION_PUSH);
      const std::string refused = exchange.push(fmt::format("{}:{}", push_ref, ref_));
      if (!refused.empty()) words = with_remarks(refused, exchange.remarks());
      diverged = is_race(refused);  // a copy loses a race only if it has foreign commits
    } catch (const std::runtime_error& error) {
      words = error.what();  // the repository has the commits, so an unreachable copy does not undo the hand-off
    }
    if (!words.empty()) log_.warn("a copy did not get the hand-off", {{"copy", copy.url}, {"error", words}});
    copies.emplace_back(copy.url, words.empty(), words);
    copies.back().diverged = diverged;
  }
  return copies;
}

std::optional<CommitSha> InfraBranch::other_head(const std::string& branch) {
  return on_mirror([&]() -> std::optional<CommitSha> {
    const std::string ref = "refs/heads/" + branch;
    Exchange exchange(repository(), options_.url, options_.access);
    exchange.connect(GIT_DIRECTION_FETCH);
    const auto there = exchange.advertised(ref);
    if (!there) return std::nullopt;
    if (!has_commit(repository(), sha_of(*there))) exchange.download("+" + ref + ":" + ref);
    set_reference(repository(), ref, *there);
    return sha_of(*there);
  });
}

PushOutcome InfraBranch::propose(const std::string& branch, const std::optional<CommitSha>& there, const CommitSha& onto,
                                 const std::vector<NewCommit>& commits) {
  return on_mirror([&] {
    if (const auto foreign = there ? foreign_commit(repository(), *there, onto, options_.committer) : std::nullopt) {
      throw Refused(fmt::format("the branch {} holds {}, which is not slipway's and would be lost: merge the pull request, or delete the branch", branch, *foreign));
    }
    std::vector<CommitSha> made = add_all(onto, commits);
    PushOutcome outcome = replace("refs/heads/" + branch, there, onto);
    if (auto* landed = std::get_if<Landed>(&outcome)) landed->commits = std::move(made);
    return outcome;
  });
}

/// A forced push with a lease on both branches. A move between this check and the push is detected by the server.
PushOutcome InfraBranch::replace(const std::string& ref, const std::optional<CommitSha>& there, const CommitSha& onto) {
  Exchange exchange(repository(), options_.url, options_.access);
  exchange.connect(GIT_DIRECTION_PUSH);
  const auto sha = [&](const std::string& name) -> std::optional<CommitSha> {
    const auto oid = exchange.advertised(name);
    return oid ? std::optional(sha_of(*oid)) : std::nullopt;
  };
  for (const auto& [name, expected] : {std::pair(ref_, std::optional(onto)), std::pair(ref, there)}) {
    const auto now = sha(name);
    if (now != expected) return Raced(fmt::format("{} is at {}, expected {}", name, now ? now->value() : "nothing", expected ? expected->value() : "nothing"));
  }
  const std::string refused = exchange.push(fmt::format("+{}:{}", push_ref, ref));
  if (refused.empty()) return Landed();
  if (is_race(refused)) return Raced(with_remarks(refused, exchange.remarks()));
  throw_no(options_.url, ref, refused, exchange.remarks());
}

/// Creates the commits, each on top of the previous one, and points `push_ref` at the last.
std::vector<CommitSha> InfraBranch::add_all(const CommitSha& onto, const std::vector<NewCommit>& commits) {
  std::vector<CommitSha> made;
  CommitSha tip = onto;
  for (const auto& commit : commits) made.push_back(tip = add(commit, tip));
  set_reference(repository(), push_ref, oid_of(tip));
  return made;
}

CommitSha InfraBranch::add(const NewCommit& commit, const CommitSha& parent) {
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

}  // namespace slipway::git
