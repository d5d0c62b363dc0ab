#pragma once

namespace slipway::git {

/// Makes libgit2 speak through this module's own connections, plain and TLS, from here on in the whole process; initialises
/// and tunes libgit2 the first time. TCP_NODELAY, an absolute deadline and a cancel from the thread's Operation, requests sent in one
/// piece; TLS verified against the system's authorities, with the host's name, unless the operation is insecure. Any thread.
void use_own_streams();

}  // namespace slipway::git
