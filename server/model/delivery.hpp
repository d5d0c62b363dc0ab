#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/headers.hpp"
#include "base/hmac.hpp"
#include "base/id.hpp"

namespace slipway {

using Clock = std::chrono::system_clock;

/// What arrived on the wire, before anything in it is believed. The body is moved in and never copied afterwards.
struct RawDelivery {
  RawDelivery() = default;
  Headers headers;
  std::string body;
  std::string target;  ///< request target: path and query
  Clock::time_point received;
};

/// Who wrote or made a commit, as Git has it.
struct Person {
  Person() = default;
  Person(std::string who, std::string address) : name(std::move(who)), email(std::move(address)) {}
  std::string name, email;
  bool operator==(const Person&) const = default;
};

/// One commit of a push with the paths it touches, relative to the repository's root, as Git names them.
struct ChangedCommit {
  ChangedCommit() = default;
  CommitSha id;
  std::string message;  ///< empty where it was not asked for; filters may look at it
  Person author, committer;  ///< empty where they were not asked for
  std::vector<std::string> added, removed, modified;
  bool operator==(const ChangedCommit&) const = default;
};

/// A change of one branch: `ref` went from `before` to `after`. `commits` is newest first and may be incomplete: Gitea sends
/// at most the newest five (shared/deliveries: FEED_MAX_COMMIT_NUM); `total_commits` is its own count.
struct Push {
  Push() = default;
  RepoName repository;
  std::string ref;
  CommitSha before, after;
  std::int64_t total_commits = 0;
  std::vector<ChangedCommit> commits;
  bool exact = false;  ///< this is literally what the payload says: no list of it was null or missing
};

/// What only the same body has: a hash, but not the body's own (trigger::SignedDelivery::fingerprint).
using Fingerprint = Sha256Digest;

/// Where a delivery came from.
enum class Source { webhook, reconcile };

/// A verified and parsed push. `body` is the JSON text that the signature covers (for a `form` hook the decoded `payload`).
struct Delivery {
  Delivery() = default;
  DeliveryId id;
  Push push;
  Source source = Source::webhook;
  Headers headers;
  std::string target;
  Fingerprint fingerprint{};
  std::shared_ptr<const std::string> body;
  Clock::time_point received;
};

/// A trigger that did not fire for a delivery, and why in words for a person.
struct Skip {
  Skip() = default;
  Skip(std::string trigger_name, std::string why, bool is_error = false)
      : trigger(std::move(trigger_name)), reason(std::move(why)), error(is_error) {}
  std::string trigger;
  std::string reason;
  bool error = false;  ///< its filter failed to evaluate, which is not the same as "did not match"
  bool operator==(const Skip&) const = default;
};

/// Parameter name to value, as bindings produce and templates consume them.
using Parameters = std::map<std::string, std::string, std::less<>>;

/// A trigger that fired: the run that is to be made.
struct RunRequest {
  RunRequest() = default;
  TemplateName template_name;
  std::string trigger;
  Parameters parameters;
  bool only_when_completed = false;  ///< the payload alone would have missed this
  bool operator==(const RunRequest&) const = default;
};

/// What a delivery means under the present configuration.
struct Verdict {
  Verdict() = default;
  std::vector<RunRequest> runs;
  std::vector<Skip> skipped;
  bool pending = false;  ///< the payload's commit list is incomplete: to be judged again when completed from Git
};

}  // namespace slipway
