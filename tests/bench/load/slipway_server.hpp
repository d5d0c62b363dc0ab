#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <fmt/format.h>
#include <stdexcept>
#include <string>

#include "bench/load/child_server.hpp"
#include "config/load.hpp"
#include "http/receiver.hpp"
#include "http/server.hpp"
#include "io/resident.hpp"
#include "io/time.hpp"
#include "queue/open.hpp"
#include "schedule/policy.hpp"
#include "trigger/match.hpp"

namespace slipway::bench {

/// Twenty triggers on one repository, as a monorepo of services has them: each looks for files of its own service. With
/// `matches` the first service is one that the captured push changes; the others, or all, are not.
inline std::string twenty_triggers(const std::filesystem::path& secret, bool matches) {
  std::string text = fmt::format(R"(webhook: {{secret_files: ["{}"]}}
git: {{base_url: "http://127.0.0.1:1", complete_commits: false}}
registry: {{host: "127.0.0.1:1", insecure: true}}
handoff: {{repository: "http://127.0.0.1:1/org/infra.git", insecure: true}}
pipelines:
  - name: p
    stages: [{{build: {{image: apps/$(APP)}}}}, {{handoff: {{values: [{{file: $(APP).yaml, path: image.tag}}]}}}}]
)", secret.string());
  std::string triggers = "triggers:\n", templates = "templates:\n";
  for (int i = 0; i < 20; ++i) {
    const std::string service = matches && i == 0 ? "core/academy-svc" : fmt::format("other-{}", i);
    triggers += fmt::format("  - {{name: t{0}, template: b{0}, filter: \"body.repository.name in ['lumie-backend'] && "
                            "body.commits.exists(c, c.added.exists(f, f.startsWith('services/{1}/')) || "
                            "c.modified.exists(f, f.startsWith('services/{1}/')))\"}}\n", i, service);
    templates += fmt::format("  - {{name: b{0}, pipeline: p, repository: Lumie-Edu/lumie-backend, app: a{0}}}\n", i);
  }
  return text + triggers + templates;
}

/// The receiver as the daemon has it, with its durable queue; nothing takes runs from it.
inline void serve_slipway(const ChildServer::Tell& tell, const std::filesystem::path& directory, const std::filesystem::path& secret,
                          bool matches) {
  io::return_large_blocks();
  const auto loaded = config::load_text(twenty_triggers(secret, matches), directory / "slipway.yaml", config::LoadOptions(true));
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) throw std::runtime_error(config::text(*errors));
  const auto& configuration = std::get<config::Config>(loaded);
  Settings settings = configuration.settings;
  settings.webhook.listen = Endpoint("127.0.0.1", 0);
  const trigger::Matcher matcher(configuration.catalogue);
  asio::io_context loop(1);
  asio::thread_pool pool(1);
  io::SystemTime time;
  const Log log = Log::to_stderr(LogFormat::text, LogLevel::warn);
  slipway::http::Metrics metrics;
  queue::Options options;
  options.policy = schedule::make_policy(settings.queue, configuration.catalogue->templates(), 16ull << 30);
  options.complete_commits = false;
  const auto opened = queue::open_sqlite(directory, options, loop.get_executor(), time, log);
  auto secrets = slipway::http::Secrets::open(settings.webhook.secret_files, log);
  if (!secrets) throw std::runtime_error(secrets.error().what());
  const slipway::http::Judge judge = [&](const Delivery& delivery) { return matcher.judge(delivery); };
  const slipway::trigger::Watched watched = [&](const RepoName& repository) { return matcher.watches(repository); };
  slipway::http::Receiver receiver(settings.webhook, std::move(*secrets), judge, watched, *opened.queue, pool, metrics, log);
  slipway::http::Server server(loop.get_executor(), settings.webhook.listen, slipway::http::webhook_limits(settings.webhook), receiver, log);
  server.start();
  tell(server.port());
  loop.run();
}

}  // namespace slipway::bench
