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

// Options for the daemon's parts, derived from the configuration; shared by `serve` and the commands that access the same
// servers.

/// In shadow mode, runs are kept as long as deliveries, because `shadow-report` compares them.
queue::Options queue_options(const config::Config& config, bool shadow);
schedule::RetryPolicy retry_policy(const Settings& settings);
git::MirrorOptions mirror_options(const Settings& settings, std::shared_ptr<const git::CancelFlag> cancel);
git::PullRequestOptions pull_request_options(const Settings& settings);
git::InfraOptions infra_options(const Settings& settings, std::shared_ptr<const git::CancelFlag> cancel);
build::LocalParts local_parts(const Settings& settings, io::Processes& processes, build::Registry& registry, asio::thread_pool& pool,
                              const io::TimeSource& time, const Log& log);
/// The names of the sections in a reloaded configuration whose changes take effect only after a restart, separated by commas.
std::string left_for_restart(const Settings& running, const Settings& fresh);
/// Throws UsageError naming the file that cannot be read.
http::Secrets open_secrets(const WebhookSettings& settings, const Log& log);

/// The value of the metric slipway_contract_drift: 0 same, 1 differs, -1 unknown.
double drift_value(const run::Drift& drift) noexcept;
/// The value of the metric slipway_mirror_drift, for one configured mirror: 0 same, 1 differs, -1 unknown.
double drift_value(const git::CopyHead& mirror) noexcept;
/// The JSON line of a `run` event in `/api/v1/events`.
std::string run_event(const Run& run, std::string_view state);

}  // namespace slipway::app
