#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/hex.hpp"
#include "base/hmac.hpp"

namespace slipway::bench {

inline std::string read_whole(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file);
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

/// How many distinct, signed pushes are made, and of what.
struct PushPlan {
  std::string body_file;                ///< a captured push of one repository
  std::string path = "/hooks";
  std::string secret = "s3cr3t-webhook";
  std::string repository;               ///< instead of the captured one, of the same length; empty: as captured
  std::size_t count = 10'000;
  bool chained = true;                  ///< each push's `before` is the `after` of the one before it
  std::uint64_t seed = 1;               ///< pushes of another seed share nothing with these
};

/// Pushes that differ in before, after, id and signature, made and signed beforehand; a request's text is put together when it
/// is sent (a copy and a few patches), so that a million of them need no gigabytes.
class Pushes {
 public:
  explicit Pushes(const PushPlan& plan) {
    std::string body = read_whole(plan.body_file);
    const std::string before = value_of(body, "\"before\": \""), after = value_of(body, "\"after\": \"");
    if (before.size() != 40 || after.size() != 40) throw std::runtime_error(plan.body_file + " is no captured push");
    if (!plan.repository.empty()) replace_repository(body, plan.repository);
    const std::string head = head_for(plan.path, body.size());
    text_ = head + body;
    body_begin_ = head.size();
    mark(before, Part::before);
    mark(after, Part::after);
    mark(id_mark, Part::id);
    mark(signature_mark, Part::signature);
    sign_all(plan);
  }

  std::size_t size() const noexcept { return records_.size(); }
  std::size_t bytes() const noexcept { return text_.size(); }

  /// The request of push `index`, head and body.
  void write(std::size_t index, std::string& request) const {
    request = text_;
    patch(records_[index], request.data());
  }

 private:
  enum class Part { before, after, id, signature };
  struct Mark {
    std::size_t offset;
    Part part;
  };
  struct Record {
    char before[40], after[40], id[36], signature[64];
  };
  static constexpr const char* id_mark = "00000000-0000-4000-8000-0000000000aa";
  static constexpr const char* signature_mark = "5160000000000000000000000000000000000000000000000000000000000516";

  static std::string value_of(const std::string& body, const std::string& key) {
    const auto at = body.find(key);
    return at == std::string::npos ? "" : body.substr(at + key.size(), 40);
  }

  static void replace_repository(std::string& body, const std::string& name) {
    const std::string key = "\"full_name\": \"";
    const auto begin = body.find(key) + key.size(), end = body.find('"', begin);
    const std::string old = body.substr(begin, end - begin);
    for (auto at = body.find(old); at != std::string::npos; at = body.find(old, at + name.size())) body.replace(at, old.size(), name);
  }

  static std::string head_for(const std::string& path, std::size_t length) {
    const std::string id = id_mark, signature = signature_mark;
    return "POST " + path + " HTTP/1.1\r\nHost: slipway.example:8080\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: " +
           std::to_string(length) + "\r\nContent-Type: application/json\r\nX-GitHub-Delivery: " + id +
           "\r\nX-GitHub-Event: push\r\nX-GitHub-Event-Type: push\r\nX-GitHub-Hook-Installation-Target-Type: repository\r\n"
           "X-Gitea-Delivery: " + id + "\r\nX-Gitea-Event: push\r\nX-Gitea-Event-Type: push\r\n"
           "X-Gitea-Hook-Installation-Target-Type: repository\r\nX-Gitea-Signature: " + signature + "\r\nX-Gogs-Delivery: " + id +
           "\r\nX-Gogs-Event: push\r\nX-Gogs-Event-Type: push\r\nX-Gogs-Signature: " + signature +
           "\r\nX-Hub-Signature: sha1=0000000000000000000000000000000000000000\r\nX-Hub-Signature-256: sha256=" + signature +
           "\r\nAccept-Encoding: gzip\r\n\r\n";
  }

  void mark(const std::string& what, Part part) {
    for (auto at = text_.find(what); at != std::string::npos; at = text_.find(what, at + 1)) marks_.push_back(Mark{at, part});
  }

  void patch(const Record& record, char* text) const {
    for (const Mark& mark : marks_) {
      switch (mark.part) {
        case Part::before: std::memcpy(text + mark.offset, record.before, sizeof record.before); break;
        case Part::after: std::memcpy(text + mark.offset, record.after, sizeof record.after); break;
        case Part::id: std::memcpy(text + mark.offset, record.id, sizeof record.id); break;
        case Part::signature: std::memcpy(text + mark.offset, record.signature, sizeof record.signature); break;
      }
    }
  }

  static std::string sha_of(std::uint64_t seed, std::uint64_t number) {
    return sha256_hex("push " + std::to_string(seed) + " " + std::to_string(number)).substr(0, 40);
  }

  void sign_all(const PushPlan& plan) {
    HmacSha256 hmac(plan.secret);
    records_.resize(plan.count);
    std::string request = text_, last = sha_of(plan.seed, 0);
    for (std::size_t i = 0; i < plan.count; ++i) {
      Record& record = records_[i];
      const std::string after = sha_of(plan.seed, 2 * i + 1), before = plan.chained ? last : sha_of(plan.seed, 2 * i + 2);
      std::memcpy(record.before, before.data(), 40);
      std::memcpy(record.after, after.data(), 40);
      const std::string id = fmt::format("{:08x}-{:04x}-4000-8000-{:012x}", plan.seed & 0xffffffff, plan.seed >> 32 & 0xffff, i);
      std::memcpy(record.id, id.data(), 36);
      patch(record, request.data());
      const std::string signature = to_hex(hmac.sign(std::string_view(request).substr(body_begin_)));
      std::memcpy(record.signature, signature.data(), 64);
      last = after;
    }
  }

  std::string text_;
  std::size_t body_begin_ = 0;
  std::vector<Mark> marks_;
  std::vector<Record> records_;
};

}  // namespace slipway::bench
