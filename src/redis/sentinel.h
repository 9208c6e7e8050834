// redis::ask_sentinels: which Redis is the master now.
#pragma once

#include <string>

#include "redis/url.h"

namespace parley::redis {

/// Asks one sentinel after the other until one knows. False if none does, with the last reason in
/// `trouble`. Blocks: for each up to 0.6 s.
bool ask_sentinels(const Url& url, Endpoint& master, std::string& trouble);

}  // namespace parley::redis
