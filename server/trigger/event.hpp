#pragma once

#include <rapidjson/document.h>

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "cel/path_evidence.hpp"
#include "cel/program.hpp"
#include "model/delivery.hpp"

namespace slipway::trigger {

/// A delivery as seen by filters and bindings: as sent, or with its commits completed from Git. The document is built
/// on first use. Refers to the delivery and the push; not thread-safe.
class Event {
 public:
  Event(const Delivery& delivery, const Push& push) : delivery_(delivery), push_(push) {}

  const Delivery& delivery() const noexcept { return delivery_; }
  const Push& push() const noexcept { return push_; }
  /// The body as a JSON object, or why it is not one.
  const Result<rapidjson::Document>& body() const;
  /// From now on, if `on` and the push is exact, expressions see only what the parsed push says. Most filters read
  /// nothing else, so the body need not be parsed again.
  void show_push_only(bool on) noexcept { push_only_ = on && push_.exact; }
  /// With `on`, expressions see an empty `header`: for when none of them reads it.
  void hide_header(bool on) noexcept { header_hidden_ = on; }
  /// Why expressions cannot be evaluated; nullptr if they can.
  const Error* broken() const { return push_only_ || body() ? nullptr : &body().error(); }
  /// What an expression can read. Requires !broken().
  cel::Bindings bindings(const rapidjson::Value& extensions) const;

 private:
  Result<rapidjson::Document> build() const;
  const rapidjson::Value& said_by_push() const;
  const cel::HeaderMap& header() const;

  const Delivery& delivery_;
  const Push& push_;
  mutable std::unique_ptr<const Result<rapidjson::Document>> body_;
  mutable std::array<char, 8 * 1024> room_;  ///< enough for most pushes, so that they allocate nothing
  mutable rapidjson::Document::AllocatorType memory_{room_.data(), room_.size()};
  mutable std::optional<rapidjson::Value> said_;
  mutable std::optional<cel::HeaderMap> header_;
  mutable cel::PathEvidence evidence_;
  bool push_only_ = false;
  bool header_hidden_ = false;
};

/// True if the parsed push has everything the expression reads.
bool push_suffices(const cel::Program& program);

/// JSON text of the payload that Gitea would have sent for this push, as far as the push has the data.
std::string payload_of(const Push& push);

}  // namespace slipway::trigger
