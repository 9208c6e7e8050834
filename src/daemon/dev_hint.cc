#include "dev_hint.h"

#include <string_view>
#include <utility>

namespace parley::daemon {
namespace {

// Where a program on this machine finds it.
std::string near(std::string url) {
    for (const auto& [everywhere, loopback] :
         {std::pair<std::string_view, std::string_view>{"://0.0.0.0:", "://127.0.0.1:"},
          {"://[::]:", "://[::1]:"}}) {
        const auto at = url.find(everywhere);
        if (at != std::string::npos) url.replace(at, everywhere.size(), loopback);
    }
    return url;
}

bool is_loopback(std::string_view url) {
    return url.find("://127.") != std::string_view::npos ||
           url.find("://[::1]") != std::string_view::npos;
}

bool keeps_in_store(const Options& options) {
    return options.store.empty() ? !options.data_folder.empty() : options.store != "memory";
}

std::string about_keeping(const Options& options) {
    if (options.recording.what != Recording::What::none) {
        return "talk is recorded in " + options.data_folder;
    }
    if (!keeps_in_store(options)) return "nothing is kept";
    return options.store.empty() ? "memberships are kept in " + options.data_folder
                                 : "memberships are kept in the store of --store";
}

}  // namespace

std::string dev_hint(const Options& options, const std::string& url) {
    const bool trusts = options.auth == Auth::trust;
    std::string said = trusts ? "Everybody is trusted" : "Who shows a signed token is let in";
    if (!trusts && options.legacy_join) said = "Everybody is let in (LEGACY_JOIN_ENABLED)";
    said += " and " + about_keeping(options);
    said += is_loopback(url) ? ": for trying out, on this machine only.\n"
                             : ". It can be reached from other machines.\n";
    const bool secured = url.starts_with("wss:");
    const auto command = [&](const std::string& user, const std::string& rest) {
        return "  build/bin/parley-talk --server " + near(url) +
               (secured ? " --tls-insecure" : "") + " --user " + user +
               (trusts ? "" : " --token TOKEN") + " --group 18 " + rest + "\n";
    };
    return "\n" + said + "Try a first conversation, in two more terminals" +
           (trusts ? "" : ", each with a TOKEN of its user for group 18") + ":\n\n" +
           command("bob", "--listen --out heard.wav --for 10") +
           command("alice", "--say /usr/share/sounds/alsa/Front_Center.wav") + "\n";
}

}  // namespace parley::daemon
