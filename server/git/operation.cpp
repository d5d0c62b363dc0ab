#include "git/operation.hpp"

#include <cctype>
#include <charconv>

#include "base/text.hpp"

namespace slipway::git {
namespace {

thread_local Operation* running = nullptr;  // set only by Operation

std::string first_chunk(const std::string& body) {
  const auto line = body.find("\r\n");
  std::size_t size = 0;
  if (line == std::string::npos || std::from_chars(body.data(), body.data() + line, size, 16).ec != std::errc()) return "";
  return body.substr(line + 2, size);
}

}  // namespace

Operation::Operation(std::chrono::milliseconds limit, bool insecure, std::shared_ptr<const CancelFlag> cancel)
    : deadline_(std::chrono::steady_clock::now() + limit), insecure_(insecure), cancel_(std::move(cancel)) {
  running = this;
}

Operation::~Operation() { running = nullptr; }

Operation* Operation::current() noexcept { return running; }

std::string Operation::words() const {
  const auto end_of_head = answer_.find("\r\n\r\n");
  if (end_of_head == std::string::npos) return "";
  std::string head = answer_.substr(0, end_of_head);
  std::transform(head.begin(), head.end(), head.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::string body = answer_.substr(end_of_head + 4);
  if (head.find("\ntransfer-encoding: chunked") != std::string::npos) body = first_chunk(body);
  if (body.size() > 8 && body.compare(4, 4, "ERR ") == 0) {
    body.erase(0, 8);  // a Git pkt-line: 4 hex digits, "ERR ", message
  } else if (head.find("\ncontent-type: text/plain") == std::string::npos) {
    return "";
  }
  for (char& c : body) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  while (!body.empty() && body.back() == ' ') body.pop_back();
  return printable(body, 300);
}

}  // namespace slipway::git
