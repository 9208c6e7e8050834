// reload: what SIGHUP asks for.
#pragma once

#include <parley/server.h>

namespace parley::daemon {

/// Reads anew what can change while the server runs, and says in one line on standard error what
/// came of it. Closes no connection and ends nothing, whatever it finds.
/// Threads: that of Signals.
void reload(Server& server);

/// Says what the operator should know about the files in use, a line each on standard error.
void print_warnings(const Server& server);

}  // namespace parley::daemon
