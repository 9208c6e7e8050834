#include "from_environment.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string_view>

namespace parley::daemon {
namespace {

// So that --limit-text is not found in --limit-text-burst, nor a number in a larger one.
bool names(std::string_view text, std::string_view word) {
    const auto goes_on = [&](std::size_t at) {
        return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) != 0 ||
                                    text[at] == '-' || text[at] == '_');
    };
    for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
        if ((at == 0 || !goes_on(at - 1)) && !goes_on(at + word.size())) return true;
    }
    return false;
}

bool is_argument(std::string_view option, int argc, char** argv) {
    return std::any_of(argv, argv + argc, [&](std::string_view each) {
        return each == option || (each.starts_with(option) && each.substr(option.size())[0] == '=');
    });
}

}  // namespace

std::vector<Variable> variables_in_use(const CLI::App& line, int argc, char** argv) {
    std::vector<Variable> found;
    for (const CLI::Option* option : line.get_options()) {
        const std::string name = option->get_envname();
        if (name.empty() || option->get_lnames().empty()) continue;
        const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): no threads
        const std::string written = "--" + option->get_lnames().front();
        if (value == nullptr || *value == '\0' || is_argument(written, argc, argv)) continue;
        found.push_back({written, name, value});
    }
    return found;
}

std::string where_from(const std::string& mistake, const std::vector<Variable>& variables) {
    std::string lines;
    for (const Variable& each : variables) {
        // A file or an address may stand in a sentence without its option; other words do by
        // chance.
        const bool telling =
            each.value.find('/') != std::string::npos && names(mistake, each.value);
        if (!telling && !names(mistake, each.option)) continue;
        lines += "\nparley: " + each.option + " is not on the command line: its value comes from " +
                 each.name + " in the environment";
    }
    return lines;
}

}  // namespace parley::daemon
