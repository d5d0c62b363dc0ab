#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <optional>
#include <string>
#include <string_view>

#include "http/request.hpp"
#include "model/run.hpp"
#include "model/template.hpp"
#include "queue/run_reader.hpp"

namespace slipway::http {

using JsonWriter = rapidjson::Writer<rapidjson::StringBuffer>;

/// A JSON text being written.
struct Json {
  Json() : out(buffer) {}
  Json(const Json&) = delete;
  Json& operator=(const Json&) = delete;
  void text(const char* key, std::string_view value);
  /// Writes nothing if `value` is empty.
  void text_if(const char* key, std::string_view value);
  void number(const char* key, std::int64_t value);
  void flag(const char* key, bool value);
  /// UTC with milliseconds, `2026-11-23T00:33:06.123Z`; nothing if there is no value.
  void time(const char* key, const std::optional<Clock::time_point>& value);
  std::string take() const { return std::string(buffer.GetString(), buffer.GetSize()); }

  rapidjson::StringBuffer buffer;
  JsonWriter out;
};

// Domain objects as the operator API shows them (openapi.yaml).

void write(Json& json, const Run& run);
/// With headers and verdicts if present and, on request, the body in base64. Omits headers with credentials.
void write(Json& json, const queue::StoredDelivery& delivery, bool with_body);
void write(Json& json, const Template& what, const queue::Hold* hold);

}  // namespace slipway::http
