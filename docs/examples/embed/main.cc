// embed: a push-to-talk relay inside a program of your own, in as few lines as it takes.
//
// Radios connect to the address it prints, as users that they name themselves: Auth::trust is for
// trials like this one. Ends when its standard input does, or on Enter.
#include <cstdio>
#include <string>

#include <parley/server.h>

int main() {
    parley::Options options;
    options.listen = "127.0.0.1:0";      // any free port
    options.auth = parley::Auth::trust;  // the token is the user's name, unchecked

    std::string error;
    const auto server = parley::Server::start(options, error);
    if (!server) {
        std::fprintf(stderr, "%s\n", error.c_str());
        return 1;
    }
    std::printf("radios may connect to %s\nEnter ends it\n", server->url().c_str());
    std::fflush(stdout);
    std::getchar();

    server->stop();  // ends every connection
    server->wait();
    return 0;
}
