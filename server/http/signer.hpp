#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string_view>
#include <vector>

#include "http/secrets.hpp"
#include "io/task.hpp"

namespace slipway::http {

/// Has the bodies that were read in one round of the loop signed together (HmacKeys): under load many have come, and one that comes
/// alone waits for nobody. On the loop.
class Signer {
 public:
  /// The message's HMAC with each key; throws what HmacKeys throws. The message stays where it is until then.
  Task<std::vector<Sha256Digest>> sign(std::shared_ptr<Keys> keys, std::string_view message);

 private:
  struct Request;
  struct Round;
  Round& round(const asio::any_io_executor& loop);

  std::weak_ptr<Round> round_;  ///< the present one
};

}  // namespace slipway::http
