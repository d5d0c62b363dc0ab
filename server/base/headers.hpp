#pragma once

#include <boost/container/flat_map.hpp>
#include <boost/container/small_vector.hpp>
#include <functional>
#include <string>

namespace slipway {

/// The values of one header field in order; mostly one.
using HeaderValues = boost::container::small_vector<std::string, 1>;

/// Header fields as received, in the order of their names: canonical name (`X-Gitea-Event`) to its values, like Go's http.Header. Flat,
/// since every delivery has a dozen of them.
using Headers = boost::container::flat_map<std::string, HeaderValues, std::less<>>;

}  // namespace slipway
