#pragma once

#include <catch2/catch.hpp>

#include "queue/open.hpp"
#include "run/edits.hpp"
#include "run/hand_off.hpp"
#include "support/fake_git.hpp"
#include "support/run_coroutine.hpp"
#include "support/tmp_dir.hpp"

namespace slipway::test {

/// Says nothing, and remembers its notes.
class NoteLog final : public build::RunLog {
 public:
  std::vector<std::string> notes, hidden;
  void stage(Stage) override {}
  void stage_done(Stage, std::string_view, std::string_view) override {}
  void write(build::Stream, std::string_view) override {}
  void note(std::string_view sentence) override { notes.emplace_back(sentence); }
  void hide(std::string_view secret) override { hidden.emplace_back(secret); }
  void flush() override {}
  std::string last_lines(std::size_t) const override { return ""; }
};

struct House {
  asio::io_context loop{1};
  test::TmpDir folder;
  io::SystemTime time;
  test::FakeInfra infra;
  FakeSources sources;
  queue::Opened store = queue::open_sqlite(folder / "queue", queue::Options(), loop.get_executor(), time, Log());
  HandoffSettings settings;
  NoteLog log;
  git::PullRequests* pulls = nullptr;

  House() {
    infra.files["a.yaml"] = "image:\n  tag: old # the tag\n";
    infra.files["b.yaml"] = "image:\n  tag: old\n";
    sources.add('a', {});
  }

  run::HandOff wish(char commit, const std::string& file, const std::string& name = "a-template") {
    run::HandOff wish;
    wish.run.id = RunId(7);
    wish.run.template_name = TemplateName(name);
    wish.run.repository = RepoName("Org/a");
    wish.run.ref = "refs/heads/main";
    wish.run.commit = FakeSources::named(commit);
    wish.target.name = wish.run.template_name;
    wish.target.app = "app";
    ValuesEdit edit;
    edit.file = file;
    edit.path = "image.tag";
    wish.target.values.push_back(edit);
    wish.results.image = "zot.example/apps/app";
    wish.results.tag = short_tag(wish.run.commit);
    wish.results.digest = Digest("sha256:dd");
    return wish;
  }

  std::vector<run::HandOffItem> hand_off(std::vector<run::HandOff> wishes) {
    std::vector<run::HandOffItem> items;
    for (auto& wish : wishes) items.emplace_back(std::move(wish), log);
    std::vector<run::HandOffItem*> batch;
    for (auto& item : items) batch.push_back(&item);
    run::HandOffTools tools{infra, sources, *store.queue, time, Log(), pulls};
    test::run_coroutine(loop, run::hand_off(tools, settings, batch));
    return items;
  }
  RunOutcome hand_off(run::HandOff wish) {
    std::vector<run::HandOff> one;
    one.push_back(std::move(wish));
    auto items = hand_off(std::move(one));
    if (items[0].failed) std::rethrow_exception(items[0].failed);
    return items[0].outcome.value();
  }
};

inline std::string reason(const RunOutcome& outcome) {
  if (const auto* failed = std::get_if<Failed>(&outcome)) return failed->reason;
  if (const auto* old = std::get_if<Superseded>(&outcome)) return old->why;
  return "";
}

}  // namespace slipway::test
