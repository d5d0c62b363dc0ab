#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cel/filter_set.hpp"
#include "config/catalogue.hpp"
#include "trigger/event.hpp"

namespace slipway::trigger {

/// One trigger's decision on one event.
struct Outcome {
  enum class Kind { matched, not_matched, error };
  Outcome() = default;
  Outcome(Kind what, std::string why) : kind(what), reason(std::move(why)) {}
  bool matched() const noexcept { return kind == Kind::matched; }
  Kind kind = Kind::matched;
  std::string reason;     ///< for the other two
  Parameters parameters;  ///< of the run, if matched
};

/// Why the trigger ignores pushes to this repository; nullopt if it does not.
std::optional<std::string> repository_reason(const config::Trigger& trigger, const RepoName& repository);

/// Filter results known in advance: for each step its index in the judgement, or `none`.
struct KnownFilters {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  const cel::FilterSet::Judgement& judgement;
  const std::vector<std::size_t>& places;
};

/// Checks paths, then the interceptor chain in order, then resolves the bindings; the repository is checked beforehand.
/// A filter that fails to evaluate, an overlay without a value and a parameter that cannot be bound are errors, as
/// opposed to "did not match".
Outcome evaluate(const config::Catalogue& catalogue, const config::Trigger& trigger, const Event& event,
                 const KnownFilters* known = nullptr);

}  // namespace slipway::trigger
