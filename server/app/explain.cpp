#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <optional>

#include "app/commands.hpp"
#include "app/history.hpp"
#include "app/inputs.hpp"
#include "app/recorded.hpp"
#include "base/failure.hpp"
#include "base/hmac.hpp"
#include "http/json.hpp"
#include "trigger/explain.hpp"
#include "trigger/gitea.hpp"
#include "trigger/match.hpp"
#include "trigger/verify.hpp"

namespace slipway::app {
namespace {

/// Signs a captured delivery with a temporary key: it need not have been signed with this machine's secret to be explained.
trigger::SignedDelivery signed_here(RawDelivery raw) {
  const std::string key = random_hex(16);
  auto verified = trigger::verify(trigger::sign(std::move(raw), key), std::span(&key, 1));
  if (!verified) throw UsageError("the body has no readable `payload` field, although its content type says form");
  return *std::move(verified);
}

/// Warns if the capture has a headers file without a signature: a daemon with a configured secret would refuse it.
void warn_of_missing_signature(const config::Config& config, const std::filesystem::path& file, const RawDelivery& raw) {
  std::error_code none;
  if (config.settings.webhook.secret_files.empty() || !std::filesystem::exists(headers_beside(file), none)) return;
  for (const char* header : {"X-Gitea-Signature", "X-Hub-Signature-256"}) {
    if (!raw.headers.first(header).empty()) return;
  }
  fmt::print(stderr, "slipway: as it is the daemon would answer this delivery 401: it bears no signature (X-Gitea-Signature); signed, this holds\n");
}

void print_ignored(const Global& global, const std::string& reason) {
  if (!global.json) {
    fmt::print("nothing is built: {}\n", reason);
    return;
  }
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> json(out);
  json.StartObject();
  json.Key("ignored"), json.String(reason);
  json.Key("triggers"), json.StartArray(), json.EndArray();
  json.EndObject();
  fmt::print("{}\n", out.GetString());
}

/// The explanation with the daemon's decision, if any, added as `recorded`.
std::string with_decision(const std::string& explained, const std::optional<rapidjson::Document>& decision) {
  if (!decision) return explained;
  rapidjson::Document whole;
  whole.Parse(explained.data(), explained.size());
  whole.AddMember("recorded", rapidjson::Value(*decision, whole.GetAllocator()), whole.GetAllocator());
  http::Json json;
  whole.Accept(json.out);
  return json.take();
}

void print(const Global& global, const Delivery& delivery, const std::vector<trigger::Explanation>& explanations,
           const std::optional<rapidjson::Document>& decision) {
  if (global.json) {
    fmt::print("{}\n", with_decision(trigger::explain_json(delivery, explanations), decision));
    return;
  }
  fmt::print("{}\n{}", trigger::explain_text(delivery, explanations), decision ? decision_text(*decision) : "");
}

ExitCode explain_delivery(const Global& global, const config::Config& config, RawDelivery raw,
                          const std::optional<rapidjson::Document>& decision = std::nullopt) {
  auto parsed = trigger::parse(signed_here(std::move(raw)));
  if (!parsed) {
    fmt::print(stderr, "slipway: the body cannot be read: {}\n", parsed.error().what());
    return ExitCode::usage;
  }
  if (const auto* ignored = std::get_if<trigger::Ignored>(&*parsed)) {
    const auto watched = [&](const RepoName& repository) { return trigger::Matcher(config.catalogue).watches(repository); };
    print_ignored(global, trigger::reason_of(*ignored, watched));
    return ExitCode::no;
  }
  const auto& delivery = std::get<Delivery>(*parsed);
  const auto explanations = trigger::explain(*config.catalogue, delivery);
  print(global, delivery, explanations, decision);
  const bool any = std::any_of(explanations.begin(), explanations.end(), [](const auto& one) { return one.matched; });
  return any ? ExitCode::done : ExitCode::no;
}

ExitCode explain_recorded(const Global& global, const config::Config& config, const std::string& id) {
  auto recorded = recorded_delivery(config, id);
  return explain_delivery(global, config, std::move(recorded.raw), recorded_decision(config, recorded.record));
}

}  // namespace

/// slipway explain DELIVERY | --history REPOSITORY: what it would do, trigger by trigger. Exit 1 if nothing matched.
ExitCode run(const Global& global, const Explain& explain) {
  if (explain.delivery.empty() == explain.history.empty()) throw UsageError("explain: give a DELIVERY or --history REPOSITORY");
  const auto config = load_config(global, false);
  if (!explain.history.empty()) return explain_history(global, config, RepoName(explain.history), explain.last);
  if (!is_delivery_file(explain.delivery)) return explain_recorded(global, config, explain.delivery);
  auto raw = read_delivery(explain.delivery);
  warn_of_missing_signature(config, explain.delivery, raw);
  return explain_delivery(global, config, std::move(raw));
}

}  // namespace slipway::app
