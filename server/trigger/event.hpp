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

/// A delivery as filters and bindings see it: as it was sent, or with its commits completed from Git. The document is
/// built when somebody first looks at it. Refers to the delivery and the push; one thread.
class Event {
 public:
  Event(const Delivery& delivery, const Push& push) : delivery_(delivery), push_(push) {}

  const Delivery& delivery() const noexcept { return delivery_; }
  const Push& push() const noexcept { return push_; }
  /// The body as a JSON object, or why it is none.
  const Result<rapidjson::Document>& body() const;
  /// From here on expressions see only what the push itself says, where it says it exactly: most filters look at
  /// nothing else, and the body need not be read again for them.
  void show_push_only(bool on) noexcept { push_only_ = on && push_.exact; }
  /// From here on `header` is empty to expressions, or what was sent: none looks at it, or some may.
  void hide_header(bool on) noexcept { header_hidden_ = on; }
  /// Why expressions can not be evaluated, or nothing.
  const Error* broken() const { return push_only_ || body() ? nullptr : &body().error(); }
  /// What an expression reads. Only where nothing is `broken()`.
  cel::Bindings bindings(const rapidjson::Value& extensions) const;

 private:
  Result<rapidjson::Document> build() const;
  const rapidjson::Value& said_by_push() const;
  const cel::HeaderMap& header() const;

  const Delivery& delivery_;
  const Push& push_;
  mutable std::unique_ptr<const Result<rapidjson::Document>> body_;
  mutable std::array<char, 8 * 1024> room_;  ///< most pushes say less: nothing is allocated for them
  mutable rapidjson::Document::AllocatorType memory_{room_.data(), room_.size()};
  mutable std::optional<rapidjson::Value> said_;
  mutable std::optional<cel::HeaderMap> header_;
  mutable cel::PathEvidence evidence_;
  bool push_only_ = false;
  bool header_hidden_ = false;
};

/// True where the push says all that the expression looks at.
bool push_suffices(const cel::Program& program);

/// The payload that Gitea would have sent for this push, as far as the push says it: JSON text.
std::string payload_of(const Push& push);

}  // namespace slipway::trigger
