#include "trigger/gitea.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>

#include "base/hex.hpp"
#include "base/text.hpp"
#include "trigger/json_scan.hpp"

namespace slipway::trigger {
namespace {

/// The members of the payload that make up a push. Of duplicate members the last wins, as in Go.
struct Payload {
  std::optional<std::string> ref, before, after, repository, repository_name;
  std::optional<std::int64_t> total_commits;
  std::vector<ChangedCommit> commits;
  bool commits_are_null = true;
  bool lists_are_null = true;   ///< every commit's file lists are null, as in a test delivery
  bool lists_are_there = true;  ///< none of them is null or missing
};

bool read(JsonScan& in, std::optional<std::string>& value) {
  return in.string(value.emplace());
}

constexpr std::size_t usual_files = 4;

/// Which of a commit's file lists are present.
struct Lists {
  bool added = false, removed = false, modified = false;
  bool all() const noexcept { return added && removed && modified; }
  bool any() const noexcept { return added || removed || modified; }
};

bool read_files(JsonScan& in, std::vector<std::string>& files, bool& there) {
  files.clear();
  there = in.peek() != JsonScan::Kind::null;
  if (!there) return in.skip();
  if (!in.enter_array()) return false;
  while (in.next_element()) {
    if (files.empty()) files.reserve(usual_files);
    if (!in.string(files.emplace_back())) return false;
  }
  return !in.failed();
}

bool read_commit(JsonScan& in, ChangedCommit& commit, Payload& payload) {
  if (!in.enter_object()) return false;
  std::string id;
  Lists lists;
  for (std::string_view key; in.next_member(key);) {
    bool good = true;
    if (key == "id") {
      good = in.string(id);
    } else if (key == "added") {
      good = read_files(in, commit.added, lists.added);
    } else if (key == "removed") {
      good = read_files(in, commit.removed, lists.removed);
    } else if (key == "modified") {
      good = read_files(in, commit.modified, lists.modified);
    } else {
      good = in.skip();
    }
    if (!good) return false;
  }
  if (in.failed()) return false;
  if (!is_commit_sha(id)) return in.fail("a commit without an id of 40 hex digits");
  commit.id = CommitSha(std::move(id));
  payload.lists_are_null = payload.lists_are_null && !lists.any();
  payload.lists_are_there = payload.lists_are_there && lists.all();
  return true;
}

bool read_commits(JsonScan& in, Payload& payload) {
  payload.commits.clear();
  payload.lists_are_null = payload.lists_are_there = true;
  payload.commits_are_null = in.peek() == JsonScan::Kind::null;
  if (payload.commits_are_null) return in.skip();
  if (!in.enter_array()) return false;
  while (in.next_element()) {
    if (!read_commit(in, payload.commits.emplace_back(), payload)) return false;
  }
  return !in.failed();
}

bool read_repository(JsonScan& in, Payload& payload) {
  if (!in.enter_object()) return false;
  payload.repository.reset();
  payload.repository_name.reset();
  for (std::string_view key; in.next_member(key);) {
    bool good = true;
    if (key == "full_name") {
      good = read(in, payload.repository);
    } else if (key == "name" && in.peek() == JsonScan::Kind::string) {
      good = read(in, payload.repository_name);
    } else {
      good = in.skip();
    }
    if (!good) return false;
  }
  return !in.failed();
}

bool read_member(JsonScan& in, std::string_view key, Payload& payload) {
  if (key == "ref") return read(in, payload.ref);
  if (key == "before") return read(in, payload.before);
  if (key == "after") return read(in, payload.after);
  if (key == "commits") return read_commits(in, payload);
  if (key == "repository") return read_repository(in, payload);
  if (key == "total_commits") return in.integer(payload.total_commits.emplace());
  return in.skip();
}

Result<Payload> read_payload(std::string_view body) {
  JsonScan in(body);
  Payload payload;
  std::string_view member;
  if (in.enter_object()) {
    for (std::string_view key; in.next_member(key);) {
      member = key;
      if (!read_member(in, key, payload)) break;
      member = {};
    }
    in.finish();
  }
  if (!in.failed()) return payload;
  if (member.empty()) return Error("the body is no JSON object: " + in.error().what());
  return Error(fmt::format("the body's `{}` cannot be read: {}", printable(member, 40), in.error().what()));
}

/// What is wrong with a payload that is well-formed JSON; nullopt if nothing.
std::optional<std::string> wrong_shape(const Payload& payload) {
  if (!payload.ref) return "the body has no `ref`";
  for (const auto& [name, value] : {std::pair("before", &payload.before), std::pair("after", &payload.after)}) {
    if (!*value) return fmt::format("the body has no `{}`", name);
    if (!is_commit_sha(**value))
      return fmt::format("`{}` is '{}', not a commit id of 40 hex digits", name, printable(**value, 60));
  }
  if (!payload.repository) return "the body has no `repository.full_name`";
  if (!is_repository_name(*payload.repository)) {
    return fmt::format("`repository.full_name` is '{}', which cannot be a repository's name",
                       printable(*payload.repository, 100));
  }
  return std::nullopt;
}

std::string branch_reason(const std::string& ref) {
  const std::string shown = printable(ref, 120);
  if (ref.starts_with("refs/tags/"))
    return fmt::format("'{}' is a tag: only pushes to the branch {} build", shown, watched_ref);
  const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
  const std::string_view main = watched_ref;
  if (std::equal(ref.begin(), ref.end(), main.begin(), main.end(), same)) {
    return fmt::format("'{}' is not {}: branch names are case-sensitive", shown, watched_ref);
  }
  return fmt::format("'{}' is not {}: only pushes to that branch build", shown, watched_ref);
}

/// Why a well-formed push triggers nothing; empty if it may. Sets `test` for a test delivery.
std::string idle_reason(const Payload& payload, bool& test) {
  if (*payload.before == *payload.after && payload.lists_are_null) {
    test = true;
    return fmt::format(
        "test delivery: the hook of {} is set up rightly, its signature is valid; nothing was pushed, so nothing is "
        "built",
        *payload.repository);
  }
  if (payload.ref != watched_ref) return branch_reason(*payload.ref);
  if (is_zero_sha(CommitSha(*payload.after))) return "the branch was deleted: nothing to build";
  if (*payload.before == *payload.after) return "before and after are the same commit: nothing was pushed";
  return {};
}

Push push_of(Payload& payload) {
  Push push;
  const std::string_view name = std::string_view(*payload.repository).substr(payload.repository->find('/') + 1);
  push.exact =
      !payload.commits_are_null && payload.lists_are_there && payload.total_commits && payload.repository_name == name;
  push.repository = RepoName(std::move(*payload.repository));
  push.ref = std::move(*payload.ref);
  push.before = CommitSha(std::move(*payload.before));
  push.after = CommitSha(std::move(*payload.after));
  push.total_commits = payload.total_commits.value_or(static_cast<std::int64_t>(payload.commits.size()));
  push.commits = std::move(payload.commits);
  return push;
}

/// Empty for `push`, otherwise why the event is ignored.
std::string event_reason(const Headers& headers) {
  bool said = false;
  for (const auto& [name, value] : headers) {
    if (name != "X-Gitea-Event") continue;
    if (value != "push")
      return fmt::format("event '{}' is not looked at: only push events build", printable(value, 60));
    said = true;
  }
  return said ? "" : "there is no X-Gitea-Event header: only Gitea's push events build";
}

}  // namespace

bool is_repository_name(const std::string& full_name) noexcept {
  const auto slash = full_name.find('/');
  if (slash == std::string::npos) return false;
  const auto good = [](std::string_view part) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return !part.empty() && part.size() <= 100 && part.find_first_not_of(allowed) == std::string_view::npos &&
           part != "." && part.find("..") == std::string_view::npos && part.front() != '-' && !part.ends_with(".git");
  };
  const std::string_view name = full_name;
  return good(name.substr(0, slash)) && good(name.substr(slash + 1));
}

DeliveryId delivery_id(const Headers& headers, const Fingerprint& fingerprint) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:";
  const auto ids = headers.values("X-Gitea-Delivery");
  if (ids.size() == 1) {
    const std::string_view id = ids.front();
    if (!id.empty() && id.size() <= 128 && id.find_first_not_of(allowed) == std::string_view::npos)
      return DeliveryId(std::string(id));
  }
  return DeliveryId("body-" + to_hex(std::span(fingerprint).first(16)));
}

std::string reason_of(const Ignored& ignored, const Watched& watched) {
  if (!ignored.test || watched(ignored.repository)) return ignored.reason;
  return fmt::format(
      "test delivery: its signature is valid, but no trigger looks at {}: its pushes will build nothing. Is the name "
      "spelt as in the configuration?",
      ignored.repository.value());
}

Result<std::variant<Delivery, Ignored>> parse(SignedDelivery signed_delivery) {
  using Parsed = std::variant<Delivery, Ignored>;
  const Fingerprint fingerprint = signed_delivery.fingerprint();
  RawDelivery raw = std::move(signed_delivery).take();
  DeliveryId id = delivery_id(raw.headers, fingerprint);
  if (auto reason = event_reason(raw.headers); !reason.empty()) return Parsed(Ignored(std::move(id), std::move(reason)));

  auto payload = read_payload(raw.body);
  if (!payload) return payload.error();
  if (const auto wrong = wrong_shape(*payload)) return Error(*wrong);
  bool test = false;
  if (auto reason = idle_reason(*payload, test); !reason.empty()) {
    Ignored ignored(std::move(id), std::move(reason));
    ignored.test = test;
    if (test) ignored.repository = RepoName(*payload->repository);
    return Parsed(std::move(ignored));
  }

  Delivery delivery;
  delivery.id = std::move(id);
  delivery.push = push_of(*payload);
  delivery.headers = std::move(raw.headers);
  delivery.target = std::move(raw.target);
  delivery.fingerprint = fingerprint;
  delivery.body = std::make_shared<const std::string>(std::move(raw.body));
  delivery.received = raw.received;
  return Parsed(std::move(delivery));
}

}  // namespace slipway::trigger
