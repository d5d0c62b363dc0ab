#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "cel/program.hpp"

namespace slipway::cel {

/// Filters evaluated together over one delivery. The verdicts equal those of each filter alone; what the filters share
/// (which prefixes the changed files have, `body.repository.name in […]`) is computed once. Immutable, thread-safe.
class FilterSet {
 public:
  class Judgement;

  explicit FilterSet(std::vector<Program> filters);
  ~FilterSet();
  FilterSet(FilterSet&&) noexcept;
  FilterSet& operator=(FilterSet&&) noexcept;

  Judgement judge(const Bindings& bindings) const;
  /// Only the verdicts.
  std::vector<Result<bool>> test(const Bindings& bindings) const;
  std::size_t size() const noexcept;
  const Program& filter(std::size_t index) const;

 private:
  struct Plan;
  /// One per filter, part or text: a few dozen short-lived flags.
  using Marks = boost::container::small_vector<std::int8_t, 64>;
  std::unique_ptr<const Plan> plan_;
};

/// The results of a set's filters for one delivery. The set must outlive it.
class FilterSet::Judgement {
 public:
  std::size_t size() const noexcept { return said_.size(); }
  /// Same as Program::test of the filter at that index.
  Result<bool> verdict(std::size_t index) const;
  /// Same as Program::refusal of that filter; requires the bindings given to judge().
  std::string refusal(std::size_t index, const Bindings& bindings) const;

 private:
  friend class FilterSet;
  explicit Judgement(const Plan& plan) : plan_(&plan) {}

  const Plan* plan_;
  FilterSet::Marks said_;                ///< 1 or 0
  std::map<std::size_t, Error> errors_;  ///< of the filters that failed to evaluate
  FilterSet::Marks answers_;             ///< of every filter's parts, concatenated
};

}  // namespace slipway::cel
