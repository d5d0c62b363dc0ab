#include "schedule/policy.hpp"

#include <algorithm>
#include <string>

namespace slipway::schedule {

std::optional<std::uint64_t> memory_share(const Resources& resources, std::uint64_t default_memory) noexcept {
  if (resources.memory_request) return resources.memory_request;
  if (resources.memory_limit) return resources.memory_limit;
  if (resources.cpu_request || resources.cpu_limit) return default_memory;
  return std::nullopt;
}

std::uint64_t default_budget(std::uint64_t host_memory) noexcept {
  return std::min<std::uint64_t>(16ull << 30, host_memory / 4 * 3);
}

Policy make_policy(const QueueSettings& settings, std::span<const Template> templates, std::uint64_t host_memory) {
  Policy policy;
  policy.max_concurrent = settings.max_concurrent;
  policy.memory_budget = settings.memory_budget.value_or(default_budget(host_memory));
  for (const Template& one : templates) {
    TemplateRules rules;
    rules.memory = memory_share(one.resources, settings.default_memory);
    rules.concurrency = one.concurrency;
    rules.priority = one.priority;
    rules.delete_on_success = one.delete_on_success;
    rules.heeds_reverts = one.on_manual_revert == OnManualRevert::hold;
    policy.templates[one.name] = rules;
  }
  return policy;
}

std::vector<Error> never_admissible(const Policy& policy) {
  std::vector<Error> errors;
  for (const auto& [name, rules] : policy.templates) {
    if (!rules.memory || *rules.memory <= policy.memory_budget) continue;
    errors.emplace_back("template " + name.value() + " needs " + std::to_string(*rules.memory) +
                        " bytes of memory and the budget is " + std::to_string(policy.memory_budget) +
                        ": it could never start; lower its memory request or raise queue.memory_budget");
  }
  return errors;
}

}  // namespace slipway::schedule
