#include "server/doctor.h"

#include <parley/doctor.h>

namespace parley {

std::vector<Finding> examine(const Options& options) {
    return server::Doctor{options, {}, ring::probe()}.examine();
}

}  // namespace parley
