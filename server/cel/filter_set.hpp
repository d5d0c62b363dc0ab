#pragma once

#include <memory>
#include <vector>

#include "cel/program.hpp"

namespace slipway::cel {

/// Filters that are judged together over one delivery. The verdicts are those of each filter alone; what the filters have in common
/// (which of all prefixes the changed files have) is looked up once. Immutable; threads may share it.
class FilterSet {
 public:
  explicit FilterSet(std::vector<Program> filters);
  ~FilterSet();
  FilterSet(FilterSet&&) noexcept;
  FilterSet& operator=(FilterSet&&) noexcept;

  /// One verdict a filter, in the order given: as Program::test.
  std::vector<Result<bool>> test(const Bindings& bindings) const;
  std::size_t size() const noexcept;
  const Program& filter(std::size_t index) const;

 private:
  struct Plan;
  std::unique_ptr<const Plan> plan_;
};

}  // namespace slipway::cel
