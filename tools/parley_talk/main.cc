// parley-talk: a radio for the command line.
#include <fmt/format.h>

#include "client/link.h"
#include "parley_talk/listener.h"
#include "parley_talk/options.h"
#include "parley_talk/talker.h"

namespace {

int report(const std::string& failure) {
    fmt::print(stderr, "parley-talk: {}\n", failure);
    return 1;
}

int run(const parley::talk::Options& options) {
    using namespace parley::talk;
    if (!options.say.empty()) {
        auto said = say(options);
        if (!said) return report(said.error().text);
        print(*said, options);
        return 0;
    }
    auto heard = listen(options);
    if (!heard) return report(heard.error().text);
    print(*heard, options);
    return heard->failure.empty() ? 0 : report(heard->failure);
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = parley::talk::read_options(argc, argv);
    if (const int* status = std::get_if<int>(&options)) return *status;
    parley::client::StopSignal::catch_signals();
    return run(*std::get_if<parley::talk::Options>(&options));
}
