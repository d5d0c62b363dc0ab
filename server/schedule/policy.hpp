#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "model/settings.hpp"
#include "model/template.hpp"

namespace slipway::schedule {

/// A running job's share of the memory budget, in bytes; none for a BestEffort job, which is outside the budget, as with
/// a Kubernetes quota scoped NotBestEffort. BestEffort means no request or limit, of CPU or memory. A memory limit
/// without a request counts as the request; CPU without memory counts as `default_memory`.
std::optional<std::uint64_t> memory_share(const Resources& resources, std::uint64_t default_memory) noexcept;

/// The budget if the configuration sets none: 16Gi or 75 % of the host's memory, whichever is less. Bytes.
std::uint64_t default_budget(std::uint64_t host_memory) noexcept;

/// What the scheduler needs to know about a template.
struct TemplateRules {
  TemplateRules() = default;
  std::optional<std::uint64_t> memory;  ///< memory_share(); none: BestEffort
  int concurrency = 1;
  std::int64_t priority = 0;  ///< higher goes first
  bool delete_on_success = false;
  bool heeds_reverts = true;  ///< `on_manual_revert: hold`
  bool operator==(const TemplateRules&) const = default;
};

/// The configuration as the scheduler sees it. A template missing from it is BestEffort with concurrency 1.
struct Policy {
  Policy() = default;
  std::size_t max_concurrent = 2;
  std::uint64_t memory_budget = 16ull << 30;  ///< bytes; the sum of the shares may equal it
  std::map<TemplateName, TemplateRules> templates;
};

/// Builds a policy from the configuration; `host_memory` in bytes.
Policy make_policy(const QueueSettings& settings, std::span<const Template> templates, std::uint64_t host_memory);

/// One error for each template whose jobs could never start; the configuration is refused then.
std::vector<Error> never_admissible(const Policy& policy);

}  // namespace slipway::schedule
