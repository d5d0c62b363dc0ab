#include "base/log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <chrono>

#include "base/text.hpp"

namespace slipway {

// Members are destroyed last to first: the logger goes before the thread that is still writing its lines.
struct Log::Sink {
  std::shared_ptr<spdlog::details::thread_pool> writer;
  std::shared_ptr<spdlog::logger> logger;
  bool json = false;
};

namespace {

using Line = fmt::memory_buffer;
constexpr std::size_t longest_value = 2000;

void append(Line& line, std::string_view text) { line.append(text.data(), text.data() + text.size()); }

spdlog::level::level_enum level_of(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warn: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view name(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warn: return "warn";
    case LogLevel::error: return "error";
  }
  return "info";
}

void append_quoted(Line& line, std::string_view text) {
  append(line, "\"");
  for (const char c : text) {
    if (c == '"' || c == '\\') append(line, "\\");
    line.push_back(c);
  }
  append(line, "\"");
}

bool needs_quotes(std::string_view text) noexcept {
  return text.empty() || text.find_first_of(" \"\\=") != std::string_view::npos;
}

void append_value(Line& line, std::string_view text, bool json) {
  const std::string clean = printable(text, longest_value);
  if (json || needs_quotes(clean)) {
    append_quoted(line, clean);
  } else {
    append(line, clean);
  }
}

void append_value(Line& line, bool value, bool) { append(line, value ? "true" : "false"); }
template <class Number>
void append_value(Line& line, Number value, bool) {
  fmt::format_to(std::back_inserter(line), "{}", value);
}

template <class Value>
void append_field(Line& line, std::string_view key, const Value& value, bool json) {
  if (line.size() > 0) append(line, json ? "," : " ");
  if (json) {
    append_quoted(line, key);
    append(line, ":");
  } else {
    append(line, key);
    append(line, "=");
  }
  append_value(line, value, json);
}

std::string now_text() {
  const auto now = std::chrono::system_clock::now();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now - seconds).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), milliseconds);
}

}  // namespace

Log Log::to_stderr(LogFormat format, LogLevel level) {
  constexpr std::size_t waiting_lines = 1024;
  auto sink = std::make_shared<Sink>();
  sink->writer = std::make_shared<spdlog::details::thread_pool>(waiting_lines, 1);
  sink->logger = std::make_shared<spdlog::async_logger>("slipway", std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                                        sink->writer, spdlog::async_overflow_policy::overrun_oldest);
  sink->logger->set_pattern("%v");
  sink->logger->set_level(level_of(level));
  sink->json = format == LogFormat::json;
  return Log(std::move(sink));
}

Log Log::to_file(const std::string& file, LogFormat format, LogLevel level) {
  auto sink = std::make_shared<Sink>();
  sink->logger = std::make_shared<spdlog::logger>("slipway", std::make_shared<spdlog::sinks::basic_file_sink_mt>(file));
  sink->logger->set_pattern("%v");
  sink->logger->set_level(level_of(level));
  sink->logger->flush_on(spdlog::level::trace);
  sink->json = format == LogFormat::json;
  return Log(std::move(sink));
}

bool Log::says(LogLevel level) const noexcept { return sink_ && sink_->logger->should_log(level_of(level)); }

void Log::write(LogLevel level, std::string_view message, LogFields fields) const {
  if (!says(level)) return;
  const bool json = sink_->json;
  Line line;
  append_field(line, "time", std::string_view(now_text()), json);
  append_field(line, "level", name(level), json);
  append_field(line, "msg", message, json);
  for (const LogField& field : fields) {
    std::visit([&](const auto& value) { append_field(line, field.key(), value, json); }, field.value());
  }
  const std::string_view text(line.data(), line.size());
  sink_->logger->log(level_of(level), "{}{}{}", json ? "{" : "", text, json ? "}" : "");
}

}  // namespace slipway
