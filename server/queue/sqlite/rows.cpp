#include "queue/sqlite/rows.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "base/hex.hpp"

namespace slipway::queue::sqlite {

Packed::Packed(const std::string& hex) {
  auto bytes = from_hex(hex);
  bytes_ = bytes ? *std::move(bytes) : std::string();
}

std::string unpacked(const Cursor& row, int column) { return to_hex(std::string_view(row.text(column))); }

Fingerprint fingerprint_from(const Cursor& row, int column) {
  const std::string bytes = row.text(column);
  Fingerprint fingerprint{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), fingerprint.size()), fingerprint.begin());
  return fingerprint;
}

std::string to_json(const Parameters& parameters) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.StartObject();
  for (const auto& [name, value] : parameters) {
    writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    writer.String(value);
  }
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize());
}

Parameters parameters_from(const std::string& json) {
  Parameters parameters;
  rapidjson::Document document;
  document.Parse(json);
  if (!document.IsObject()) return parameters;
  for (const auto& member : document.GetObject()) {
    if (!member.value.IsString()) continue;
    parameters.emplace(std::string(member.name.GetString(), member.name.GetStringLength()),
                       std::string(member.value.GetString(), member.value.GetStringLength()));
  }
  return parameters;
}

std::vector<RunRequest> requests_from(const std::string& verdict) {
  std::vector<RunRequest> requests;
  rapidjson::Document document;
  document.Parse(verdict);
  if (!document.IsObject() || !document.HasMember("runs") || !document["runs"].IsArray()) return requests;
  const auto text = [](const rapidjson::Value& object, const char* name) {
    const auto at = object.FindMember(name);
    return at != object.MemberEnd() && at->value.IsString() ? std::string(at->value.GetString(), at->value.GetStringLength())
                                                            : std::string();
  };
  for (const auto& run : document["runs"].GetArray()) {
    if (!run.IsObject()) continue;
    RunRequest& request = requests.emplace_back();
    request.template_name = TemplateName(text(run, "template"));
    request.trigger = text(run, "trigger");
  }
  return requests;
}

namespace {

std::optional<BuildResults> results_from(const Cursor& row, int first) {
  if (row.is_null(first)) return std::nullopt;
  BuildResults results;
  results.image = row.text(first);
  results.tag = row.text(first + 1);
  results.digest = Digest(row.text(first + 2));
  return results;
}

}  // namespace

Run run_from(const Cursor& row) {
  Run run;
  run.id = RunId(row.integer(0));
  run.delivery = DeliveryId(row.text(1));
  run.template_name = TemplateName(row.text(2));
  run.repository = RepoName(row.text(3));
  run.ref = row.text(4);
  run.commit = CommitSha(unpacked(row, 5));
  run.parameters = parameters_from(row.text(6));
  run.source = static_cast<Source>(row.integer(7));
  run.only_when_completed = row.integer(8) != 0;
  run.state = static_cast<RunState>(row.integer(9));
  run.waiting_for = static_cast<WaitingFor>(row.integer(10));
  run.next_stage = static_cast<Stage>(row.integer(11));
  run.reason = row.text(12);
  run.priority = row.integer(13);
  run.attempts = static_cast<int>(row.integer(14));
  run.allow_rollback = row.integer(15) != 0;
  run.rebuild = row.integer(16) != 0;
  run.results = results_from(row, 17);
  if (!row.is_null(20)) run.handoff_commit = CommitSha(unpacked(row, 20));
  run.created = row.time(21);
  run.started = row.maybe_time(22);
  run.finished = row.maybe_time(23);
  run.not_before = row.maybe_time(24);
  run.rebuild_tag = row.text(30);
  return run;
}

RunExtra run_extra_from(const Cursor& row) {
  RunExtra extra;
  extra.generation = static_cast<std::uint64_t>(row.integer(25));
  extra.failures = static_cast<int>(row.integer(26));
  extra.failing_since = row.maybe_time(27);
  extra.template_number = row.integer(28);
  extra.branch_number = row.integer(29);
  return extra;
}

StageRecord stage_from_row(const Cursor& row) {
  StageRecord record;
  record.stage = static_cast<Stage>(row.integer(0));
  record.started = row.time(1);
  record.finished = row.maybe_time(2);
  record.outcome = row.text(3);
  record.detail = row.text(4);
  return record;
}

}  // namespace slipway::queue::sqlite
