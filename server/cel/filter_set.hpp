#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "cel/program.hpp"

namespace slipway::cel {

/// Filters that are judged together over one delivery. The verdicts are those of each filter alone; what the filters have in common
/// (which of all prefixes the changed files have, `body.repository.name in […]`) is looked up once. Immutable; threads may share it.
class FilterSet {
 public:
  class Judgement;

  explicit FilterSet(std::vector<Program> filters);
  ~FilterSet();
  FilterSet(FilterSet&&) noexcept;
  FilterSet& operator=(FilterSet&&) noexcept;

  Judgement judge(const Bindings& bindings) const;
  /// The verdicts alone.
  std::vector<Result<bool>> test(const Bindings& bindings) const;
  std::size_t size() const noexcept;
  const Program& filter(std::size_t index) const;

 private:
  struct Plan;
  /// One a filter, a part or a text: a few dozen, of which nothing is kept.
  using Marks = boost::container::small_vector<std::int8_t, 64>;
  std::unique_ptr<const Plan> plan_;
};

/// What the filters of a set, which has to outlive this, say of one delivery.
class FilterSet::Judgement {
 public:
  std::size_t size() const noexcept { return said_.size(); }
  /// As Program::test, of the filter of that place.
  Result<bool> verdict(std::size_t index) const;
  /// As Program::refusal, over the same bindings.
  std::string refusal(std::size_t index, const Bindings& bindings) const;

 private:
  friend class FilterSet;
  explicit Judgement(const Plan& plan) : plan_(&plan) {}

  const Plan* plan_;
  FilterSet::Marks said_;                ///< 1 or 0
  std::map<std::size_t, Error> errors_;  ///< of those that failed
  FilterSet::Marks answers_;             ///< of every filter's parts, one filter after the other
};

}  // namespace slipway::cel
