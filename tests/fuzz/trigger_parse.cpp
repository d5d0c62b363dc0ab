#include <cstdlib>
#include <memory>
#include <string>

#include "cel/json.hpp"
#include "config/load.hpp"
#include "trigger/gitea.hpp"
#include "trigger/match.hpp"
#include "trigger/verify.hpp"

namespace {

using namespace slipway;

std::shared_ptr<const config::Catalogue> catalogue() {
  const char* text = R"yaml(webhook: {secret_files: [s]}
git: {base_url: "http://h"}
registry: {host: h}
handoff: {repository: "http://h/i.git"}
pipelines: [{name: p, stages: [{build: {image: $(APP)}}]}]
templates: [{name: t, pipeline: p, repository: "*"}]
triggers:
  - {name: a, template: t, paths: ["services/*/src/**", "!**/*.md"]}
  - {name: b, template: t, filter: "body.commits.exists(c, c.added.exists(f, f.startsWith('a')) || c.message == 'b')", bindings: [{name: x, value: "$(body.commits[*].id)"}]}
)yaml";
  return std::get<config::Config>(config::load_text(text, "fuzz.yaml", config::LoadOptions(false))).catalogue;
}

}  // namespace

/// Any bytes as a signed body: parsed or refused, and what is parsed is good for the document and for judging, too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const trigger::Matcher matcher(catalogue());
  static const std::vector<std::string> secrets{"key"};
  RawDelivery raw;
  raw.body.assign(reinterpret_cast<const char*>(data), size);
  raw.headers.add("X-Gitea-Event", "push");
  if (size > 0 && data[0] == 'p') raw.headers.add("Content-Type", "application/x-www-form-urlencoded");
  auto verified = trigger::verify(trigger::sign(std::move(raw), "key"), secrets);
  if (!verified) return 0;
  auto parsed = trigger::parse(std::move(*verified));
  if (!parsed) return 0;
  const auto* delivery = std::get_if<Delivery>(&*parsed);
  if (delivery == nullptr) return 0;
  if (!cel::parse_body(*delivery->body)) std::abort();
  if (!trigger::is_repository_name(delivery->push.repository.value())) std::abort();
  matcher.judge(*delivery);
  Push completed = delivery->push;
  completed.commits.emplace_back().added = {"a"};
  if (matcher.judge(*delivery, completed).runs.empty()) std::abort();
  return 0;
}
