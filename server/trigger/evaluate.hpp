#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cel/filter_set.hpp"
#include "config/catalogue.hpp"
#include "trigger/event.hpp"

namespace slipway::trigger {

/// What one trigger makes of one event.
struct Outcome {
  enum class Kind { matched, not_matched, error };
  Outcome() = default;
  Outcome(Kind what, std::string why) : kind(what), reason(std::move(why)) {}
  bool matched() const noexcept { return kind == Kind::matched; }
  Kind kind = Kind::matched;
  std::string reason;     ///< of the other two
  Parameters parameters;  ///< of the run, where it matched
};

/// Why a push to this repository is none of the trigger's business, or nothing where it is.
std::optional<std::string> repository_reason(const config::Trigger& trigger, const RepoName& repository);

/// What is known beforehand of a trigger's filters: for each step its place in the judgement, or none.
struct KnownFilters {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  const cel::FilterSet::Judgement& judgement;
  const std::vector<std::size_t>& places;
};

/// Paths, then the chain in order, then the bindings. The repository was looked at before. A filter that fails to
/// evaluate, an overlay that has no value, a parameter that can not be bound: an error, which is not the same as "did
/// not match".
Outcome evaluate(const config::Catalogue& catalogue, const config::Trigger& trigger, const Event& event,
                 const KnownFilters* known = nullptr);

}  // namespace slipway::trigger
