#include <fmt/format.h>

#include <algorithm>

#include "app/api.hpp"
#include "app/commands.hpp"
#include "app/inputs.hpp"
#include "base/text.hpp"
#include "http/json.hpp"

namespace slipway::app {
namespace {

/// Prints a log as JSON: `{"run":1,"lines":["…"]}` for each piece received.
class JsonLog {
 public:
  explicit JsonLog(std::int64_t run) : run_(run) {}

  void add(std::string_view bytes) { text_ += bytes; }
  bool has_line() const noexcept { return text_.find('\n') != std::string::npos; }
  bool is_empty() const noexcept { return text_.empty(); }
  void print_lines() { print(text_.rfind('\n') + 1); }
  void print_all() { print(text_.size()); }

 private:
  void print(std::size_t end) {
    http::Json json;
    json.out.StartObject();
    json.number("run", run_);
    json.out.Key("lines");
    json.out.StartArray();
    for (std::size_t at = 0; at < end;) {
      const auto next = std::min(text_.find('\n', at), end);
      const std::string line = text_.substr(at, next - at);
      json.out.String(is_utf8(line) ? line : printable(line, line.size()));
      at = next + 1;
    }
    json.out.EndArray();
    json.out.EndObject();
    text_.erase(0, end);
    fmt::print("{}\n", json.take());
    std::fflush(stdout);
  }

  std::int64_t run_;
  std::string text_;
};

bool print_text(std::string_view bytes) {
  std::fwrite(bytes.data(), 1, bytes.size(), stdout);
  return std::fflush(stdout) == 0;
}

}  // namespace

/// slipway logs ID [--follow]
ExitCode run(const Global& global, const Logs& logs) {
  Api api(load_config(global, false));
  JsonLog json(logs.id);
  const auto print = [&](std::string_view bytes) {
    if (!global.json) return print_text(bytes);
    json.add(bytes);
    if (logs.follow && json.has_line()) json.print_lines();
    return true;
  };
  const auto answer = api.stream(fmt::format("/api/v1/runs/{}/logs{}", logs.id, logs.follow ? "?follow=1" : ""), print);
  if (answer.status != 200) return refused(answer);
  if (global.json && !(logs.follow && json.is_empty())) json.print_all();
  return ExitCode::done;
}

}  // namespace slipway::app
