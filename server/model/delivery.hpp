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

/// A request as received, before anything in it is trusted. The body is moved in and never copied afterwards.
struct RawDelivery {
  RawDelivery() = default;
  Headers headers;
  std::string body;
  std::string target;  ///< request target: path and query
  Clock::time_point received;
};

/// Author or committer of a commit, as recorded by Git.
struct Person {
  Person() = default;
  Person(std::string who, std::string address) : name(std::move(who)), email(std::move(address)) {}
  std::string name, email;
  bool operator==(const Person&) const = default;
};

/// One commit of a push and the paths it touches, relative to the repository's root, spelled as in Git.
struct ChangedCommit {
  ChangedCommit() = default;
  CommitSha id;
  std::string message;  ///< empty unless requested; filters may look at it
  Person author, committer;  ///< empty unless requested
  std::vector<std::string> added, removed, modified;
  bool operator==(const ChangedCommit&) const = default;
};

/// A change of one branch: `ref` went from `before` to `after`. `commits` is newest first and may be incomplete: Gitea
/// sends at most the newest five (its setting FEED_MAX_COMMIT_NUM); `total_commits` is Gitea's own count.
struct Push {
  Push() = default;
  RepoName repository;
  std::string ref;
  CommitSha before, after;
  std::int64_t total_commits = 0;
  std::vector<ChangedCommit> commits;
  bool exact = false;  ///< exactly what the payload says: none of its lists was null or missing
};

/// Equal only for equal bodies. A hash of the body's HMAC, not of the body (trigger::SignedDelivery::fingerprint).
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

/// A trigger that did not fire for a delivery, and a human-readable reason.
struct Skip {
  Skip() = default;
  Skip(std::string trigger_name, std::string why, bool is_error = false)
      : trigger(std::move(trigger_name)), reason(std::move(why)), error(is_error) {}
  std::string trigger;
  std::string reason;
  bool error = false;  ///< the filter failed to evaluate, as opposed to not matching
  bool operator==(const Skip&) const = default;
};

/// Parameter name → value, as produced by bindings and consumed by templates.
using Parameters = std::map<std::string, std::string, std::less<>>;

/// A trigger that fired: the run to create.
struct RunRequest {
  RunRequest() = default;
  TemplateName template_name;
  std::string trigger;
  Parameters parameters;
  bool only_when_completed = false;  ///< the payload's incomplete commit list alone would not have triggered it
  bool operator==(const RunRequest&) const = default;
};

/// What a delivery means under the current configuration.
struct Verdict {
  Verdict() = default;
  std::vector<RunRequest> runs;
  std::vector<Skip> skipped;
  bool pending = false;  ///< the payload's commit list is incomplete: judge again once it is completed from Git
  bool watched = true;   ///< some trigger watches the repository
};

}  // namespace slipway
