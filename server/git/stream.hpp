#pragma once

namespace slipway::git {

/// Makes libgit2 use this module's own connections, plain and TLS, process-wide; the first call also initialises
/// and tunes libgit2. They use TCP_NODELAY, take an absolute deadline and cancellation from the thread's Operation, and send each
/// request in one piece; TLS is verified against the system's CAs and the host name, unless the operation is insecure. Any thread.
void use_own_streams();

}  // namespace slipway::git
