#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <map>

#include "app/blocking.hpp"
#include "app/commands.hpp"
#include "app/inputs.hpp"
#include "app/parts.hpp"
#include "app/scratch.hpp"
#include "base/failure.hpp"
#include "build/http_registry.hpp"
#include "build/local/executor.hpp"
#include "edit/edit.hpp"
#include "git/signing.hpp"
#include "io/offload.hpp"
#include "io/process.hpp"
#include "run/drift_watch.hpp"
#include "run/edits.hpp"
#include "trigger/gitea.hpp"

namespace slipway::app {
namespace {

constexpr std::uintmax_t disk_free_min = 2ull << 30;  ///< bytes; with less there is no room for an image or two

enum class Health { good, warning, bad };

struct Finding {
  Finding() = default;
  Finding(Health how, std::string about, std::string text) : health(how), subject(std::move(about)), sentence(std::move(text)) {}
  Health health = Health::good;
  std::string subject;
  std::string sentence;
};

/// Checks everything that the daemon depends on, in the way the daemon uses it, and collects the findings.
class Examination {
 public:
  explicit Examination(const config::Config& config)
      : config_(config),
        registry_(http_, config.settings.registry),
        infra_(git::open_infra(scratch(infra_options(config.settings, nullptr)), Log())) {}

  Task<std::vector<Finding>> examine() {
    co_await sources();
    co_await infra();
    co_await registry();
    co_await signing();
    co_await pull_requests();
    co_await drift();
    disk();
    clock();
    co_return std::move(findings_);
  }

 private:
  /// Uses a temporary mirror, because the daemon's must not be touched.
  git::InfraOptions scratch(git::InfraOptions options) {
    options.mirror = scratch_.path() / "infra.git";
    return options;
  }

  template <class F>
  static Task<Finding> answer(std::string subject, F question) {
    Finding finding;
    finding.subject = std::move(subject);
    try {
      finding.sentence = co_await question();
    } catch (const std::exception& error) {
      finding.health = Health::bad;
      finding.sentence = error.what();
    }
    co_return finding;
  }

  template <class F>
  Task<> ask(std::string subject, F question) {
    auto finding = co_await answer(std::move(subject), std::move(question));
    findings_.push_back(std::move(finding));
  }

  Task<> sources() {
    auto options = mirror_options(config_.settings, nullptr);
    options.folder = scratch_.path() / "mirrors";
    asio::any_io_executor loop = co_await asio::this_coro::executor;
    const auto mirrors = git::open_mirrors(options, loop, Log());
    for (const auto& repository : config_.catalogue->watched_repositories()) {
      const auto question = [&]() -> Task<std::string> {
        co_await mirrors->fetch(repository);
        const auto head = co_await mirrors->head(repository, trigger::watched_ref);
        if (!head) throw Refused(fmt::format("{} has no {}", repository.value(), trigger::watched_ref));
        co_return "can be fetched; main is at " + short_tag(*head);
      };
      co_await ask("source " + repository.value(), question);
    }
  }

  Task<> infra() {
    std::optional<CommitSha> head;
    const auto question = [&]() -> Task<std::string> {
      head = co_await infra_->fetch();
      co_return fmt::format("can be fetched; {} is at {}", config_.settings.handoff.branch, short_tag(*head));
    };
    co_await ask("infra " + config_.settings.handoff.repository_url, question);
    if (!head) co_return;
    const auto push = [&]() -> Task<std::string> {
      co_await infra_->may_push();
      co_return std::string("the credentials may push");
    };
    co_await ask("push", push);
    for (const auto& one : config_.catalogue->templates()) co_await rehearse(*head, one);
  }

  Task<> pull_requests() {
    if (config_.settings.handoff.mode != HandoffMode::pull_request) co_return;
    git::PullRequests pulls(http_, pull_request_options(config_.settings));
    const auto question = [&]() -> Task<std::string> { co_return co_await pulls.check(); };
    co_await ask("pull requests", question);
  }

  using Files = std::map<std::string, std::string>;

  /// Rehearses a template's edits as a hand-off makes them, and the guard on the result; nothing is
  /// pushed. Files whose path depends on a run are skipped; tag and digest are placeholders.
  Task<> rehearse(const CommitSha& head, const Template& one) {
    run::HandOff what;
    what.target = one;
    what.results.image = one.build.image;
    what.results.tag = "00000000";
    what.results.digest = Digest("sha256:" + std::string(64, '0'));
    Files files;
    std::vector<std::pair<const ValuesEdit*, Finding>> looks;
    for (const auto& edit : one.values) {
      if (edit.file.find("$(") != std::string::npos) continue;
      const auto make = [&]() -> Task<std::string> { co_return co_await make_edit(head, edit, what, files); };
      auto finding = co_await answer(fmt::format("values {}: {}", edit.file, edit.path), make);
      looks.emplace_back(&edit, std::move(finding));
    }
    for (auto& [edit, finding] : looks) {
      if (finding.health == Health::good) ask_guard(*edit, files[edit->file], what, finding);
      findings_.push_back(std::move(finding));
    }
  }

  Task<std::string> make_edit(const CommitSha& head, const ValuesEdit& edit, const run::HandOff& what, Files& files) {
    if (const auto good = run::may_touch(config_.settings.handoff, edit.file); !good) throw Refused(good.error().what());
    if (!files.contains(edit.file)) {
      auto bytes = co_await infra_->read(head, edit.file);
      if (!bytes) throw Refused("the file is not in the infra repository");
      files[edit.file] = *std::move(bytes);
    }
    const auto path = edit::Path::parse(edit.path);
    if (!path) throw Refused(path.error().what());
    const auto now = edit::read(files[edit.file], *path);
    auto made = run::edited(edit, files[edit.file], what);
    if (!made) throw Refused(made.error().text());
    files[edit.file] = *std::move(made);
    co_return "is there, and reads " + (now && *now ? "\"" + **now + "\"" : std::string("nothing"));
  }

  static void ask_guard(const ValuesEdit& edit, const std::string& bytes, const run::HandOff& what, Finding& finding) {
    const auto said = run::guarded(edit, bytes, what);
    if (said && said->empty()) return;
    finding.health = said ? Health::warning : Health::bad;
    finding.sentence = said ? *said : said.error().text();
  }

  Task<> registry() {
    const auto question = [&]() -> Task<std::string> {
      co_await registry_.login();
      co_return std::string("accepts the credentials");
    };
    co_await ask("registry " + config_.settings.registry.host, question);
    build::LocalExecutor executor(local_parts(config_.settings, processes_, registry_, files_, time_, Log()));
    std::vector<std::string> facts;
    const auto look = [&]() -> Task<std::string> {
      facts = co_await executor.facts();
      co_return fmt::format("{}", fmt::join(facts, "; "));
    };
    co_await ask("builder", look);
  }

  Task<> drift() {
    run::DriftWatch watch(*infra_, http_, time_, Log());
    std::vector<std::string> files;
    for (const auto& one : config_.catalogue->templates()) {
      for (const auto& edit : one.values) {
        if (edit.file.find("$(") == std::string::npos) files.push_back(edit.file);
      }
    }
    co_await watch.look(config_.settings.handoff, files);
    const auto& seen = watch.current();
    const Health health = seen.state == run::DriftState::differs ? Health::bad : seen.state == run::DriftState::unknown ? Health::warning : Health::good;
    if (seen.findings.empty()) findings_.emplace_back(health, "contract drift", "Argo CD reads what hand-offs are pushed to");
    for (const auto& finding : seen.findings) findings_.emplace_back(health, "contract drift", finding);
    for (const auto& mirror : seen.mirrors) {
      if (mirror.state == git::CopyState::same) findings_.emplace_back(Health::good, "mirror " + mirror.url, "is where the repository is, at " + short_tag(mirror.origin));
    }
  }

  /// Signs a test text in the way hand-off commits are signed.
  Task<> signing() {
    const auto& handoff = config_.settings.handoff;
    const auto sign = git::make_signer(handoff.signing, handoff.signing_key);
    if (!sign) co_return;
    const auto question = [&]() -> Task<std::string> {
      auto job = [&] { return sign("slipway doctor\n"); };
      co_await io::offload(files_, std::move(job));
      co_return "commits can be signed with " + handoff.signing_key;
    };
    co_await ask("signing", question);
  }

  void disk() {
    std::error_code none;
    const auto folder = std::filesystem::exists(config_.settings.state) ? config_.settings.state : config_.settings.state.parent_path();
    const auto space = std::filesystem::space(folder.empty() ? "." : folder, none);
    const Health health = none ? Health::warning : space.available < disk_free_min ? Health::bad : Health::good;
    findings_.emplace_back(health, "disk", none ? none.message() : fmt::format("{} MiB free below {}", space.available >> 20, config_.settings.state.string()));
  }

  void clock() {
    const bool sane = std::time(nullptr) > 1'767'225'600;  // start of 2026; an earlier clock would put wrong times into commits
    findings_.emplace_back(sane ? Health::good : Health::bad, "clock", sane ? "is set" : "stands before 2026");
  }

  const config::Config& config_;
  Scratch scratch_;
  io::HttpClient http_;
  io::SystemTime time_;
  io::SystemProcesses processes_;
  asio::thread_pool files_{2};
  build::HttpRegistry registry_;
  std::unique_ptr<git::GitRemote> infra_;
  std::vector<Finding> findings_;
};

std::string_view name(Health health) {
  return health == Health::good ? "good" : health == Health::warning ? "warning" : "bad";
}

void print(const Global& global, const std::vector<Finding>& findings) {
  if (!global.json) {
    for (const auto& one : findings) fmt::print("{:<8} {}: {}\n", name(one.health), one.subject, one.sentence);
    return;
  }
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> json(out);
  json.StartArray();
  for (const auto& one : findings) {
    json.StartObject();
    json.Key("health"), json.String(std::string(name(one.health)));
    json.Key("subject"), json.String(one.subject);
    json.Key("sentence"), json.String(one.sentence);
    json.EndObject();
  }
  json.EndArray();
  fmt::print("{}\n", out.GetString());
}

}  // namespace

/// slipway doctor: checks everything outside. Exit 1 if something is bad.
ExitCode run(const Global& global, const Doctor&) {
  const auto config = load_config(global, true);
  Examination doctor(config);
  const auto findings = blocking(doctor.examine());
  print(global, findings);
  const bool bad = std::any_of(findings.begin(), findings.end(), [](const Finding& one) { return one.health == Health::bad; });
  return bad ? ExitCode::no : ExitCode::done;
}

}  // namespace slipway::app
