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

/// What a running job takes of the memory budget, in bytes; none for a BestEffort job, which stands outside the budget as in
/// a Kubernetes quota scoped NotBestEffort. BestEffort means neither request nor limit, of CPU or memory. A memory limit
/// without a request counts as the request; CPU without memory takes `default_memory`.
std::optional<std::uint64_t> memory_share(const Resources& resources, std::uint64_t default_memory) noexcept;

/// The budget where the configuration names none: 16Gi or 75 % of the host's memory, whichever is less.
std::uint64_t default_budget(std::uint64_t host_memory) noexcept;

/// What the scheduler must know of a template.
struct TemplateRules {
  TemplateRules() = default;
  std::optional<std::uint64_t> memory;  ///< memory_share(); none: BestEffort
  int concurrency = 1;
  std::int64_t priority = 0;  ///< higher goes first
  bool delete_on_success = false;
  bool operator==(const TemplateRules&) const = default;
};

/// The configuration as the scheduler sees it. A template that is not in it (any more) is BestEffort with concurrency 1.
struct Policy {
  Policy() = default;
  std::size_t max_concurrent = 2;
  std::uint64_t memory_budget = 16ull << 30;  ///< bytes; the sum of the shares may equal it
  std::map<TemplateName, TemplateRules> templates;
};

/// Puts a policy together; `host_memory` in bytes.
Policy make_policy(const QueueSettings& settings, std::span<const Template> templates, std::uint64_t host_memory);

/// The templates whose jobs could never be started, each with a sentence saying why: refused when the configuration is loaded.
std::vector<Error> never_admissible(const Policy& policy);

}  // namespace slipway::schedule
