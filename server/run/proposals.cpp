#include "run/proposals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <exception>

#include "edit/edit.hpp"
#include "run/deployed.hpp"
#include "run/draft.hpp"

namespace slipway::run {
namespace {

/// The hand-offs of one application, and the branch they go to.
struct Proposal {
  Proposal() = default;
  explicit Proposal(std::string name) : branch(std::move(name)) {}
  std::string branch;
  std::vector<HandOffItem*> items;
};

std::vector<Proposal> by_branch(std::span<HandOffItem*> batch) {
  std::vector<Proposal> all;
  for (auto* item : batch) {
    const std::string branch = proposal_branch(item->what);
    auto one = std::find_if(all.begin(), all.end(), [&](const Proposal& known) { return known.branch == branch; });
    if (one == all.end()) one = all.emplace(all.end(), branch);
    one->items.push_back(item);
  }
  return all;
}

/// The source commit that a value on the branch stands for: by its tag, or by its digest as named in a hand-off commit there.
Task<std::optional<CommitSha>> named_commit(HandOffTools& tools, Ground& ground, const HandOff& what, const ValuesEdit& edit,
                                            const std::string& value) {
  const std::string digest = digest_in(value);
  if (!tells_tag(edit) && !digest.empty()) co_return co_await ground.source_of(what.run.repository, digest);
  const auto prefix = tells_tag(edit) ? commit_prefix(tag_in(value)) : std::nullopt;
  if (!prefix) co_return std::nullopt;
  co_return co_await tools.sources.find_commit(what.run.repository, *prefix);
}

/// The commit that the branch already proposes for one of the files, if it is still on the source's branch.
Task<std::optional<CommitSha>> proposed_commit(HandOffTools& tools, Ground& ground, const HandOff& what,
                                               const ValuesEdit& edit) {
  const auto bytes = co_await ground.read(edit.file);
  const auto path = edit::Path::parse(edit.path);
  if (!bytes || !path || !names_image(edit)) co_return std::nullopt;
  edit::Options options;
  options.file = edit.file;
  const auto value = edit::read(*bytes, *path, options);
  if (!value || !*value) co_return std::nullopt;
  const auto commit = co_await named_commit(tools, ground, what, edit, **value);
  if (!commit) co_return std::nullopt;
  const bool current = co_await tools.sources.on_branch(what.run.repository, *commit, what.run.ref);
  if (!current) co_return std::nullopt;
  co_return commit;
}

/// The commit that the branch already proposes, if later than the hand-off's.
Task<std::optional<CommitSha>> later_proposed(HandOffTools& tools, Ground& ground, const HandOff& what) {
  for (const auto& edit : what.target.values) {
    const auto commit = co_await proposed_commit(tools, ground, what, edit);
    if (!commit) continue;
    const bool later = co_await tools.sources.is_ancestor(what.run.repository, what.run.commit, *commit);
    if (later) co_return commit;
  }
  co_return std::nullopt;
}

/// Supersedes items whose commit is older than what the branch already proposes; those whose file or source cannot be read fail.
Task<> drop_older(HandOffTools& tools, const CommitSha& tip, const Proposal& proposal) {
  Ground ground(tools, Head(tip, true));
  for (auto* item : proposal.items) {
    if (item->outcome || item->failed || item->what.run.allow_rollback) continue;
    std::optional<CommitSha> later;
    try {
      later = co_await later_proposed(tools, ground, item->what);
    } catch (...) {
      item->failed = std::current_exception();
    }
    if (!later) continue;
    item->outcome = RunOutcome(
        Superseded(fmt::format("{} proposes the later commit {} already", proposal.branch, short_tag(*later))));
  }
}

/// The branch's own commits, oldest first, if they are on top of `head` and result in exactly the wanted files; else none.
Task<std::vector<git::LoggedCommit>> same_already(HandOffTools& tools, const CommitSha& tip, const CommitSha& head,
                                                  const Draft& wanted) {
  auto known = co_await tools.infra.log(tip, wanted.commits.size() + 1);
  std::vector<git::LoggedCommit> none;
  if (known.size() != wanted.commits.size() + 1 || known.back().sha != head) co_return none;
  known.pop_back();
  std::map<std::string, std::string> files;
  for (const auto& commit : wanted.commits) {
    for (const auto& [file, bytes] : commit.files) files[file] = bytes;
  }
  for (const auto& [file, bytes] : files) {
    const auto there = co_await tools.infra.read(tip, file);
    if (there != bytes) co_return none;
  }
  std::reverse(known.begin(), known.end());
  co_return known;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string body_of(const HandoffSettings& settings, const std::vector<std::string>& messages) {
  std::string body = fmt::format(
      "slipway keeps this branch: every hand-off of the application rebuilds it on `{}`. Merging it deploys; commit "
      "nothing to it.\n",
      settings.branch);
  for (const auto& message : messages) body += "\n```\n" + message + (message.ends_with('\n') ? "" : "\n") + "```\n";
  return body;
}

/// Creates or updates the pull request, and sets the items' outcomes.
Task<> ask_for(HandOffTools& tools, const HandoffSettings& settings, const std::string& branch,
               const std::vector<CommitSha>& commits, const std::vector<std::string>& messages,
               const std::vector<HandOffItem*>& writers) {
  std::string title = first_line(messages.back());
  std::string body = body_of(settings, messages);
  const auto request = co_await tools.pulls->ensure(branch, settings.branch, std::move(title), std::move(body));
  const std::string note = fmt::format("pull request #{} proposes it: {}", request.number, request.url);
  for (std::size_t i = 0; i < writers.size(); ++i) {
    writers[i]->log->note(fmt::format("{} on {}; {}", commits[i].value(), branch, note));
    writers[i]->outcome = RunOutcome(HandedOff(commits[i], note));
  }
}

Task<> attempts(HandOffTools& tools, const HandoffSettings& settings, Proposal& proposal) {
  for (int attempt = 1; attempt <= settings.attempts; ++attempt) {
    co_await fetch_sources(tools, proposal.items);
    const CommitSha target = co_await tools.infra.fetch();
    const Head head(target, true);
    const auto tip = co_await tools.infra.other_head(proposal.branch);
    if (tip) co_await drop_older(tools, *tip, proposal);
    Draft made = co_await draft(tools, settings, head, proposal.items);
    if (made.commits.empty()) co_return;
    std::vector<git::LoggedCommit> known;
    if (tip) known = co_await same_already(tools, *tip, target, made);
    std::vector<std::string> messages;
    std::vector<CommitSha> commits;
    for (const auto& commit : known) {
      messages.push_back(commit.message);
      commits.push_back(commit.sha);
    }
    if (commits.empty()) {
      for (const auto& commit : made.commits) messages.push_back(commit.message);
      const auto outcome = co_await tools.infra.propose(proposal.branch, tip, target, made.commits);
      if (const auto* raced = std::get_if<git::Raced>(&outcome)) {
        co_await after_race(tools, settings, attempt, made.writers, raced->words);
        continue;
      }
      commits = std::get<git::Landed>(outcome).commits;
    }
    co_await ask_for(tools, settings, proposal.branch, commits, messages, made.writers);
    co_return;
  }
  exhaust(settings, proposal.branch, proposal.items);
}

}  // namespace

std::string proposal_branch(const HandOff& what) {
  std::string branch = "slipway/";
  for (const char c : what.target.app.empty() ? what.run.template_name.value() : what.target.app) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(byte) != 0 || c == '_' || c == '-';
    branch += plain ? std::string(1, c) : fmt::format("={:02x}", byte);
  }
  return branch;
}

Task<> propose(HandOffTools& tools, const HandoffSettings& settings, std::span<HandOffItem*> batch) {
  for (auto& proposal : by_branch(batch)) {
    std::exception_ptr error;
    try {
      co_await attempts(tools, settings, proposal);
    } catch (...) {
      error = std::current_exception();  // affects only this application's branch
    }
    if (error) fail_all(proposal.items, error);
  }
}

}  // namespace slipway::run
