// checks: what the value of an option may be, and what is said of one that cannot be meant.
//
// CLI11 looks at the text with these before it makes a number of it; what it says by itself
// ("Could not convert") names no remedy.
#pragma once

#include <CLI/CLI.hpp>

namespace parley::daemon {

/// A whole number that is not negative.
CLI::Validator whole_number();
/// Bytes, or so many K, M, G or T of 1,024 each: as a transformation, which leaves bytes.
CLI::Validator size_in_bytes();
/// Seconds, whole or not, from 0 to `most`.
CLI::Validator seconds_up_to(double most);

}  // namespace parley::daemon
