#pragma once

namespace slipway::io {

/// Lets memory of large blocks go back to the system when they are freed. By itself the allocator learns from a few bodies of
/// 30 MiB to keep as much for ever. To be called before threads are started.
void return_large_blocks() noexcept;

/// Gives back the memory of the program's and its libraries' code, so that only what is used from now on comes back, from the
/// page cache: a third of an idle daemon's resident memory is code that nothing but its start needed.
void release_code() noexcept;

}  // namespace slipway::io
