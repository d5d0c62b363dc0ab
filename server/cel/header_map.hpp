#pragma once

#include <boost/container/flat_map.hpp>
#include <boost/container/small_vector.hpp>
#include <functional>
#include <string>

namespace slipway::cel {

/// The values of one header field, in order; usually one.
using HeaderValues = boost::container::small_vector<std::string, 1>;

/// `header` as seen by expressions: canonical name (`X-Gitea-Event`) → values, like Go's http.Header.
using HeaderMap = boost::container::flat_map<std::string, HeaderValues, std::less<>>;

}  // namespace slipway::cel
