#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "build/local/job.hpp"
#include "config/load.hpp"
#include "git/infra_remote.hpp"
#include "git/mirrors.hpp"
#include "git/pull_requests.hpp"
#include "http/secrets.hpp"
#include "queue/open.hpp"
#include "run/drift.hpp"
#include "schedule/retry.hpp"

namespace slipway::app {

// From the configuration to what each part of the daemon is made with; shared by `serve` and the commands that look at the same
// outside.

/// In shadow what was decided stays as long as the deliveries: it is what `shadow-report` compares.
queue::Options queue_options(const config::Config& config, bool shadow);
schedule::RetryPolicy retry_policy(const Settings& settings);
git::MirrorOptions mirror_options(const Settings& settings, std::shared_ptr<const git::CancelFlag> cancel);
git::PullRequestOptions pull_request_options(const Settings& settings);
git::InfraOptions infra_options(const Settings& settings, std::shared_ptr<const git::CancelFlag> cancel);
build::LocalParts local_parts(const Settings& settings, io::Processes& processes, build::Registry& registry, asio::thread_pool& pool,
                              const io::TimeSource& time, const Log& log);
/// The sections of a reloaded configuration that differ from the running one and count from the next start only; as text.
std::string left_for_restart(const Settings& running, const Settings& fresh);
/// Throws UsageError naming the file that can not be read.
http::Secrets open_secrets(const WebhookSettings& settings, const Log& log);

/// 0 the same, 1 differs, -1 unknown: the metric slipway_contract_drift.
double drift_value(const run::Drift& drift) noexcept;
/// The same of a declared mirror, by its head: the metric slipway_mirror_drift.
double drift_value(const git::CopyHead& mirror) noexcept;
/// A line of `/api/v1/events`.
std::string run_event(const Run& run, std::string_view state);

}  // namespace slipway::app
