#include <fcntl.h>
#include <fmt/format.h>
#include <rapidjson/document.h>
#include <unistd.h>

#include "http/json.hpp"
#include "http/operator_routes.hpp"
#include "io/descriptor.hpp"
#include "io/offload.hpp"
#include "io/time.hpp"

namespace slipway::http {

namespace {

constexpr std::int64_t longest_list = 1000;
constexpr std::size_t log_piece = 64 * 1024;

std::optional<RunId> run_id(const Call& call) {
  const auto number = number_from(call.names.front(), 1, INT64_MAX);
  return number ? std::optional(RunId(*number)) : std::nullopt;
}

Answer no_run(const Call& call) { return problem(404, fmt::format("there is no run {}", call.names.front())); }

std::string value_of(const Call& call, const std::string& name) {
  const auto found = call.query.find(name);
  return found == call.query.end() ? std::string() : found->second;
}

Result<queue::RunFilter> run_filter(const Call& call) {
  queue::RunFilter filter;
  for (const auto& [name, value] : call.query) {
    if (name == "template") filter.template_name = TemplateName(value);
    if (name == "repository") filter.repository = RepoName(value);
    if (name == "delivery") filter.delivery = DeliveryId(value);
    if (name == "commit" && !(filter.commit = CommitPrefix::from(value))) return Error("commit is a SHA or 4 or more digits of its beginning");
    if (name == "state" && !(filter.state = run_state_from(value))) {
      return Error("state is one of queued, running, succeeded, failed, cancelled, superseded");
    }
    if (name != "limit" && name != "cursor") continue;
    const auto number = number_from(value, 1, name == "limit" ? longest_list : INT64_MAX);
    if (!number) return Error(name == "limit" ? "limit is a number from 1 to 1000" : "cursor is what `next` of the page before said");
    if (name == "limit") filter.at_most = static_cast<std::size_t>(*number);
    if (name == "cursor") filter.before = RunId(*number);
  }
  return filter;
}

// The log's next piece from `offset`; empty at its end.
std::string read_piece(const std::filesystem::path& file, std::uint64_t offset) {
  const io::Descriptor log(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::string piece(log ? log_piece : 0, '\0');
  const ssize_t count = log ? ::pread(log.get(), piece.data(), piece.size(), static_cast<off_t>(offset)) : 0;
  piece.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return piece;
}

// Sends the log up to its current end; with `follow`, continues until the run has finished or the daemon stops.
Task<> send_log(Operations& operations, RunId id, bool follow, BodyWriter& writer) {
  constexpr std::chrono::milliseconds look_again{500};
  const auto file = operations.logs.file(id);
  std::uint64_t sent = 0;
  io::SystemTime time;
  bool last = false;
  for (;;) {
    auto job = [&] { return read_piece(file, sent); };
    const std::string piece = co_await io::offload(operations.pool, std::move(job));
    sent += piece.size();
    if (!piece.empty() && !co_await writer.write(piece)) co_return;
    if (!piece.empty()) continue;
    if (last || !follow) co_return;
    if (operations.logs.is_live(id)) {
      co_await operations.logs.wait_for_more(id, sent);
      continue;
    }
    const auto run = co_await operations.reader.run(id);
    last = !run || is_finished(run->state) || !operations.trouble().empty();  // read once more: the log may have grown before the run ended
    if (!last) co_await time.sleep_for(look_again);
  }
}

Result<run::RetryOptions> options_of(const std::string& body) {
  run::RetryOptions options;
  if (body.empty()) return options;
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(body.data(), body.size());
  if (document.HasParseError() || !document.IsObject()) return Error("the body is no JSON object");
  for (const auto& member : document.GetObject()) {
    const std::string_view name(member.name.GetString(), member.name.GetStringLength());
    if (!member.value.IsBool()) return Error("allow_rollback and rebuild are true or false");
    if (name != "allow_rollback" && name != "rebuild") return Error("the body may hold allow_rollback and rebuild, and nothing else");
    (name == "rebuild" ? options.rebuild : options.allow_rollback) = member.value.GetBool();
  }
  return options;
}

Answer outcome(const std::optional<run::Denial>& denied, RunId id) {
  if (denied) return problem(*denied);
  Json json;
  json.out.StartObject();
  json.number("run", id.value());
  json.out.EndObject();
  return Answer(202, json.take());
}

}  // namespace

/// GET /api/v1/runs
Task<Answer> list_runs(Operations& operations, Call& call) {
  const auto filter = run_filter(call);
  if (!filter) co_return problem(400, filter.error().what());
  const auto runs = co_await operations.reader.runs(*filter);
  Json json;
  json.out.StartObject();
  json.out.Key("runs");
  json.out.StartArray();
  for (const Run& run : runs) write(json, run);
  json.out.EndArray();
  if (!runs.empty() && runs.size() == filter->at_most) json.text("next", std::to_string(runs.back().id.value()));
  json.out.EndObject();
  co_return Answer(200, json.take());
}

/// GET /api/v1/runs/{id}
Task<Answer> show_run(Operations& operations, Call& call) {
  const auto id = run_id(call);
  if (!id) co_return no_run(call);
  const auto run = co_await operations.reader.run(*id);
  if (!run) co_return no_run(call);
  Json json;
  write(json, *run);
  co_return Answer(200, json.take());
}

/// GET /api/v1/runs/{id}/logs
Task<Answer> show_logs(Operations& operations, Call& call) {
  const auto id = run_id(call);
  if (!id) co_return no_run(call);
  const auto run = co_await operations.reader.run(*id);
  if (!run) co_return no_run(call);
  const std::string wish = value_of(call, "follow");
  const bool follow = !wish.empty() && wish != "0" && wish != "false";
  Answer answer;
  answer.content_type = "text/plain; charset=utf-8";
  answer.stream = [&operations, id = *id, follow](BodyWriter& writer) { return send_log(operations, id, follow, writer); };
  co_return answer;
}

/// POST /api/v1/runs/{id}/cancel
Task<Answer> cancel_run(Operations& operations, Call& call) {
  const auto id = run_id(call);
  if (!id) co_return no_run(call);
  const auto denied = co_await operations.control.cancel(*id);
  co_return outcome(denied, *id);
}

/// POST /api/v1/runs/{id}/retry
Task<Answer> retry_run(Operations& operations, Call& call) {
  const auto id = run_id(call);
  if (!id) co_return no_run(call);
  const auto options = options_of(call.request->body);
  if (!options) co_return problem(400, options.error().what());
  const auto denied = co_await operations.control.retry(*id, *options);
  co_return outcome(denied, *id);
}

}  // namespace slipway::http
