// small files: keys and secrets, which are read whole at start.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace parley {

/// The whole of a file, or size_max + 1 bytes of one that is larger. It may be a pipe that somebody
/// writes to, such as /dev/stdin or what a shell makes of <(...). Nothing on failure, with a
/// sentence in `error`. Blocks: for the writer of a pipe, 10 s at most, and never for one to come.
std::optional<std::string> read_small_file(const std::string& path, std::size_t size_max,
                                           std::string& error);

}  // namespace parley
