// reload: what SIGHUP asks for.
#pragma once

#include <parley/server.h>

namespace parley::daemon {

/// Reads anew what can change while the server runs, and says in one line on standard error what
/// came of it. Closes no connection and ends nothing, whatever it finds.
/// Threads: that of Signals.
void reload(Server& server) noexcept;

}  // namespace parley::daemon
