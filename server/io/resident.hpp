#pragma once

namespace slipway::io {

/// Makes the allocator return large blocks to the system when they are freed. By default it adapts to a few 30 MiB
/// bodies and then keeps that much permanently. Call before starting threads.
void return_large_blocks() noexcept;

/// Drops the resident pages of the program's and its libraries' code; pages still needed come back from the page cache.
/// A third of an idle daemon's resident memory is code that only startup needed.
void release_code() noexcept;

}  // namespace slipway::io
