#pragma once

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <mutex>
#include <string>
#include <vector>

#include "support/tiny_server.hpp"

namespace slipway::test {

/// As much of Gitea's API as pull requests take, with its statuses and words (routers/api/v1/repo/pull.go of 1.25): for
/// one repository, `org/infra` with the id 1. A page holds two pull requests, so that who reads one page only is found
/// out.
class FakeGitea {
 public:
  struct Pull {
    int number = 0;
    std::string head, base, title, body;
    bool open = true;
    int head_repository = 1;
  };

  std::string api() const { return server_.url("/api/v1"); }
  std::vector<Pull> pulls() const {
    const std::lock_guard lock(mutex_);
    return pulls_;
  }
  void add(Pull pull) {
    const std::lock_guard lock(mutex_);
    pull.number = static_cast<int>(pulls_.size()) + 1;
    pulls_.push_back(std::move(pull));
  }
  void close(int number) {
    const std::lock_guard lock(mutex_);
    pulls_.at(static_cast<std::size_t>(number) - 1).open = false;
  }
  /// `METHOD target` of every request so far.
  std::vector<std::string> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  /// From now on every request gets this answer; 0 ends it.
  void answer_with(int status, std::string message = "") {
    const std::lock_guard lock(mutex_);
    status_ = status;
    message_ = std::move(message);
  }
  /// Somebody else makes the same pull request between the question and the making.
  void lose_next_make() {
    const std::lock_guard lock(mutex_);
    lose_make_ = true;
  }
  void may_push(bool may) {
    const std::lock_guard lock(mutex_);
    may_push_ = may;
  }

 private:
  static constexpr std::size_t page_size = 2;
  static constexpr const char* root = "/api/v1/repos/org/infra";
  static constexpr const char* login = "Authorization: Basic Y2k6czNjcmV0";  // ci:s3cret
  using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

  static std::string text(const rapidjson::Value& object, const char* key) {
    return object.HasMember(key) ? object[key].GetString() : "";
  }
  static std::string query(const std::string& target, const std::string& key) {
    const auto at = target.find(key + "=");
    return at == std::string::npos ? ""
                                   : target.substr(at + key.size() + 1, target.find('&', at) - at - key.size() - 1);
  }

  void serve(Wire& wire) {
    const std::string request = wire.read_request_with_body();
    const std::lock_guard lock(mutex_);
    const auto line = request.substr(0, request.find(" HTTP/1.1"));
    seen_.push_back(line);
    auto [status, body] = answer(line, request);
    wire.send("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body);
  }

  std::pair<int, std::string> answer(const std::string& line, const std::string& request) {
    const auto error = [](int status, const std::string& message) {
      return std::pair(status, R"({"message":")" + message + R"(","url":"swagger"})");
    };
    if (status_ != 0) return error(status_, message_);
    if (request.find(login) == std::string::npos) return error(401, "token is required");
    const auto space = line.find(' ');
    const std::string method = line.substr(0, space), target = line.substr(space + 1);
    const std::string path = target.substr(0, target.find('?'));
    rapidjson::Document body;
    body.Parse(request.substr(request.find("\r\n\r\n") + 4));
    if (method == "GET" && path == root)
      return {200, may_push_ ? R"({"permissions":{"push":true}})" : R"({"permissions":{"push":false}})"};
    if (method == "GET" && path == std::string(root) + "/pulls")
      return {200, list(std::stoul("0" + query(target, "page")))};
    if (method == "POST" && path == std::string(root) + "/pulls") {
      Pull pull;
      pull.head = text(body, "head"), pull.base = text(body, "base");
      const bool lost = std::exchange(lose_make_, false);
      if (find_open(pull.head, pull.base) != nullptr)
        return error(409, "pull request already exists for these targets");
      pull.title = lost ? "theirs" : text(body, "title"), pull.body = lost ? "" : text(body, "body");
      pull.number = static_cast<int>(pulls_.size()) + 1;
      pulls_.push_back(pull);
      if (lost) return error(409, "pull request already exists for these targets");
      return {201, one(pull)};
    }
    const std::string prefix = std::string(root) + "/pulls/";
    if (method == "PATCH" && path.starts_with(prefix)) {
      const auto number = std::stoul(path.substr(prefix.size()));
      if (number == 0 || number > pulls_.size()) return error(404, "The target couldn't be found.");
      Pull& pull = pulls_[number - 1];
      if (body.HasMember("title")) pull.title = text(body, "title");
      if (body.HasMember("body")) pull.body = text(body, "body");
      return {201, one(pull)};  // 201 it is
    }
    return error(404, "The target couldn't be found.");
  }

  Pull* find_open(const std::string& head, const std::string& base) {
    for (auto& pull : pulls_) {
      if (pull.open && pull.head == head && pull.base == base && pull.head_repository == 1) return &pull;
    }
    return nullptr;
  }

  static void write(Writer& json, const Pull& pull) {
    const auto end = [&](const char* key, const std::string& branch, int repository) {
      json.Key(key);
      json.StartObject();
      json.Key("label"), json.String(branch);
      json.Key("ref"), json.String(branch);
      json.Key("repo_id"), json.Int(repository);
      json.EndObject();
    };
    json.StartObject();
    json.Key("number"), json.Int(pull.number);
    json.Key("html_url"), json.String("http://gitea/org/infra/pulls/" + std::to_string(pull.number));
    json.Key("state"), json.String(pull.open ? "open" : "closed");
    json.Key("title"), json.String(pull.title);
    json.Key("body"), json.String(pull.body);
    end("head", pull.head, pull.head_repository);
    end("base", pull.base, 1);
    json.EndObject();
  }
  static std::string one(const Pull& pull) {
    rapidjson::StringBuffer out;
    Writer json(out);
    write(json, pull);
    return std::string(out.GetString(), out.GetSize());
  }
  std::string list(std::size_t page) const {
    rapidjson::StringBuffer out;
    Writer json(out);
    json.StartArray();
    std::size_t open = 0;
    for (const auto& pull : pulls_) {
      if (!pull.open) continue;
      if (open / page_size + 1 == page) write(json, pull);
      ++open;
    }
    json.EndArray();
    return std::string(out.GetString(), out.GetSize());
  }

  mutable std::mutex mutex_;
  std::vector<Pull> pulls_;
  std::vector<std::string> seen_;
  int status_ = 0;
  std::string message_;
  bool lose_make_ = false, may_push_ = true;
  TinyServer server_{[this](Wire& wire) { serve(wire); }};
};

}  // namespace slipway::test
