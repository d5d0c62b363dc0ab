#include "git/operation.hpp"

#include "base/text.hpp"

namespace slipway::git {
namespace {

thread_local Operation* running = nullptr;  // set by Operation alone

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
  std::string body = answer_.substr(end_of_head + 4);
  if (body.find("<html") != std::string::npos || body.find("<!DOCTYPE") != std::string::npos) return "";
  for (char& c : body) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  while (!body.empty() && body.back() == ' ') body.pop_back();
  return printable(body, 300);
}

}  // namespace slipway::git
