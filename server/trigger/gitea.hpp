#pragma once

#include <functional>
#include <string>
#include <variant>

#include "base/result.hpp"
#include "model/delivery.hpp"
#include "trigger/verify.hpp"

namespace slipway::trigger {

/// A valid delivery that asks for nothing: answered 200 with the reason.
struct Ignored {
  Ignored() = default;
  Ignored(DeliveryId delivery, std::string why) : id(std::move(delivery)), reason(std::move(why)) {}
  DeliveryId id;
  std::string reason;  ///< one sentence, for a person reading Gitea's delivery page
  bool test = false;   ///< Gitea's "Test delivery"
  RepoName repository;  ///< set for a test delivery
};

/// Whether any trigger watches a repository (Matcher::watches).
using Watched = std::function<bool(const RepoName&)>;

/// The reason to answer with. A test delivery for a repository that no trigger watches is told that its hook would
/// never build anything.
std::string reason_of(const Ignored& ignored, const Watched& watched);

/// The only branch that builds.
inline constexpr const char* watched_ref = "refs/heads/main";

/// Parses Gitea's delivery: the event from its header, then the members of the body that make up a push, in one
/// validating pass without a document tree; the body is moved, not copied. `Ignored` for other events, other refs
/// (tags, other branches), deletions and test deliveries; an error for anything that is not JSON of the right shape:
/// invalid UTF-8, nesting deeper than 200, ids that are not commit ids, a repository name with characters other than
/// letters, digits, `-`, `_`, `.`.
Result<std::variant<Delivery, Ignored>> parse(SignedDelivery delivery);

/// Gitea's delivery id; if it is missing or unfit for a log line, one derived from the body's fingerprint.
DeliveryId delivery_id(const Headers& headers, const Fingerprint& fingerprint);

/// True for `organisation/name` as Gitea allows it, with nothing special to a path, a URL or a shell.
bool is_repository_name(const std::string& full_name) noexcept;

}  // namespace slipway::trigger
