#include "app/cli.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <functional>
#include <limits>
#include <memory>

#include "base/text.hpp"

namespace slipway::app {
namespace {

/// Declares one subcommand whose options fill an `A`, which becomes the action if the subcommand is given.
template <class A, class Declare>
void command(CLI::App& app, CommandLine& line, const std::string& name, const std::string& sentence, Declare declare) {
  auto values = std::make_shared<A>();
  CLI::App* sub = app.add_subcommand(name, sentence);
  sub->fallthrough();  // allows global options after the command too
  declare(*sub, *values);
  sub->callback([&line, values] { line.action = *values; });
}

const auto nothing_more = [](CLI::App&, auto&) {};

void declare_daemon(CLI::App& app, CommandLine& line) {
  command<Serve>(app, line, "serve", "run the daemon in the foreground; SIGTERM drains, SIGHUP reloads",
                 [](CLI::App& sub, Serve& serve) {
                   sub.add_flag("--shadow", serve.shadow, "receive, decide and record, but build nothing");
                 });
  command<Check>(app, line, "check", "validate the configuration and print every error", nothing_more);
  command<Doctor>(app, line, "doctor", "check everything outside: credentials, repositories, registry, builder, drift",
                  nothing_more);
  command<Get>(app, line, "get", "show what the configuration means", [](CLI::App& sub, Get& get) {
    sub.add_option("KIND", get.kind, "listener, triggers, templates or pipelines")
        ->required()
        ->check(CLI::IsMember({"listener", "triggers", "templates", "pipelines"}));
    sub.add_option("NAME", get.name, "only the one of this name");
    sub.add_option("-o,--output", get.output, "yaml for the whole definition")->check(CLI::IsMember({"yaml"}));
  });
  command<ImportTekton>(app, line, "import-tekton", "turn Tekton manifests into a slipway.yaml",
                        [](CLI::App& sub, ImportTekton& import) {
                          sub.add_option("DIR", import.folders, "folders or files with manifests")->required();
                        });
}

void declare_deliveries(CLI::App& app, CommandLine& line) {
  command<Explain>(app, line, "explain", "say what a delivery would do, trigger by trigger",
                   [](CLI::App& sub, Explain& explain) {
                     sub.add_option("DELIVERY", explain.delivery, "a body file, or the id of a recorded delivery");
                     sub.add_option("--history", explain.history, "walk this repository's real commits instead");
                     sub.add_option("--last", explain.last, "how many commits of it")->capture_default_str();
                   });
  command<Eval>(app, line, "eval", "evaluate one CEL expression", [](CLI::App& sub, Eval& eval) {
    sub.add_option("EXPR", eval.expression, "the expression");
    sub.add_option("--body", eval.body, "file with the body");
    sub.add_option("--headers", eval.headers, "file with header lines");
    sub.add_option("--batch", eval.batch, "file of JSON lines, - for standard input");
  });
  command<Replay>(app, line, "replay", "send a captured or recorded delivery, signed", [](CLI::App& sub, Replay& replay) {
    sub.add_option("DELIVERY", replay.delivery, "a body file, or the id of a recorded delivery")->required();
    sub.add_option("--url", replay.url, "default: this configuration's webhook listener");
    sub.add_flag("--same-id", replay.same_id, "keep the delivery's id, so that it counts as a duplicate");
  });
  command<ShadowReport>(app, line, "shadow-report", "compare decisions with the old system's hand-off commits",
                        [](CLI::App& sub, ShadowReport& report) {
                          sub.add_option("--last", report.last, "how many hand-off commits")->capture_default_str();
                        });
}

/// A validator for run ids: the error message, or empty if `word` is a valid id.
std::string not_an_id(const std::string& word) {
  constexpr auto largest = std::numeric_limits<std::int64_t>::max();
  std::int64_t id = 0;
  const auto [end, trouble] = std::from_chars(word.data(), word.data() + word.size(), id);
  if (trouble == std::errc() && end == word.data() + word.size() && id > 0) return "";
  return fmt::format("'{}' is no run's id, which is a number from 1 to {}", printable(word), largest);
}

void add_run_id(CLI::App& sub, std::int64_t& id) { sub.add_option("ID", id, "the run")->required()->check(not_an_id); }

void declare_runs(CLI::App& app, CommandLine& line) {
  command<Runs>(app, line, "runs", "list runs, newest first", [](CLI::App& sub, Runs& runs) {
    sub.add_option("--template", runs.template_name, "only of this template");
    sub.add_option("--state", runs.state, "only in this state")
        ->check(CLI::IsMember({"queued", "running", "succeeded", "failed", "cancelled", "superseded"}));
    sub.add_option("--limit", runs.limit, "at most so many")->capture_default_str();
    sub.add_flag("--watch", runs.watch, "go on, a line for every change");
  });
  command<ShowRun>(app, line, "run", "show one run", [](CLI::App& sub, ShowRun& run) {
    add_run_id(sub, run.id);
  });
  command<Logs>(app, line, "logs", "print a run's log", [](CLI::App& sub, Logs& logs) {
    add_run_id(sub, logs.id);
    sub.add_flag("--follow,-f", logs.follow, "until the run ends");
  });
  command<Cancel>(app, line, "cancel", "end a run", [](CLI::App& sub, Cancel& cancel) {
    add_run_id(sub, cancel.id);
  });
  command<Retry>(app, line, "retry", "queue a finished run again, where it stopped", [](CLI::App& sub, Retry& retry) {
    add_run_id(sub, retry.id);
    sub.add_flag("--allow-rollback", retry.allow_rollback, "hand off although a newer commit is deployed");
    sub.add_flag("--rebuild", retry.rebuild, "build again, under a new tag");
  });
  command<Release>(app, line, "release", "lift a template's hold", [](CLI::App& sub, Release& release) {
    sub.add_option("TEMPLATE", release.template_name, "the template")->required();
  });
  command<Why>(app, line, "why", "what became of a commit, in one sentence and its evidence", [](CLI::App& sub, Why& why) {
    sub.add_option("SHA", why.sha, "the commit, or at least its first 7 digits")->required();
    sub.add_option("TEMPLATE", why.template_name, "only for this template");
  });
}

void declare_edit(CLI::App& app, CommandLine& line) {
  command<EditValues>(app, line, "edit-values", "set values in a YAML or JSON file, changing nothing else",
                      [](CLI::App& sub, EditValues& edit) {
                        sub.add_option("FILE", edit.file, "the file")->required();
                        // One value per occurrence: a list would swallow FILE.
                        sub.add_option("--set", edit.set, "PATH=VALUE, may be given again")->required()->expected(1)
                            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
                        sub.add_flag("--in-place,-i", edit.in_place, "write the file instead of standard output");
                        sub.add_flag("--create", edit.create, "add keys that are missing");
                        sub.add_flag("--follow-alias", edit.follow_alias, "edit an alias's target, for all who use it");
                      });
}

/// The message for wrong arguments: what is wrong, and what to do.
std::string complaint(const CLI::App& app, const CLI::ParseError& error) {
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  const auto given = app.get_subcommands();
  if (!given.empty()) return fmt::format("{}: {}; `slipway {} --help` says more", given.front()->get_name(), error.what(), given.front()->get_name());
  std::vector<std::string> names;
  for (const auto* command : commands) names.push_back(command->get_name());
  for (const auto& word : app.remaining()) {
    if (!word.starts_with('-')) return fmt::format("there is no command '{}'{}; `slipway --help` lists them", printable(word), did_you_mean(word, names));
  }
  return fmt::format("{}; `slipway --help` says more", error.what());
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app("slipway: a push becomes an image, and its tag a commit in the infra repository", "slipway");
  app.set_version_flag("--version", std::string("slipway " SLIPWAY_VERSION));
  app.require_subcommand(1);
  std::string config;
  app.add_option("--config", config, "configuration file (default: /etc/slipway/slipway.yaml, then ./slipway.yaml)");
  app.add_flag("--json", line.global.json, "print JSON");
  declare_daemon(app, line);
  declare_deliveries(app, line);
  declare_runs(app, line);
  declare_edit(app, line);
  try {
    app.parse(argc, argv);
    if (!config.empty()) line.global.config = config;
  } catch (const CLI::Success& asked) {
    app.exit(asked);  // --help, --version
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "slipway: {}\n", complaint(app, error));
    line.exit_code = static_cast<int>(ExitCode::usage);
    line.action.reset();
  }
  return line;
}

}  // namespace slipway::app
