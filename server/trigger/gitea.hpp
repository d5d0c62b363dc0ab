#pragma once

#include <functional>
#include <string>
#include <variant>

#include "base/result.hpp"
#include "model/delivery.hpp"
#include "trigger/verify.hpp"

namespace slipway::trigger {

/// A delivery that is right as it is and asks for nothing: answered 200 with the reason.
struct Ignored {
  Ignored() = default;
  Ignored(DeliveryId delivery, std::string why) : id(std::move(delivery)), reason(std::move(why)) {}
  DeliveryId id;
  std::string reason;  ///< one sentence for the person who looks at Gitea's delivery page
  bool test = false;   ///< Gitea's "Test delivery"
  RepoName repository;  ///< of a test delivery
};

/// Whether any trigger looks at a repository (Matcher::watches).
using Watched = std::function<bool(const RepoName&)>;

/// The reason to tell: of a test delivery for a repository that no trigger looks at, that its hook would never build anything.
std::string reason_of(const Ignored& ignored, const Watched& watched);

/// The only branch that builds.
inline constexpr const char* watched_ref = "refs/heads/main";

/// Reads Gitea's delivery: the event from its header, then of the body only what a push is made of, in one validating
/// pass without a document tree; the body's bytes are moved, not copied. `Ignored` for other events, other refs (tags,
/// other branches), deletions and test deliveries; an error for anything that is not JSON of the right shape: invalid
/// UTF-8, nesting above 200, ids that are no commit ids, a repository name with anything but letters, digits, `-`, `_`,
/// `.`.
Result<std::variant<Delivery, Ignored>> parse(SignedDelivery delivery);

/// The id that Gitea gave, or, where there is none that is fit for a log line, one made from the body's fingerprint.
DeliveryId delivery_id(const Headers& headers, const Fingerprint& fingerprint);

/// `organisation/name` as Gitea allows them; nothing that could mean something to a path, an address or a shell.
bool is_repository_name(const std::string& full_name) noexcept;

}  // namespace slipway::trigger
