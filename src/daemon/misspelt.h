// misspelt: finds variables of the environment that were meant for an option, and name none.
//
//   PARLEY_LISEN=0.0.0.0:7420  ──▶  no option reads it; PARLEY_LISTEN is one letter away
//
// A name that is near none is somebody else's: Kubernetes sets PARLEY_SERVICE_HOST, for a service
// called parley.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::daemon {

/// The one of `known` that `name` was probably meant to be; empty if it is one itself, or near
/// none.
std::string_view meant_by(std::string_view name, const std::vector<std::string>& known);

/// A sentence for each variable of the environment that begins with PARLEY_ and was probably meant
/// to be one of `known`. Not thread-safe: reads the environment.
std::vector<std::string> misspelt_variables(const std::vector<std::string>& known);

}  // namespace parley::daemon
