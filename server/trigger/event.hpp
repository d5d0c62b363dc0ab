#pragma once

#include <rapidjson/document.h>

#include <memory>
#include <optional>
#include <string>

#include "cel/program.hpp"
#include "model/delivery.hpp"

namespace slipway::trigger {

/// A delivery as filters and bindings see it: as it was sent, or with its commits completed from Git. The document is built when
/// somebody first looks at it. Refers to the delivery and the push; one thread.
class Event {
 public:
  Event(const Delivery& delivery, const Push& push) : delivery_(delivery), push_(push) {}

  const Delivery& delivery() const noexcept { return delivery_; }
  const Push& push() const noexcept { return push_; }
  /// The body as a JSON object, or why it is none.
  const Result<rapidjson::Document>& body() const;
  /// What an expression reads. Only where `body()` is good.
  cel::Bindings bindings(const rapidjson::Value& extensions) const;

 private:
  Result<rapidjson::Document> build() const;

  const Delivery& delivery_;
  const Push& push_;
  mutable std::unique_ptr<const Result<rapidjson::Document>> body_;
};

/// The payload that Gitea would have sent for this push, as far as the push says it: JSON text.
std::string payload_of(const Push& push);

}  // namespace slipway::trigger
