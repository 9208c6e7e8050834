#include "reload.h"

#include <cstdio>
#include <string>

namespace parley::daemon {

void print_warnings(const Server& server) {
    for (const std::string& warning : server.warnings())
        std::fprintf(stderr, "parley: warning: %s\n", warning.c_str());
}

void reload(Server& server) {
    std::string error;
    if (!server.reload(error)) {
        std::fprintf(stderr, "parley: the certificates stay as they were: %s\n", error.c_str());
        return;
    }
    const std::string fingerprint = server.tls_fingerprint();
    if (fingerprint.empty()) {
        std::fputs("parley: nothing to reload\n", stderr);
        return;
    }
    std::fprintf(stderr, "parley: new connections get the certificate with SHA-256 %s\n",
                 fingerprint.c_str());
    print_warnings(server);
}

}  // namespace parley::daemon
