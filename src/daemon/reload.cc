#include "reload.h"

#include <cstdio>

namespace parley::daemon {

void reload(Server&) noexcept {
    std::fputs("parley: nothing to reload\n", stderr);
}

}  // namespace parley::daemon
