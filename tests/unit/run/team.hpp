#pragma once

#include <catch2/catch.hpp>

#include <boost/asio/thread_pool.hpp>

#include "config/load.hpp"
#include "io/task_group.hpp"
#include "queue/open.hpp"
#include "support/fake_git.hpp"
#include "support/manual_time.hpp"
#include "support/run_coroutine.hpp"
#include "support/tmp_dir.hpp"
#include "trigger/match.hpp"

namespace slipway::test {

using Templates = std::vector<std::pair<std::string, std::string>>;  ///< name and repository

/// A configuration of templates, each with a trigger of its own for every push that passes the filter.
inline std::shared_ptr<const config::Catalogue> catalogue_of(const Templates& templates, const std::string& filter = "true") {
  std::string text = R"(webhook: {secret_files: [secret]}
git: {base_url: "http://git.example.com:3000"}
registry: {host: registry.example.com}
handoff: {repository: "https://git.example.com/org/infra.git"}
pipelines:
  - name: p
    stages: [{build: {image: apps/$(APP)}}, {handoff: {values: [{file: $(APP).yaml, path: image.tag}]}}]
)";
  std::string made = "templates:\n", fired = "triggers:\n";
  for (const auto& [name, repository] : templates) {
    made += "  - {name: " + name + ", app: " + name + ", pipeline: p, repository: \"" + repository + "\"}\n";
    fired += "  - {name: on-" + name + ", template: " + name + ", filter: \"" + filter + "\"}\n";
  }
  auto loaded = config::load_text(text + made + fired, "c.yaml", config::LoadOptions(false));
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) FAIL(config::text(*errors));
  return std::get<config::Config>(loaded).catalogue;
}

/// What the services of run/ work with: a real queue, source repositories in memory, and a clock that the test moves.
struct Team {
  explicit Team(const Templates& templates, const std::string& filter = "true") : catalogue(catalogue_of(templates, filter)) {}
  ~Team() {
    store.reader.reset();
    store.queue.reset();
  }
  /// Ends the services, before what they work with goes.
  void end() {
    services.stop();
    get(services.wait_until_empty());
  }

  queue::Accepted accept(const std::string& id, char before, char after, const std::string& name = "t", const std::string& repository = "Org/a") {
    return get(accepting(id, before, after, name, repository));
  }
  Task<queue::Accepted> accepting(std::string id, char before, char after, std::string name = "t", std::string repository = "Org/a") {
    Delivery delivery;
    delivery.id = DeliveryId(id);
    delivery.fingerprint.fill('1');
    delivery.received = time.now();
    delivery.push.repository = RepoName(repository);
    delivery.push.ref = "refs/heads/main";
    delivery.push.before = FakeSources::named(before);
    delivery.push.after = FakeSources::named(after);
    Verdict verdict;
    if (!name.empty()) {
      RunRequest& run = verdict.runs.emplace_back();
      run.template_name = TemplateName(name);
      run.trigger = "on-" + name;
    }
    const queue::Decision decision(std::move(verdict));
    co_return co_await store.queue->accept(delivery, decision);
  }
  template <class T>
  T get(Task<T> task) {
    return run_coroutine(loop, std::move(task));
  }
  /// Lets the services go on until it is so.
  template <class Condition>
  void until(Condition condition) {
    for (int turns = 0; !condition(); ++turns) {
      if (turns > 2000) FAIL("it never came to be");
      loop.restart();
      loop.run_one_for(std::chrono::milliseconds(10));
    }
  }
  std::vector<Run> runs() { return get(store.reader->runs(queue::RunFilter())); }
  CommitSha seen(const std::string& repository = "Org/a") {
    for (const auto& head : get(store.queue->branch_heads())) {
      if (head.repository == RepoName(repository)) return head.after;
    }
    return CommitSha();
  }

  asio::io_context loop{1};
  TmpDir folder;
  ManualTime time;
  FakeSources sources;
  std::shared_ptr<const config::Catalogue> catalogue;
  std::shared_ptr<const trigger::Matcher> matcher = std::make_shared<const trigger::Matcher>(catalogue);
  queue::Opened store = queue::open_sqlite(folder / "queue", queue::Options(), loop.get_executor(), time, Log());
  io::TaskGroup services{loop.get_executor(), Log()};
};

}  // namespace slipway::test
