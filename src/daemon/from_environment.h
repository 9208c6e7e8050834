// from_environment: which options have their value from the environment, so that a mistake there is
// looked for there.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace parley::daemon {

struct Variable {
    std::string option;  ///< as --shards
    std::string name;    ///< as PARLEY_SHARDS
    std::string value;
};

/// Those of `line` that are set and not overruled by an argument. Not thread-safe: reads the
/// environment.
std::vector<Variable> variables_in_use(const CLI::App& line, int argc, char** argv);

/// What to add to a sentence about a mistake: a line for each variable whose option or value it
/// names.
std::string where_from(const std::string& mistake, const std::vector<Variable>& variables);

}  // namespace parley::daemon
