#include "run/drift_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/failure.hpp"

namespace slipway::run {
namespace {

constexpr std::size_t files_max = 5000;            ///< YAML files of the infra repository searched for Applications
constexpr std::size_t application_bytes_max = 1u << 20;
constexpr std::size_t run_files_max = 1000;
constexpr auto compare_again = std::chrono::minutes(10);

bool is_url(const std::string& place) { return place.starts_with("http://") || place.starts_with("https://"); }

void append(std::vector<Application>& all, std::vector<Application> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::string file_text(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw Refused(fmt::format("the Argo CD Application {} cannot be read", file));
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  text.resize(std::min(text.size(), application_bytes_max));
  return text;
}

Drift unknown(const std::string& why) {
  Drift drift;
  drift.findings.push_back(why);
  return drift;
}

}  // namespace

Task<std::vector<Application>> DriftWatch::applications(const HandoffSettings& settings) {
  std::vector<Application> all;
  for (const auto& place : settings.applications) {
    if (!is_url(place)) {
      append(all, parse_applications(file_text(place), place));
      continue;
    }
    auto url = io::parse_url(place);
    if (!url) throw Refused(fmt::format("drift.applications: {}: {}", place, url.error().what()));
    io::HttpRequest request("GET", *std::move(url));
    request.max_body = application_bytes_max;
    const auto answer = co_await http_.send(std::move(request));
    if (!answer.ok()) throw Unavailable(fmt::format("{} answered {}", place, answer.status));
    append(all, parse_applications(answer.body, place));
  }
  if (!settings.applications.empty()) co_return all;
  const CommitSha head = co_await infra_.fetch();
  const auto files = co_await infra_.find_text(head, "argoproj.io/", files_max, application_bytes_max);
  for (const auto& [file, text] : files) append(all, parse_applications(text, file + " in the infra repository"));
  co_return all;
}

Task<> DriftWatch::look(HandoffSettings settings, std::vector<std::string> values_files) {
  std::string trouble;
  files_ = std::move(values_files);
  try {
    PushTarget target;
    target.url = settings.repository_url;
    for (const auto& mirror : settings.also_push) target.mirrors.push_back(mirror.url);
    target.branch = settings.branch;
    auto found = co_await applications(settings);
    target.default_branch = co_await infra_.default_branch();
    mirrors_ = co_await infra_.copy_heads();
    target_ = std::move(target);
    found_ = std::move(found);
    known_ = judged(settings);
  } catch (const Unavailable& error) {
    trouble = error.what();
  } catch (const Refused& error) {
    trouble = error.what();
  }
  contract_ = known_;
  possible_ = trouble.empty();
  if (!trouble.empty()) {
    const std::string finding = "the comparison was not possible: " + trouble;
    // A known difference stands until a comparison says otherwise.
    if (known_.state == DriftState::differs) contract_.findings.push_back(finding);
    else contract_ = unknown(finding);
  }
  looked_ = true;
  say(with_mirrors(contract_, mirrors_));
}

Drift DriftWatch::judged(const HandoffSettings& settings) const {
  std::set<std::string> all(files_.begin(), files_.end());
  all.insert(run_files_.begin(), run_files_.end());
  const std::vector<std::string> files(all.begin(), all.end());
  return compare(target_, files, found_, settings.same_addresses);
}

void DriftWatch::add_files(const HandoffSettings& settings, const std::vector<std::string>& files) {
  bool is_news = false;
  for (const auto& file : files) {
    const bool known = std::find(files_.begin(), files_.end(), file) != files_.end() || run_files_.size() >= run_files_max;
    is_news = (!known && run_files_.insert(file).second) || is_news;
  }
  if (!is_news || !possible_) return;
  known_ = contract_ = judged(settings);
  say(with_mirrors(contract_, mirrors_));
}

void DriftWatch::pushed(const CommitSha& commit, const std::vector<git::CopyPush>& copies) {
  if (copies.empty()) return;
  mirrors_.resize(copies.size());
  for (std::size_t i = 0; i < copies.size(); ++i) {
    auto& mirror = mirrors_[i];
    mirror.url = copies[i].url;
    mirror.origin = commit;
    if (copies[i].has_commits) mirror.head = commit;
    mirror.state = copies[i].has_commits ? git::CopyState::same : copies[i].diverged ? git::CopyState::diverged : git::CopyState::behind;
    mirror.trouble = copies[i].words;
  }
  say(with_mirrors(contract_, mirrors_));
}

/// Logs findings only when they change: every hand-off repeats them anyway.
void DriftWatch::say(Drift seen) {
  const bool known = seen.state == current_.state && seen.findings == current_.findings;
  current_ = std::move(seen);
  if (known) return;
  for (const auto& finding : current_.findings) {
    if (current_.state == DriftState::differs) log_.warn("contract drift", {{"finding", finding}});
    else log_.info("contract drift is unknown", {{"finding", finding}});
  }
  if (current_.state == DriftState::same) log_.info("Argo CD reads what hand-offs are pushed to", {});
}

Task<> DriftWatch::serve(HandoffSettings settings, std::function<std::vector<std::string>()> values_files) {
  while (true) {
    auto files = values_files();
    co_await look(settings, std::move(files));
    co_await time_.sleep_for(compare_again);
  }
}

std::vector<std::string> DriftWatch::differences() const {
  return current_.state == DriftState::differs ? current_.findings : std::vector<std::string>();
}

std::vector<std::string> DriftWatch::contract_differences() const {
  return contract_.state == DriftState::differs ? contract_.findings : std::vector<std::string>();
}

std::optional<std::string> DriftWatch::blocks(const HandoffSettings& settings) const {
  if (settings.drift != DriftReaction::block) return std::nullopt;
  const bool lost = std::any_of(mirrors_.begin(), mirrors_.end(), [](const git::CopyHead& mirror) { return mirror.state == git::CopyState::diverged; });
  if (contract_.state != DriftState::differs && !lost) return std::nullopt;
  return fmt::format("contract drift, and the configuration says drift: block: {}", fmt::join(current_.findings, "; "));
}

}  // namespace slipway::run
