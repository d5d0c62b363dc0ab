#pragma once

#include <boost/asio/awaitable.hpp>

namespace slipway {

namespace asio = boost::asio;

/// A coroutine on the network loop. Lazy: nothing runs until it is awaited or spawned. A spawned coroutine takes its
/// parameters by value, because its caller's locals are gone by then.
template <class T = void>
using Task = asio::awaitable<T>;

}  // namespace slipway
