#pragma once

#include <rapidjson/document.h>

#include <optional>
#include <string>
#include <vector>

#include "cel/program.hpp"

namespace slipway::cel::test {

/// One recorded answer of Tekton's CEL interceptor (tests/data/cel/README.md), with what it was asked.
struct Vector {
  std::string id, expr;
  const rapidjson::Value* body = nullptr;   ///< of the shared bodies, null where there is none
  std::optional<std::string> body_text;
  const HeaderMap* header = nullptr;
  const rapidjson::Value* extensions = nullptr;
  std::string request_url;
  const rapidjson::Value* record = nullptr;  ///< the whole line
};

/// All of them, with the documents they share.
class Vectors {
 public:
  static const Vectors& all();
  const std::vector<Vector>& list() const { return list_; }

 private:
  Vectors();
  std::vector<rapidjson::Document> bodies_, records_;
  std::vector<HeaderMap> headers_;
  std::vector<Vector> list_;
};

/// The secret that the vectors were recorded with.
const SecretLookup& recorded_secret();

std::vector<std::string> read_lines(const std::string& path);

/// A typed value as text that is equal where the values are: maps in the order of their keys, and lists too where `unordered`.
std::string canonical(const rapidjson::Value& typed, bool unordered = false);

}  // namespace slipway::cel::test
