#include "http/request.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "base/json_text.hpp"

namespace slipway::http {

namespace {

// The Date header's value, regenerated at most once a second.
std::string_view http_date(Clock::time_point now) {
  thread_local std::time_t made_for = -1;
  thread_local std::string text;
  const std::time_t seconds = Clock::to_time_t(now);
  if (seconds != made_for) {
    text = fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", fmt::gmtime(seconds));
    made_for = seconds;
  }
  return text;
}

void add(std::string& out, std::string_view name, std::string_view value) { out.append(name).append(value).append("\r\n"); }

}  // namespace

std::string_view Request::path() const noexcept { return std::string_view(target).substr(0, target.find('?')); }

Answer problem(int status, std::string_view why) {
  std::string body = R"({"error":)";
  append_json(body, why);
  body += '}';
  Answer answer(status, std::move(body));
  answer.why = why;
  return answer;
}

Answer unavailable(std::string_view why, std::chrono::seconds retry_after) {
  Answer answer = problem(503, why);
  answer.retry_after = retry_after;
  return answer;
}

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 200: return "OK";
    case 202: return "Accepted";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Unknown";
  }
}

std::string head_of(const Answer& answer, bool keep_alive, bool can_chunk, Clock::time_point now) {
  std::string out;
  out.reserve(256);
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", answer.status, reason_phrase(answer.status));
  add(out, "Date: ", http_date(now));
  add(out, "Content-Type: ", answer.content_type);
  if (answer.stream) {
    if (can_chunk) add(out, "Transfer-Encoding: ", "chunked");
    add(out, "Cache-Control: ", "no-store");
  } else {
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", answer.body.size() + answer.tail.view().size());
  }
  if (answer.retry_after) fmt::format_to(std::back_inserter(out), "Retry-After: {}\r\n", answer.retry_after->count());
  if (!answer.allow.empty()) add(out, "Allow: ", answer.allow);
  if (!answer.challenge.empty()) add(out, "WWW-Authenticate: ", answer.challenge);
  if (!keep_alive) add(out, "Connection: ", "close");
  out.append("\r\n");
  return out;
}

}  // namespace slipway::http
