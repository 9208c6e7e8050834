// dev_hint: what `parley serve --dev` says once it listens: what holds for this server, and what to
// try next.
#pragma once

#include <string>

#include <parley/options.h>

namespace parley::daemon {

/// The text for a server with these options at `url`, which is Server::url().
std::string dev_hint(const Options& options, const std::string& url);

}  // namespace parley::daemon
