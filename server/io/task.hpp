#pragma once

#include <boost/asio/awaitable.hpp>

namespace slipway {

namespace asio = boost::asio;

/// A coroutine on the network loop. Lazy: nothing runs before it is awaited or spawned (design: parameters by value when spawned).
template <class T = void>
using Task = asio::awaitable<T>;

}  // namespace slipway
